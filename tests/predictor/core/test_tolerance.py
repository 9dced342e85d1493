"""Comparison of results, and ties between classes."""

import numpy as np
import pytest

from predictor.core.tolerance import Unequal, compare, tied_rows


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


@pytest.mark.parametrize(
    ("expected", "actual", "size"),
    [
        ([1.0, 2.0], [1.0, 2.5], "5.0e-01"),
        ([1.0, 2.0], [1.5, np.nan], "5.0e-01"),
        ([1.0], [np.nan], "nan"),
    ],
)
def test_the_message_states_the_largest_difference_between_numbers(expected, actual, size):
    with pytest.raises(Unequal) as refusal:
        compare({"transform": np.array(expected)}, {"transform": np.array(actual)})
    assert str(refusal.value) == f"transform differs by up to {size}."
