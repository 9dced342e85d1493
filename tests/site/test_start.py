"""Imports of a start, and the check of the production settings."""

import os
import runpy
import signal
import socket
import subprocess
from pathlib import Path

from tests.preloaded import Process
from tests.serving import ROOT, START_S, Site, environment, free_port, manage, python, until

PRODUCTION = {"PUBLIC_URL": "https://models.example.org", "API_ACCESS": "token"}


# One process for all, because an imported module stays imported.
IMPORTED = """
import sys
from django.core.management import execute_from_command_line
heavy = {"sklearn", "skops", "scipy", "pandas"}
for command in sys.argv[1:]:
    execute_from_command_line(["manage.py", *command.split()])
    print("imported:", command, sorted(heavy & sys.modules.keys()))
"""


def test_management_imports_no_scikit_learn_misses_no_migration_and_passes_the_deploy_check(
    tmp_path,
):
    deploy_check = "check --deploy --fail-level WARNING"
    commands = ["help", deploy_check, "makemigrations --check --dry-run", "migrate"]
    settings = PRODUCTION | {"DJANGO_SETTINGS_MODULE": "mlsite.settings"}
    done = python(tmp_path, "-c", IMPORTED, *commands, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("imported:")]
    assert said == [f"imported: {command} []" for command in commands]


def test_commands_that_need_no_site_leave_nothing_behind(tmp_path):
    settings = {"DJANGO_SETTINGS_MODULE": "mlsite.settings"}
    done = python(tmp_path, "-c", IMPORTED, "help", "version", "check", **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_model_is_served_by_scikit_learn_in_a_worker(home):
    with Site(home, "--workers", "1") as site:
        (worker,) = site.workers()
        command = "curl -H 'Content-Type: application/json' -d '%s' http://localhost:8000/predict"
        row = command % '{"X1":"61.1", "X2":"17.3"}'
        assert site.curl(row)[2] == '{"prediction":2}'
        assert manage(home, "compile", "iris", "1", "--off").returncode == 0
        until(lambda: 'engine="scikit-learn"' in metrics_after(site, row), "the estimator")
        for pid in (worker, site.process.pid):
            assert "/sklearn/" not in Path(f"/proc/{pid}/maps").read_text()


def metrics_after(site, command):
    """The metrics after one more prediction."""
    assert site.curl(command)[2] == '{"prediction":2}'
    return site.get("/metrics")[1].decode()


def test_the_development_server_asks_for_a_database(tmp_path):
    done = manage(tmp_path, "runserver", "--noreload", str(free_port()))
    assert done.returncode == 1
    assert "The command `prepare` makes the database" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_development_server_serves_pages_with_their_style(home):
    port = free_port()
    command = ["manage.py", "runserver", "--noreload", str(port)]
    server = Process(command, environment(home), os.devnull, os.devnull)
    try:
        until(lambda: listens(port), "the server")
        style = f"http://127.0.0.1:{port}/static/rest_framework/css/default.css"
        assert succeeds("curl", "-sf", style)
        assert succeeds("curl", "-sf", f"http://127.0.0.1:{port}/tasks/1")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(START_S)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def succeeds(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_every_setting_from_the_environment_is_documented():
    settings = (ROOT / "mlsite" / "settings.py").read_text()
    documented = (ROOT / "docs" / "configuration.md").read_text()
    names = {part.split('"')[1] for part in settings.split("env.")[1:] if '"' in part.split(")")[0]}
    assert names >= {"DEBUG", "DATABASE_URL", "PUBLIC_URL"}
    assert [name for name in sorted(names) if f"`{name}`" not in documented] == []


def test_debug_is_off_unless_asked_for(monkeypatch):
    settings = str(ROOT / "mlsite" / "settings.py")
    monkeypatch.delenv("DEBUG", raising=False)
    assert runpy.run_path(settings)["DEBUG"] is False
    monkeypatch.setenv("DEBUG", "true")
    assert runpy.run_path(settings)["DEBUG"] is True


def test_postgresql_is_asked_over_no_more_connections_than_it_has(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://user:word@db.example.org/name?sslmode=require")
    database = runpy.run_path(str(ROOT / "mlsite" / "settings.py"))["DATABASES"]["default"]
    assert database["OPTIONS"]["sslmode"] == "require"
    assert database["OPTIONS"]["pool"]["max_size"] == 10
    assert database["CONN_MAX_AGE"] == 0
