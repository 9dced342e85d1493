"""JSON Schemas of the rows that a model accepts and of its responses."""

from typing import Any, NamedTuple

from predictor.core import coercion
from predictor.core.columns import Column
from predictor.core.response_values import METHODS, encode_label
from predictor.core.signature import Signature

Schema = dict[str, Any]

# JSON Schema types of the values of a column. A number may also be a numeric string.
COLUMN_TYPES: dict[str, list[str]] = {
    coercion.NUMBER: ["number", "string"],
    coercion.INTEGER: ["integer", "string"],
    coercion.BOOLEAN: ["boolean"],
    coercion.STRING: ["string"],
}
LABEL_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
# Null is NaN. The pattern applies to strings only.
NUMBER: Schema = {"type": ["number", "string", "null"], "pattern": "^-?Infinity$"}
SCALAR: Schema = {"type": ["number", "string", "boolean", "null"]}


class MissingValue(NamedTuple):
    """Representation of a missing value."""

    type: str
    value: Any


JSON_NULL, EMPTY_INPUT = MissingValue("null", None), MissingValue("string", "")


def any_of(schemas: list[Schema]) -> Schema:
    """Return a schema for values that match at least one of the schemas."""
    distinct = [schema for n, schema in enumerate(schemas) if schema not in schemas[:n]]
    if not distinct:
        return {"type": "object"}
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def row_schema(signature: Signature, missing: MissingValue) -> Schema:
    """Return the schema of one row."""
    return {
        "type": "object",
        "properties": {c.name: _column_schema(c, missing) for c in signature.columns},
        "required": [column.name for column in signature.columns if column.required],
        "additionalProperties": False,
    }


def _column_schema(column: Column, missing: MissingValue) -> Schema:
    has_enum = bool(column.allowed_values)
    types = [column.kind] if has_enum else COLUMN_TYPES[column.kind]
    values = list(column.allowed_values)
    if column.nullable:
        types = list(dict.fromkeys([*types, missing.type]))
        values.append(missing.value)
    schema: Schema = {"type": types if len(types) > 1 else types[0]}
    if has_enum:
        schema["enum"] = values
    if column.description:
        schema["description"] = column.description
    if column.example is not None:
        schema["examples"] = [column.example]
    return schema


def response_schema(signature: Signature, *, is_single: bool) -> Schema:
    """Return the schema of a response to one row or to a list of rows, with all outputs."""
    properties = {}
    for method in signature.methods:
        value = _value_schema(signature, method)
        keys = METHODS[method]
        if is_single:
            properties[keys.single] = value
        else:
            properties[keys.many] = {"type": "array", "items": value}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _value_schema(signature: Signature, method: str) -> Schema:
    """Return the schema of a method's result for one row."""
    classes = signature.classes or ()
    types = {LABEL_TYPES.get(type(label)) for label in classes}
    has_one_label = bool(classes) and signature.n_outputs == 1 and None not in types
    if METHODS[method].by_class:
        if not has_one_label:
            return {"type": ["array", "object"]}
        keys = [encode_label(label) for label in classes]
        return {"type": "object", "properties": dict.fromkeys(keys, NUMBER), "required": keys}
    if method == "predict" and has_one_label:
        return {"type": types.pop() if len(types) == 1 else sorted(types), "enum": list(classes)}
    value = SCALAR if method in ("predict", "transform") else NUMBER
    values = {"type": "array", "items": value}
    has_several_outputs = method in ("predict", "predict_std") and signature.n_outputs > 1
    return values if has_several_outputs else {"anyOf": [value, values]}
