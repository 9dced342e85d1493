"""Which engine runs how many rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import CompiledEstimator
from predictor.core.compiler.row_generator import random_rows
from predictor.core.compiler.timing import in_turn
from predictor.core.compiler.verification import SEED, part
from predictor.core.engines.compiled import Compiled
from predictor.core.engines.estimator import ScikitLearn
from predictor.core.signature import Signature

# For so many rows engines are timed.
SIZES = (1, 256, 1024)

# What a form may take of the estimator's time: nearly the same is no reason to prefer the latter.
MARGIN = 1.1


def timed(
    estimator: Any, form: CompiledEstimator, signature: Signature, method: str
) -> dict[int, tuple[float, float]]:
    """Return the microseconds that the form and the estimator take, for each size."""
    fallback = ScikitLearn(estimator)
    compiled = Compiled(fallback, form, signature, {method: None})
    rows = random_rows(signature, SIZES[-1], np.random.default_rng(SEED))
    times = {}
    for size in SIZES:
        X = part(rows, slice(size))
        calls = [lambda e=engine, X=X: e.run([method], X) for engine in (compiled, fallback)]
        own, its = in_turn(calls)
        times[size] = (own, its)
    return times


def most_rows(times: Mapping[int, tuple[float, float]]) -> int | None:
    """Return up to how many rows a form is the faster one: 0 for none, None for any number.

    Between two sizes both are taken to cost so much for each row more.

    Parameters
    ----------
    times : mapping of int to (float, float)
        The microseconds of the form and of the estimator, for each number of rows.
    """
    before: tuple[int, float] | None = None
    for size, (own, its) in sorted(times.items()):
        gain = its * MARGIN - own
        if gain < 0:
            if before is None:
                return 0
            fewer, gained = before
            return int(fewer + (size - fewer) * gained / (gained - gain))
        before = size, gain
    return None
