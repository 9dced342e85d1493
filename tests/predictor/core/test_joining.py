"""Requests that go together: each gets its own rows' answers, and its own failure."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier

from predictor.core.errors import Busy
from predictor.core.joining import MOST_ROWS, MOST_WAITING, Joining, rows, stacked

BOUND_S = 30


class Gate:
    """A function of rows whose first call lasts until the gate is opened."""

    def __init__(self, call=lambda X, outputs: {name: X.sum(axis=1) for name in outputs}):
        self.call = call
        self.calls = []
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self, X, outputs):
        first = not self.calls
        self.calls.append((X.shape[0], outputs))
        if first:
            self.entered.set()
            assert self.opened.wait(BOUND_S)
        return self.call(X, outputs)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(MOST_WAITING + 2) as pool:
        yield pool


def row(*values):
    return np.array([values], dtype=float)


def together(pool, gate, joining, requests):
    """Start a call, have the requests wait behind it in order, let it end; return their futures."""
    first = pool.submit(joining, row(0.0, 0.0), ("predict",))
    assert gate.entered.wait(BOUND_S)
    futures = []
    for X, outputs in requests:
        futures.append(pool.submit(joining, X, outputs))
        waited(joining, len(futures))
    gate.opened.set()
    assert first.result(BOUND_S)["predict"].tolist() == [0.0]
    return futures


def waited(joining, count):
    """Return when so many requests wait; the lock is what the queue is changed under."""
    for _ in range(10**7):
        if len(joining) >= count:
            return
    pytest.fail(f"{len(joining)} requests wait, not {count}.")


def test_a_request_alone_calls_at_once_and_for_itself():
    told = []
    joining = Joining(lambda X, outputs: {outputs[0]: X}, told.append)
    X = row(1.0, 2.0)
    assert joining(X, ["predict"])["predict"] is X
    assert told == [1]
    assert len(joining) == 0


def test_what_comes_during_a_call_goes_together_and_each_gets_its_own(pool):
    gate, told = Gate(), []
    joining = Joining(gate, told.append)
    requests = [(row(float(i), 100.0), ("predict",)) for i in range(20)]
    requests[7] = (np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), ("predict",))
    answers = [f.result(BOUND_S) for f in together(pool, gate, joining, requests)]
    assert [answer["predict"].tolist() for answer in answers] == [
        X.sum(axis=1).tolist() for X, _ in requests
    ]
    assert gate.calls == [(1, ("predict",)), (22, ("predict",))]
    assert told == [1, 20]


def test_only_requests_for_the_same_outputs_go_together(pool):
    gate = Gate()
    joining = Joining(gate)
    proba = ("predict", "predict_proba")
    requests = [(row(1.0, 1.0), ("predict",)), (row(2.0, 2.0), proba)] * 3
    answers = [f.result(BOUND_S) for f in together(pool, gate, joining, requests)]
    assert [list(answer) for answer in answers] == [list(outputs) for _, outputs in requests]
    assert [answer["predict"].tolist() for answer in answers] == [[2.0], [4.0]] * 3
    assert gate.calls == [(1, ("predict",)), (3, ("predict",)), (3, proba)]


def test_a_request_that_fails_fails_alone(pool):
    def call(X, outputs):
        if (X < 0).any():
            raise ValueError(f"negative: {X.min():g}")
        return dict.fromkeys(outputs, X[:, 0])

    gate = Gate(call)
    joining = Joining(gate)
    requests = [(row(value), ("predict",)) for value in (1.0, -2.0, 3.0, -4.0, 5.0)]
    futures = together(pool, gate, joining, requests)
    outcomes = [str(f.exception(BOUND_S) or f.result()["predict"].tolist()) for f in futures]
    assert outcomes == ["[1.0]", "negative: -2", "[3.0]", "negative: -4", "[5.0]"]
    assert joining(row(6.0), ("predict",))["predict"].tolist() == [6.0]


def test_a_first_call_that_fails_leaves_nobody_waiting(pool):
    def call(X, outputs):
        if X[0, 0] == 0.0:
            raise ValueError("zero")
        return dict.fromkeys(outputs, X[:, 0])

    gate = Gate(call)
    joining = Joining(gate)
    first = pool.submit(joining, row(0.0), ("predict",))
    assert gate.entered.wait(BOUND_S)
    second = pool.submit(joining, row(1.0), ("predict",))
    waited(joining, 1)
    gate.opened.set()
    assert str(first.exception(BOUND_S)) == "zero"
    assert second.result(BOUND_S)["predict"].tolist() == [1.0]


def test_one_more_than_may_wait_is_refused_and_the_others_are_answered(pool):
    gate = Gate()
    joining = Joining(gate)
    first = pool.submit(joining, row(0.0), ("predict",))
    assert gate.entered.wait(BOUND_S)
    futures = [pool.submit(joining, row(1.0), ("predict",)) for _ in range(MOST_WAITING)]
    waited(joining, MOST_WAITING)
    with pytest.raises(Busy, match=f"^{MOST_WAITING} requests wait for this model already.$"):
        joining(row(2.0), ("predict",))
    gate.opened.set()
    assert first.result(BOUND_S)["predict"].tolist() == [0.0]
    assert [f.result(BOUND_S)["predict"].tolist() for f in futures] == [[1.0]] * MOST_WAITING


def test_a_request_of_many_rows_neither_waits_nor_is_waited_for(pool):
    gate = Gate()
    joining = Joining(gate)
    first = pool.submit(joining, row(0.0), ("predict",))
    assert gate.entered.wait(BOUND_S)
    many = np.ones((MOST_ROWS + 1, 2))
    assert joining(many, ("predict",))["predict"].tolist() == [2.0] * (MOST_ROWS + 1)
    gate.opened.set()
    first.result(BOUND_S)


def test_an_estimator_under_many_threads_answers_each_with_its_own(pool):
    X, y = load_iris(return_X_y=True)
    estimator = KNeighborsClassifier().fit(X, y)
    methods = ("predict", "predict_proba")
    told = []
    joining = Joining(
        lambda X, names: {name: getattr(estimator, name)(X) for name in names}, told.append
    )
    parts = [X[i : i + 1 + i % 3] for i in range(140)]
    answers = list(pool.map(lambda part: joining(part, methods), parts, timeout=BOUND_S))
    for part, answer in zip(parts, answers, strict=True):
        assert answer["predict"].tolist() == estimator.predict(part).tolist()
        assert np.allclose(answer["predict_proba"], estimator.predict_proba(part), 1e-9, 1e-12)
    assert sum(told) == len(parts)


@pytest.mark.parametrize(
    ("parts", "values"),
    [
        ([row(1.0), row(2.0)], [[1.0], [2.0]]),
        ([pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [2.0]})], [[1.0], [2.0]]),
        ([sparse.csr_matrix([[1.0]]), sparse.csr_matrix([[2.0]])], [[1.0], [2.0]]),
        ([pd.Series(["a"]), pd.Series(["b"])], ["a", "b"]),
        ([np.array(["a"], dtype=object), np.array(["bc"], dtype=object)], ["a", "bc"]),
    ],
)
def test_rows_of_every_container_are_stacked_and_taken_apart(parts, values):
    X = stacked(parts)
    assert type(X) is type(parts[0])
    assert X.shape[0] == len(parts)

    def listed(part):
        part = part.toarray() if sparse.issparse(part) else np.asarray(part)
        return part.tolist()

    assert listed(X) == values
    assert [listed(rows(X, i, i + 1)) for i in range(2)] == [[value] for value in values]


def test_a_category_stays_one():
    frames = [pd.DataFrame({"a": pd.Categorical([value], categories=["x", "y"])}) for value in "yx"]
    assert str(stacked(frames)["a"].dtype) == "category"


def test_probabilities_of_several_outputs_are_taken_apart():
    values = [np.eye(3), np.ones((3, 2))]
    assert [one.tolist() for one in rows(values, 1, 2)] == [[[0.0, 1.0, 0.0]], [[1.0, 1.0]]]
