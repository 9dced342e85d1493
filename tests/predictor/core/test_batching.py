"""Rows of several requests as those of one, and each request's own again."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from predictor.core.engines.batching import rows, stacked


def row(*values):
    return np.array([values], dtype=float)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([row(1.0), row(2.0)], [[1.0], [2.0]]),
        ([pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [2.0]})], [[1.0], [2.0]]),
        ([sparse.csr_matrix([[1.0]]), sparse.csr_matrix([[2.0]])], [[1.0], [2.0]]),
        ([pd.Series(["a"]), pd.Series(["b"])], ["a", "b"]),
        ([np.array(["a"], dtype=object), np.array(["bc"], dtype=object)], ["a", "bc"]),
    ],
)
def test_rows_of_every_container_are_stacked_and_taken_apart(parts, expected):
    X = stacked(parts)
    assert type(X) is type(parts[0])
    assert X.shape[0] == len(parts)

    def listed(part):
        part = part.toarray() if sparse.issparse(part) else np.asarray(part)
        return part.tolist()

    assert listed(X) == expected
    assert [listed(rows(X, i, i + 1)) for i in range(2)] == [[value] for value in expected]


def test_a_category_stays_one():
    frames = [pd.DataFrame({"a": pd.Categorical([value], categories=["x", "y"])}) for value in "yx"]
    assert str(stacked(frames)["a"].dtype) == "category"


def test_probabilities_of_several_outputs_are_taken_apart():
    probabilities = [np.eye(3), np.ones((3, 2))]
    assert [one.tolist() for one in rows(probabilities, 1, 2)] == [[[0.0, 1.0, 0.0]], [[1.0, 1.0]]]
