"""How answers go out: to Granian, each at once, or with those that one call of a model gave."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from granian.server import mp

from predictor.core.cohorts import answering

log = logging.getLogger(__name__)

Runner = Callable[[Any, Mapping[str, Any]], int]


class Outgoing:
    """Where Granian takes the answer of one request: its own place for it, as far as it is used."""

    __slots__ = ("_place",)

    def __init__(self, place: Any) -> None:
        self._place = place

    def response_bytes(self, *answer: Any) -> None:
        """Send status, headers and body."""
        answering.send(partial(self._send, *answer))

    def response_iter(self, *answer: Any) -> None:
        """Send status, headers, and a body piece by piece."""
        answering.leave()
        self._place.response_iter(*answer)

    def _send(self, *answer: Any) -> None:
        try:
            self._place.response_bytes(*answer)
        except Exception:
            # One that cannot be sent keeps no other back; Granian answers with 500 in its place.
            log.exception("An answer cannot be sent.")


def sent_together(wrapper: Callable[..., Runner]) -> Callable[..., Runner]:
    """Return Granian's wrapper of an application, with answers sent together where they may be."""

    def wrapped(*application: Any) -> Runner:
        run = wrapper(*application)

        def answer(place: Any, scope: Mapping[str, Any]) -> int:
            answering.together, answering.may_wait = True, False
            try:
                return run(Outgoing(place), scope)
            finally:
                answering.leave()

        return answer

    return wrapped


def send_together() -> None:
    """Have the workers that this process becomes, or starts, send answers so."""
    wrapper = mp._wsgi_call_wrap  # type: ignore[attr-defined]  # noqa: SLF001 - there is no hook
    mp._wsgi_call_wrap = sent_together(wrapper)  # type: ignore[attr-defined]  # noqa: SLF001
