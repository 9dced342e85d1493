"""Replies of an estimator process: results, or a description of an exception."""

from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from predictor.core.engines import SCIKIT_LEARN, MethodResults
from predictor.core.engines.result_validation import check_results
from predictor.core.errors import ArtifactError, Busy, InvalidInput
from predictor.core.signature import Signature
from predictor.isolation.messages import MalformedMessage, Message
from predictor.isolation.packing import Unpacker

MAX_TEXT_LENGTH = 1000


class UnexpectedError(Exception):
    """The estimator raised an unexpected exception; the message is its traceback."""


class Reply(NamedTuple):
    """Results of a request.

    Parameters
    ----------
    results : MethodResults
    n_requests : int
        Number of requests that the call answered; 0 if another reply to the same call states it.
    """

    results: MethodResults
    n_requests: int


def read_reply(
    message: Message, signature: Signature, methods: Sequence[str], n_rows: int
) -> Reply:
    """Return the results in a message, or raise the exception that it describes.

    Raises
    ------
    InvalidInput
        The estimator rejects the rows.
    Busy
        The request has waited too long, or needs too much memory.
    ArtifactError
        The estimator cannot be loaded.
    UnexpectedError
        The estimator raised another exception.
    InvalidResult
        The results do not follow from the signature.
    MalformedMessage
        The message is none of these.
    """
    header = message.header
    results, n_requests = header.get("results"), header.get("batch")
    if type(results) is not dict or type(n_requests) is not int:
        _raise(header)
    unpacker = Unpacker(message.body)
    values = {name: unpacker.unpack(each) for name, each in results.items()}
    check_results(signature, methods, n_rows, values)
    return Reply(MethodResults(values, SCIKIT_LEARN), n_requests)


def _raise(header: dict[str, Any]) -> NoReturn:
    """Raise the exception that a header describes."""
    texts = {name: text for name, text in header.items() if type(text) is str and text}
    if "load_error" in texts:
        raise ArtifactError(texts["load_error"][:MAX_TEXT_LENGTH])
    if "busy" in texts:
        raise Busy(texts["busy"][:MAX_TEXT_LENGTH])
    if "failed" in texts:
        raise UnexpectedError(texts["failed"])
    if "invalid" in texts:
        raise InvalidInput(texts["invalid"][:MAX_TEXT_LENGTH], _columns(header.get("columns")))
    raise MalformedMessage


def _columns(value: Any) -> dict[str, list[str]]:
    """Return the sentences about each column."""
    columns = value if isinstance(value, dict) else {}
    return {
        name: [str(text)[:MAX_TEXT_LENGTH] for text in texts]
        for name, texts in columns.items()
        if isinstance(texts, list)
    }
