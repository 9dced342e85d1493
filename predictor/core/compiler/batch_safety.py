"""Decide whether one call of an estimator may answer the rows of several requests."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from predictor.core.compiler.row_generator import random_rows
from predictor.core.compiler.timing import time_alternately
from predictor.core.compiler.verification import SEED
from predictor.core.engines.batching import slice_result
from predictor.core.engines.estimator import EstimatorEngine
from predictor.core.input_builders import ARRAY, FRAME
from predictor.core.lazy_frame import slice_rows
from predictor.core.served_methods import find_failures
from predictor.core.signature import Signature
from predictor.core.tolerance import Unequal, compare

# Number of rows in a batch, and number of those that are also predicted one by one; all of them for
# results in float32, where only some rows show by rounding that a batch adds in another order.
BATCH_ROWS, SINGLE_ROWS = 64, 8

# Largest useful cost of a row in a batch, as a share of its cost in a call of its own.
MAX_COST = 0.5


def reason_against_batching(estimator: Any, signature: Signature) -> str:
    """Return why each request needs a call of its own; empty if requests may share a call.

    Requests may share a call if predictions do not change with the composition of the batch, and
    if batches are faster. Methods of `ESTIMATOR_ONLY` never share a call.
    """
    engine = EstimatorEngine(estimator)
    X = random_rows(signature, BATCH_ROWS, np.random.default_rng(SEED))
    try:
        batch = engine.run(signature.shared_methods, X)
        for n in range(BATCH_ROWS if _has_float32(batch) else SINGLE_ROWS):
            alone = engine.run(signature.shared_methods, slice_rows(X, slice(n, n + 1)))
            compare(alone, {name: slice_result(v, n, n + 1) for name, v in batch.items()})
    except find_failures():
        return "No row was found that the estimator accepts."
    except Unequal as exc:
        return f"Predictions change with the composition of the batch: {exc}"
    if signature.container not in (ARRAY, FRAME):
        return "Sparse rows and texts are not batched."
    first = signature.methods[:1]
    row = slice_rows(X, slice(1))
    calls = [lambda: engine.run(first, row), lambda: engine.run(first, X)]
    single_us, batch_us = time_alternately(calls)
    if batch_us > MAX_COST * BATCH_ROWS * single_us:
        return "A batch costs as much as its rows one by one."
    return ""


def _has_float32(results: Mapping[str, Any]) -> bool:
    parts = [v for each in results.values() for v in (each if isinstance(each, list) else [each])]
    return any(part.dtype == np.float32 for part in parts)
