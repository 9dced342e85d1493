"""Models are served only if their predictions are a function of the row."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array, issparse
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from predictor.core.errors import ArtifactError
from predictor.core.signature_inference import infer_signature
from predictor.isolation import confined_fork
from predictor.isolation.memory_fill import filled_memory
from predictor.isolation.trial_run import run_trial
from tests.predictor.isolation.hostile_estimators import Unrepeatable

X = np.arange(20.0).reshape(-1, 2)
LABELS = np.arange(10) % 2


def run(estimator, X=X):
    """Run a trial in a fork, as the supervisor does."""

    def step():
        try:
            run_trial(estimator, infer_signature(estimator, sample=X))
        except ArtifactError as exc:
            raise SystemExit(3) from exc

    return confined_fork.run(step, keep=(), memory_bytes=2**33, cpu_seconds=60)


@pytest.mark.parametrize("size", [1, 10, 100, 1000, 100_000])
def test_a_model_that_reads_unused_memory_is_rejected(size):
    assert run(Unrepeatable("memory", size).fit(X)) == 3


def test_memory_is_filled_only_during_the_trial():
    size = 2**26  # comes from the kernel, with zeros
    with filled_memory(0x7F):
        assert np.empty(size, np.uint8)[-1] == 0x7F
    assert np.empty(size, np.uint8)[-1] == 0


def test_a_model_that_changes_with_each_call_is_rejected():
    assert run(Unrepeatable("state").fit(X)) == 3


class Hesitant(LinearRegression):
    """A regressor that rejects the rows of its first call."""

    def predict(self, X):
        if not hasattr(self, "was_called_"):
            self.was_called_ = True
            raise ValueError("Not yet.")
        return super().predict(X)


def test_a_model_that_rejects_only_the_rows_of_its_first_call_is_rejected():
    signature = infer_signature(LinearRegression().fit(X, LABELS), sample=X)
    with pytest.raises(ArtifactError, match="predict returns different results for the same row"):
        run_trial(Hesitant().fit(X, LABELS), signature)


class Narrow(LinearRegression):
    """A regressor with the standard deviation of one row only."""

    def predict(self, X, return_std=False):
        if return_std and len(X) > 1:
            raise ValueError("more than one row")
        predictions = super().predict(X)
        return (predictions, np.ones(len(X))) if return_std else predictions


def test_a_model_with_a_method_that_takes_one_row_only_is_rejected():
    estimator = Narrow().fit(X, LABELS)
    with pytest.raises(ArtifactError, match="It takes one row only"):
        run_trial(estimator, infer_signature(estimator, sample=X))


def test_a_model_that_predicts_by_chance_is_rejected():
    assert run(Unrepeatable("chance").fit(X)) == 3
    assert run(DummyClassifier(strategy="stratified").fit(X, LABELS)) == 3


def test_a_model_that_repeats_its_predictions_is_accepted():
    assert run(LinearRegression().fit(X, LABELS)) == 0


def test_missing_values_in_results_are_equal():
    table = pd.DataFrame({"number": [1.0, np.nan], "text": ["a", None]})
    assert run(FunctionTransformer().fit(table), table) == 0


def test_a_random_score_is_not_served():
    estimator = BernoulliRBM(n_components=2).fit(X / X.max())
    signature = infer_signature(estimator, sample=X / X.max())
    assert signature.methods == ("transform", "score_samples")
    signature, notes = run_trial(estimator, signature)
    assert signature.methods == ("transform",)
    assert notes == ["score_samples is not served, because its results are random."]


class Unhelpful(LogisticRegression):
    """A classifier whose logarithms fail in some way, or have another shape."""

    def predict_log_proba(self, X):
        return self.logarithms(X)


@pytest.mark.parametrize(
    "logarithms", [np.linalg.inv, np.ones, lambda X: np.zeros((len(X), 9)), lambda X: X.missing]
)
def test_a_method_on_request_that_fails_is_left_out(logarithms):
    estimator = Unhelpful().fit(X, LABELS)
    estimator.logarithms = logarithms
    signature, notes = run_trial(estimator, infer_signature(estimator, sample=X))
    assert signature.methods == ("predict", "predict_proba", "decision_function")
    assert notes == ["predict_log_proba is not served, because it fails."]


def test_a_method_that_never_runs_is_left_out():
    estimator = LinearDiscriminantAnalysis(solver="lsqr").fit(X, LABELS)
    signature = infer_signature(estimator, sample=X)
    assert "transform" in signature.methods
    signature, notes = run_trial(estimator, signature)
    assert signature.methods == (
        "predict",
        "predict_proba",
        "decision_function",
        "predict_log_proba",
    )
    assert notes == ["transform is not served, because it fails."]


def test_the_message_names_the_method():
    estimator = DummyClassifier(strategy="uniform").fit(X, LABELS)
    with pytest.raises(ArtifactError) as refusal:
        run_trial(estimator, infer_signature(estimator, sample=X))
    assert str(refusal.value) == (
        "The model in the file cannot be served. "
        "predict returns different results for the same row."
    )


@pytest.mark.parametrize("sample", [X, pd.DataFrame(X, columns=["a", "b"]), csr_array(X)])
def test_a_model_that_changes_its_rows_is_rejected_with_advice(sample):
    scaler = StandardScaler(copy=False, with_mean=not issparse(sample))
    estimator = make_pipeline(scaler, LogisticRegression()).fit(sample.copy(), LABELS)
    with pytest.raises(ArtifactError) as refusal:
        run_trial(estimator, infer_signature(estimator, sample=sample))
    assert str(refusal.value) == (
        "The model in the file cannot be served. It changes the rows that it is given. "
        "Fit it with copy=True in its steps."
    )
