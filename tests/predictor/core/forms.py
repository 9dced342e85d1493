"""What compiled forms say, for tests to hold against their estimators."""

from predictor.core.engines.compiled import attempt
from predictor.core.engines.forms.drawing import drawn
from predictor.core.engines.storing import dumps, loads


def answered(estimator, rows, methods=("predict",)):
    """What the form says, as it is written and read; Declined where that is the estimator's."""
    form, _ = loads(dumps(drawn(estimator), {}))
    return attempt(form, methods, rows)
