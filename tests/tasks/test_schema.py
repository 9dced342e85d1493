"""OpenAPI description of the task list."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from tasks.urls import urlpatterns

ALL = {"title", "description", "done", "priority", "due_at"}


@pytest.fixture(scope="module")
def schema():
    GENERATOR_STATS.reset()
    return SchemaGenerator(patterns=urlpatterns).get_schema(public=True)


def follow(schema, part):
    """Return the component that the part of the schema refers to."""
    return schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]


def body(schema, path, method):
    content = schema["paths"][path][method]["requestBody"]["content"]["application/json"]
    return follow(schema, content["schema"])


def test_it_is_made_without_a_warning_about_tasks(schema):
    said = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    assert [line for line in said if "authenticator" not in line] == []


def test_a_post_needs_a_title_and_a_put_nothing(schema):
    one, many = body(schema, "/tasks/", "post")["oneOf"]
    assert follow(schema, one)["required"] == ["title"]
    assert many == {"type": "array", "items": one}
    for method in ("put", "patch"):
        change = body(schema, "/tasks/{id}/", method)
        assert "required" not in change
        assert set(change["properties"]) == ALL


def test_the_list_takes_its_parameters(schema):
    parameters = schema["paths"]["/tasks/"]["get"]["parameters"]
    kinds = {p["name"]: p["schema"]["type"] for p in parameters}
    assert kinds == {
        "cursor": "string",
        "done": "boolean",
        "due_after": "string",
        "due_before": "string",
        "ordering": "string",
        "overdue": "boolean",
        "page_size": "integer",
        "priority": "integer",
        "search": "string",
        "updated_before": "string",
        "updated_since": "string",
    }


def test_the_list_can_be_cleared_by_its_filters(schema):
    operation = schema["paths"]["/tasks/"]["delete"]
    assert operation["operationId"] == "tasks_clear"
    assert "done" in {p["name"] for p in operation["parameters"]}
    deleted = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert follow(schema, deleted)["properties"] == {"deleted": {"type": "integer"}}


def test_ids_are_integers(schema):
    parameters = schema["paths"]["/tasks/{id}/"]["get"]["parameters"]
    assert {p["name"]: p["schema"]["type"] for p in parameters} == {
        "id": "integer",
        "If-Match": "string",
        "If-None-Match": "string",
    }


def test_a_priority_is_said_by_its_choices_alone(schema):
    priority = schema["components"]["schemas"]["Task"]["properties"]["priority"]
    (choices,) = priority.pop("allOf")
    assert follow(schema, choices)["enum"] == [1, 2, 3, 4]
    assert set(priority) == {"description"}
