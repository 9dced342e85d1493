"""Schemas from which any generator can make a client, for unusual columns and classes too."""

import pytest

from predictor.api.json_schema import NUMBER, UNUSED, response_schema, row_schema
from predictor.core.columns import Column
from predictor.core.signature import Signature


def signature(*columns, **options):
    return Signature(columns, **{"methods": ("predict", "predict_proba"), **options})


@pytest.mark.parametrize(
    ("kind", "categories", "schema"),
    [
        ("string", ("a", "b"), {"type": "string", "enum": ["a", "b"]}),
        (
            "string",
            ("a b", "A-B"),
            {"type": "string", "enum": ["a b", "A-B"], "x-enum-varnames": ["VALUE_0", "VALUE_1"]},
        ),
        ("integer", (-1, 2**60), {"type": "integer", "enum": [-1, 2**60]}),
        ("number", (0.5, 2.0), {"type": "number"}),
        ("boolean", (False, True), {"type": "boolean"}),
    ],
)
def test_a_choice_has_names_for_a_client(kind, categories, schema):
    column = Column("x", kind=kind, categories=categories, rejects_unknown=True)
    assert row_schema(signature(column))["properties"] == {"x": {"anyOf": [schema]}}


@pytest.mark.parametrize(("n_columns", "length"), [(2000, 5), (60, 1000)])
def test_many_or_long_columns_are_not_listed(n_columns, length):
    columns = [Column(f"{n}".ljust(length, "x")) for n in range(n_columns)]
    assert row_schema(signature(*columns)) == {
        "type": "object",
        "additionalProperties": {"type": ["number", "string", "boolean", "null"]},
        "description": f"A value for each of {n_columns:,} columns. The card lists them.",
    }


def test_many_categories_and_classes_are_not_listed():
    names = tuple(f"c{n}" for n in range(1001))
    column = Column("x", kind="string", categories=names, rejects_unknown=True)
    row = row_schema(signature(column))
    assert row["properties"] == {"x": {"anyOf": [{"type": "string"}]}}
    described = response_schema([signature(Column("x"), classes=names)])
    assert "propertyNames" not in str(described["properties"]["probabilities"])


def test_columns_with_equal_identifiers_are_keys():
    column = Column("Petal length", required=False)
    assert row_schema(signature(Column("petal_length"), column)) == {
        "type": "object",
        "propertyNames": {"enum": ["petal_length", "Petal length"]},
        "additionalProperties": {
            "anyOf": [{"type": ["number", "string"]}, {"description": UNUSED}]
        },
        "required": ["petal_length"],
    }


@pytest.mark.parametrize("name", ["d", "toDict", "field_dict"])
def test_columns_with_identifiers_of_generated_code_are_keys(name):
    assert row_schema(signature(Column(name), Column("x"))) == {
        "type": "object",
        "propertyNames": {"enum": [name, "x"]},
        "additionalProperties": {"type": ["number", "string"]},
        "required": [name, "x"],
    }


@pytest.mark.parametrize(
    ("classes", "label"),
    [
        ((0, 1), {"type": "integer", "examples": [0, 1]}),
        ((0.0, 1.5), {"type": "number", "examples": [0.0, 1.5]}),
        (("no", 1), {"type": ["integer", "string"], "examples": ["no", 1]}),
        (tuple(range(99)), {"type": "integer", "examples": list(range(20))}),
    ],
)
def test_labels_have_a_schema(classes, label):
    prediction = response_schema([signature(classes=classes)])["properties"]["prediction"]
    assert prediction == label


def test_the_response_has_the_outputs_of_all_models_for_one_row_and_for_many():
    models = [
        signature(methods=("predict",), classes=("a", "b")),
        signature(methods=("predict", "decision_function"), classes=(0, 1)),
    ]
    letter = {"type": "string", "examples": ["a", "b"]}
    number = {"type": "integer", "examples": [0, 1]}
    decision = {"anyOf": [NUMBER, {"type": "array", "items": NUMBER}]}
    assert response_schema(models)["properties"] == {
        "prediction": {"anyOf": [letter, number]},
        "predictions": {
            "anyOf": [{"type": "array", "items": letter}, {"type": "array", "items": number}]
        },
        "decision": decision,
        "decisions": {"type": "array", "items": decision},
    }
