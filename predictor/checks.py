"""System checks of the app's settings and of the apps that it needs."""

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name

from predictor import conf
from predictor.isolation.confinement import missing_restrictions

REQUIRED_APPS = ("django.contrib.auth", "django.contrib.contenttypes", "rest_framework")
DOTTED_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


def check_site(**_kwargs: Any) -> list[CheckMessage]:
    """Return the errors in the site's settings."""
    return [
        *_check_apps(),
        *_check_engines(),
        *_check_default_model(),
        *_check_trusted_types(),
        *_check_other_query_parameters(),
        *_check_models_dir(),
        *_check_estimator_limits(),
        *_check_isolation(),
    ]


def _check_apps() -> Iterator[CheckMessage]:
    for name in REQUIRED_APPS:
        if not apps.is_installed(name):
            yield Error(
                f"predictor needs the app {name}, which is not installed.",
                hint=f"Add {name!r} to INSTALLED_APPS.",
                id="predictor.E001",
            )


def _check_engines() -> Iterator[CheckMessage]:
    value = conf.engines()
    if value not in (conf.COMPILED, conf.SCIKIT_LEARN):
        yield Error(
            f"ENGINES is {value!r}.",
            hint=f"Set it to {conf.COMPILED!r} or {conf.SCIKIT_LEARN!r}, or remove it.",
            id="predictor.E002",
        )


def _check_default_model() -> Iterator[CheckMessage]:
    name: object = conf.default_model()
    if not isinstance(name, str):
        yield Error(
            f"DEFAULT_MODEL is {name!r}, which is not a string.",
            hint="Set it to the name of the model that answers at /predict, such as 'iris'.",
            id="predictor.E003",
        )


def _check_trusted_types() -> Iterator[CheckMessage]:
    names: object = conf.trusted_types()
    if not isinstance(names, list | tuple | set | frozenset):
        yield Error(
            f"TRUSTED_TYPES is {names!r}, which is not a list.",
            hint="Set it to a list of full names such as ['shop.transformers.Clip'].",
            id="predictor.E004",
        )
        return
    for name in names:
        if not isinstance(name, str) or not DOTTED_NAME.fullmatch(name):
            yield Error(
                f"TRUSTED_TYPES contains {name!r}, which is not the full name of a type.",
                hint="A full name contains the module, such as 'shop.transformers.Clip'.",
                id="predictor.E004",
            )


def _check_other_query_parameters() -> Iterator[CheckMessage]:
    names: object = conf.other_query_parameters()
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        yield Error(
            f"OTHER_QUERY_PARAMETERS is {names!r}, which is not a list of names.",
            hint="Set it to a list such as ['api_key'], or remove it.",
            id="predictor.E008",
        )


def _check_models_dir() -> Iterator[CheckMessage]:
    try:
        path = conf.models_dir()
    except TypeError:
        yield Error(
            f"MODELS_DIR is {settings.MODELS_DIR!r}, which is not a path.",
            hint="Set it to a string or a pathlib.Path.",
            id="predictor.E005",
        )
        return
    place = next(parent for parent in (path, *path.parents) if _may(parent, os.F_OK))
    if not place.is_dir():
        yield Error(
            f"MODELS_DIR is {path}, but {place} is not a directory.",
            hint="Set MODELS_DIR to a directory. It is created at the first registration.",
            id="predictor.E005",
        )
    elif not _may(place, os.R_OK | os.X_OK):
        yield Error(
            f"MODELS_DIR is {path}, but this user cannot read {place}.",
            hint=f"Run this process as a user that can read {place}.",
            id="predictor.E006",
        )
    elif not _may(place, os.W_OK):
        yield Warning(
            f"MODELS_DIR is {path}, but this user cannot write {place}.",
            hint=(
                "Models can be served, but not registered or trained. Allow this user to write "
                f"{place}, or silence this check where models are only served."
            ),
            id="predictor.W001",
        )


def _check_estimator_limits() -> Iterator[CheckMessage]:
    limits: dict[str, object] = {
        "ESTIMATOR_TIME_LIMIT_S": conf.estimator_time_limit_s(),
        "ESTIMATOR_MEMORY_BYTES": conf.estimator_memory_bytes(),
    }
    for name, value in limits.items():
        if not isinstance(value, int | float) or not 0 < value < math.inf:
            yield Error(
                f"{name} is {value!r}, which is not a number above 0.",
                hint="Set it to a number, or remove it.",
                id="predictor.E007",
            )


def _check_isolation() -> Iterator[CheckMessage]:
    for sentence in missing_restrictions():
        yield Warning(
            sentence,
            hint=(
                "Use Linux 5.13 or newer with Landlock and seccomp, on x86-64 or ARM64, or "
                "register only files that you trust. docs/isolation.md lists the restrictions."
            ),
            id="predictor.W002",
        )


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=True)
