"""The memory that the results of one request need is limited."""

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures

from predictor.core.compiler.converters.dispatch import convert
from predictor.core.engines import CompiledEngine, EstimatorEngine
from predictor.core.engines.compiled import MAX_VALUES_AT_ONCE
from predictor.core.engines.result_validation import MAX_VALUES, InvalidResult, check_results
from predictor.core.errors import InvalidInput
from predictor.core.model import Model
from predictor.core.signature_inference import infer_signature
from predictor.core.tolerance import compare

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
LABELS = np.arange(60) % 3
TARGETS = RNG.normal(size=(60, 2000))


def make_model(estimator, sample, *, is_compiled):
    signature = infer_signature(estimator, sample=sample)
    engine = EstimatorEngine(estimator)
    if is_compiled:
        max_rows = dict.fromkeys(signature.shared_methods)
        engine = CompiledEngine(engine, convert(estimator), signature, max_rows)
    return Model("wide", 1, signature, engine)


@pytest.mark.parametrize("is_compiled", [True, False])
@pytest.mark.parametrize("is_warm", [True, False])
def test_rows_whose_results_are_too_large_are_rejected(is_compiled, is_warm):
    model = make_model(LinearRegression().fit(X, TARGETS), X, is_compiled=is_compiled)
    if is_warm:
        model.warm()
    rows = np.zeros((2001, 4))
    assert model.infer(rows[:2000], ["predict"])["predict"].shape == (2000, 2000)
    with pytest.raises(InvalidInput) as refusal:
        model.infer(rows, ["predict"])
    assert str(refusal.value) == (
        "2,001 rows have results of 4,002,000 values. Send at most 2,000 rows in one request."
    )


def test_the_results_of_all_requested_methods_count():
    model = make_model(LogisticRegression().fit(X, LABELS), X, is_compiled=True)
    methods = ["predict", "predict_proba", "decision_function"]
    rows = np.zeros((MAX_VALUES // 7 + 1, 4))
    model.infer(rows, methods[:2])
    with pytest.raises(InvalidInput, match="Send at most 571,428 rows in one request"):
        model.infer(rows, methods)


def test_an_engine_that_returns_more_than_before_is_refused():
    signature = infer_signature(LinearRegression().fit(X, TARGETS), sample=X)
    with pytest.raises(InvalidResult, match="returned more than 4,000,000 values"):
        check_results(signature, ["predict"], 2001, {"predict": np.zeros((2001, 2000))})


SPLIT = {
    "polynomial": make_pipeline(PolynomialFeatures(), LogisticRegression()).fit(X, LABELS),
    "bayes": GaussianNB().fit(X, LABELS),
    "neighbours": KNeighborsClassifier().fit(X, np.stack([LABELS, LABELS % 2], axis=1)),
    "one-hot": make_pipeline(OneHotEncoder(), LogisticRegression()).fit(np.round(X), LABELS),
}


@pytest.mark.parametrize("name", SPLIT)
@pytest.mark.parametrize("n_rows", [1, 6, 7, 8, 60])
def test_rows_that_are_split_have_the_same_results(name, n_rows):
    sample = np.round(X) if name == "one-hot" else X
    engine = make_model(SPLIT[name], sample, is_compiled=True).engine
    engine.rows_at_once = 7
    methods = engine.signature.shared_methods
    results = engine.run(methods, sample[:n_rows])
    assert results.engine_name == "numpy"
    expected = {method: getattr(SPLIT[name], method)(sample[:n_rows]) for method in methods}
    compare(expected, results)


WIDE = {
    "polynomial": (
        make_pipeline(PolynomialFeatures(3), LinearRegression()).fit(
            RNG.normal(size=(9, 60)), np.arange(9)
        ),
        60,
        600,
    ),
    "bayes": (GaussianNB().fit(RNG.normal(size=(900, 300)), np.arange(900) % 300), 300, 500),
    "neighbours": (
        KNeighborsRegressor(50).fit(RNG.normal(size=(99, 2)), RNG.normal(size=(99, 2000))),
        2,
        1000,
    ),
}


@pytest.mark.parametrize("name", WIDE)
def test_intermediate_values_need_limited_memory(name):
    estimator, n_columns, n_rows = WIDE[name]
    engine = make_model(estimator, np.ones((3, n_columns)), is_compiled=True).engine
    rows = RNG.normal(size=(n_rows, n_columns))
    engine.run(["predict"], rows[:1])
    tracemalloc.start()
    try:
        assert engine.run(["predict"], rows).engine_name == "numpy"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 8 * MAX_VALUES_AT_ONCE
