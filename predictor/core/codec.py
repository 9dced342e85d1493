"""Wire formats of prediction requests: a decoder from bytes to arrays, and an encoder back."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import orjson

from predictor.core import json_errors
from predictor.core.errors import InvalidInput
from predictor.core.row_format import explain
from predictor.core.signature import Signature

# Greatest number of objects and lists in a body. Other threads wait while Python makes them, and
# each needs up to 250 bytes. `MatrixParser` has no such bound: it parses rows in small parts.
MAX_CONTAINERS = 1_000_000


class Decoded(NamedTuple):
    """A decoded request.

    Parameters
    ----------
    X : array, DataFrame or sparse matrix of shape (n_samples, n_features)
    outputs : tuple of str
        The requested methods of the estimator.
    is_single : bool
        Whether the request has one row instead of a list of rows.
    """

    X: Any
    outputs: tuple[str, ...]
    is_single: bool


class Codec(NamedTuple):
    """A wire format.

    Parameters
    ----------
    protocol : str
        The label of the format in the metrics.
    content_types : frozenset of str
        The values of Content-Type that the decoder accepts.
    decode : callable
        Takes the signature, the body and the value of `outputs` in the query (None if absent).
    encode : callable
        Takes the signature, the results of each method and the decoded request.
    """

    protocol: str
    content_types: frozenset[str]
    decode: Callable[[Signature, bytes, str | None], Decoded]
    encode: Callable[[Signature, Mapping[str, Any], Decoded], bytes]


def decode_rows(signature: Signature, body: bytes, outputs: str | None) -> Decoded:
    """Return the rows in a JSON body: an object is one row, a list of objects is many rows.

    Raises
    ------
    InvalidInput
        The body is not JSON, a row does not fit the signature, or an output is unknown.
    """
    selected = signature.select_outputs(outputs)
    rows = signature.parse_matrix(body)
    if rows is None:
        try:
            data = parse_json(body)
        except InvalidInput as exc:
            raise InvalidInput(explain(signature.columns, str(exc), is_table=False)) from exc
        rows = signature.parse_rows(data, partial(parse_exactly, body))
    return Decoded(rows.X, selected, rows.is_single)


def encode_rows(signature: Signature, results: Mapping[str, Any], decoded: Decoded) -> bytes:
    """Return the results as a JSON object with one key per method."""
    return orjson.dumps(signature.encode_response(results, is_single=decoded.is_single))


JSON_ROWS = Codec(
    "rows",
    frozenset(
        {
            "application/json",
            "application/json; charset=utf-8",
            "application/json; charset=UTF-8",
            "application/json;charset=utf-8",
            "application/json;charset=UTF-8",
        }
    ),
    decode_rows,
    encode_rows,
)


def parse_json(body: bytes) -> Any:
    """Return a parsed JSON body (RFC 8259): no NaN, no lone surrogates, bounded nesting.

    A number such as 1e999 becomes infinity, so that a later error message can name its field.

    Raises
    ------
    InvalidInput
        The body is not JSON, or has more than `MAX_CONTAINERS` objects and lists.
    """
    if len(body) > MAX_CONTAINERS and body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise InvalidInput(
            f"The body has more than {MAX_CONTAINERS:,} objects and lists. Send its rows in parts."
        )
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        if "infinity" not in str(exc):
            raise InvalidInput(json_errors.describe(body, exc)) from exc
        return _with_infinities(body, exc)


def _with_infinities(body: bytes, refusal: orjson.JSONDecodeError) -> Any:
    try:
        data = json.loads(body)
        orjson.dumps(data)  # rejects surrogates, which the standard library accepts
    except (ValueError, TypeError, RecursionError):
        raise InvalidInput(f"The body is not JSON: {refusal}.") from refusal
    return data


def parse_exactly(body: bytes) -> Any:
    """Return a parsed JSON body with exact integers of any size.

    Raises
    ------
    InvalidInput
        The body is nested too deeply.
    """
    try:
        return json.loads(body)
    except RecursionError as exc:
        raise InvalidInput("The body is nested too deeply.") from exc
