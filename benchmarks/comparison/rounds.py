"""Rounds of measurements: all servers in turn, so that changes of the machine affect all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from comparison.cells import WARM_UP, Accuracy, Cell, Failure, Notes, Scenario
from comparison.environments import Unavailable
from comparison.load import Measurement, drive, write_bodies
from comparison.models import Served
from comparison.paths import ROOT
from comparison.peers import Peer
from comparison.servers import Server
from comparison.verification import inputs, verify


@contextmanager
def started(model: Served, peers: list[tuple[Peer, Path]], notes: Notes) -> Iterator[list[Server]]:
    """Start all servers of a model, leave out those that fail, and stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        servers: list[Server] = []
        try:
            for peer, interpreter in peers:
                home = Path(scratch) / peer.name
                try:
                    servers.append(Server(peer, interpreter, model.path, home))
                except OSError as exc:
                    leave_out(notes, peer, model, f"it cannot be started: {exc.strerror}")
            yield [server for server in servers if is_correct(server, model, notes)]
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.stop()


def leave_out(notes: Notes, peer: Peer, model: Served, reason: str) -> None:
    """Record why a peer is not measured with a model."""
    reason = reason.replace(str(ROOT), ".")
    print(f"  {peer.title} is left out: {reason}", flush=True)
    notes.failures.append(Failure(peer.name, model.name, reason))


def is_correct(server: Server, model: Served, notes: Notes) -> bool:
    """Return whether a server is ready and agrees with the estimator; record the reason if not."""
    try:
        server.wait()
        difference = verify(server, model)
    except Unavailable as exc:
        leave_out(notes, server.peer, model, str(exc))
        server.stop()
        return False
    if difference is not None:
        notes.accuracy.append(Accuracy(server.peer.name, model.name, difference))
    server.pause()
    return True


def measure(
    model: Served, servers: list[Server], scenarios: list[Scenario], rounds: int, seconds: int
) -> list[Cell]:
    """Return the cells of all servers; each round begins with another server."""
    cells: dict[tuple[str, str], Cell] = {}
    with tempfile.TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        bodies = Bodies(model, Path(scratch))
        for server in servers:  # once, for servers that adapt to load
            load(server, WARM_UP, bodies, seconds=1)
        for number in range(rounds):
            print(f"  round {number + 1} of {rounds}", flush=True)
            first = number % len(servers)
            for scenario in scenarios:
                for server in servers[first:] + servers[:first]:
                    if scenario.kind not in server.peer.bodies:
                        continue
                    key = (scenario.name, server.peer.name)
                    cell = cells.setdefault(key, Cell(model.name, *key))
                    cell.add(load(server, scenario, bodies, seconds))
    return list(cells.values())


class Bodies:
    """The files of request bodies for one model, each encoding written once."""

    def __init__(self, model: Served, home: Path) -> None:
        self.model = model
        self.home = home

    def folder(self, kind: str, request: str) -> Path:
        """Return the folder of one kind of body in one encoding."""
        folder = self.home / f"{kind}-{request}"
        if not folder.exists():
            write_bodies(folder, request, inputs(self.model, kind))
        return folder


def load(server: Server, scenario: Scenario, bodies: Bodies, seconds: int) -> Measurement:
    """Return one measurement of one server; a failure of wrk counts as one error."""
    body = server.peer.bodies[scenario.kind]
    folder = bodies.folder(scenario.kind, body.request)
    server.resume()
    try:
        return drive(server.url(body.path), folder, body.request, scenario.clients, seconds)
    except Unavailable as exc:
        return Measurement(0, 0, 0, 0, {str(exc): 1})
    finally:
        server.pause()
