"""Whether the rows of several requests may be answered by one call of an estimator."""

from typing import Any

import numpy as np

from predictor.core.compiled.tolerance import Unequal, compare
from predictor.core.compiler.row_generator import random_rows
from predictor.core.compiler.timing import in_turn
from predictor.core.compiler.verification import SEED, part
from predictor.core.engines.estimator import ScikitLearn
from predictor.core.engines.stacking import rows
from predictor.core.input_builders import ARRAY, FRAME
from predictor.core.probing import REJECTIONS
from predictor.core.signature import Signature

# So many rows are answered together, and so many of them alone as well.
TOGETHER, ALONE = 64, 8

# What a row among others may cost of what it costs alone.
WORTH = 0.5


def why_alone(estimator: Any, signature: Signature) -> str:
    """Return why each request must have a call of its own; nothing where they may share one.

    Parameters
    ----------
    estimator : estimator
    signature : Signature

    Notes
    -----
    They may where a row is answered the same whatever other rows there are, and sooner.
    """
    if signature.container not in (ARRAY, FRAME):
        return "Sparse rows and texts are not joined."
    engine = ScikitLearn(estimator)
    X = random_rows(signature, TOGETHER, np.random.default_rng(SEED))
    try:
        joint = engine.run(signature.methods, X)
        for start in range(ALONE):
            among = {name: rows(values, start, start + 1) for name, values in joint.items()}
            compare(engine.run(signature.methods, part(X, slice(start, start + 1))), among)
    except REJECTIONS:
        return "No rows were found to try it on."
    except Unequal as exc:
        return f"A row is answered otherwise among others: {exc}"
    first = signature.methods[:1]
    one = part(X, slice(1))
    alone, together = in_turn([lambda: engine.run(first, one), lambda: engine.run(first, X)])
    if together > WORTH * TOGETHER * alone:
        return "Rows together cost as much as alone."
    return ""
