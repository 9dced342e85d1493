"""Compiled transformers of columns: what the transformer gives, or the rows are left to it."""

import numpy as np
import pytest
from sklearn.preprocessing import PowerTransformer

from predictor.core.compiled.compiled_estimator import FallbackRequired
from predictor.core.compiled.tolerance import compare
from tests.predictor.core.forms import answered

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(100, 4)) * [0.01, 1, 3, 200]
POSITIVE = np.abs(ROWS) + 1e-9


@pytest.mark.parametrize("powers", [None, [0.0, 2.0, 1e-17, -3.0]])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(("method", "rows"), [("box-cox", POSITIVE), ("yeo-johnson", ROWS)])
def test_powers(method, rows, standardize, powers):
    estimator = PowerTransformer(method=method, standardize=standardize).fit(rows)
    if powers is not None:
        estimator.lambdas_ = np.array(powers)
    asked = rows * 1.7
    asked[3, 2] = np.nan
    compare({"transform": estimator.transform(asked)}, answered(estimator, asked, ["transform"]))


@pytest.mark.parametrize("number", [0.0, -1.0])
def test_what_is_not_positive_has_no_power_of_its_own(number):
    estimator = PowerTransformer(method="box-cox").fit(POSITIVE)
    asked = POSITIVE.copy()
    asked[3, 2] = number
    with pytest.raises(FallbackRequired):
        answered(estimator, asked, ["transform"])
