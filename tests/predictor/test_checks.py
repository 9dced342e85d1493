"""System checks of the settings, and their defaults."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from predictor import conf
from predictor.checks import check_site
from tests.predictor.isolation.processes import NO_LANDLOCK, outcome, without_landlock
from tests.serving import ROOT, START_S, environment


def test_a_site_without_settings_uses_the_defaults(settings):
    names = ("API_ACCESS", "DEFAULT_MODEL", "ENGINES", "MODELS_DIR", "PUBLIC_URL", "TRUSTED_TYPES")
    for name in (*names, "ESTIMATOR_TIME_LIMIT_S", "ESTIMATOR_MEMORY_BYTES"):
        delattr(settings, name)
    assert conf.models_dir() == settings.BASE_DIR / "models"
    assert conf.default_model() == "iris"
    assert list(conf.trusted_types()) == []
    assert conf.uses_compiled()
    assert conf.public_url() == ""
    assert not conf.is_open()
    assert (conf.estimator_time_limit_s(), conf.estimator_memory_bytes()) == (30, 2**32)
    assert check_site() == []
    del settings.BASE_DIR
    assert conf.models_dir() == Path.cwd() / "models"


WRONG = [
    ("ENGINES", "fast", "predictor.E002", "ENGINES is 'fast'."),
    ("DEFAULT_MODEL", None, "predictor.E003", "DEFAULT_MODEL is None, which is not a string."),
    (
        "TRUSTED_TYPES",
        "shop.Clip",
        "predictor.E004",
        "TRUSTED_TYPES is 'shop.Clip', which is not a list.",
    ),
    (
        "TRUSTED_TYPES",
        ["shop.Clip", "Clip"],
        "predictor.E004",
        "TRUSTED_TYPES contains 'Clip', which is not the full name of a type.",
    ),
    (
        "ESTIMATOR_TIME_LIMIT_S",
        0,
        "predictor.E007",
        "ESTIMATOR_TIME_LIMIT_S is 0, which is not a number above 0.",
    ),
    (
        "ESTIMATOR_MEMORY_BYTES",
        "4 GiB",
        "predictor.E007",
        "ESTIMATOR_MEMORY_BYTES is '4 GiB', which is not a number above 0.",
    ),
    (
        "OTHER_QUERY_PARAMETERS",
        "api_key",
        "predictor.E008",
        "OTHER_QUERY_PARAMETERS is 'api_key', which is not a list of names.",
    ),
    (
        "MODELS_DIR",
        None,
        "predictor.E005",
        "MODELS_DIR is None, which is not a path.",
    ),
    (
        "MODELS_DIR",
        f"{__file__}/models",
        "predictor.E005",
        f"MODELS_DIR is {__file__}/models, but {__file__} is not a directory.",
    ),
]


@pytest.mark.parametrize(("name", "value", "id_", "message"), WRONG)
def test_a_wrong_setting_is_an_error_with_a_hint(settings, name, value, id_, message):
    setattr(settings, name, value)
    (error,) = check_site()
    assert (error.id, error.msg) == (id_, message)
    assert error.hint.endswith(".")
    assert error.is_serious()


def test_a_missing_app_is_an_error(settings):
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name != "rest_framework"]
    (error,) = check_site()
    assert (error.id, error.hint) == ("predictor.E001", "Add 'rest_framework' to INSTALLED_APPS.")


@contextmanager
def unprivileged():
    """Act as a user without root's permissions, if the tests run as root."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("mode", "ids"),
    [
        (0o555, ["predictor.W001"]),
        (0o111, ["predictor.E006"]),
        (0o666, ["predictor.E006"]),
        (0o777, []),
    ],
)
def test_a_directory_without_permission_is_reported(settings, mode, ids):
    # Not in tmp_path, whose parents belong to the user who runs the tests.
    with tempfile.TemporaryDirectory() as home:
        settings.MODELS_DIR = Path(home) / "models" / "of" / "the" / "site"
        Path(home).chmod(mode)
        with unprivileged():
            messages = check_site()
        Path(home).chmod(0o700)
        assert [message.id for message in messages] == ids
        assert all(home in message.hint for message in messages)


def test_a_missing_restriction_of_model_processes_is_a_warning():
    def messages():
        return [(message.id, message.msg, message.is_serious()) for message in check_site()]

    (warning,) = outcome(messages, lambda _channel: without_landlock())
    assert warning == ["predictor.W002", NO_LANDLOCK, False]


def test_the_server_names_it_at_its_start(prepared, tmp_path):
    home = shutil.copytree(prepared, tmp_path / "home")
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=ROOT,
        env=environment(home),
        preexec_fn=without_landlock,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_S,
    )
    assert done.returncode == 0, done.stderr
    assert f"?: (predictor.W002) {NO_LANDLOCK}" in done.stderr
