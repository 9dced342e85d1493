import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from predictor.core import save
from predictor.core.artifacts import ingest
from predictor.core.errors import ArtifactError

X = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 0.0], [3.0, 1.0]])
FRAME = pd.DataFrame(X, columns=["bmi", "age"])
y = [0, 1, 1, 0]
ON_ARRAY = LogisticRegression().fit(X, y)
ON_FRAME = LogisticRegression().fit(FRAME, y)


def described(estimator, path, **texts):
    """The names and descriptions of the columns in the file, after it is read again."""
    save(estimator, path, **texts)
    signature = ingest(path.read_bytes(), path.name).signature
    return [(column.name, column.description) for column in signature.columns]


@pytest.mark.parametrize("sample", [None, FRAME])
def test_any_columns_of_a_frame_are_described(tmp_path, sample):
    columns = {"age": "Age (years)"}
    path = tmp_path / "model.skops"
    expected = [("bmi", ""), ("age", "Age (years)")]
    assert described(ON_FRAME, path, sample=sample, columns=columns) == expected


ON_ARRAYS = [
    ({"x1": "Age"}, [("x0", ""), ("x1", "Age")]),
    ({"bmi": "Index", "age": "Age"}, [("bmi", "Index"), ("age", "Age")]),
    (["bmi", "age"], [("bmi", ""), ("age", "")]),
    (None, [("x0", ""), ("x1", "")]),
    ({}, [("x0", ""), ("x1", "")]),
]


@pytest.mark.parametrize(("columns", "expected"), ON_ARRAYS)
def test_columns_of_an_array_are_described_or_named(tmp_path, columns, expected):
    assert described(ON_ARRAY, tmp_path / "model.skops", columns=columns) == expected


NO_BMX = "The model has no column bmx. Its columns are bmi, age."
NO_NAMES = "The model has no column a, b. Its columns are bmi, age."
REJECTED = [
    (ON_FRAME, {"columns": {"bmx": "Index"}}, NO_BMX),
    (ON_FRAME, {"columns": {"a": "A", "b": "B"}}, NO_NAMES),
    (ON_ARRAY, {"columns": {"age": "Age"}}, "The model has no column age. Its columns are x0, x1."),
    (ON_ARRAY, {"columns": {"x0": 1}}, "The column 'x0' needs a text; got 1."),
    (
        ON_ARRAY,
        {"columns": {"x0": "a" * 1001}},
        "The text of the column 'x0' needs 1 to 1000 characters.",
    ),
    (
        ON_ARRAY,
        {"class_names": {2: "two"}},
        "The model has no class 2. Its classes are 0, 1.",
    ),
    (
        ON_ARRAY,
        {"class_names": ["no", "yes"]},
        "Names of classes are a dict of labels and names, such as {0: 'setosa'}; got a list.",
    ),
    (ON_ARRAY, {"class_names": {0: None}}, "The class '0' needs a text; got None."),
    (
        ON_ARRAY,
        {"class_names": {0: "a\0"}},
        "The class '0' contains U+0000 or a lone surrogate.",
    ),
    (
        ON_ARRAY,
        {"columns": {"\ud800": "a", "b": "b"}},
        "The column '\\ud800' contains U+0000 or a lone surrogate.",
    ),
    (
        LinearRegression().fit(X, y),
        {"class_names": {0: "no"}},
        "The model has no class 0. It has no classes.",
    ),
    (
        KMeans(2, n_init=1).fit(X),
        {"class_names": {0: "no"}},
        "The model has no class 0. It has no classes.",
    ),
]


@pytest.mark.parametrize(("estimator", "texts", "sentence"), REJECTED)
def test_texts_that_do_not_fit_the_model_are_rejected(tmp_path, estimator, texts, sentence):
    with pytest.raises(ArtifactError) as rejection:
        save(estimator, tmp_path / "model.skops", **texts)
    assert str(rejection.value) == sentence
    assert not (tmp_path / "model.skops").exists()


CLASSES = [
    (y, {0: "healthy"}, {"0": "healthy"}),
    (y, {np.int64(1): "ill", "0": "healthy"}, {"1": "ill", "0": "healthy"}),
    ([True, False, False, True], {True: "yes"}, {"true": "yes"}),
    (["a", "b", "b", "a"], {"b": "second"}, {"b": "second"}),
    ([[0, 5], [1, 6], [1, 5], [0, 6]], {0: "no", 6: "six"}, {"0": "no", "6": "six"}),
]


@pytest.mark.parametrize(("labels", "class_names", "expected"), CLASSES)
def test_any_classes_are_named(tmp_path, labels, class_names, expected):
    estimator, path = DecisionTreeClassifier().fit(X, labels), tmp_path / "model.skops"
    save(estimator, path, class_names=class_names, description="A tree.")
    ingested = ingest(path.read_bytes(), path.name)
    assert ingested.signature.class_names == expected
    assert ingested.description == "A tree."


@pytest.mark.parametrize("class_names", [{"2": "two"}, {"0": 1}, {"0": ""}, 1])
def test_a_file_with_other_class_names_is_rejected(tmp_path, class_names):
    path = tmp_path / "model.skops"
    save(ON_ARRAY, path)
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    card = json.loads(members["predictor.json"])
    card["signature"]["class_names"] = class_names
    members["predictor.json"] = json.dumps(card)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    with pytest.raises(ArtifactError, match=r"^The signature in the file cannot be read\."):
        ingest(path.read_bytes(), path.name)
