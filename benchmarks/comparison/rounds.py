"""The rounds: every server in turn, so that a drift of the machine falls on all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from comparison.cells import WARMING, Cell, Failure, Scenario
from comparison.environments import Unavailable
from comparison.load import Measurement, drive, write_bodies
from comparison.models import Served
from comparison.paths import ROOT
from comparison.peers import Peer
from comparison.servers import Server
from comparison.verification import asked, check


@contextmanager
def standing(
    model: Served, peers: list[tuple[Peer, Path]], failures: list[Failure]
) -> Iterator[list[Server]]:
    """Start all servers of a model, leave out those that fail, and stop them in the end."""
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        servers: list[Server] = []
        try:
            for peer, interpreter in peers:
                home = Path(scratch) / peer.name
                try:
                    servers.append(Server(peer, interpreter, model.path, home))
                except OSError as exc:
                    note(failures, peer, model, f"it cannot be started: {exc.strerror}")
            yield [server for server in servers if is_right(server, model, failures)]
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.stop()


def note(failures: list[Failure], peer: Peer, model: Served, reason: str) -> None:
    """Leave a peer out of what follows for a model, and say why."""
    reason = reason.replace(str(ROOT), ".")
    print(f"  {peer.title} is left out: {reason}", flush=True)
    failures.append(Failure(peer.name, model.name, reason))


def is_right(server: Server, model: Served, failures: list[Failure]) -> bool:
    """Return whether a server is up and answers as the estimator; note why it is not."""
    try:
        server.wait()
        check(server, model)
    except Unavailable as exc:
        note(failures, server.peer, model, str(exc))
        server.stop()
        return False
    server.rest()
    return True


def measured(
    model: Served, servers: list[Server], asks: list[Scenario], rounds: int, seconds: int
) -> list[Cell]:
    """Return what the rounds gave; each begins with another server."""
    cells: dict[tuple[str, str], Cell] = {}
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        bodies = Bodies(model, Path(scratch))
        for server in servers:  # once, so that what adapts to load has done so
            driven(server, WARMING, bodies, seconds=1)
        for number in range(rounds):
            print(f"  round {number + 1} of {rounds}", flush=True)
            for ask in asks:
                for server in servers[number % len(servers) :] + servers[: number % len(servers)]:
                    if ask.kind not in server.peer.bodies:
                        continue
                    key = (ask.name, server.peer.name)
                    cell = cells.setdefault(key, Cell(model.name, *key))
                    cell.add(driven(server, ask, bodies, seconds))
    return list(cells.values())


class Bodies:
    """The files of bodies for one model, each way of writing them once."""

    def __init__(self, model: Served, home: Path) -> None:
        self.model = model
        self.home = home

    def folder(self, kind: str, written: str) -> Path:
        """Return the folder of one kind, written in one way."""
        folder = self.home / f"{kind}-{written}"
        if not folder.exists():
            write_bodies(folder, written, asked(self.model, kind))
        return folder


def driven(server: Server, ask: Scenario, bodies: Bodies, seconds: int) -> Measurement:
    """Return one measurement of one server; what goes wrong counts as one error."""
    body = server.peer.bodies[ask.kind]
    folder = bodies.folder(ask.kind, body.written)
    server.wake()
    try:
        return drive(server.url(body.path), folder, body.written, ask.clients, seconds)
    except Unavailable as exc:
        return Measurement(0, 0, 0, 0, {str(exc): 1})
    finally:
        server.rest()
