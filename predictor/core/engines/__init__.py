"""Engines: run a fitted estimator, or a compiled estimator that is verified to be equal."""

from predictor.core.engines.compiled import CompiledEngine, built_with, file_name
from predictor.core.engines.engine import Engine, MethodResults
from predictor.core.engines.estimator import SCIKIT_LEARN, EstimatorEngine
from predictor.core.signature import Signature

__all__ = [
    "SCIKIT_LEARN",
    "CompiledEngine",
    "Engine",
    "EstimatorEngine",
    "MethodResults",
    "built_with",
    "file_name",
    "load_compiled",
]


def load_compiled(data: bytes, fallback: Engine, signature: Signature) -> CompiledEngine:
    """Return the engine of a serialized compiled estimator.

    Raises
    ------
    ArtifactError
        The data is not a compiled estimator, or does not fit the signature.
    """
    from predictor.core.compiled import serialization  # noqa: PLC0415 - not needed without models

    compiled, max_rows = serialization.loads(data)
    engine = CompiledEngine(fallback, compiled, signature, max_rows)
    engine.check()
    return engine
