"""Queries of the registry: find, load and check models and versions."""

import logging
import re
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from predictor import conf
from predictor.core import artifacts, engines
from predictor.core.engines import Alone, Engine, Joining, LazyEstimator, Observer
from predictor.core.errors import ArtifactError, Conflict, InvalidInput, ModelNotFound
from predictor.core.model import Model
from predictor.core.signature import Signature
from predictor.models import NAME, NAME_RULE, ModelVersion, RegisteredModel
from predictor.registry import storage

log = logging.getLogger(__name__)

State = ModelVersion.State

ANY_N_ROWS = sys.maxsize


def check_name(name: str) -> None:
    """Check the name of a model.

    Raises
    ------
    InvalidInput
        The name does not follow the rule.
    """
    if not re.fullmatch(NAME, name):
        raise InvalidInput(f"{name!r} is not a model name. {NAME_RULE}")


def find(name: str) -> RegisteredModel:
    """Return the model with this name.

    Raises
    ------
    ModelNotFound
        There is no such model.
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
        There is no such model or version.
    """
    try:
        return find(name).versions.select_related("model").get(version=number)
    except ModelVersion.DoesNotExist as exc:
        raise ModelNotFound(f"{name} has no version {number}.") from exc


def callable_version(name: str, number: int) -> ModelVersion:
    """Return a version of a model that may predict.

    Raises
    ------
    ModelNotFound
        There is no such model or version.
    Conflict
        The version is retired.
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
    """Return the live version of each model, and the SHA-256 of its compiled estimator."""
    live = ModelVersion.objects.filter(state=State.LIVE)
    rows = live.values_list("model__name", "version", "compiled", "use_compiled")
    return {name: (number, _compiled_sha256(compiled, use)) for name, number, compiled, use in rows}


def compiled_sha256(row: ModelVersion) -> str:
    """Return the SHA-256 of the compiled estimator that runs a version; empty if none does."""
    return _compiled_sha256(row.compiled, row.use_compiled)


def _compiled_sha256(compiled: str, use_compiled: bool) -> str:  # noqa: FBT001 - two columns of a row
    return compiled if use_compiled and conf.uses_compiled() else ""


def models_without_live_version() -> list[str]:
    """Return the names of the models without a live version."""
    models = RegisteredModel.objects.exclude(versions__state=State.LIVE)
    return list(models.order_by("name").values_list("name", flat=True))


def check(row: ModelVersion) -> None:
    """Compare the artifact of a version with its registered SHA-256, without loading it.

    Raises
    ------
    ArtifactError
        The file is missing or has changed.
    """
    artifacts.read(storage.artifact(row), row.sha256)


def check_live() -> None:
    """Compare the artifact of every live version with its registered SHA-256.

    Raises
    ------
    ArtifactError
        A file is missing or has changed.
    """
    for row in ModelVersion.objects.filter(state=State.LIVE).select_related("model"):
        check(row)


def verify() -> Iterator[tuple[ModelVersion, str]]:
    """Yield every version with the problem of its artifact; empty if there is none."""
    for row in ModelVersion.objects.select_related("model").order_by("model__name", "version"):
        try:
            check(row)
        except ArtifactError as exc:
            yield row, str(exc)
        else:
            yield row, ""


def load(name: str, number: int, observer: Observer) -> Model:
    """Load a version.

    If the compiled estimator cannot be used, the estimator runs all requests. If the compiled
    estimator runs any number of rows, the estimator is read at the first row that needs it.

    Parameters
    ----------
    name : str
    number : int
        The version.
    observer : Observer
        Receives the batches of the version.

    Raises
    ------
    ModelNotFound
        There is no such version.
    ArtifactError
        The artifact has changed since its registration, or cannot be read.
    """
    row = version(name, number)
    signature = Signature.from_json(row.signature)
    lazy = LazyEstimator(partial(load_estimator, row))
    fallback = Joining(lazy, observer) if row.engines.get("joined") else Alone(lazy)
    engine = _engine(row, fallback, signature)
    if all(engine.compiles(method, ANY_N_ROWS) for method in signature.methods):
        check(row)
    else:
        _ = lazy.estimator  # reads the artifact
    return Model(name, number, signature, engine, compiled_sha256(row))


def needs_estimators() -> bool:
    """Return whether scikit-learn runs some requests of a live version."""
    return any(
        not compiled_sha256(row) or any(up_to is not None for up_to in _up_to_rows(row))
        for row in ModelVersion.objects.filter(state=State.LIVE)
    )


def _up_to_rows(row: ModelVersion) -> list[int | None]:
    """Return the largest number of rows that each method runs compiled; None is any number."""
    methods = row.engines.get("methods", {})
    return [methods.get(m, {}).get("up_to_rows", 0) for m in row.signature["methods"]]


def load_estimator(row: ModelVersion) -> Any:
    """Load the fitted estimator of a version.

    Raises
    ------
    ArtifactError
        The artifact has changed since its registration, or cannot be read.
    """
    return artifacts.load(
        storage.artifact(row),
        row.sha256,
        trusted=conf.trusted_types(),
        allow_version=row.any_version,
    )


def _engine(row: ModelVersion, fallback: Engine, signature: Signature) -> Engine:
    """Return the engine of a version."""
    if not compiled_sha256(row):
        return fallback
    if row.engines.get("built_with") != engines.built_with():
        log.warning(
            "%s was compiled with other software versions. Run: manage.py compile %s %s",
            row,
            row.model.name,
            row.version,
        )
        return fallback
    try:
        data = artifacts.read(storage.compiled(row), row.compiled)
        return engines.load_compiled(data, fallback, signature)
    except ArtifactError as exc:
        log.warning("scikit-learn runs %s: its compiled estimator is unusable. %s", row, exc)
        return fallback
