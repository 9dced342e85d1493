"""Estimators whose requests may share a call."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

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


def test_answers_by_chance_may_not(data):
    estimator = DummyClassifier(strategy="stratified").fit(*data)
    assert alone(estimator, data[0]).startswith(CHANGES)


def test_rows_that_cost_as_much_together_may_not(data):
    class Slow(KNeighborsClassifier):
        def predict(self, X):
            return np.concatenate([super(Slow, self).predict(X[n : n + 1]) for n in range(len(X))])

    assert alone(Slow().fit(*data), data[0]) == "A batch costs as much as its rows one by one."


def test_sparse_rows_are_not_tried(data):
    X = sparse.csr_matrix(data[0])
    assert alone(MultinomialNB().fit(X, data[1]), X) == "Sparse rows and texts are not batched."
