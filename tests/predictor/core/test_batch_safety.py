"""Estimators whose requests may share a call."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from predictor.core.compiler import timing
from predictor.core.compiler.batch_safety import reason_against_batching
from predictor.core.signature_inference import infer_signature

CHANGES = "Predictions change with the composition of the batch: "


def centred(X):
    return X - X.mean(axis=0)


def alone(estimator, X):
    return reason_against_batching(estimator, infer_signature(estimator, sample=X))


@pytest.fixture(scope="module")
def data():
    return load_iris(return_X_y=True)


def test_rows_that_are_answered_for_themselves_may_go_together(data):
    assert alone(KNeighborsClassifier().fit(*data), data[0]) == ""


def test_rows_that_depend_on_each_other_may_not(data):
    estimator = make_pipeline(FunctionTransformer(centred), KNeighborsClassifier()).fit(*data)
    assert alone(estimator, data[0]).startswith(f"{CHANGES}predict")


def test_rounding_in_single_precision_is_looked_for_in_many_rows(data):
    class Rounded(LinearRegression):
        def predict(self, X):
            targets = super().predict(X).astype(np.float32)
            if len(targets) > 1:
                targets[8:] = np.nextafter(targets[8:], np.float32(np.inf))
            return targets

    assert alone(Rounded().fit(*data), data[0]).startswith(f"{CHANGES}predict")


def test_answers_by_chance_may_not(data):
    estimator = DummyClassifier(strategy="stratified").fit(*data)
    assert alone(estimator, data[0]).startswith(CHANGES)


@pytest.mark.parametrize(
    ("seconds_a_call", "seconds_a_row", "reason"),
    [(0.1, 1.0, "A batch costs as much as its rows one by one."), (1.0, 0.1, "")],
)
def test_rows_that_cost_as_much_together_may_not(
    data, monkeypatch, seconds_a_call, seconds_a_row, reason
):
    class Costly(KNeighborsClassifier):
        clock_s = 0.0

        def predict(self, X):
            Costly.clock_s += seconds_a_call + seconds_a_row * len(X)
            return super().predict(X)

    monkeypatch.setattr(timing, "perf_counter", lambda: Costly.clock_s)
    assert alone(Costly().fit(*data), data[0]) == reason


def test_sparse_rows_are_compared_but_not_batched(data):
    class Numbering(MultinomialNB):
        def predict(self, X):
            return np.arange(X.shape[0])

    X = sparse.csr_matrix(data[0])
    assert alone(MultinomialNB().fit(X, data[1]), X) == "Sparse rows and texts are not batched."
    assert alone(Numbering().fit(X, data[1]), X).startswith(CHANGES)
