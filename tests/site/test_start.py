"""What a start imports, and what the production settings say."""

import subprocess
import sys

import pytest

from tests.serving import ROOT, environment, free_port, manage, until

PRODUCTION = {"PUBLIC_URL": "https://models.example.org", "API_ACCESS": "token"}


@pytest.mark.parametrize("command", ["check", "migrate", "makemigrations --check", "help"])
def test_management_does_not_import_scikit_learn(tmp_path, command):
    program = (
        "import sys; from django.core.management import execute_from_command_line as run;"
        f"run(['manage.py', *{command.split()}]);"
        "print(sorted({'sklearn', 'skops', 'scipy', 'pandas'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(tmp_path, DJANGO_SETTINGS_MODULE="mlsite.settings"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_workers_share_is_imported_without_the_database_and_without_all_of_scikit_learn(
    tmp_path,
):
    program = (
        "import sys, django; django.setup(); from importlib import import_module;"
        "from mlsite.management.commands.serve import SHARED;"
        "[import_module(module) for module in SHARED];"
        "from django.db import connection;"
        "print(connection.connection, sorted({'skops', 'sklearn.ensemble'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(tmp_path, DJANGO_SETTINGS_MODULE="mlsite.settings"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "None []\n"


def test_the_production_settings_pass_the_deploy_check(tmp_path):
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_no_migration_is_missing(tmp_path):
    done = manage(tmp_path, "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


def test_the_development_server_asks_for_a_database(tmp_path):
    done = manage(tmp_path, "runserver", "--noreload", str(free_port()))
    assert done.returncode == 1
    assert "`python manage.py prepare` makes the database" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_development_server_serves_pages_with_their_style(home):
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", "--noreload", str(port)]
    style = f"http://127.0.0.1:{port}/static/rest_framework/css/default.css"
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as server:
        until(lambda: succeeds("curl", "-sf", style), "the style sheet")
        assert succeeds("curl", "-sf", f"http://127.0.0.1:{port}/tasks/1")
        server.terminate()


def succeeds(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_every_setting_from_the_environment_is_documented():
    settings = (ROOT / "mlsite" / "settings.py").read_text()
    documented = (ROOT / "docs" / "configuration.md").read_text()
    names = {part.split('"')[1] for part in settings.split("env.")[1:] if '"' in part.split(")")[0]}
    assert names >= {"DEBUG", "DATABASE_URL", "PUBLIC_URL"}
    assert [name for name in sorted(names) if f"`{name}`" not in documented] == []


def test_debug_is_off_unless_asked_for(tmp_path):
    program = "from django.conf import settings; print(settings.DEBUG)"
    for said, debug in (({}, "False"), ({"DEBUG": "true"}, "True")):
        variables = environment(tmp_path, DJANGO_SETTINGS_MODULE="mlsite.settings", **said)
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, check=True)
        assert done.stdout.decode().strip() == debug
