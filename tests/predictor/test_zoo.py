"""Every estimator, saved, registered and asked over HTTP, answers as it does when it is called."""

import functools
import math

import numpy as np
import orjson
import pytest
from jsonschema import Draft202012Validator

from predictor.api.json_schema import response_schema, row_schema
from predictor.core import save
from predictor.core.compiler.converters.dispatch import CONVERTERS
from predictor.core.engines import EstimatorEngine
from predictor.core.engines.result_validation import check_results
from predictor.core.errors import ArtifactError
from predictor.isolation import steps
from predictor.isolation.job import Outcome
from predictor.isolation.sandbox import Upload, inspect_file
from predictor.registry import registration, storage
from predictor.runtime.store import get_store
from tests.predictor.zoo import CASES, each, fitted, saved

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # estimators warn of their own rows
    pytest.mark.usefixtures("untimed"),
]

ASKED = 12

# Estimators that cannot be served, as listed in docs/estimators.md.
NOT_SERVED = {
    "DictVectorizer": "DictVectorizer takes objects of any keys, not rows of columns.",
    "FeatureHasher": "FeatureHasher takes objects of any keys, not rows of columns.",
    "MultiLabelBinarizer": "MultiLabelBinarizer takes sets of labels, not rows of columns.",
    "PatchExtractor": "PatchExtractor takes images, not rows of columns.",
}

# Cases that stay with scikit-learn although their class has a converter, and why.
STAYS = {
    **dict.fromkeys(
        [
            "CountVectorizer",
            "HashingVectorizer",
            "IsotonicRegression",
            "LabelBinarizer",
            "LabelEncoder",
            "TfidfVectorizer",
            "labels",
            "labels, one column each",
            "sparse rows, linear",
            "sparse rows, projected",
            "sparse rows, support vectors",
            "sparse rows, trees",
            "text as a Series",
            "text, counted",
            "text, hashed",
            "text, naive Bayes",
            "text, searched",
            "text, united",
            "text, weighed",
        ],
        "Sparse rows and texts are not compiled.",
    ),
    "KNeighborsClassifier-1": "Neighbours by the metric precomputed are not compiled.",
    "KNeighborsRegressor-1": "Neighbours by the metric precomputed are not compiled.",
    "TransformedTargetRegressor": "A target is compiled if functions of NumPy transform it.",
    "VotingClassifier": "A vote with labels is not compiled.",
    "CatBoost, calibrated": "CatBoostClassifier is not compiled.",
    "CatBoost, search": "CatBoostClassifier is not compiled.",
    "XGBoost, calibrated": "predict_proba of XGBClassifier is not compiled.",
    "XGBoost, categories": "XGBoost with categories that are not ASCII is not compiled.",
    "ball tree": "Neighbours by the metric minkowski are not compiled.",
    "clusters after scaling": "Birch is not compiled.",
    "frozen": "KMeans is not compiled.",
    "function, round": "round is not an element-wise function of NumPy.",
    "gaps, neighbours": "KNNImputer is not compiled.",
    "mahalanobis": "Neighbours by the metric mahalanobis are not compiled.",
    "boosted by probabilities": "AdaBoost is compiled for trees that know all classes.",
    "several labels, rest": (
        "One-vs-rest is compiled for logistic regressions of several classes."
    ),
    "support vectors, calibrated": "SVC is not compiled.",
    "support vectors, scaled": "SVC is not compiled.",
    "table, categories": "Histogram boosting over categories of strings is not compiled.",
    "table, columns passed": "transform returns float64, not object.",
    "table, text too": "TfidfVectorizer is not compiled.",
    "weighed distances": "Neighbours by the metric seuclidean are not compiled.",
}

# Methods with random results, by case. They are not served, or the file is rejected.
RANDOM = {"BernoulliRBM": {"score_samples"}, "DummyClassifier": {"predict", "predict_proba"}}

# Reasons of methods that are not compiled, of estimators that are.
METHOD_STAYS = {"", "It is not compiled.", "No row was found that both accept."}

KEYS = {
    "predict": "predictions",
    "predict_proba": "probabilities",
    "decision_function": "decisions",
    "transform": "transformed",
    "score_samples": "scores",
}
# Of methods that the estimator always runs: other tests send requests for some of them.
KEYS_ON_REQUEST = {"predict_log_proba": "log_probabilities", "predict_std": "std"}


def _run(job):
    """Run the steps of a job in this process, whose clock is replaced."""
    steps.inspect(job)
    steps.compile_artifact(job)
    return Outcome()


@pytest.fixture
def serve(api, db, models_dir, tmp_path):
    """Return a way from a saved estimator to the answers to rows of JSON: registered, loaded.

    Also returns the signature, and the engines on the card.
    """

    def served(data):
        path = tmp_path / "zoo.skops"
        path.write_bytes(data)
        with storage.staging() as staged:
            found = inspect_file(Upload(path), staged, _run)
            version = registration.admit("zoo", staged, found, registration.Origin("the zoo"))
        address = f"/models/zoo/versions/{version.version}/predict"
        signature = get_store().get("zoo", version.version).signature
        return functools.partial(_ask, api, address), signature, version.engines

    return served


def _ask(api, address, body, methods):
    """Return the answer to several methods at once."""
    outputs = ",".join(methods)
    response = api.post(f"{address}?outputs={outputs}", body, content_type="application/json")
    assert response.status_code == 200, response.content
    return orjson.loads(response.content)


@pytest.mark.parametrize("name", each(name for name in CASES if name not in NOT_SERVED))
def test_it_answers_as_when_it_is_called(name, serve):
    estimator, X = fitted(name)
    asked = X.iloc[:ASKED] if hasattr(X, "iloc") else X[:ASKED]
    methods = [method for method in KEYS if method not in RANDOM.get(name, ())]
    own = {method: its_own(estimator, method, asked) for method in methods}
    expected = {method: answer for method, answer in own.items() if answer}
    if not expected:  # it has nothing to serve, or fails on its own rows
        return

    ask, signature, engines = serve(saved(name)[0])

    body = orjson.dumps(as_rows(asked, signature.names))
    described(orjson.loads(body), {"type": "array", "items": row_schema(signature)})
    for method, answer in expected.items():
        answers = ask(body, [method])
        described(answers, response_schema([signature]))
        same(answers[KEYS[method]], answer[0])
    for method, key in KEYS_ON_REQUEST.items():
        answer = its_own(estimator, method, asked)
        assert (method in signature.methods) == bool(answer)
        if answer:
            results = EstimatorEngine(estimator).run([method], asked)
            check_results(signature, [method], ASKED, results)
            answers = signature.encode_response(results, is_single=False)
            described(orjson.loads(orjson.dumps(answers)), response_schema([signature]))
            same(answers[key], answer[0])
    if len(expected) > 1:
        together = ask(body, list(expected))
        for method, answer in expected.items():
            same(together[KEYS[method]], answer[0])
    kind = type(estimator).__name__
    compiled = name not in STAYS and kind in CONVERTERS
    assert engines["reason"] == ("" if compiled else STAYS.get(name, f"{kind} is not compiled."))
    if compiled:
        assert {found["reason"] for found in engines["methods"].values()} <= METHOD_STAYS


def described(value, schema):
    """Assert that a body is as OpenAPI describes it."""
    assert next(Draft202012Validator(schema).iter_errors(value), None) is None


def test_what_stays_is_a_case():
    assert STAYS.keys() <= CASES.keys()


def same(got, expected):
    """Assert that two answers are equal as docs/engines.md says."""
    if isinstance(expected, dict):
        got, expected = list(got.items()), list(expected.items())
    if isinstance(expected, list | tuple):
        assert len(got) == len(expected)
        for one_, other in zip(got, expected, strict=True):
            same(one_, other)
    elif type(expected) is float:
        assert type(got) is float
        assert math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-12), (got, expected)
    else:
        assert got == expected
        assert type(got) is type(expected)


@pytest.mark.parametrize("name", each(NOT_SERVED))
def test_what_takes_no_rows_is_refused_with_a_sentence(name, tmp_path):
    estimator, X, _ = CASES[name].build()
    with pytest.raises(ArtifactError) as refusal:
        save(estimator, tmp_path / "zoo.skops", sample=X)
    assert str(refusal.value) == NOT_SERVED[name]


def its_own(estimator, method, X):
    """Return the estimator's own result in a tuple; an empty one if it fails."""
    try:
        return (as_json(call(estimator, method, X), estimator, method),)
    except (ValueError, TypeError, AttributeError, NotImplementedError):
        return ()


def call(estimator, method, X):
    """Return the result of a method, of which one is an argument of `predict`."""
    if method == "predict_std":
        _, std = estimator.predict(X, return_std=True)
        return std
    return getattr(estimator, method)(X)


def as_json(values, estimator, method):
    """Return values as JSON would have them, by another way than the service's."""
    is_by_class = method.endswith("proba")
    if is_by_class and isinstance(values, list):
        each = [
            keyed(array, labels) for array, labels in zip(values, estimator.classes_, strict=True)
        ]
        return [list(row) for row in zip(*each, strict=True)]
    classes = getattr(estimator, "classes_", np.arange(np.shape(values)[-1]))
    if is_by_class and isinstance(classes, np.ndarray):
        return keyed(values, classes)
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    return [one(row) for row in (values.toarray() if hasattr(values, "toarray") else values)]


def keyed(array, labels):
    names = [str(label).lower() if isinstance(label, np.bool_) else str(label) for label in labels]
    return [{name: one(p) for name, p in zip(names, row, strict=True)} for row in array]


def one(value):
    if isinstance(value, np.ndarray | list | tuple):
        return [one(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return None if isinstance(value, float) and math.isnan(value) else value


def as_rows(X, names):
    """Return rows as a client would send them."""
    X = np.asarray(X.toarray() if hasattr(X, "toarray") else X)
    rows = one(X.reshape(len(X), -1))
    return [dict(zip(names, row, strict=True)) for row in rows]
