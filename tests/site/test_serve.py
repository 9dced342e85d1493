"""`manage.py serve`: start, messages, rejected options, and shutdown."""

import errno
import json
import os
import resource
import runpy
import signal
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured

from mlsite.middleware import DatabaseGuard
from mlsite.secret_key import load_or_create_secret_key
from mlsite.server import respawning
from mlsite.server.body_bounds import MAX_REQUESTS, MAX_WAITING
from mlsite.server.workers import THREADS, max_connections, raise_descriptor_limit
from predictor.core.engines.concurrency_limit import MAX_SLOW_REQUESTS
from tests.predictor.isolation.processes import outcome
from tests.serving import ROOT, START_S, Site, free_port, manage, python, until

pytestmark = pytest.mark.xdist_group("site")


def test_the_first_start_makes_everything_and_says_where_to_click(prepared):
    said = json.loads((prepared / "first_start.json").read_text())
    output = said["output"]
    assert output.count("Made the user admin with the password ") == 1
    assert "manage.py changepassword admin" in output
    assert "Training iris ..." in output
    for place in ("Home ", "Docs ", "Admin"):
        assert f"{place} {said['url']}/" in output
    assert said["iris"]["live_version"] == 1


def test_each_request_has_its_line(site):
    site.get("/1")
    line = until(
        lambda: next((line for line in site.output().splitlines() if " GET /1 200 " in line), ""),
        "the line of GET /1",
    )
    assert " ms" in line


def test_a_second_start_makes_nothing_again(site, prepared):
    assert "password" not in site.output()
    assert "Training" not in site.output()
    assert "Making" not in site.output()
    assert json.loads(site.get("/models/iris")[1])["live_version"] == 1
    assert (site.home / "secret_key").read_bytes() == (prepared / "secret_key").read_bytes()


@pytest.mark.parametrize("name", ["secret_key", "db.sqlite3"])
def test_what_is_secret_is_for_its_owner(prepared, name):
    assert stat.S_IMODE((prepared / name).stat().st_mode) == 0o600


def test_what_staff_train_unpublish_and_reset_counts_in_every_worker(site):
    staff = f"-u admin:{site.password()}"
    command = f"curl -i {staff} -X POST http://localhost:8000/models/iris"
    status, _, body = site.curl(f"{command}/train")
    trained = json.loads(body)["live_version"]
    assert (status, trained > 1) == (200, True)
    until(lambda: versions(site, 12) == {str(trained)}, "that version everywhere")
    status, _, body = site.curl(f"{command}/unpublish")
    assert (status, json.loads(body)["live_version"]) == (200, None)
    until(lambda: versions(site, 12) == {None}, "no version from any worker")
    status, _, body = site.curl(f"{command}/reset")
    assert (status, json.loads(body)["live_version"]) == (200, 1)
    until(lambda: versions(site, 12) == {"1"}, "version 1 from every worker")


def versions(site, times):
    """The versions that answer, over connections that the kernel spreads over the workers."""
    row = ("POST", "/predict", '{"X1":"61.1", "X2":"17.3"}')
    answers = [site.ask(*row, **{"Content-Type": "application/json"}) for _ in range(times)]
    return {headers.get("X-Model-Version") for _, headers, _ in answers}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_end_lets_requests_under_way_finish(home, how):
    body = b'{"X1": "61.1", "X2": "17.3"}'
    head = (
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with Site(home) as site, socket.create_connection(("127.0.0.1", site.port)) as client:
        client.sendall(head.encode() + body[:5])
        # Another request, answered, shows that the first one has been accepted.
        assert site.get("/1")[0] == 200
        # As Ctrl-C does it: the signal goes to the whole group.
        os.killpg(site.process.pid, how)
        client.sendall(body[5:])
        answer = b"".join(iter(lambda: client.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b'{"prediction":2}')
        assert site.process.wait(timeout=30) == 0
        assert "Traceback" not in site.output()


def test_the_end_is_prompt_even_while_workers_start(home):
    site = Site(home)
    until(lambda: "Ctrl-C" in site.output() and site.workers(), "the workers' birth")
    site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(timeout=20) == 0  # well within the 30 s after which one is killed
    assert "Traceback" not in site.output()


def test_a_worker_that_dies_is_replaced_and_none_outlives_a_killed_server(home):
    with Site(home, "--workers", "1") as site:
        for _ in range(2):  # the second time as soon as it answers
            (worker,) = site.workers()
            os.kill(worker, signal.SIGKILL)
            until(
                lambda gone=worker: gone not in site.workers() and site.workers(), "another worker"
            )
            until(site.answers, "an answer from the other one")
        assert site.output().count("Worker 1 is replaced.") == 2
        (last,) = site.workers()
        site.stop(signal.SIGKILL)
        until(lambda: not os.path.exists(f"/proc/{last}"), "the worker's end")  # noqa: PTH110


def test_slow_models_clients_and_the_database_leave_threads_to_others():
    assert MAX_SLOW_REQUESTS + DatabaseGuard.MAX_REQUESTS <= MAX_REQUESTS
    assert MAX_REQUESTS + MAX_WAITING + DatabaseGuard.MAX_REQUESTS < THREADS


@pytest.mark.parametrize(
    ("hard", "limits"),
    [(5000, [4224, 5000, 1024]), (1000, [1000, 1000, 218]), (256, [256, 256, 32])],
)
def test_a_worker_has_as_many_connections_as_its_descriptors_allow(hard, limits):
    def raised():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        raise_descriptor_limit()
        return [*resource.getrlimit(resource.RLIMIT_NOFILE), max_connections()]

    assert outcome(raised) == limits


def test_a_start_with_too_few_descriptors_is_refused_with_a_sentence(home):
    site = Site(home, preloaded=False, prefix=["prlimit", "--nofile=255"])
    assert site.process.wait(START_S) == 1
    assert site.output() == (
        "CommandError: A process may open 255 files here; the site needs at least 256. "
        "Raise the hard limit of open files (`ulimit -Hn`; LimitNOFILE= of systemd).\n"
    )


def test_more_clients_than_descriptors_are_all_answered(home):
    few = {"preloaded": False, "prefix": ["prlimit", "--nofile=256"]}
    with Site(home, "--workers", "1", **few) as site, ThreadPoolExecutor(150) as clients:
        answers = clients.map(site.get, ["/tasks/", "/1", "/models/"] * 100)
        assert {status for status, _ in answers} == {200}


def test_a_worker_that_cannot_start_ends_the_server(home):
    with Site(home, "--workers", "1") as site:
        for file in home.glob("db.sqlite3*"):
            file.write_bytes(b"not a database")
        os.kill(site.workers()[0], signal.SIGKILL)
        assert site.process.wait(timeout=START_S) == 1
        assert "The registry of models cannot be read (file is not a database)" in site.output()
        assert "Worker crash loop detected, exiting" in site.output()


def test_a_broken_artifact_ends_the_start_with_a_sentence(home):
    (home / "models" / "iris" / "1" / "model.skops").write_bytes(b"not a model")
    done = manage(home, "serve", "--bind", f"127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert done.stderr == (
        "CommandError: A live model cannot be loaded. iris/1/model.skops is not the file that "
        "was registered: its SHA-256 differs.\n"
    )


REFUSED_ARGUMENTS = {
    "--bind 8000": "--bind is '8000'; it takes HOST:PORT, such as 127.0.0.1:8000.",
    "--bind 127.0.0.1:99999": (
        "--bind is '127.0.0.1:99999'; it takes HOST:PORT, such as 127.0.0.1:8000."
    ),
    "--bind example.org:80": "--bind takes an IP address; got example.org.",
    "--workers 0": "--workers is 0; it takes a number from 1.",
    "--bind 0.0.0.0:8000": (
        "Not listening on 0.0.0.0: tasks and predictions are open to every client that reaches it. "
        "Set API_ACCESS=token to require a login, or API_ACCESS=open to allow all clients."
    ),
}

# A process of its own, for an argument that is taken by mistake begins to serve.
EACH = """
import json, sys
import django
from django.core.management import CommandError, call_command
django.setup()
for arguments in sys.argv[1:]:
    try:
        call_command("serve", *arguments.split())
    except CommandError as exc:
        print(json.dumps([arguments, str(exc)]))
"""


def test_wrong_arguments_are_refused_with_a_sentence(site, tmp_path):
    taken = f"127.0.0.1:{site.port}"
    sentence = f"Cannot listen on {taken}: something listens there already."
    refused = REFUSED_ARGUMENTS | {f"--bind {taken}": sentence}
    done = python(tmp_path, "-c", EACH, *refused, DJANGO_SETTINGS_MODULE="mlsite.settings")
    assert done.returncode == 0, done.stderr
    assert dict(map(json.loads, done.stdout.splitlines())) == refused


REFUSED_SETTINGS = [
    ("API_ACCESS", "closed", "API_ACCESS is 'closed'; it takes open or token."),
    ("DEBUG", "perhaps", 'Environment variable "DEBUG" invalid'),
    ("MAX_BODY_BYTES", "0", "MAX_BODY_BYTES is 0; it takes a number above 0."),
    ("PUBLIC_URL", "models.example.org", "PUBLIC_URL is 'models.example.org'; it takes"),
    ("PUBLIC_URL", "https://a.example?x=1", "PUBLIC_URL is 'https://a.example?x=1'; it"),
    ("PUBLIC_URL", "https://u:p@a.example", "PUBLIC_URL is 'https://u:p@a.example'; it"),
    ("PUBLIC_URL", "https://a.example:99999", "PUBLIC_URL is 'https://a.example:99999'; it"),
    ("DATABASE_URL", "mysterious://", "DATABASE_URL"),
    (
        "DATABASE_URL",
        "sqlite:////nowhere/at/all/db.sqlite3",
        "DATABASE_URL names a file in /nowhere/at/all, where there is no directory.",
    ),
    ("SECRET_KEY", "short", "SECRET_KEY has 5 characters; it takes at least 50 random characters."),
]


@pytest.mark.parametrize(("name", "value", "sentence"), REFUSED_SETTINGS)
def test_a_wrong_setting_is_refused_with_a_sentence(monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        runpy.run_path(str(ROOT / "mlsite" / "settings.py"))
    assert sentence in str(refusal.value)


def test_a_secret_key_that_cannot_be_kept_is_asked_for():
    with pytest.raises(ImproperlyConfigured) as refusal:
        load_or_create_secret_key(Path("/proc/secret_key"))
    assert str(refusal.value).startswith("No secret key can be stored in /proc/secret_key: ")


def test_a_start_with_a_wrong_setting_ends_with_the_sentence(tmp_path):
    done = manage(tmp_path, "serve", API_ACCESS="closed")
    assert done.returncode == 1
    assert done.stderr == "Error: API_ACCESS is 'closed'; it takes open or token.\n"


@pytest.mark.parametrize("verified", [True, False])
def test_workers_are_always_replaced_only_with_a_verified_granian(
    monkeypatch, caplog, tmp_path, verified
):
    server = SimpleNamespace(respawned_wrks={})
    if not verified:
        monkeypatch.setattr(respawning, "VERIFIED_VERSIONS", ("0.1",))
    respawning.respawn_always(server, tmp_path)
    assert isinstance(server.respawned_wrks, respawning.RespawnTimes) is verified
    assert [record.levelname for record in caplog.records] == ([] if verified else ["WARNING"])


def test_a_worker_is_replaced_as_soon_as_the_system_allows_a_process(monkeypatch, caplog, tmp_path):
    refusals = iter([OSError(errno.EAGAIN, "Resource temporarily unavailable")] * 2)
    fork = os.fork

    def try_to_fork():
        if refusal := next(refusals, None):
            raise refusal
        return fork()

    monkeypatch.setattr(os, "fork", try_to_fork)
    monkeypatch.setattr(respawning, "INTERVAL_S", 0)
    server = SimpleNamespace(interrupt_signal=False)
    respawning.RespawnTimes(server, tmp_path)[0] = 1.0
    assert [record.getMessage() for record in caplog.records] == [
        "Worker 1 is replaced.",
        *["No worker can be started: Resource temporarily unavailable."] * 2,
    ]
