"""Loading of a version: its estimator, and the engine that runs it."""

import json
import logging

from predictor import conf
from predictor.core import artifacts, boosters, engines
from predictor.core.engines import CompiledEngine, Engine
from predictor.core.errors import ArtifactError
from predictor.core.model import Model
from predictor.core.signature import Signature
from predictor.isolation.client import Observer, RemoteEngine
from predictor.isolation.connections import ConnectionPool
from predictor.isolation.options import Options
from predictor.isolation.supervisor_client import get_supervisor
from predictor.models import ModelVersion
from predictor.registry import queries, storage

log = logging.getLogger(__name__)

# Time without requests after which the estimator process of a compiled version ends.
IDLE_S = 600


def load(name: str, number: int, observer: Observer) -> Model:
    """Load a version.

    If the compiled estimator cannot be used, the estimator runs all requests. The SHA-256 of the
    artifact is verified here only for a compiled estimator, which may never need the artifact. The
    estimator process of another version verifies it before it runs the first request.

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
        The artifact of a compiled estimator has changed since its registration, or cannot be read.
    """
    row = queries.version(name, number)
    signature = Signature.from_json(row.signature)
    compiled_sha256 = queries.compiled_sha256(row)
    engine: Engine | None = None
    if compiled_sha256:
        queries.check(row)
        fallback = _estimator_engine(row, signature, observer, idle_s=IDLE_S)
        engine = _compiled_engine(row, signature, fallback)
    if engine is None:
        engine = _estimator_engine(row, signature, observer, idle_s=None)
    return Model(name, number, signature, engine, compiled_sha256)


def _estimator_engine(
    row: ModelVersion, signature: Signature, observer: Observer, *, idle_s: float | None
) -> RemoteEngine:
    """Return the engine of the estimator. Its process starts at the first request."""
    options = Options(
        sha256=row.sha256,
        signature=json.dumps(row.signature),
        trusted=sorted(conf.trusted_types()),
        packages=sorted(boosters.find_versions().keys() & row.fitted_with.keys()),
        allow_version=row.any_version,
        is_batch_safe=bool(row.engines.get("joined")),
        memory_bytes=conf.estimator_memory_bytes(),
        time_limit_s=conf.estimator_time_limit_s(),
        idle_s=idle_s,
    )
    connections = ConnectionPool(storage.artifact(row), options, get_supervisor())
    return RemoteEngine(signature, connections, observer)


def _compiled_engine(
    row: ModelVersion, signature: Signature, fallback: Engine
) -> CompiledEngine | None:
    """Return the engine of the compiled estimator; None if it cannot be used."""
    if row.engines.get("built_with") != engines.built_with():
        log.warning(
            "%s was compiled with other software versions. Compile it again: compile %s %s",
            row,
            row.model.name,
            row.version,
        )
        return None
    try:
        data = artifacts.read(storage.compiled(row), row.compiled)
        return engines.load_compiled(data, fallback, signature)
    except ArtifactError as exc:
        log.warning("scikit-learn runs %s: its compiled estimator is unusable. %s", row, exc)
        return None
