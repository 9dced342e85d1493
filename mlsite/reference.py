"""API reference for people, made from the OpenAPI schema: operations by subject, and objects."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from predictor.core.curl import format_curl

Schema = Mapping[str, Any]

# Value of a required field or a part of a path in an example, by type.
PLACEHOLDERS = {"integer": 1, "number": 1.0, "boolean": True, "string": "text", "array": []}


class Field(NamedTuple):
    """A parameter of an operation, or a field of an object."""

    name: str
    place: str
    type: str
    object: str
    required: bool
    description: str


class Outcome(NamedTuple):
    """A response of an operation: its status, its reason, and the object in its body."""

    status: str
    description: str
    object: str


class Operation(NamedTuple):
    """An operation with its parameters, the object in its body, an example and its responses."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Field]
    body: Field | None
    example: str
    outcomes: list[Outcome]


class Subject(NamedTuple):
    """Operations with the same tag."""

    name: str
    description: str
    operations: list[Operation]


class Object(NamedTuple):
    """An object in a body, with its fields; one without fields is stated by its type."""

    name: str
    description: str
    type: str
    fields: list[Field]


def subjects(document: Schema, origin: str, model: str) -> list[Subject]:
    """Return the operations of a schema by subject.

    Parameters
    ----------
    document : dict
        The OpenAPI schema.
    origin, model : str
        URL of the site, and the model in the examples.
    """
    operations: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            example = _curl(document, origin, model, method, path, operation)
            operations[operation["tags"][0]].append(
                _operation(document, method, path, operation, example)
            )
    return [
        Subject(tag["name"], tag["description"], operations[tag["name"]])
        for tag in document["tags"]
    ]


def objects(document: Schema) -> list[Object]:
    """Return the objects of a schema."""
    return [
        Object(name, schema.get("description", ""), type_name(schema), list(_fields(schema)))
        for name, schema in document["components"]["schemas"].items()
    ]


def _operation(
    document: Schema, method: str, path: str, operation: Schema, example: str
) -> Operation:
    parameters = [
        _field(
            parameter["name"],
            parameter["schema"],
            place=parameter["in"],
            required=parameter.get("required", False),
            text=parameter.get("description", ""),
        )
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "path" or "description" in parameter  # else the path says as much
    ]
    content = operation.get("requestBody", {}).get("content", {})
    body = next(
        (_field("", part["schema"], place=kind, required=True) for kind, part in content.items()),
        None,
    )
    outcomes = []
    for status, response in operation["responses"].items():
        full = _resolve(document, response)
        parts = list(full.get("content", {}).values())
        name = object_name(parts[0]["schema"]) if parts else ""
        outcomes.append(Outcome(status, full["description"], name))
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=parameters,
        body=body,
        example=example,
        outcomes=outcomes,
    )


def _fields(schema: Schema) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        text = part.get("description", "")
        yield _field(name, part, required=name in required, text=text)


def _field(
    name: str, schema: Schema, *, place: str = "", required: bool = False, text: str = ""
) -> Field:
    first = text.partition("\n")[0]
    return Field(name, place, type_name(schema), object_name(schema), required, first)


def type_name(schema: Schema) -> str:
    """Return the type of a schema in words, such as `integer or null` or `list of Task`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if values := schema.get("enum"):
        return " or ".join(json.dumps(value) for value in values)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(map(type_name, schema[key])))
    types = schema.get("type", "any value")
    if types == "array":
        return f"list of {type_name(schema.get('items', {}))}"
    text = types if isinstance(types, str) else " or ".join(types)
    return f"{text} ({schema['format']})" if "format" in schema else text


def object_name(schema: Schema) -> str:
    """Return the name of the first object that a schema refers to; empty if there is none."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    parts += [schema["items"]] if "items" in schema else []
    return next(filter(None, map(object_name, parts)), "")


def _resolve(document: Schema, part: Schema) -> Schema:
    """Return a part of the schema, after its reference if it is one."""
    while "$ref" in part:
        node: Any = document
        for key in part["$ref"].removeprefix("#/").split("/"):
            node = node[key]
        part = node
    return part


def _curl(  # noqa: PLR0913, PLR0917 - all that an example depends on
    document: Schema, origin: str, model: str, method: str, path: str, operation: Schema
) -> str:
    """Return a curl command for an operation."""
    content = operation.get("requestBody", {}).get("content", {})
    is_upload = "multipart/form-data" in content
    part = content.get("application/json")
    url = path.replace("{name}", model).replace("{id}", "1").replace("{version}", "1")
    url = url.replace("{number}", "1")
    required = [
        parameter
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter.get("required")
    ]
    query = "&".join(
        f"{parameter['name']}={_value(document, parameter['schema'])}" for parameter in required
    )
    return format_curl(
        f"{origin}{url}{'?' if query else ''}{query}",
        _example(document, part, model) if part else None,
        method=method.upper(),
        file="artifact=@model.skops" if is_upload else "",
        needs_token={} not in operation.get("security", [{}]),
    )


def _example(document: Schema, part: Schema, model: str) -> Any:
    """Return the example of a body for a model, else the first, else the required fields."""
    examples = list(part.get("examples", {}).values())
    chosen = [
        example for example in examples if example.get("summary") in (model, f"{model} 1")
    ] or examples
    return chosen[0]["value"] if chosen else _value(document, part["schema"])


def _value(document: Schema, schema: Schema) -> Any:
    schema = _resolve(document, schema)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return _value(document, schema[key][0])
    if "properties" in schema:
        required = schema.get("required", ())
        return {name: _value(document, schema["properties"][name]) for name in required}
    values = [*schema.get("examples", ()), *schema.get("enum", ())]
    kind = schema.get("type")
    return values[0] if values else PLACEHOLDERS.get(str(kind), {})
