"""OpenAPI at /schema/: valid, and true to the models and the tasks."""

import pytest
from drf_spectacular.validation import validate_schema


@pytest.fixture
def schema(api, iris):
    return api.get("/schema/").json()


def test_the_schema_is_valid(schema):
    validate_schema(schema)


def test_the_schema_is_made_without_a_warning(capsys, iris):
    from django.core.management import call_command

    call_command("spectacular", "--fail-on-warn", "--validate")
    assert "openapi: 3" in capsys.readouterr().out


NUMBER_OR_NUMERAL = [
    {"type": "number"},
    {"type": "string", "description": "A number, written as a string."},
]
ROW = {
    "type": "object",
    "properties": {
        "X1": {"oneOf": NUMBER_OR_NUMERAL, "description": "Sepal length (cm)", "example": 5.1},
        "X2": {"oneOf": NUMBER_OR_NUMERAL, "description": "Sepal width (cm)", "example": 3.5},
    },
    "required": ["X1", "X2"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("path", ["/predict/", "/models/{name}/predict/"])
def test_the_body_of_a_prediction_is_the_models_own_columns(schema, path):
    body = schema["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"anyOf": [ROW, {"type": "array", "items": ROW}]}


def test_the_answer_of_a_prediction_is_the_models_own_outputs(schema):
    answers = schema["paths"]["/predict/"]["post"]["responses"]["200"]
    one, many = answers["content"]["application/json"]["schema"]["anyOf"]
    assert one["properties"]["prediction"] == {"type": "integer", "enum": [0, 1, 2]}
    assert many["properties"]["predictions"]["items"] == {"type": "integer", "enum": [0, 1, 2]}
    assert list(one["properties"]["probabilities"]["properties"]) == ["0", "1", "2"]


def test_the_pages_of_the_schema_come_from_here(api, iris):
    page = api.get("/docs/", HTTP_ACCEPT="text/html").content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/" in page
    assert "https://" not in page
