"""What is compared: each peer as its folder describes it, and its variants."""

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from comparison.paths import PEERS

OURS = "ours"
FLOORS = ("bare_wsgi", "bare_drf")

# One worker each is one core each: OpenMP's second thread would wait for the generator's core in
# every tree of a boosting, which costs whoever runs scikit-learn far more than it gives.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Body:
    """A request as a peer takes it: where it goes, how it is written, how the answer is read."""

    path: str
    written: str
    answered: str


@dataclass(frozen=True)
class Peer:
    """A server to be measured; a variant shares its folder and its environment."""

    name: str
    title: str
    what: str
    folder: Path
    packages: tuple[str, ...]
    command: tuple[str, ...]
    default_command: tuple[str, ...]
    ready: str
    bodies: dict[str, Body]
    environment: dict[str, str] = field(default_factory=dict)
    default_environment: dict[str, str] = field(default_factory=dict)
    polls: bool = False

    @property
    def requirements(self) -> Path:
        """What its environment holds; ours and the floors have none of their own."""
        return self.folder / "requirements.txt"

    @property
    def floor(self) -> bool:
        """Whether it answers a constant."""
        return self.name in FLOORS

    def by_default(self) -> "Peer":
        """Return the peer as its quick start runs it."""
        words = " ".join(self.default_command).replace("{bin}/", "").replace("{folder}/", "")
        return replace(
            self,
            what=f"`{words}`",
            command=self.default_command,
            environment=self.default_environment,
        )


def every() -> list[Peer]:
    """Return all peers with their variants: ours first, the floors last."""
    found = [peer for path in sorted(PEERS.glob("*/peer.toml")) for peer in described(path)]
    return sorted(found, key=lambda peer: (peer.name != OURS, peer.floor, peer.name))


def described(path: Path) -> list[Peer]:
    """Return the peer that a file describes, and its variants."""
    said = tomllib.loads(path.read_text())
    name = path.parent.name
    base = Peer(
        name=name,
        title=said["title"],
        what=said["what"],
        folder=path.parent,
        packages=tuple(said["packages"]),
        command=tuple(said["command"]),
        default_command=tuple(said.get("default_command", said["command"])),
        ready=said["ready"],
        bodies={kind: Body(**body) for kind, body in said["bodies"].items()},
        environment=ONE_THREAD | said.get("environment", {}),
        default_environment=said.get("default_environment", {}),
    )
    variants = said.get("variants", {})
    return [base, *(varied(base, name, variant) for name, variant in variants.items())]


def varied(base: Peer, name: str, said: dict[str, Any]) -> Peer:
    """Return a variant: other words, other variables, some of the bodies."""
    return replace(
        base,
        name=f"{base.name}-{name}",
        title=said["title"],
        what=said["what"],
        bodies={kind: base.bodies[kind] for kind in said["bodies"]},
        polls=said.get("polls", False),
        environment=base.environment | said["environment"],
        default_environment=base.default_environment | said["environment"],
    )


def chosen(names: list[str] | None) -> list[Peer]:
    """Return the peers of these names, a family by its first word, and always ours.

    Raises
    ------
    SystemExit
        There is no such peer.
    """
    peers = every()
    if names is None:
        return peers
    known = {peer.name for peer in peers} | {peer.folder.name for peer in peers} | {"floors"}
    if unknown := sorted(set(names) - known):
        raise SystemExit(f"No such peer: {', '.join(unknown)}. There are {', '.join(known)}.")
    wanted = {OURS, *names} | (set(FLOORS) if "floors" in names else set())
    return [peer for peer in peers if {peer.name, peer.folder.name} & wanted]
