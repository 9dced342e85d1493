"""Results of compiled estimators, for tests to compare with those of their estimators."""

from predictor.core.compiled.serialization import dumps, loads
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.engines.compiled import run_compiled


def compiled_results(estimator, rows, methods=("predict",)):
    """Results of the compiled estimator after a round trip through its file."""
    compiled, _ = loads(dumps(convert(estimator), {}))
    return run_compiled(compiled, methods, rows)
