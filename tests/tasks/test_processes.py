"""Writers at once: real server processes over one database in a file."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parents[2]


class Server:
    """A server process of its own."""

    def __init__(self, environment, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tasks.serve", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = None

    def line(self):
        return self.process.stdout.readline().strip()

    def send(self, method, path, body=None, **headers):
        """Return the status and the parsed body of the answer."""
        self.port = self.port or self.line()
        headers = {"Content-Type": "application/json"} | headers
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}{path}"
        with urlopen(Request(url, data, headers, method=method)) as answer:
            return answer.status, json.loads(answer.read() or "null")

    def stop(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The environment of processes that share a new database."""
    path = tmp_path_factory.mktemp("shared") / "db.sqlite3"
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{path}",
        "DJANGO_SETTINGS_MODULE": "mlsite.settings",
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
    return environment


@pytest.fixture(scope="module")
def servers(environment):
    """Two processes that serve the same database."""
    both = Server(environment), Server(environment)
    yield both
    for server in both:
        server.stop()


def at_once(calls):
    """Return what the calls return, made all at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_puts_on_different_fields_at_once_all_survive(servers):
    _, task = servers[0].send("POST", "/tasks/", {"title": "a"})
    path = f"/tasks/{task['id']}"
    for n in range(5):
        fields = {"done": n % 2 == 0, "priority": n % 4 + 1, "description": f"{n}", "title": f"{n}"}
        answers = at_once(
            [
                lambda server=servers[i % 2], body={name: value}: server.send("PUT", path, body)
                for i, (name, value) in enumerate(fields.items())
            ]
        )
        assert [status for status, _ in answers] == [200] * 4
        _, task = servers[0].send("GET", path)
        assert {name: task[name] for name in fields} == fields
        assert (task["completed_at"] is not None) == task["done"]
