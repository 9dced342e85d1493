"""How a fitted estimator is run: by scikit-learn itself, or compiled, where proven equal."""

from predictor.core.engines.compiled import Compiled, built_with, file_name
from predictor.core.engines.engine import Answers, Engine, ran
from predictor.core.engines.estimator import LazyEstimator, ScikitLearn
from predictor.core.engines.joining import Joining, Observer
from predictor.core.engines.places import Alone
from predictor.core.signature import Signature

__all__ = [
    "Alone",
    "Answers",
    "Compiled",
    "Engine",
    "Joining",
    "LazyEstimator",
    "Observer",
    "ScikitLearn",
    "built_with",
    "file_name",
    "load_compiled",
    "ran",
]


def load_compiled(data: bytes, fallback: Engine, signature: Signature) -> Compiled:
    """Return the compiled form in a file at work, with what runs the estimator behind it.

    Raises
    ------
    ArtifactError
        The file holds none.
    """
    from predictor.core.compiled import serialization  # noqa: PLC0415 - only what serves pays for it

    form, choice = serialization.loads(data)
    return Compiled(fallback, form, signature, choice)
