"""The servers that are compared, each described by the peer.toml of its folder."""

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from comparison.paths import PEERS

PROJECT = "mlsite"
BARE = ("bare_wsgi", "bare_drf")

# Each server gets one core. A second OpenMP thread would compete with the load generator for the
# other core in every tree of a boosting, which slows scikit-learn down.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Body:
    """Path of a request, encoding of its body, and encoding of the response."""

    path: str
    request: str
    response: str


@dataclass(frozen=True)
class Peer:
    """A server to be measured; a variant shares its folder and its environment.

    Attributes
    ----------
    bodies : dict
        By kind: `row`, `rows` (as JSON) and `best` are timed; `probabilities` is only verified.
    models : tuple of str
        Names of the models that it serves; empty if it serves all.
    polls : bool
        It uses the CPU while idle, and is paused then.
    optional : bool
        It is measured only if it is named.
    tolerance : float
        Largest allowed difference of a probability.
    """

    name: str
    title: str
    description: str
    folder: Path
    packages: tuple[str, ...]
    command: tuple[str, ...]
    default_command: tuple[str, ...]
    ready: str
    bodies: dict[str, Body]
    models: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    default_environment: dict[str, str] = field(default_factory=dict)
    polls: bool = False
    optional: bool = False
    tolerance: float = 1e-9

    @property
    def requirements(self) -> Path:
        """File of its requirements; this project and the bare servers have none."""
        return self.folder / "requirements.txt"

    @property
    def constant(self) -> bool:
        """Whether every response is the same constant."""
        return self.name in BARE

    def serves(self, model: str) -> bool:
        return not self.models or model in self.models

    def as_quick_start(self) -> "Peer":
        """Return the peer with the command of its quick start."""
        words = " ".join(self.default_command).replace("{bin}/", "").replace("{folder}/", "")
        return replace(
            self,
            description=f"`{words}`",
            command=self.default_command,
            environment=self.default_environment,
        )


def load_all() -> list[Peer]:
    """Return all peers with their variants: this project first, the bare servers last."""
    peers = [peer for path in sorted(PEERS.glob("*/peer.toml")) for peer in load(path)]
    return sorted(peers, key=lambda peer: (peer.folder.name != PROJECT, peer.constant, peer.name))


def load(path: Path) -> list[Peer]:
    """Return the peer that a file describes, and its variants."""
    settings = tomllib.loads(path.read_text())
    base = Peer(
        name=path.parent.name,
        title=settings["title"],
        description=settings["description"],
        folder=path.parent,
        packages=tuple(settings["packages"]),
        command=tuple(settings["command"]),
        default_command=tuple(settings.get("default_command", settings["command"])),
        ready=settings["ready"],
        bodies={kind: Body(**body) for kind, body in settings["bodies"].items()},
        models=tuple(settings.get("models", ())),
        environment=ONE_THREAD | settings.get("environment", {}),
        default_environment=settings.get("default_environment", {}),
        optional=settings.get("optional", False),
        tolerance=settings.get("tolerance", Peer.tolerance),
    )
    variants = settings.get("variants", {})
    return [base, *(variant(base, name, changes) for name, changes in variants.items())]


def variant(base: Peer, name: str, changes: dict[str, Any]) -> Peer:
    """Return a variant: another description, other variables, some of the bodies and models."""
    return replace(
        base,
        name=f"{base.name}-{name}",
        title=changes["title"],
        description=changes["description"],
        bodies={kind: base.bodies[kind] for kind in changes["bodies"]},
        models=tuple(changes.get("models", base.models)),
        polls=changes.get("polls", False),
        environment=base.environment | changes["environment"],
        default_environment=base.default_environment | changes["environment"],
    )


def this_project(*, workers: int = 1, **environment: str) -> Peer:
    """Return this project's server with a number of workers and some environment variables."""
    peer = load(PEERS / PROJECT / "peer.toml")[0]
    command = (*peer.command, "--workers", str(workers))  # the last value of an option counts
    return replace(peer, command=command, environment=peer.environment | environment)


def select(names: list[str] | None) -> list[Peer]:
    """Return the peers with these names or in these folders, and always this project.

    Raises
    ------
    SystemExit
        A name is unknown.
    """
    peers = load_all()
    if names is None:
        return [peer for peer in peers if not peer.optional]
    choices = {peer.name for peer in peers} | {peer.folder.name for peer in peers} | {"bare"}
    if unknown := sorted(set(names) - choices):
        raise SystemExit(
            f"Unknown peers: {', '.join(unknown)}. Known peers: {', '.join(sorted(choices))}."
        )
    selected = {PROJECT, *names} | (set(BARE) if "bare" in names else set())
    return [peer for peer in peers if peer.name in selected or peer.folder.name in names]
