"""Replies of an estimator process: results, or a description of an exception."""

from collections.abc import Sequence
from typing import Any, NoReturn

from predictor.core.engines import SCIKIT_LEARN, MethodResults
from predictor.core.engines.result_validation import check_results
from predictor.core.errors import ArtifactError, Busy, EstimatorFailed, InvalidInput
from predictor.core.signature import Signature
from predictor.isolation.messages import MalformedMessage, Message, printable
from predictor.isolation.packing import Unpacker

# Longest JSON text of a reply, besides the length of the request.
JSON_BYTES, JSON_BYTES_PER_ROW = 2**20, 2**10


class RemoteTraceback(Exception):
    """The message is the traceback of an exception in an estimator process."""


def read_reply(
    message: Message,
    signature: Signature,
    methods: Sequence[str],
    n_rows: int,
    n_bytes: int,
) -> tuple[MethodResults, int]:
    """Return the results in a message, or raise the exception that it describes.

    The request had a number of rows and of bytes.

    Returns
    -------
    results : MethodResults
    n_requests : int
        Number of requests that the call answered; 0 if another reply to the same call states it.

    Raises
    ------
    InvalidInput
        The estimator rejects the rows.
    Busy
        The request has waited too long, or needs too much memory.
    ArtifactError
        The estimator cannot be loaded.
    EstimatorFailed
        The estimator raised another exception; the cause has its traceback.
    InvalidResult
        The results do not follow from the signature.
    MalformedMessage
        The message is none of these.
    """
    header = message.header
    results, n_requests = header.get("results"), header.get("batch")
    if type(results) is not dict or type(n_requests) is not int:
        _raise(header)
    max_json_bytes = JSON_BYTES + JSON_BYTES_PER_ROW * n_rows + n_bytes
    unpacker = Unpacker(message.body, max_json_bytes=max_json_bytes)
    values = {name: unpacker.unpack(each) for name, each in results.items()}
    check_results(signature, methods, n_rows, values)
    return MethodResults(values, SCIKIT_LEARN), n_requests


def _raise(header: dict[str, Any]) -> NoReturn:
    """Raise the exception that a header describes."""
    texts = {name: printable(text) for name, text in header.items() if type(text) is str}
    if "load_error" in texts:
        raise ArtifactError(texts["load_error"])
    if "busy" in texts:
        raise Busy(texts["busy"])
    if "failed" in texts:
        report = RemoteTraceback(texts["failed"])
        raise EstimatorFailed("The model raises an exception for these rows.") from report
    if "invalid" in texts:
        raise InvalidInput(texts["invalid"], _columns(header.get("columns")))
    raise MalformedMessage


def _columns(value: Any) -> dict[str, list[str]]:
    """Return the sentences about each column."""
    columns = value if isinstance(value, dict) else {}
    return {
        name: [printable(str(text)) for text in texts]
        for name, texts in columns.items()
        if isinstance(texts, list)
    }
