"""A server process: started, waited for, sent requests, stopped."""

import http.client
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from comparison.environments import Unavailable
from comparison.models import Served
from comparison.peers import Peer
from comparison.processes import Process, family, is_running

HOST = "127.0.0.1"
START_S, STOP_S, RESPONSE_S = 120, 10, 30
INHERITED_VARIABLES = ("PATH", "HOME", "LANG")

# Below the range of ephemeral ports. Each is used once, because a server may bind late.
PORTS = itertools.count(random.randrange(20_000, 30_000))  # noqa: S311 - so that two runs differ


def free_port() -> int:
    """Return a port that nothing listens on and that no other server was given."""
    for port in itertools.islice(PORTS, 1000):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue  # in use
            return port
    raise Unavailable("no port is free")


class Server:
    """One peer that serves one model, in its own session and its own folder."""

    def __init__(self, peer: Peer, interpreter: Path, model: Path, home: Path) -> None:
        self.peer = peer
        self.home = home
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
        self.processes: set[Process] = set()
        self.log = home / "log"
        environment = {name: value.format(**words) for name, value in peer.environment.items()}
        environment |= {"MODEL": str(model), "PORT": str(self.port), "PYTHONPATH": str(peer.folder)}
        inherited = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [word.format(**words) for word in peer.command],
                cwd=home,
                env=inherited | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def url(self, path: str) -> str:
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
                raise Unavailable(f"it ended while starting: {self.last_words()}")
            try:
                if self.request("GET", self.peer.ready)[0] == http.HTTPStatus.OK:
                    return
            except (OSError, http.client.HTTPException):
                pass  # not ready yet
            time.sleep(0.1)
        raise Unavailable(f"not ready within {START_S} s: {self.last_words()}")

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = RESPONSE_S,
    ) -> tuple[int, bytes]:
        """Send one request on its own connection; return status and body of the response."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def pause(self) -> None:
        """Stop a server that polls, so that it takes no CPU time from the others."""
        if self.peer.polls:
            self.signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        if self.peer.polls:
            self.signal_all(signal.SIGCONT)

    def signal_all(self, number: int) -> None:
        """Send a signal to the process and all its descendants."""
        for process in family(self.process.pid) if self.running() else ():
            with suppress(ProcessLookupError):  # it has ended
                os.kill(process.pid, number)

    def last_words(self) -> str:
        """Return the last line of the log that names an error, or else the last line."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        errors = [line for line in lines if "rror:" in line or "[Errno" in line] or lines
        return errors[-1][-300:] if errors else "its log is empty"

    def running(self) -> bool:
        """Return whether it runs, and remember its descendants."""
        if self.process.poll() is not None:
            return False  # another process may have its id now
        self.processes |= family(self.process.pid)
        return True

    def terminate(self) -> None:
        """Send SIGTERM."""
        if self.running():
            self.resume()
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End the process and all its descendants."""
        self.terminate()
        try:
            self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=STOP_S)
        for process in self.processes:
            if is_running(process):
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)


@contextmanager
def serving(peer: Peer, model: Served, home: Path) -> Iterator[Server]:
    """Start a server in this project's environment, wait until it is ready, stop it at the end."""
    server = Server(peer, Path(sys.executable), model.path, home)
    try:
        try:
            server.wait()
        except Unavailable as exc:
            raise SystemExit(f"{peer.title}: {exc}") from exc
        yield server
    finally:
        server.stop()
