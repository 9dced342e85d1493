"""OpenAPI at /schema/: valid, and made of the models that are served."""

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.xdist_group("penguins")


@pytest.fixture
def schema(api, iris, penguins):
    return api.get("/schema/").json()


def test_the_document_is_valid_and_made_without_a_warning(capsys, iris, penguins):
    call_command("spectacular", "--fail-on-warn", "--validate")
    assert "openapi: 3.1.0" in capsys.readouterr().out


def test_every_schema_in_it_is_json_schema(schema):
    def schemas(part):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            if key == "schema":
                yield value
            elif isinstance(value, dict | list):
                yield from schemas(value)

    found = [*schemas(schema), *schema["components"]["schemas"].values()]
    Draft202012Validator.check_schema({"allOf": found})


ROW = {
    "type": "object",
    "properties": {
        "X1": {
            "type": ["number", "string"],
            "description": "Sepal length (cm)",
            "examples": [5.1],
        },
        "X2": {
            "type": ["number", "string"],
            "description": "Sepal width (cm)",
            "examples": [3.5],
        },
    },
    "required": ["X1", "X2"],
    "additionalProperties": False,
}
IRIS, PENGUINS = ({"$ref": f"#/components/schemas/{name}Row"} for name in ("Iris", "Penguins"))


def body(schema, path):
    return schema["paths"][path]["post"]["requestBody"]["content"]


def test_the_body_of_a_prediction_has_the_columns_of_the_model(schema):
    (json,) = body(schema, "/predict/").values()
    assert json["schema"] == {"anyOf": [IRIS, {"type": "array", "items": IRIS}]}
    assert schema["components"]["schemas"]["IrisRow"] == ROW


def test_the_body_for_any_model_has_the_rows_of_each(schema):
    (json,) = body(schema, "/models/{name}/predict/").values()
    rows = {"type": "array", "items": {"anyOf": [IRIS, PENGUINS]}}
    assert json["schema"] == {"anyOf": [IRIS, PENGUINS, rows]}


def test_a_nullable_column_is_null(schema):
    columns = schema["components"]["schemas"]["PenguinsRow"]["properties"]
    assert columns["sex"] == {
        "anyOf": [{"type": "string", "enum": ["female", "male"]}, {"type": "null"}],
        "description": "Sex, where it was determined",
        "examples": ["male"],
    }
    assert columns["body_mass_g"]["type"] == ["number", "string", "null"]


def test_each_operation_has_one_media_type(schema):
    """A generated client cannot choose between several."""
    bodies = {
        operation["operationId"]: list(operation["requestBody"]["content"])
        for methods in schema["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    }
    assert bodies.pop("register") == ["multipart/form-data"]
    assert set(map(tuple, bodies.values())) == {("application/json",)}


def test_a_version_with_other_columns_has_a_row_of_its_own(api, iris, penguins, register):
    register("iris", recipe="penguins")
    register("i-ris")
    schemas = api.get("/schema/").json()["components"]["schemas"]
    rows = {name for name in schemas if name.endswith("Row")}
    assert rows == {"IrisRow", "IrisVersion2Row", "PenguinsRow", "IRisRow"}


@pytest.mark.parametrize("path", ["/predict/", "/tasks/"])
def test_a_mandatory_body_is_required(schema, path):
    assert schema["paths"][path]["post"]["requestBody"]["required"] is True


PLACES = {
    "/predict/": {"iris": "/predict"},
    "/models/{name}/predict/": {
        "iris": "/models/iris/predict",
        "penguins": "/models/penguins/predict",
    },
    "/models/{name}/versions/{version}/predict/": {
        "iris 1": "/models/iris/versions/1/predict",
        "penguins 1": "/models/penguins/versions/1/predict",
    },
}


def test_each_model_has_a_valid_example(schema, api):
    for path, urls in PLACES.items():
        json = body(schema, path)["application/json"]
        examples = {entry["summary"]: entry["value"] for entry in json["examples"].values()}
        assert list(examples) == list(urls)
        for name, row in examples.items():
            whole = json["schema"] | {"components": schema["components"]}
            Draft202012Validator(whole).validate(row)
            response = api.post(urls[name], row)
            assert response.status_code == 200, response.content


def test_the_response_of_a_prediction_has_the_outputs_of_the_model(schema):
    answers = schema["paths"]["/predict/"]["post"]["responses"]["200"]
    outputs = answers["content"]["application/json"]["schema"]["properties"]
    assert outputs["prediction"] == {"type": "integer", "examples": [0, 1, 2]}
    assert outputs["predictions"]["items"] == outputs["prediction"]
    single, many = outputs["probabilities"]["anyOf"]
    assert single["propertyNames"]["enum"] == single["required"] == ["0", "1", "2"]
    assert many == {"type": "array", "items": single}


def test_a_site_without_a_live_model_describes_no_outputs(api, db, models_dir):
    operation = api.get("/schema/").json()["paths"]["/predict/"]["post"]
    outputs = next(each for each in operation["parameters"] if each["name"] == "outputs")
    assert outputs["schema"] == {"type": "array", "items": {"type": "string"}}


def test_security_requirements_follow_the_access_setting(settings, api, staff_api, iris):
    def security_and_refusals(client):
        card = client.get("/schema/").json()["paths"]["/models/{name}/"]["get"]
        return {} in card["security"], "403" in card["responses"]

    assert security_and_refusals(api) == (True, False)
    settings.API_ACCESS = "token"
    assert security_and_refusals(staff_api) == (False, True)


def test_the_pages_of_the_schema_need_no_external_host(api, iris):
    page = api.get("/docs/", HTTP_ACCEPT="text/html").content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/" in page
    assert "https://" not in page
