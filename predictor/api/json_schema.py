"""JSON Schemas of the rows that a model accepts and of its responses."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from predictor.core import coercion, times
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
    coercion.DATETIME: ["string"],
}
UNUSED = "Not used by the model. Any value is accepted."
LABEL_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
# Null is NaN. The pattern applies to strings only.
NUMBER: Schema = {"type": ["number", "string", "null"], "pattern": "^-?Infinity$"}
# Names in the code that openapi-python-client generates for a row, as `_simplify` returns them. An
# attribute of that name would break the code.
USED_BY_GENERATORS = frozenset({"cast", "cls", "d", "fielddict", "fromdict", "todict"})
# Number of classes in the schema of a prediction.
MAX_EXAMPLES = 20
# Number and total length of the columns, categories or classes that a schema lists. With more, it
# would take seconds to make, and clients would be too large to generate.
MAX_NAMES, MAX_NAMES_LENGTH = 1000, 50_000
SCALAR: Schema = {"type": ["number", "string", "boolean", "null"]}


def any_of(schemas: list[Schema]) -> Schema:
    """Return a schema for values that match at least one of the schemas."""
    distinct = [schema for n, schema in enumerate(schemas) if schema not in schemas[:n]]
    if not distinct:
        return {"type": "object"}
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def are_few(names: Collection[Any]) -> bool:
    """Return whether a schema lists these names."""
    return len(names) <= MAX_NAMES and sum(map(len, map(str, names))) <= MAX_NAMES_LENGTH


def row_schema(signature: Signature) -> Schema:
    """Return the schema of one row."""
    if not are_few(signature.names):
        sentence = (
            f"A value for each of {len(signature.used_names):,} columns. The card lists them."
        )
        return {"type": "object", "additionalProperties": SCALAR, "description": sentence}
    columns = {column.name: _column_schema(column) for column in signature.columns}
    required = signature.used_names
    if not _are_distinct(columns) or not USED_BY_GENERATORS.isdisjoint(map(_simplify, columns)):
        return _object_schema(list(columns), any_of(list(columns.values())), required)
    return {
        "type": "object",
        "properties": columns,
        "required": required,
        "additionalProperties": False,
    }


def _column_schema(column: Column) -> Schema:
    if not column.required:
        sentences = [f"{column.description.rstrip('.')}."] if column.description else []
        return {"description": " ".join([*sentences, UNUSED])}
    if column.allowed_values:
        # Inside `anyOf`, drf-spectacular keeps an enum with its column.
        values = [_enum_schema(COLUMN_TYPES[column.kind][0], column.allowed_values)]
        schema: Schema = {"anyOf": [*values, {"type": "null"}] if column.nullable else values}
    else:
        types = [*COLUMN_TYPES[column.kind], *(["null"] if column.nullable else [])]
        schema = {"type": types if len(types) > 1 else types[0]}
        if column.kind == coercion.DATETIME:
            has_zone = times.read_dtype(column.dtype).zone
            schema["format"] = "date-time" if has_zone else "date-time-local"
    if column.description:
        schema["description"] = column.description
    if column.example is not None:
        schema["examples"] = [column.example]
    return schema


def response_schema(signatures: Iterable[Signature]) -> Schema:
    """Return the schema of the responses of the models: to one row, and to a list of rows.

    It is one object with the keys of all outputs, none of which is required. With several objects,
    a generated client would take the first that has no required key.
    """
    properties: dict[str, list[Schema]] = {}
    for signature in signatures:
        for method in signature.methods:
            value = _value_schema(signature, method)
            keys = METHODS[method]
            properties.setdefault(keys.single, []).append(value)
            properties.setdefault(keys.many, []).append({"type": "array", "items": value})
    return {
        "type": "object",
        "properties": {key: any_of(schemas) for key, schemas in properties.items()},
        "additionalProperties": False,
    }


def _value_schema(signature: Signature, method: str) -> Schema:
    """Return the schema of a method's result for one row."""
    classes = signature.classes or ()
    types = sorted({LABEL_TYPES.get(type(label), "") for label in classes})
    has_one_label = bool(classes) and signature.n_outputs == 1 and "" not in types
    if METHODS[method].by_class:
        keys = [encode_label(label) for label in classes] if has_one_label else []
        if keys and are_few(keys):
            return _object_schema(keys, NUMBER, keys)
        by_class: Schema = {"type": "object", "additionalProperties": NUMBER}
        return any_of([by_class, {"type": "array", "items": any_of([NUMBER, by_class])}])
    if method == "predict" and has_one_label:
        # No enum: a version with further classes must not break existing clients.
        type_ = types[0] if len(types) == 1 else types
        return {"type": type_, "examples": list(classes[:MAX_EXAMPLES])}
    value = SCALAR if method in ("predict", "transform") else NUMBER
    values = {"type": "array", "items": value}
    has_several_outputs = method in ("predict", "predict_std") and signature.n_outputs > 1
    return values if has_several_outputs else {"anyOf": [value, values]}


def _enum_schema(json_type: str, values: Sequence[Any]) -> Schema:
    """Return the schema of a choice. Generated clients can name only integers and strings."""
    if json_type not in ("integer", "string") or not are_few(values):
        return {"type": json_type}
    schema: Schema = {"type": json_type, "enum": list(values)}
    if json_type == "string" and not _are_distinct(values):
        schema["x-enum-varnames"] = [f"VALUE_{index}" for index in range(len(values))]
    return schema


def _object_schema(keys: Sequence[str], value: Schema, required: Sequence[str]) -> Schema:
    """Return the schema of an object whose keys need not be names in a programming language."""
    return {
        "type": "object",
        "propertyNames": {"enum": list(keys)},
        "additionalProperties": value,
        "required": list(required),
    }


def _are_distinct(names: Collection[str]) -> bool:
    """Return whether names differ by more than case and punctuation.

    Generators of clients make identifiers from them. Equal identifiers make a generator fail.
    """
    return len(set(map(_simplify, names))) == len(names)


def _simplify(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
