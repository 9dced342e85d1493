"""Methods that only the estimator runs: logarithms of probabilities, and standard deviations."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.feature_selection import RFE
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import ARDRegression, BayesianRidge, LinearRegression, RANSACRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from predictor.core.artifacts import ingest
from predictor.core.artifacts.skops import model_file
from predictor.core.compiler.compile import compile_
from predictor.core.engines import EstimatorEngine, load_compiled
from predictor.core.engines.result_validation import check_results
from predictor.core.model import Model
from predictor.core.served_methods import get_method, get_methods
from predictor.core.signature_inference import infer_signature

X = np.random.default_rng(0).normal(size=(30, 3))
y = X @ [1.0, -2.0, 0.5] + np.sin(X[:, 0])
LABELS = np.where(y > 0, "above", "below")

RETURNS_STD = {
    "Gaussian process": GaussianProcessRegressor(optimizer=None),
    "Bayesian ridge": BayesianRidge(),
    "ARD": ARDRegression(),
    "constant": DummyRegressor(),
    "frozen": FrozenEstimator(BayesianRidge().fit(X, y)),
    "pipeline": make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), BayesianRidge())),
    "stack": StackingRegressor([("a", LinearRegression())], BayesianRidge()),
}
RETURNS_NONE = {
    "no argument": LinearRegression(),
    "target": TransformedTargetRegressor(BayesianRidge()),
    "pipeline of a target": make_pipeline(TransformedTargetRegressor(BayesianRidge())),
    "search": GridSearchCV(BayesianRidge(), {"max_iter": [100]}, cv=2),
    "elimination": RFE(BayesianRidge()),
    "consensus": RANSACRegressor(BayesianRidge(), min_samples=10, random_state=0),
    "bag": BaggingRegressor(BayesianRidge(), n_estimators=2),
    "vote": VotingRegressor([("a", BayesianRidge())]),
    "one for each target": MultiOutputRegressor(BayesianRidge()),
}


@pytest.mark.parametrize("name", RETURNS_STD)
def test_a_standard_deviation_is_that_of_the_estimator(name):
    estimator = RETURNS_STD[name].fit(X, y)
    signature = infer_signature(estimator, sample=X)
    assert signature.methods[0] == "predict"
    assert signature.methods[-1] == "predict_std"
    mean, std = estimator.predict(X[:5], return_std=True)
    results = EstimatorEngine(estimator).run(["predict", "predict_std"], X[:5])
    np.testing.assert_array_equal(results["predict"], mean)
    np.testing.assert_array_equal(results["predict_std"], std)
    check_results(signature, ["predict", "predict_std"], 5, results)


@pytest.mark.parametrize("name", RETURNS_NONE)
def test_an_estimator_that_returns_no_standard_deviation_has_no_such_method(name):
    target = np.column_stack([y, y]) if name == "one for each target" else y
    estimator = RETURNS_NONE[name].fit(X, target)
    assert "predict_std" not in get_methods(estimator)
    with pytest.raises((TypeError, ValueError, AttributeError)):
        estimator.predict(X, return_std=True)


class Compiled(BaseEstimator):
    """An estimator whose method has no signature."""

    predict = staticmethod(max)


def test_a_method_without_a_signature_returns_no_standard_deviation():
    assert get_methods(Compiled()) == ("predict",)


def test_several_targets_have_a_standard_deviation_each():
    estimator = GaussianProcessRegressor(optimizer=None).fit(X, np.column_stack([y, -y]))
    signature = infer_signature(estimator, sample=X)
    results = EstimatorEngine(estimator).run(["predict_std"], X[:2] + 1)
    _, expected = estimator.predict(X[:2] + 1, return_std=True)
    assert signature.encode_response(results, is_single=False) == {"std": expected.tolist()}


def test_the_logarithm_of_a_probability_of_0_is_no_warning():
    estimator = DecisionTreeClassifier().fit(X, LABELS)
    assert get_methods(estimator) == ("predict", "predict_proba", "predict_log_proba")
    (first, *_) = get_method(estimator, "predict_log_proba")(X).tolist()
    assert sorted(first) == [-np.inf, 0.0]


class Logarithms(BaseEstimator):
    """An estimator without any other method."""

    def predict_log_proba(self, X):
        return np.zeros((len(X), 2))


def test_such_a_method_is_never_the_default_output():
    assert get_methods(Logarithms()) == ()


def test_they_are_not_compiled_and_need_the_estimator_only_on_request():
    estimator = make_pipeline(StandardScaler(), BayesianRidge()).fit(X, y)
    signature = infer_signature(estimator, sample=X)
    compilation = compile_(estimator, signature, X)
    assert list(compilation.report["methods"]) == ["predict"]
    fallback = Counting(estimator)
    engine = load_compiled(compilation.data, fallback, signature)
    model = Model("ridge", 1, signature, engine)
    model.warm()
    assert model.infer(X[:1], signature.select_outputs(None)).engine_name == "numpy"
    assert fallback.methods == []
    results = model.infer(X[:1], ["predict_std", "predict"])
    assert (list(results), results.engine_name) == (["predict_std", "predict"], "scikit-learn")
    assert fallback.methods == ["predict_std"]


class Counting(EstimatorEngine):
    """Engine that keeps the names of the methods that it has run."""

    def __init__(self, estimator):
        super().__init__(estimator)
        self.methods = []

    def run(self, methods, X):
        self.methods += methods
        return super().run(methods, X)


def test_a_file_of_a_release_without_them_is_served_with_them():
    estimator = DecisionTreeClassifier().fit(X, LABELS)
    now = infer_signature(estimator, sample=X)
    before = replace(now, methods=("predict", "predict_proba"))
    data = model_file.dumps(estimator, json.loads(json.dumps({"signature": before.to_json()})))
    assert ingest(data, "tree.skops").signature == now
