"""Loading of a version: its estimator, and the engine that runs it."""

import json
import logging

from predictor import conf
from predictor.core import artifacts, engines
from predictor.core.engines import Engine
from predictor.core.errors import ArtifactError
from predictor.core.model import Model
from predictor.core.signature import Signature
from predictor.isolation.client import Observer, RemoteEngine
from predictor.isolation.options import Options
from predictor.isolation.supervisor_client import get_supervisor
from predictor.models import ModelVersion
from predictor.registry import queries, storage

log = logging.getLogger(__name__)

# Time without requests after which the estimator process of a compiled version ends.
IDLE_S = 600


def load(name: str, number: int, observer: Observer) -> Model:
    """Load a version.

    If the compiled estimator cannot be used, the estimator runs all requests, in a process that
    starts at the first request.

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
    queries.check(row)
    signature = Signature.from_json(row.signature)
    is_compiled = bool(queries.compiled_sha256(row))
    options = Options(
        sha256=row.sha256,
        signature=json.dumps(row.signature),
        trusted=sorted(conf.trusted_types()),
        allow_version=row.any_version,
        is_batch_safe=bool(row.engines.get("joined")),
        memory_bytes=conf.estimator_memory_bytes(),
        time_limit_s=conf.estimator_time_limit_s(),
        idle_s=IDLE_S if is_compiled else None,
    )
    estimator = RemoteEngine(storage.artifact(row), signature, options, get_supervisor(), observer)
    engine = _engine(row, estimator, signature) if is_compiled else estimator
    return Model(name, number, signature, engine, queries.compiled_sha256(row))


def _engine(row: ModelVersion, fallback: Engine, signature: Signature) -> Engine:
    """Return the engine of a version with a compiled estimator."""
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
