"""What the registry holds: found, loaded, checked."""

import logging
import re
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.conf import settings

from predictor.core import artifacts, engines
from predictor.core.engines import Alone, Engine, Joining, LazyEstimator
from predictor.core.errors import ArtifactError, Conflict, InvalidInput, ModelNotFound
from predictor.core.model import Model
from predictor.core.signature import Signature
from predictor.models import NAME, NAME_RULE, ModelVersion, RegisteredModel
from predictor.registry import storage

log = logging.getLogger(__name__)

State = ModelVersion.State

ANY_NUMBER = sys.maxsize


def check_name(name: str) -> None:
    """Refuse a name that no model can have.

    Raises
    ------
    InvalidInput
        It cannot stand in an address.
    """
    if not re.fullmatch(NAME, name):
        raise InvalidInput(f"{name!r} cannot name a model: {NAME_RULE}")


def find(name: str) -> RegisteredModel:
    """Return the model of that name.

    Raises
    ------
    ModelNotFound
        There is none.
    """
    try:
        return RegisteredModel.objects.get(name=name)
    except RegisteredModel.DoesNotExist as exc:
        raise ModelNotFound(f"There is no model {name}.") from exc


def version(name: str, number: int) -> ModelVersion:
    """Return a version of a model.

    Raises
    ------
    ModelNotFound
        There is no such model, or it has no such version.
    """
    try:
        return find(name).versions.select_related("model").get(version=number)
    except ModelVersion.DoesNotExist as exc:
        raise ModelNotFound(f"{name} has no version {number}.") from exc


def callable_version(name: str, number: int) -> ModelVersion:
    """Return a version of a model that may be asked for predictions.

    Raises
    ------
    ModelNotFound
        There is no such model, or it has no such version.
    Conflict
        It is retired.
    """
    row = version(name, number)
    if row.state == State.RETIRED:
        raise Conflict(f"Version {number} of {name} is retired.")
    return row


def live_versions() -> dict[str, int]:
    """Return the number of the live version of each model."""
    live = ModelVersion.objects.filter(state=State.LIVE)
    return dict(live.order_by("model__name").values_list("model__name", "version"))


def live_compiled() -> dict[str, tuple[int, str]]:
    """Return the number of the live version of each model, and the compiled form it is to run."""
    live = ModelVersion.objects.filter(state=State.LIVE)
    rows = live.values_list("model__name", "version", "compiled", "use_compiled")
    return {name: (number, _compiled_sha256(compiled, use)) for name, number, compiled, use in rows}


def compiled_sha256(row: ModelVersion) -> str:
    """Return the SHA-256 of the compiled form that a version is to run; nothing for none."""
    return _compiled_sha256(row.compiled, row.use_compiled)


def _compiled_sha256(compiled: str, use_compiled: bool) -> str:  # noqa: FBT001 - a row's two fields
    return compiled if use_compiled and settings.ENGINES == "compiled" else ""


def without_live() -> list[str]:
    """Return the names of the models of which no version is live."""
    models = RegisteredModel.objects.exclude(versions__state=State.LIVE)
    return list(models.order_by("name").values_list("name", flat=True))


def check(row: ModelVersion) -> None:
    """Check the artifact of a version against what was registered, without loading it.

    Raises
    ------
    ArtifactError
        The file is missing or has changed.
    """
    artifacts.read(storage.artifact(row), row.sha256)


def check_live() -> None:
    """Check the artifact of every live version.

    Raises
    ------
    ArtifactError
        A file is missing or has changed.
    """
    for row in ModelVersion.objects.filter(state=State.LIVE).select_related("model"):
        check(row)


def verify() -> Iterator[tuple[ModelVersion, str]]:
    """Yield every version with what is wrong with its artifact, or nothing."""
    for row in ModelVersion.objects.select_related("model").order_by("model__name", "version"):
        try:
            check(row)
        except ArtifactError as exc:
            yield row, str(exc)
        else:
            yield row, ""


def load(name: str, number: int) -> Model:
    """Return a version, ready to run.

    A compiled form that cannot be used is left aside: the estimator answers alone. Behind a form
    that answers any number of rows it is read only when something asks for it.

    Raises
    ------
    ModelNotFound
        There is no such version.
    ArtifactError
        Its file is not the one that was registered, or cannot be read.
    """
    row = version(name, number)
    signature = Signature.from_json(row.signature)
    unread = LazyEstimator(partial(estimator, row))
    fallback = Joining(unread) if row.engines.get("joined") else Alone(unread)
    engine = _engine(row, fallback, signature)
    if all(engine.is_compiled(method, ANY_NUMBER) for method in signature.methods):
        check(row)
    else:
        _ = unread.estimator
    return Model(name, number, signature, engine, compiled_sha256(row))


def needs_estimators() -> bool:
    """Return whether a live version is run by its estimator, if only some number of rows."""
    return any(
        not compiled_sha256(row) or any(up_to is not None for up_to in _up_to_rows(row))
        for row in ModelVersion.objects.filter(state=State.LIVE)
    )


def _up_to_rows(row: ModelVersion) -> list[int | None]:
    """Return up to how many rows each method is compiled; None is any number."""
    methods = row.engines.get("methods", {})
    return [methods.get(m, {}).get("up_to_rows", 0) for m in row.signature["methods"]]


def estimator(row: ModelVersion) -> Any:
    """Return the fitted estimator of a version.

    Raises
    ------
    ArtifactError
        Its file is not the one that was registered, or cannot be read.
    """
    return artifacts.load(
        storage.artifact(row),
        row.sha256,
        trusted=settings.TRUSTED_TYPES,
        allow_version=row.any_version,
    )


def _engine(row: ModelVersion, fallback: Engine, signature: Signature) -> Engine:
    """Return what runs a version."""
    if not compiled_sha256(row):
        return fallback
    if row.engines.get("built_with") != engines.built_with():
        log.warning("%s was compiled by other versions: `compile` builds it anew.", row)
        return fallback
    try:
        data = artifacts.read(storage.compiled(row), row.compiled)
        return engines.load_compiled(data, fallback, signature)
    except ArtifactError as exc:
        log.warning("%s runs without its compiled form: %s", row, exc)
        return fallback
