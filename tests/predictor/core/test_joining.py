"""Requests that go together: each gets its own rows' answers, and its own failure."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier

from predictor.core.compiled.compiled_estimator import CompiledEstimator, FallbackRequired
from predictor.core.engines import CompiledEngine, EstimatorEngine, MethodResults
from predictor.core.engines.bells import IDLE
from predictor.core.engines.joining import MOST_ROWS, Joining
from predictor.core.engines.places import MOST, Alone, Places
from predictor.core.errors import Busy
from predictor.core.signature import Column, Signature
from tests.serving import until

BOUND_S = 30
PREDICT = ("predict",)


def sums(methods, X):
    return {name: X.sum(axis=1) for name in methods}


class Engine:
    """An engine of a function."""

    def __init__(self, call=sums):
        self.call = call

    def run(self, methods, X):
        return MethodResults(self.call(methods, X), "function")

    def engine_name(self, _n_samples):
        return "function"

    def is_compiled(self, _method, _n_samples):
        return False


class Positive(CompiledEstimator):
    """A form that leaves rows that are not positive to the estimator."""

    def predict(self, X):
        if X.min() <= 0:
            raise FallbackRequired
        return X.sum(axis=1)


class Gate(Engine):
    """One whose first call lasts until the gate is opened."""

    def __init__(self, call=sums):
        super().__init__(call)
        self.calls = []
        self.entered = threading.Event()
        self.opened = threading.Event()

    def run(self, methods, X):
        first = not self.calls
        self.calls.append((X.shape[0], methods))
        if first:
            self.entered.set()
            assert self.opened.wait(BOUND_S)
        return super().run(methods, X)


class Told:
    """An observer that keeps the counts."""

    def __init__(self):
        self.joined = []
        self.waiting = []
        self.disk_is_full = False

    def called(self, n_requests):
        self.joined.append(n_requests)

    def queued(self, n_requests):
        if self.disk_is_full:
            raise OSError("No space left on device")
        self.waiting.append(n_requests)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(MOST + 2) as pool:
        yield pool


def row(*values):
    return np.array([values], dtype=float)


FIRST = row(0.0, 0.0)


def behind(pool, gate, joining, told, requests, first=FIRST):
    """Start a call, have the requests wait behind it in order, let it end; return their futures."""
    first = pool.submit(joining.run, PREDICT, first)
    assert gate.entered.wait(BOUND_S)
    futures = []
    for methods, X in requests:
        futures.append(pool.submit(joining.run, methods, X))
        until(lambda: told.waiting[-1:] == [len(futures)], "one more that waits", BOUND_S)
    gate.opened.set()
    return [first, *futures]


def values(future):
    """The predictions of a request, or its error message."""
    problem = future.exception(BOUND_S)
    return str(problem) if problem else future.result()["predict"].tolist()


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def joining(gate, told):
    return Joining(gate, told)


@pytest.fixture
def told():
    return Told()


def test_a_request_alone_is_a_call_of_its_own():
    told = Told()
    joining = Joining(Engine(lambda methods, X: {methods[0]: X}), told)
    X = row(1.0, 2.0)
    assert joining.run(PREDICT, X)["predict"] is X
    assert (told.joined, told.waiting) == ([1], [])


def test_what_comes_during_a_call_goes_together_and_each_gets_its_own(pool, gate, joining, told):
    requests = [(PREDICT, row(float(i), 100.0)) for i in range(20)]
    requests[7] = (PREDICT, np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    futures = behind(pool, gate, joining, told, requests)
    expected = [X.sum(axis=1).tolist() for _, X in requests]
    assert [values(one) for one in futures] == [[0.0], *expected]
    assert gate.calls == [(1, PREDICT), (22, PREDICT)]
    assert told.joined == [1, 20]
    assert told.waiting == [*range(1, 21), 19, 0]


def test_a_first_call_takes_along_those_that_are_there(pool, joining, told, gate, monkeypatch):
    gate.opened.set()
    futures = []

    def others_run():
        if len(futures) < 3:
            futures.append(pool.submit(joining.run, PREDICT, row(float(len(futures) + 1))))
            until(lambda: told.waiting[-1:] == [len(futures)], "one more that waits", BOUND_S)

    monkeypatch.setattr("os.sched_yield", others_run)
    assert joining.run(PREDICT, row(0.0))["predict"].tolist() == [0.0]
    assert [values(one) for one in futures] == [[1.0], [2.0], [3.0]]
    assert gate.calls == [(4, PREDICT)]


def test_only_requests_for_the_same_methods_go_together(pool, gate, joining, told):
    both = ("predict", "predict_proba")
    requests = [(PREDICT, row(1.0, 1.0)), (both, row(2.0, 2.0))] * 3
    futures = behind(pool, gate, joining, told, requests)
    assert [values(one) for one in futures] == [[0.0], *[[2.0], [4.0]] * 3]
    assert [list(one.result()) for one in futures[1:]] == [list(methods) for methods, _ in requests]
    assert gate.calls == [(1, PREDICT), (3, PREDICT), (3, both)]


def no_negatives(methods, X):
    if (X < 0).any():
        raise ValueError(f"negative: {X.min():g}")
    return dict.fromkeys(methods, X[:, 0])


def test_a_request_that_fails_fails_alone(pool):
    gate = Gate(no_negatives)
    told = Told()
    joining = Joining(gate, told)
    requests = [(PREDICT, row(value)) for value in (1.0, -2.0, 3.0, -4.0, 5.0)]
    futures = behind(pool, gate, joining, told, requests)
    expected = [[0.0], [1.0], "negative: -2", [3.0], "negative: -4", [5.0]]
    assert [values(one) for one in futures] == expected
    assert joining.run(PREDICT, row(6.0))["predict"].tolist() == [6.0]


def test_a_first_call_that_fails_leaves_nobody_waiting(pool, gate, joining, told):
    def no_zero(methods, X):
        if X[0, 0] == 0.0:
            raise ValueError("zero")
        return sums(methods, X)

    gate.call = no_zero
    futures = behind(pool, gate, joining, told, [(PREDICT, row(1.0))])
    assert [values(one) for one in futures] == ["zero", [1.0]]


def test_a_count_that_fails_leaves_nobody_waiting(pool, gate, joining, told):
    first = pool.submit(joining.run, PREDICT, row(0.0))
    assert gate.entered.wait(BOUND_S)
    second = pool.submit(joining.run, PREDICT, row(2.0))
    until(lambda: told.waiting == [1], "one that waits", BOUND_S)
    told.disk_is_full = True
    assert values(pool.submit(joining.run, PREDICT, row(3.0))) == "No space left on device"
    gate.opened.set()
    # The request that runs the next batch gets the failure, and the next batch runs.
    assert values(first) == "No space left on device"
    assert values(second) == [2.0]
    told.disk_is_full = False
    assert values(pool.submit(joining.run, PREDICT, row(4.0))) == [4.0]


def test_a_place_is_free_again_whatever_came_of_it():
    places = Places(1)
    for _ in range(2):
        with pytest.raises(KeyError), places.taken():
            raise KeyError
    with places.taken(), pytest.raises(Busy), places.taken():
        pass


def test_whose_row_it_was_is_found_by_halves_and_those_answered_wait_for_no_other(
    pool, gate, joining, told
):
    """One of 16 fails. When it is tried alone, the 12 before it have their answers."""
    futures = []

    def no_13(methods, X):
        if X.shape[0] == 1 and X[0, 0] == 13.0:
            until(lambda: all(one.done() for one in futures[:12]), "12 answers", BOUND_S)
        if (X == 13.0).any():
            raise ValueError("13")
        return sums(methods, X)

    gate.call = no_13
    first = pool.submit(joining.run, PREDICT, FIRST)
    assert gate.entered.wait(BOUND_S)
    for number in range(1, 17):
        futures.append(pool.submit(joining.run, PREDICT, row(float(number))))
        until(lambda: told.waiting[-1:] == [len(futures)], "one more that waits", BOUND_S)
    gate.opened.set()
    assert values(first) == [0.0]
    expected = ["13" if number == 13 else [float(number)] for number in range(1, 17)]
    assert [values(one) for one in futures] == expected
    assert [count for count, _ in gate.calls] == [1, 16, 8, 8, 4, 4, 2, 1, 1, 2]
    assert told.joined == [1, 8, 4, 1, 2]


def test_one_more_than_may_wait_is_refused_and_the_others_are_answered(pool, gate, joining, told):
    first = pool.submit(joining.run, PREDICT, row(0.0))
    assert gate.entered.wait(BOUND_S)
    others = [pool.submit(joining.run, PREDICT, row(1.0)) for _ in range(MOST - 1)]
    until(lambda: told.waiting[-1:] == [MOST - 1], "a full queue", BOUND_S)
    for engine, count in ((joining, 1), (joining, MOST_ROWS + 1), (Alone(Engine()), 1)):
        with pytest.raises(Busy, match=f"^{MOST} requests are run, or wait, already.$"):
            engine.run(PREDICT, np.ones((count, 1)))
    gate.opened.set()
    assert values(first) == [0.0]
    assert [values(one) for one in others] == [[1.0]] * (MOST - 1)
    assert joining.run(PREDICT, row(2.0))["predict"].tolist() == [2.0]


def test_many_rows_neither_wait_nor_are_waited_for(pool, gate, joining):
    first = pool.submit(joining.run, PREDICT, row(0.0))
    assert gate.entered.wait(BOUND_S)
    many = np.ones((MOST_ROWS + 1, 2))
    assert joining.run(PREDICT, many)["predict"].tolist() == [2.0] * (MOST_ROWS + 1)
    gate.opened.set()
    assert values(first) == [0.0]


@pytest.fixture
def compiled(joining):
    """A form for a single row, in front of an engine whose requests are joined."""
    signature = Signature((Column("a"),), PREDICT)
    return CompiledEngine(joining, Positive(), signature, {"predict": 1})


def test_what_is_compiled_does_not_wait(pool, gate, compiled, told):
    first = pool.submit(compiled.run, PREDICT, np.zeros((2, 1)))
    assert gate.entered.wait(BOUND_S)
    answers = compiled.run(PREDICT, row(3.0))
    assert (answers["predict"].tolist(), answers.engine_name) == ([3.0], "numpy")
    assert (compiled.engine_name(1), compiled.engine_name(2)) == ("numpy", "function")
    gate.opened.set()
    assert values(first) == [0.0, 0.0]
    assert told.joined == [1]


def test_what_a_form_declines_goes_together(pool, gate, compiled, told):
    requests = [(PREDICT, row(-float(i))) for i in range(1, 6)]
    futures = behind(pool, gate, compiled, told, requests, first=row(0.0))
    assert [values(future) for future in futures] == [[0.0], *([-float(i)] for i in range(1, 6))]
    assert {future.result().engine_name for future in futures} == {"function"}
    assert told.joined == [1, 5]


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_an_estimator_under_many_threads_answers_each_with_its_own():
    X, y = load_iris(return_X_y=True)
    estimator = KNeighborsClassifier().fit(X, y)
    methods = ("predict", "predict_proba")
    told = Told()
    joining = Joining(EstimatorEngine(estimator), told)
    parts = [X[i : i + 1 + i % 3] for i in range(140)]
    opened, bells = open_files(), len(IDLE)
    with ThreadPoolExecutor(MOST) as pool:  # none of them exceeds the limit
        answers = list(pool.map(lambda part: joining.run(methods, part), parts, timeout=BOUND_S))
    for part, answer in zip(parts, answers, strict=True):
        assert answer["predict"].tolist() == estimator.predict(part).tolist()
        assert np.allclose(answer["predict_proba"], estimator.predict_proba(part), 1e-9, 1e-12)
    assert sum(told.joined) == len(parts)
    # Each bell is idle again.
    assert open_files() - opened == 2 * (len(IDLE) - bells)
    assert len(IDLE) <= MOST
