"""Writers at once: real server processes over one database in a file."""

import json
import re
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from uuid import uuid4

import pytest

from tests.preloaded import Process
from tests.serving import START_S, environment, until

pytestmark = [
    pytest.mark.django_db,  # the processes get a copy of its tables
    pytest.mark.xdist_group("tasks"),
]

BODY = {"title": "Read a book"}


class Server:
    """A server process of its own; `stop_at` is a point of making a task where it stops."""

    def __init__(self, home, *stop_at):
        self.output = home / f"{uuid4()}.log"
        command = ["-m", "tests.tasks.serve", *stop_at]
        variables = environment(home, DJANGO_SETTINGS_MODULE="mlsite.settings")
        self.process = Process(command, variables, self.output, self.output)
        self.port = None

    def says(self, pattern):
        """Wait for a line of its output, and return the part in parentheses."""
        line = re.compile(pattern, re.MULTILINE)
        return until(
            lambda: self.output.exists() and line.search(self.output.read_text()), pattern
        )[1]

    def open(self, method, path, body=None, **headers):
        """Send a request and return its connection."""
        self.port = self.port or int(self.says(r"^(\d+)\n"))
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Content-Type": "application/json", "Host": "localhost"} | headers
        connection.request(method, path, None if body is None else json.dumps(body), given)
        return connection

    def send(self, method, path, body=None, **headers):
        """Return the status, the parsed body and the ETag of the answer."""
        connection = self.open(method, path, body, **headers)
        answer = connection.getresponse()
        parsed = json.loads(answer.read() or "null")
        connection.close()
        return answer.status, parsed, answer.headers["ETag"]

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(START_S)


@pytest.fixture(scope="module")
def home(tmp_path_factory, migrated):
    """The directory of processes that share a new database."""
    home = tmp_path_factory.mktemp("shared")
    shutil.copy(migrated, home)
    return home


@pytest.fixture(scope="module")
def servers(home):
    """Two processes that serve the same database."""
    both = Server(home), Server(home)
    for server in both:
        assert server.send("GET", "/tasks/")[0] == 200
    yield both
    for server in both:
        server.stop()


def at_once(calls):
    """Return the results of the calls, made at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def count(server, query=""):
    return len(server.send("GET", f"/tasks/?page_size=1000&{query}")[1]["results"])


def test_puts_on_different_fields_at_once_all_survive(servers):
    path = f"/tasks/{servers[0].send('POST', '/tasks/', BODY)[1]['id']}"
    for n in range(5):
        fields = {"done": n % 2 == 0, "priority": n % 4 + 1, "description": f"{n}", "title": f"{n}"}
        answers = at_once(
            [
                partial(servers[i % 2].send, "PUT", path, {name: value})
                for i, (name, value) in enumerate(fields.items())
            ]
        )
        assert [answer[0] for answer in answers] == [200] * 4
        _, task, _ = servers[0].send("GET", path)
        assert {name: task[name] for name in fields} == fields
        assert (task["completed_at"] is not None) == task["done"]


def test_of_many_guarded_writes_at_once_one_goes_through(servers):
    _, task, tag = servers[0].send("POST", "/tasks/", BODY)
    path = f"/tasks/{task['id']}"
    answers = at_once(
        [
            partial(servers[n % 2].send, "PUT", path, {"title": f"{n}"}, If_Match=tag)
            for n in range(20)
        ]
    )
    assert sorted(answer[0] for answer in answers) == [200] + [412] * 19
    winner = next(task for status, task, _ in answers if status == 200)
    assert servers[0].send("GET", path)[1] == winner


@pytest.mark.parametrize("body", [BODY, [BODY] * 3], ids=["one", "list"])
def test_fifty_posts_of_one_key_at_once_make_one_task(servers, body):
    before = count(servers[0])
    key = f"fifty {type(body).__name__}".replace(" ", "-")
    send = [
        partial(servers[n % 2].send, "POST", "/tasks/", body, Idempotency_Key=key)
        for n in range(50)
    ]
    answers = at_once(send)
    assert answers == [answers[0]] * 50
    assert answers[0][0] == 201
    assert count(servers[1]) - before == (3 if isinstance(body, list) else 1)


@pytest.mark.parametrize("stop_at", ["saved", "committed"])
def test_a_writer_killed_between_two_attempts_makes_no_second_task(home, servers, stop_at):
    before = count(servers[0])
    killed = Server(home, stop_at)
    connection = killed.open("POST", "/tasks/", BODY, Idempotency_Key=f"killed-{stop_at}")
    killed.says(rf"^({stop_at})\n")
    killed.stop()
    connection.close()
    assert count(servers[0]) - before == (0 if stop_at == "saved" else 1)
    again = [
        server.send("POST", "/tasks/", BODY, Idempotency_Key=f"killed-{stop_at}")
        for server in servers
    ]
    assert [answer[0] for answer in again] == [201, 201]
    assert again[0] == again[1]
    assert count(servers[0]) - before == 1


def test_readers_meet_whole_lists_only(servers):
    bulk = [{"title": "bulk"}] * 50
    calls = [partial(servers[0].send, "POST", "/tasks/", bulk)] * 4
    calls += [partial(count, servers[1], "search=bulk")] * 20
    seen = at_once(calls)[4:]
    assert {n % 50 for n in seen} == {0}
    assert count(servers[1], "search=bulk") == 200
    assert servers[1].send("DELETE", "/tasks/?search=bulk")[1] == {"deleted": 200}
