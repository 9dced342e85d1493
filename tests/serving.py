"""Server processes and commands of a site in a directory of its own."""

import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.preloaded import ROOT, Process

START_S = 60  # generous: the machine may be busy


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home, **variables):
    """The environment of a site whose database and models lie in a directory of their own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {"DATABASE_URL": f"sqlite:///{home / 'db.sqlite3'}", "MODELS_DIR": str(home / "models")}
    return kept | own | {"PYTHONUNBUFFERED": "1"} | variables


def manage(home, *arguments, **variables):
    """One management command, ended."""
    return python(home, "manage.py", *arguments, **variables)


def python(home, *arguments, **variables):
    """One Python with the site's environment, ended."""
    with TemporaryDirectory() as directory:
        stdout, stderr = Path(directory, "stdout"), Path(directory, "stderr")
        process = Process(arguments, environment(home, **variables), stdout, stderr)
        try:
            code = process.wait(START_S)
        finally:
            process.send_signal(signal.SIGKILL)
        return subprocess.CompletedProcess(arguments, code, stdout.read_text(), stderr.read_text())


def until(claim, what, timeout_s=START_S):
    """Wait until the condition holds, and return its value."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := claim():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {timeout_s} s: {what}")


def children(pid):
    """The child processes of a process."""
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except FileNotFoundError:  # it has ended
        return []


def is_supervisor(pid):
    try:
        return b"predictor.isolation.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


class Site:
    """`manage.py serve` in a process group of its own: as a user starts it, or a quicker way.

    The quicker way is preloaded, and hashes passwords quickly. It has no prefix, which is a program
    that starts the site.
    """

    def __init__(self, home, *arguments, preloaded=True, prefix=(), **variables):
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / f"serve-{self.port}.log"
        command = ["manage.py", "serve", "--bind", f"127.0.0.1:{self.port}", *arguments]
        if preloaded:
            quick = {"DJANGO_SETTINGS_MODULE": "tests.served_settings"} | variables
            self.process = Process(command, environment(home, **quick), self.log, self.log)
            return
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, *command],
                cwd=ROOT,
                env=environment(home, **variables),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self):
        try:
            until(self.answers, "an answer from the server")
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        return self

    def __exit__(self, *_exc):
        self.stop()

    def answers(self):
        assert self.process.poll() is None, self.output()
        try:
            return self.get("/v2/health/ready")[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, **headers):
        """Status, headers and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_S)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get(self, path):
        """Status and body."""
        status, _, body = self.ask("GET", path)
        return status, body

    def output(self):
        return self.log.read_text() if self.log.exists() else ""

    def workers(self):
        """The processes that answer."""
        supervisors = self.supervisors()
        servers = [pid for pid in children(self.process.pid) if pid not in supervisors]
        return [pid for server in servers for pid in children(server)]

    def supervisors(self):
        """The process that starts estimator processes."""
        return [pid for pid in children(self.process.pid) if is_supervisor(pid)]

    def estimator_processes(self):
        return [pid for supervisor in self.supervisors() for pid in children(supervisor)]

    def stop(self, how=signal.SIGTERM):
        """End it, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=START_S)

    def password(self):
        """The administrator's password, which the first start wrote here."""
        return (self.home / "password").read_text()

    def curl(self, command):
        """Run a documented command by curl itself; return status, headers and body."""
        words = shlex.split(command.replace("http://localhost:8000", self.url))
        quiet = ["curl", "-sS", "-i", *words[1:]]
        done = subprocess.run(quiet, capture_output=True, check=True, timeout=START_S)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return int(status.split()[1]), headers, body.decode()
