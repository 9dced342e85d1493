"""Ties between classes."""

import numpy as np
import pytest

from predictor.core.compiled.tolerance import tied_rows


@pytest.mark.parametrize(
    ("scores", "is_tied"),
    [
        ([0.5, 0.5, 0.0], True),
        ([0.5, 0.5 + 1e-12, 0.0], True),
        ([0.5, 0.4, 0.4], False),
        ([np.inf, np.inf, 0.0], True),
        ([np.inf, 1.0, 0.0], False),
        ([1.0, -np.inf, -np.inf], False),
        ([-np.inf, -np.inf, -np.inf], True),
        ([np.nan, np.nan, np.nan], False),
    ],
)
def test_two_classes_tie_if_the_highest_scores_are_equal_within_the_tolerance(scores, is_tied):
    assert tied_rows(np.array([scores])).tolist() == [is_tied]
