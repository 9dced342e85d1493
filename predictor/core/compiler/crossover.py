"""Find the number of rows up to which a compiled estimator is faster."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable
from predictor.core.compiler.row_generator import random_rows
from predictor.core.compiler.timing import time_alternately
from predictor.core.compiler.verification import SEED
from predictor.core.engines.compiled import CompiledEngine
from predictor.core.engines.estimator import EstimatorEngine
from predictor.core.lazy_frame import slice_rows
from predictor.core.signature import Signature

# Numbers of rows that are timed.
SIZES = (1, 256, 1024)

# Share of the estimator's time that a compiled estimator may take: similar times are a tie that
# the compiled estimator wins.
MARGIN = 1.1


def time_engines(
    estimator: Any, compiled: CompiledEstimator, signature: Signature, method: str
) -> dict[int, tuple[float, float]]:
    """Return the microseconds of the compiled estimator and of the estimator for each size.

    Raises
    ------
    NotCompilable
        The compiled estimator fails for a row.
    """
    fallback = EstimatorEngine(estimator)
    engine = CompiledEngine(fallback, compiled, signature, {method: None})
    rows = random_rows(signature, SIZES[-1], np.random.default_rng(SEED))
    times = {}
    for size in SIZES:
        X = slice_rows(rows, slice(size))
        calls = [lambda e=each, X=X: e.run([method], X) for each in (engine, fallback)]
        compiled_us, estimator_us = time_alternately(calls)
        times[size] = (compiled_us, estimator_us)
    if not engine.is_compiled(method, SIZES[-1]):
        raise NotCompilable("The compiled estimator fails for random rows.")
    return times


def max_rows(times: Mapping[int, tuple[float, float]]) -> int | None:
    """Return the number of rows up to which the compiled estimator is faster.

    Between two sizes, times are interpolated linearly.

    Parameters
    ----------
    times : mapping of int to (float, float)
        Microseconds of the compiled estimator and of the estimator for each number of rows.

    Returns
    -------
    max_rows : int, optional
        0 for no rows, None for any number of rows.
    """
    before: tuple[int, float] | None = None
    for size, (compiled_us, estimator_us) in sorted(times.items()):
        gain = estimator_us * MARGIN - compiled_us
        if gain < 0:
            if before is None:
                return 0
            smaller_size, larger_gain = before
            slope = (size - smaller_size) / (larger_gain - gain)
            return int(smaller_size + larger_gain * slope)
        before = size, gain
    return None
