"""Batches: each request gets the results of its rows, and its own rejection."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from predictor.core.columns import Column
from predictor.core.engines import MethodResults
from predictor.core.engines.batching import concatenate, run_batch, slice_result
from predictor.core.signature import Signature

PREDICT = ("predict",)


@dataclass
class Request:
    X: Any
    methods: tuple[str, ...] = PREDICT


class Responses:
    """The results or the error of each request, in the order of the responses."""

    def __init__(self, run):
        self.calls = []
        self.values = {}
        self.sizes = []
        self._run = run

    def answer(self, batch):
        run_batch(self.run, batch, self.respond)
        return list(self.values.values())

    def run(self, methods, X):
        self.calls.append(X.shape[0])
        return MethodResults(self._run(methods, X), "function")

    def respond(self, request, outcome, n_requests):
        self.sizes.append(n_requests)
        is_error = isinstance(outcome, Exception)
        self.values[id(request)] = str(outcome) if is_error else outcome["predict"].tolist()


def sums(methods, X):
    return {name: X.sum(axis=1) for name in methods}


def requests(*values):
    return [Request(np.array([[value]], dtype=float)) for value in values]


def test_each_request_gets_the_results_of_its_rows():
    responses = Responses(sums)
    batch = [*requests(1, 2), Request(np.array([[3.0], [4.0]])), *requests(5)]
    assert responses.answer(batch) == [[1.0], [2.0], [3.0, 4.0], [5.0]]
    assert responses.calls == [5]
    assert responses.sizes == [4, 0, 0, 0]


def test_a_single_request_is_run_as_it_is():
    X = np.array([[1.0]])
    seen = []
    run_batch(
        lambda _methods, X: seen.append(X) or MethodResults({}, ""), [Request(X)], lambda *_: None
    )
    assert seen[0] is X


def no_13(methods, X):
    if (X == 13.0).any():
        raise ValueError("13")
    return sums(methods, X)


def test_a_failed_batch_is_halved_until_the_rejected_request_is_alone():
    responses = Responses(no_13)
    expected = ["13" if number == 13 else [float(number)] for number in range(1, 17)]
    assert responses.answer(requests(*range(1, 17))) == expected
    assert responses.calls == [16, 8, 8, 4, 4, 2, 1, 1, 2]
    assert [size for size in responses.sizes if size] == [8, 4, 1, 2]


def test_several_rejected_requests_fail_alone():
    def no_negatives(methods, X):
        if (X < 0).any():
            raise ValueError(f"negative: {X.min():g}")
        return sums(methods, X)

    responses = Responses(no_negatives)
    answers = responses.answer(requests(1, -2, 3, -4, 5))
    assert answers == [[1.0], "negative: -2", [3.0], "negative: -4", [5.0]]


def listed(part):
    part = part.toarray() if sparse.issparse(part) else np.asarray(part)
    return part.tolist()


@pytest.mark.parametrize(
    "result",
    [
        np.array([1.0, 2.0]),
        np.array(["a", "bc"], dtype=object),
        pd.DataFrame({"a": [1.0, 2.0]}),
        sparse.csr_matrix([[1.0], [2.0]]),
    ],
)
def test_results_of_every_type_are_sliced(result):
    assert listed(slice_result(result, 1, 2)) == listed(result)[1:]


def test_probabilities_of_several_outputs_are_sliced():
    probabilities = [np.eye(3), np.ones((3, 2))]
    slices = slice_result(probabilities, 1, 2)
    assert [each.tolist() for each in slices] == [[[0.0, 1.0, 0.0]], [[1.0, 1.0]]]


@pytest.mark.parametrize("dtype", ["float32", "category", "object"])
def test_tables_are_concatenated(dtype):
    kinds = {"kind": "string", "categories": ("x", "y")} if dtype != "float32" else {}
    signature = Signature((Column("a", dtype=dtype, **kinds),), PREDICT, container="frame")
    values = [0.1, 0.2] if dtype == "float32" else ["y", "x"]
    parts = [signature.parse_rows({"a": value}).X for value in values]
    whole = signature.parse_rows([{"a": value} for value in values]).X
    pd.testing.assert_frame_equal(concatenate(parts).dataframe, whole.dataframe)
    assert str(concatenate(parts).dataframe["a"].dtype) == dtype
