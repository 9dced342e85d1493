"""What compiled forms say, for tests to hold against their estimators."""

from predictor.core.compiled.serialization import dumps, loads
from predictor.core.compiler.converters.dispatch import drawn
from predictor.core.engines.compiled import attempt


def answered(estimator, rows, methods=("predict",)):
    """Answers of the compiled estimator after a round trip through its file."""
    form, _ = loads(dumps(drawn(estimator), {}))
    return attempt(form, methods, rows)
