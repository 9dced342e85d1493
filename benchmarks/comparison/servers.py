"""A server process: started, waited for, asked, stopped."""

import http.client
import itertools
import os
import random
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from comparison.environments import Unavailable
from comparison.peers import Peer
from comparison.processes import Process, family, same

HOST = "127.0.0.1"
START_S, STOP_S, ANSWER_S = 120, 10, 30
KEPT = ("PATH", "HOME", "LANG")


# Below the ports that connections are given, and each handed out once: a server may bind late.
PORTS = itertools.count(random.randrange(20_000, 30_000))  # noqa: S311 - so that two runs differ


def free_port() -> int:
    """Return a port that nothing listens on, and that no other server was given."""
    for port in itertools.islice(PORTS, 1000):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue  # taken
            return port
    raise Unavailable("no port is free")


class Server:
    """One peer that serves one model, in a session of its own and a folder of its own."""

    def __init__(self, peer: Peer, interpreter: Path, model: Path, home: Path) -> None:
        self.peer = peer
        self.port = free_port()
        words = {
            "bin": str(interpreter.parent),
            "folder": str(peer.folder),
            "home": str(home),
            "port": str(self.port),
            "grpc_port": str(free_port()),
            "metrics_port": str(free_port()),
            "model": str(model),
        }
        home.mkdir(parents=True)
        self.started: set[Process] = set()
        self.log = home / "log"
        own = {name: value.format(**words) for name, value in peer.environment.items()}
        own |= {"MODEL": str(model), "PORT": str(self.port), "PYTHONPATH": str(peer.folder)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [word.format(**words) for word in peer.command],
                cwd=home,
                env={name: os.environ[name] for name in KEPT if name in os.environ} | own,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def url(self, path: str) -> str:
        """Return an address on it."""
        return f"http://{HOST}:{self.port}{path}"

    def wait(self) -> None:
        """Wait until it is ready.

        Raises
        ------
        Unavailable
            It ended, or is not ready in time.
        """
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if not self.running():
                raise Unavailable(f"it ended at its start: {self.last_words()}")
            try:
                if self.ask("GET", self.peer.ready)[0] == http.HTTPStatus.OK:
                    return
            except (OSError, http.client.HTTPException):
                pass  # not yet
            time.sleep(0.1)
        raise Unavailable(f"not ready within {START_S} s: {self.last_words()}")

    def ask(
        self, method: str, path: str, body: bytes = b"", content_type: str = ""
    ) -> tuple[int, bytes]:
        """Return status and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_S)
        try:
            connection.request(method, path, body, {"Content-Type": content_type} if body else {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def rest(self) -> None:
        """Pause what polls while nobody asks it: it would take time from the others."""
        if self.peer.polls:
            self.signal_all(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        if self.peer.polls:
            self.signal_all(signal.SIGCONT)

    def signal_all(self, number: int) -> None:
        """Send a signal to it and to whatever it started."""
        for process in family(self.process.pid) if self.running() else ():
            with suppress(ProcessLookupError):  # it ended by itself
                os.kill(process.pid, number)

    def last_words(self) -> str:
        """Return the last line of its log that names an error, else the last."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        said = [line for line in lines if "rror:" in line or "[Errno" in line] or lines
        return said[-1][-300:] if said else "it said nothing"

    def running(self) -> bool:
        """Return whether it runs, and remember what it has started so far."""
        if self.process.poll() is not None:
            return False  # its id may be another's by now
        self.started |= family(self.process.pid)
        return True

    def terminate(self) -> None:
        """Ask it to end."""
        if self.running():
            self.wake()
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it, and whatever it started."""
        self.terminate()
        try:
            self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=STOP_S)
        for process in self.started:
            if same(process):
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
