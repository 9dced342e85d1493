"""Loading of a version: its estimator, and the engine that runs it."""

import logging
import sys
from functools import partial
from typing import Any

from predictor import conf
from predictor.core import artifacts, engines
from predictor.core.engines import Alone, Engine, Joining, LazyEstimator, Observer
from predictor.core.errors import ArtifactError
from predictor.core.model import Model
from predictor.core.signature import Signature
from predictor.models import ModelVersion
from predictor.registry import queries, storage

log = logging.getLogger(__name__)

ANY_N_ROWS = sys.maxsize


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
    row = queries.version(name, number)
    signature = Signature.from_json(row.signature)
    lazy = LazyEstimator(partial(load_estimator, row))
    fallback = Joining(lazy, observer) if row.engines.get("joined") else Alone(lazy)
    engine = _engine(row, fallback, signature)
    if all(engine.is_compiled(method, ANY_N_ROWS) for method in signature.methods):
        queries.check(row)
    else:
        _ = lazy.estimator  # reads the artifact
    return Model(name, number, signature, engine, queries.compiled_sha256(row))


def needs_estimators() -> bool:
    """Return whether scikit-learn runs some requests of a live version."""
    return any(
        not queries.compiled_sha256(row) or any(up_to is not None for up_to in _up_to_rows(row))
        for row in ModelVersion.objects.filter(state=ModelVersion.State.LIVE)
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
    if not queries.compiled_sha256(row):
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
