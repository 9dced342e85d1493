"""Models of XGBoost, LightGBM and CatBoost in confined processes."""

import re

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from predictor.core import artifacts
from predictor.core.errors import InvalidInput
from predictor.core.response_values import encode_response
from predictor.core.signature import Signature
from predictor.isolation.sandbox import Upload, inspect_file
from tests.predictor.core import hostile
from tests.predictor.core.test_boosters import LABEL_MATRIX, ROWS, X, fitted, saved
from tests.predictor.isolation.test_inspection import run_in_forks

PACKAGES = {"XGBoost": "xgboost", "LightGBM": "lightgbm", "CatBoost": "catboost"}


@pytest.mark.parametrize("name", PACKAGES)
def test_an_estimator_process_predicts_bit_for_bit(name, make_engine, tmp_path):
    data, signature = saved(f"{name}, two classes")
    path = tmp_path / "model.skops"
    path.write_bytes(data)
    engine = make_engine(path, signature, allow_version=False, packages=[PACKAGES[name]])
    results = engine.run(["predict", "predict_proba"], X)
    estimator, _ = fitted(f"{name}, two classes")
    for method, values in results.items():
        np.testing.assert_array_equal(values, getattr(estimator, method)(X))
        assert len(values) == ROWS


@pytest.mark.parametrize("name", ["XGBoost", "CatBoost"])
def test_several_labels_are_served_as_those_of_scikit_learn(name, tmp_path):
    rows = np.nan_to_num(X)
    network = MLPClassifier(4, max_iter=2000).fit(rows, LABEL_MATRIX)
    of_scikit_learn = artifacts.dump(network).signature
    path = tmp_path / "model.skops"
    path.write_bytes(saved(f"{name}, several labels")[0])
    inspection = inspect_file(Upload(path), tmp_path, run_in_forks)
    signature = Signature.from_json(inspection.signature)
    assert (signature.classes, signature.n_outputs) == ((0, 1, 2), 3)
    assert (signature.classes, signature.n_outputs) == (of_scikit_learn.classes, 3)
    estimator, _ = fitted(f"{name}, several labels")
    results = {each: getattr(estimator, each)(X[:1]) for each in ("predict", "predict_proba")}
    response = encode_response(results, signature.classes, is_single=True)
    assert response["prediction"] == results["predict"][0].tolist()
    assert list(response["probabilities"]) == ["0", "1", "2"]


def damaged_children(text):
    """A tree of LightGBM whose first child lies far outside of its memory."""
    return re.sub(rb"left_child=\S+", b"left_child=100000000", text)


DAMAGES = {
    "LightGBM": (damaged_children, "Reading the file crashed"),
    "XGBoost": (lambda data: data[:500], "The parts of the file do not make up an estimator."),
    "CatBoost": (lambda data: data[:500], "The parts of the file do not make up an estimator."),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_model_only_ends_the_confined_process(name, tmp_path):
    damage, sentence = DAMAGES[name]
    members = hostile.read_members(saved(f"{name}, two classes")[0])
    suffixes = (".txt", ".ubj", ".cbm")
    path = tmp_path / "model.skops"
    path.write_bytes(
        hostile.pack(
            {
                each: damage(content) if each.endswith(suffixes) else content
                for each, content in members.items()
            }
        )
    )
    with pytest.raises(InvalidInput, match=sentence):
        inspect_file(Upload(path), tmp_path, run_in_forks)
