"""Compiled engines: equal to the estimator, used up to a number of rows, written as data."""

import copy
import io
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import CategoricalNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor.core.compiled import preprocessing
from predictor.core.compiled.compiled_estimator import ANY, CompiledEstimator, NotCompilable
from predictor.core.compiled.serialization import dumps, loads
from predictor.core.compiler.compile import compile_
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.compiler.crossover import max_rows
from predictor.core.compiler.tree_boundaries import boundary_rows
from predictor.core.compiler.verification import verify
from predictor.core.engines import CompiledEngine, EstimatorEngine, load_compiled
from predictor.core.errors import ArtifactError, Busy, InvalidInput
from predictor.core.signature_inference import infer_signature
from predictor.core.tolerance import Unequal, compare

X, y = load_breast_cancer(return_X_y=True)
ANY_NUMBER = {"predict": None, "predict_proba": None}

FITTED = {
    "scaled": make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y),
    "forest": RandomForestClassifier(20, random_state=0).fit(X, y),
    "boosting": GradientBoostingClassifier(n_estimators=10, random_state=0).fit(X, y),
    "histogram": HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(X, y),
    "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, y),
}


def compiled(estimator, sample=X, most=None):
    signature = infer_signature(estimator, sample=sample)
    return CompiledEngine(
        EstimatorEngine(estimator), convert(estimator), signature, most or ANY_NUMBER
    )


@pytest.mark.parametrize("name", FITTED)
def test_a_compiled_estimator_is_equal_and_says_so(name):
    estimator = FITTED[name]
    signature = infer_signature(estimator, sample=X)
    compilation = compile_(estimator, signature, X)
    engine = "numpy" if name in ("scaled", "neighbours") else "onnxruntime"
    assert compilation.report["engine"] == engine
    for method, found in compilation.report["methods"].items():
        assert found["reason"] == "", method
        assert found["one"] == engine
        assert found["difference"] < 1e-9
        assert found["rows_tried"] > 500
        assert set(found["microseconds"]) == {"1", "256", "1024"}
        own, its = found["microseconds"]["1"][engine], found["microseconds"]["1"]["scikit-learn"]
        assert own < its
    run = load_compiled(compilation.data, EstimatorEngine(estimator), signature).run
    for rows in (X[:1], X[:50]):
        methods = signature.shared_methods
        expected = {method: getattr(estimator, method)(rows) for method in methods}
        assert compare(expected, run(methods, rows)) < 1e-9


@pytest.mark.parametrize("name", ["forest", "boosting", "histogram"])
def test_trees_are_equal_on_their_thresholds_and_one_step_beside(name):
    estimator = FITTED[name]
    rows = boundary_rows(estimator, X.shape[1], np.random.default_rng(1))
    engine = compiled(estimator)
    assert np.array_equal(estimator.predict(rows), engine.run(["predict"], rows)["predict"])
    probabilities = engine.run(["predict_proba"], rows)["predict_proba"]
    np.testing.assert_allclose(probabilities, estimator.predict_proba(rows), rtol=1e-9, atol=1e-12)


class Aside(LogisticRegression):
    """A subclass, which can have other results than its base class."""


def refused(estimator, rows):
    """Messages of both engines for rows that are rejected."""
    said = []
    for engine in (EstimatorEngine(estimator), compiled(estimator)):
        with pytest.raises(InvalidInput) as refusal:
            engine.run(["predict"], rows)
        said.append(str(refusal.value))
    return said


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # scikit-learn's own
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_what_a_forest_refuses_is_refused_with_its_sentence(value):
    rows = X[:3].copy()
    rows[1, 4] = value
    estimator = GradientBoostingClassifier(n_estimators=2).fit(X, y)
    said = refused(estimator, rows)
    assert said[0] == said[1]
    assert said[0].startswith("The model rejects these rows: Input X contains ")


@pytest.mark.filterwarnings("ignore:overflow encountered in divide")  # scikit-learn's own
def test_what_a_chain_refuses_half_way_is_refused():
    chain = copy.deepcopy(FITTED["scaled"])
    chain[0].scale_ *= 1e-10
    said = refused(chain, np.full((1, X.shape[1]), 1e300))
    assert said[0] == said[1]


def test_a_category_that_raises_an_index_error_is_refused():
    engine = EstimatorEngine(CategoricalNB().fit([[0], [1], [2]], [0, 1, 1]))
    with pytest.raises(InvalidInput, match=r"^The model rejects these rows\.$"):
        engine.run(["predict"], np.array([[7]]))


@pytest.mark.parametrize("rows", [X[:2, :-1], np.hstack([X[:2], X[:2]])])
@pytest.mark.parametrize("name", FITTED)
def test_rows_of_another_width_are_refused(name, rows):
    said = refused(FITTED[name], rows)
    assert said == ["The model rejects these rows."] * 2


def test_a_compiled_estimator_runs_up_to_its_number_of_rows():
    engine = compiled(FITTED["forest"], most={"predict": 3})
    assert [engine.is_compiled("predict", n) for n in (1, 3, 4)] == [True, True, False]
    assert not engine.is_compiled("predict_proba", 1)
    assert [engine.engine_name(n) for n in (1, 4)] == ["onnxruntime", "scikit-learn"]
    both = engine.run(["predict_proba", "predict"], X[:2])
    assert list(both) == ["predict_proba", "predict"]
    assert both.engine_name == "scikit-learn"  # for the probabilities
    assert engine.run(["predict"], X[:2]).engine_name == "onnxruntime"
    np.testing.assert_array_equal(both["predict_proba"], FITTED["forest"].predict_proba(X[:2]))


@dataclass
class Faulty(CompiledEstimator):
    """Returns the first column; for a negative number, it fails."""

    fault: str = ""

    def predict(self, X):
        return FAULTS[self.fault](X) if X[0, 0] < 0 else X[:, 0]


FAULTS = {
    "an exception": lambda X: X[:, 1000],
    "no array": lambda _X: None,
    "a scalar": lambda _X: np.float64(1.0),
    "no rows": lambda X: X[:0, 0],
    "more rows": lambda X: np.zeros(len(X) + 1),
    "more columns": lambda X: X[:, :2],
    "texts": lambda X: np.full(len(X), "a"),
    "lone surrogates": lambda X: np.full(len(X), "\ud800"),
    "long integers": lambda X: np.array([2**64] * len(X), dtype=object),
    "complex numbers": lambda X: X[:, 0] * 1j,
    "a list": lambda X: [X[:, 0]],
}


@pytest.mark.parametrize("n_rows", [1, 100])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_estimator_runs_after_a_compiled_estimator_has_failed(fault, n_rows, caplog):
    estimator = Ridge().fit(X, y)
    signature = infer_signature(estimator, sample=X)
    engine = CompiledEngine(EstimatorEngine(estimator), Faulty(fault), signature, {"predict": None})
    engine.check()
    rows = np.abs(X[:n_rows])
    np.testing.assert_array_equal(engine.run(["predict"], rows)["predict"], rows[:, 0])
    for _ in range(2):
        results = engine.run(["predict"], -rows - 1)
        assert results.engine_name == "scikit-learn"
        np.testing.assert_array_equal(results["predict"], estimator.predict(-rows - 1))
    assert engine.engine_name(1) == "scikit-learn"
    (record,) = caplog.records
    assert record.getMessage().startswith("A compiled estimator is out of use; ")


def test_rows_that_exceed_the_memory_are_refused(monkeypatch):
    monkeypatch.setitem(FAULTS, "memory", lambda _X: np.empty(2**55))
    estimator = Ridge().fit(X, y)
    signature = infer_signature(estimator, sample=X)
    engine = CompiledEngine(
        EstimatorEngine(estimator), Faulty("memory"), signature, {"predict": None}
    )
    with pytest.raises(Busy, match=r"^These rows need more memory than this process has\.$"):
        engine.run(["predict"], -np.abs(X[:1]) - 1)
    assert engine.engine_name(1) == "numpy"


TIMES = [
    ({1: (5.0, 100.0), 256: (50.0, 150.0)}, None),
    ({1: (120.0, 100.0), 256: (50.0, 150.0)}, 0),
    ({1: (10.0, 100.0), 256: (3000.0, 100.0)}, 9),
    ({1: (10.0, 1000.0), 256: (500.0, 1000.0), 1024: (3000.0, 1000.0)}, 440),
]


@pytest.mark.parametrize(("times", "most"), TIMES)
def test_the_number_of_rows_up_to_which_compiled_estimators_are_faster(times, most):
    assert max_rows(times) == most


ONE = np.array([1.0, 2.0])
UNEQUAL = [
    ("predict", ONE, ONE.reshape(-1, 1), "predict returns the shape (2, 1), not (2,)."),
    ("predict", ONE, ONE.astype(int), "predict returns int64, not float64."),
    ("predict", ONE, ONE + 1e-6, "predict differs by up to 1.0e-06."),
    ("predict", ONE, np.array([1.0, np.nan]), "predict differs by up to 0.0e+00."),
    (
        "predict",
        np.array([1, 2]),
        np.array([1, 3]),
        "predict returns other labels for 1 of 2 rows.",
    ),
    (
        "predict",
        np.array([[1, 2], [3, 4], [5, 6]]),
        np.array([[1, 2], [0, 0], [5, 0]]),
        "predict returns other labels for 2 of 3 rows.",
    ),
    ("predict_proba", [ONE], ONE, "Only one result of predict_proba is a list."),
    ("predict_proba", [ONE], [ONE, ONE], "predict_proba returns 2 outputs, not 1."),
]


@pytest.mark.parametrize(("method", "expected", "got", "sentence"), UNEQUAL)
def test_answers_that_are_not_equal(method, expected, got, sentence):
    with pytest.raises(Unequal) as difference:
        compare({method: expected}, {method: got})
    assert str(difference.value) == sentence


def test_answers_that_are_equal():
    nan = np.array([np.nan, np.inf, 0.0])
    assert compare({"predict": nan}, {"predict": nan.copy()}) == 0
    near = {"predict": ONE * (1 + 1e-10)}
    assert compare({"predict": ONE}, near) == pytest.approx(1e-10, rel=1e-3)
    labels, others = np.array(["a", "b"]), np.array(["b", "b"])
    tied = {"predict": labels, "predict_proba": np.array([[0.5, 0.5], [0.1, 0.9]])}
    assert compare(tied, {"predict": others}) == 0


def test_labels_of_several_outputs_are_equal_where_those_of_that_output_tie():
    tie, none = np.array([[0.5, 0.5], [0.1, 0.9]]), np.array([[0.2, 0.8], [0.1, 0.9]])
    expected = {"predict": np.array([[0, 1], [1, 1]]), "predict_proba": [tie, none]}
    assert compare(expected, {"predict": np.array([[1, 1], [1, 1]])}) == 0
    with pytest.raises(Unequal, match="other labels for 1 of 2 rows"):
        compare(expected, {"predict": np.array([[0, 0], [1, 1]])})


def test_a_compiled_estimator_that_accepts_rejected_rows_is_not_used():
    estimator = LogisticRegression().fit(X[:, :2], y)
    compiled_estimator = convert(estimator)
    vars(compiled_estimator)["accepts"] = ANY
    methods = verify(estimator, compiled_estimator, infer_signature(estimator, sample=X[:, :2]))
    reasons = {method.reason for method in methods.values()}
    assert reasons == {"The compiled estimator accepts rows that the estimator rejects."}


def test_a_compiled_estimator_with_other_numbers_is_not_used():
    estimator = FITTED["scaled"]
    compiled_estimator = convert(copy.deepcopy(estimator))
    compiled_estimator.model.coef[0, 0] += 1e-6
    methods = verify(estimator, compiled_estimator, infer_signature(estimator, sample=X), X)
    assert methods["decision_function"].reason.startswith("decision_function differs by up to ")


def test_an_estimator_that_is_not_compiled_says_why():
    estimator = NearestCentroid().fit(X, y)
    compilation = compile_(estimator, infer_signature(estimator, sample=X), X)
    assert compilation.data == b""
    assert compilation.report["engine"] == "scikit-learn"
    assert compilation.report["reason"] == "NearestCentroid is not compiled."


def test_a_method_that_is_not_compiled_says_so_beside_those_that_are():
    estimator = FITTED["scaled"]
    compiled_estimator = convert(make_pipeline(StandardScaler(), Ridge()).fit(X, y))
    methods = verify(estimator, compiled_estimator, infer_signature(estimator, sample=X), X)
    assert methods["predict_proba"].reason == "It is not compiled."


def test_a_class_that_is_not_scikit_learns_own_is_not_compiled():
    with pytest.raises(NotCompilable, match="Aside is not compiled"):
        convert(Aside().fit(X[:, :2], y))


def test_a_file_is_data_and_a_damaged_one_is_rejected():
    data = dumps(convert(FITTED["forest"]), {"predict": 7})
    loaded, max_rows_ = loads(data)
    assert max_rows_ == {"predict": 7}
    assert loaded.classes[0].tolist() == [0, 1]
    assert b"pickle" not in data
    for damaged in (
        b"",
        b"PK",
        data[:-100],
        data.replace(b"ForestClassifier", b"ForestClassifies"),
    ):
        with pytest.raises(ArtifactError, match="The compiled estimator cannot be read"):
            loads(damaged)


def test_a_file_names_no_function_but_an_element_wise_one():
    data = dumps(preprocessing.NumpyFunction("log1p"), {})
    assert loads(data)[0].transform(np.zeros(1)).tolist() == [0.0]
    with pytest.raises(ArtifactError, match="The compiled estimator cannot be read"):
        loads(renamed(data, "log1p", "fromfile"))


def renamed(data, name, other):
    """A file in which another name stands, whole otherwise."""
    with np.load(io.BytesIO(data)) as archive:
        description = archive["description"].tobytes().replace(name.encode(), other.encode())
    buffer = io.BytesIO()
    np.savez(buffer, description=np.frombuffer(description, dtype=np.uint8))
    return buffer.getvalue()
