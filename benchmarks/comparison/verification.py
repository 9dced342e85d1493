"""Comparison of every response with the estimator, before anything is timed."""

import http
import http.client
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from comparison.bodies import REQUESTS, RESPONSES, Rows
from comparison.environments import Unavailable
from comparison.models import Served
from comparison.peers import Body
from comparison.servers import Server

CONCURRENCY = 16  # shows whether a server that batches requests keeps them apart


def inputs(model: Served, kind: str) -> list[Rows]:
    """Return the rows of each request of one kind of body."""
    if kind in {"row", "probabilities"}:
        return [row[np.newaxis] for row in model.rows]
    return model.batches


def verify(server: Server, model: Served) -> float | None:
    """Send every body that will be timed, several at once, and compare the responses.

    Returns
    -------
    float or None
        Largest difference of a probability; None for a server that returns only labels.

    Raises
    ------
    Unavailable
        A label differs from the estimator's, a probability differs by more than the peer's
        tolerance, or a request fails.
    """
    difference = None
    for kind, body in server.peer.bodies.items():
        requests = inputs(model, kind)
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            responses = list(pool.map(lambda X, body=body: respond(server, body, X), requests))
        if server.peer.constant:
            continue
        if kind == "probabilities":
            expected = model.estimator.predict_proba(np.vstack(requests))
            difference = compare_probabilities(responses, expected, server.peer.tolerance)
        else:
            compare_labels(body.path, responses, requests, model.estimator)
    return difference


def compare_labels(
    path: str, responses: list[list[Any]], requests: list[Rows], estimator: Any
) -> None:
    for X, labels in zip(requests, responses, strict=True):
        expected = estimator.predict(X).tolist()
        if [int(label) for label in labels] != expected:
            wrong = sum(int(a) != b for a, b in zip(labels, expected, strict=False))
            raise Unavailable(
                f"{path} returned {len(labels)} labels for {len(expected)} rows, "
                f"{wrong} of them wrong"
            )


def compare_probabilities(responses: Any, expected: Any, tolerance: float) -> float:
    """Return the largest difference of a probability."""
    difference = float(np.abs(np.array(responses) - expected).max())
    if difference > tolerance:
        raise Unavailable(
            f"its probabilities differ by {difference:.0e}; {tolerance:.0e} is allowed"
        )
    return difference


def respond(server: Server, body: Body, X: Rows) -> list[Any]:
    """Return the labels or probabilities in a server's response to some rows."""
    content_type, encode = REQUESTS[body.request]
    try:
        status, content = server.request(
            "POST", body.path, encode(X), {"Content-Type": content_type}
        )
    except (OSError, http.client.HTTPException) as exc:
        raise Unavailable(f"{body.path} does not respond: {exc!r}") from exc
    if status != http.HTTPStatus.OK:
        reason = content[:200].decode(errors="replace")
        raise Unavailable(f"{body.path} returned status {status}: {reason}")
    return RESPONSES[body.response](content)
