import math

import numpy as np
import pandas as pd
import pytest

from predictor.core import artifacts
from predictor.core.engines import EstimatorEngine
from predictor.core.errors import InvalidInput
from predictor.core.model import Model
from predictor.core.signature import Signature

pytestmark = pytest.mark.xdist_group("penguins")

ADELIE = {
    "island": "Torgersen",
    "bill_length_mm": 39.1,
    "bill_depth_mm": 18.7,
    "flipper_length_mm": 181,
    "body_mass_g": 3750,
    "sex": "male",
}


@pytest.fixture
def fitted(written):
    return written("penguins")[0]


@pytest.fixture
def penguins(written):
    _, place, found, _ = written("penguins")
    estimator = artifacts.load(place / found.artifact)
    return Model("penguins", 1, Signature.from_json(found.signature), EstimatorEngine(estimator))


def test_the_data_is_the_published_one(fitted):
    assert fitted.X.shape == (344, 6)
    assert int(fitted.X.isna().sum().sum()) == 4 * 2 + 11
    assert fitted.estimator.classes_.tolist() == ["Adelie", "Chinstrap", "Gentoo"]


def test_the_recipe_is_as_good_as_it_says(fitted):
    assert fitted.metrics["accuracy"] > 0.98


def test_the_columns_are_strings_and_nullable_numbers(penguins):
    assert [(c.name, c.kind, c.nullable, c.categories) for c in penguins.signature.columns] == [
        ("island", "string", True, ("Biscoe", "Dream", "Torgersen")),
        ("bill_length_mm", "number", True, None),
        ("bill_depth_mm", "number", True, None),
        ("flipper_length_mm", "number", True, None),
        ("body_mass_g", "number", True, None),
        ("sex", "string", True, ("female", "male")),
    ]


def test_predictions_equal_those_of_the_estimator(penguins, fitted):
    rows = [
        {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        for row in fitted.X.to_dict("records")
    ]
    X, _ = penguins.signature.parse_rows(rows)
    found = penguins.infer(X, penguins.signature.methods)
    for method in penguins.signature.methods:
        np.testing.assert_array_equal(found[method], getattr(fitted.estimator, method)(fitted.X))


def test_a_single_row_has_named_outputs(penguins, fitted):
    X, is_single = penguins.signature.parse_rows(ADELIE)
    answer = penguins.signature.encode_response(
        penguins.infer(X, ["predict", "predict_proba"]), is_single=is_single
    )
    expected = fitted.estimator.predict_proba(pd.DataFrame([ADELIE]))[0].tolist()
    assert answer == {
        "prediction": "Adelie",
        "probabilities": dict(zip(["Adelie", "Chinstrap", "Gentoo"], expected, strict=True)),
    }


def test_an_unknown_island_is_rejected(penguins):
    with pytest.raises(InvalidInput) as refusal:
        penguins.signature.parse_rows({**ADELIE, "island": "Bouvet"})
    assert refusal.value.columns == {
        "island": ["Expected one of Biscoe, Dream, Torgersen, or null; got another value."]
    }
