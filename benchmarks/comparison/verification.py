"""Every answer against the estimator's, before anything is timed."""

import http
import http.client
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from comparison.bodies import ANSWERED, WRITTEN, Rows
from comparison.environments import Unavailable
from comparison.models import Served
from comparison.peers import Body
from comparison.servers import Server

AT_ONCE = 16  # so that a server that joins requests shows whether it keeps them apart


def asked(model: Served, kind: str) -> list[Rows]:
    """Return what one kind of body is written from."""
    if kind == "row":
        return [row[np.newaxis] for row in model.rows]
    return model.batches


def check(server: Server, model: Served) -> None:
    """Ask everything that will be timed, several at once.

    Raises
    ------
    Unavailable
        An answer is not the estimator's, or none.
    """
    for kind, body in server.peer.bodies.items():
        questions = asked(model, kind)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda X, body=body: answer(server, body, X), questions))
        if server.peer.floor:
            continue  # its answer is a constant
        for X, labels in zip(questions, answers, strict=True):
            expected = model.estimator.predict(X).tolist()
            if labels != expected:
                wrong = sum(a != b for a, b in zip(labels, expected, strict=False))
                raise Unavailable(
                    f"{body.path} answers {len(labels)} labels for {len(expected)} rows, "
                    f"{wrong} of them not the estimator's"
                )


def answer(server: Server, body: Body, X: Rows) -> list[int]:
    """Return the labels that a server gives to some rows."""
    content_type, write = WRITTEN[body.written]
    try:
        status, said = server.ask("POST", body.path, write(X), content_type)
    except (OSError, http.client.HTTPException) as exc:
        raise Unavailable(f"{body.path} does not answer: {exc!r}") from exc
    if status != http.HTTPStatus.OK:
        raise Unavailable(f"{body.path} answers {status}: {said[:200].decode(errors='replace')}")
    return [int(label) for label in ANSWERED[body.answered](said)]
