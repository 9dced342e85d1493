"""WSGI wrapper that bounds the number and the memory of the bodies of the requests that run."""

import io
from collections.abc import Iterable
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

from mlsite.server.request_body import declared_length, is_chunked, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Number of requests with a body that may run at once: as many as may wait for slow models, for
# versions that are not loaded, and for the database. If more stay, their bodies arrive slowly, and
# take threads that others need.
MAX_REQUESTS = 272

# Number of further requests that may wait until one of them has ended, and the longest wait.
MAX_WAITING = 64
MAX_WAIT_S = 2

# A length with fewer digits is not counted: such bodies of all requests need 27 MB.
LARGE_DIGITS = 6
SMALL_BYTES = 10 ** (LARGE_DIGITS - 1) - 1

# Number of bodies of the greatest length that may be in memory at once. Parsed JSON can need 20
# times the memory of its text.
MAX_LARGE_BODIES = 4

# Variable of the environ of a request that has lost its body.
REFUSED = "mlsite.body_refused"


class BodyBounds:
    """Wraps an application. A request whose body exceeds a bound loses its body.

    Parameters
    ----------
    application : WSGI application
    max_bytes : int
        Longest accepted body.
    """

    def __init__(self, application: "WSGIApplication", max_bytes: int) -> None:
        self.application = application
        self.max_bytes = max_bytes
        self._places = _fill(MAX_REQUESTS)
        self._waiting_places = _fill(MAX_WAITING)
        self._free_bytes = MAX_LARGE_BODIES * (max_bytes + 1)
        self._lock = Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        declared = environ.get("CONTENT_LENGTH") or ""
        is_measured = "HTTP_TRANSFER_ENCODING" not in environ
        if is_measured and not declared:
            return self.application(environ, start_response)
        if not self._take_place():
            return self._refuse(environ, start_response)
        try:
            if is_measured and len(declared) < LARGE_DIGITS:
                return self.application(environ, start_response)
            return self._answer_large(environ, start_response)
        finally:
            self._places.put(None)

    def _take_place(self) -> bool:
        """Return whether the request may run, after a wait if necessary."""
        try:
            self._places.get_nowait()
        except Empty:
            return self._wait_for_place()
        return True

    def _wait_for_place(self) -> bool:
        try:
            self._waiting_places.get_nowait()
        except Empty:
            return False
        try:
            self._places.get(timeout=MAX_WAIT_S)
        except Empty:
            return False
        finally:
            self._waiting_places.put(None)
        return True

    def _answer_large(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        n_bytes, start = self._measure(environ)
        if not self._reserve(n_bytes):
            return self._refuse(environ, start_response)
        try:
            if start:
                rest = read(environ, n_bytes - len(start))
                environ["wsgi.input"] = io.BytesIO(start + rest)
            return self.application(environ, start_response)
        finally:
            self._reserve(-n_bytes)

    def _refuse(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        environ |= {"wsgi.input": io.BytesIO(), REFUSED: True}
        return self.application(environ, start_response)

    def _measure(self, environ: "WSGIEnvironment") -> tuple[int, bytes]:
        """Return the memory for the body, and the start of a chunked body that does not end there.

        The length of a chunked body is not known before its end.
        """
        if not is_chunked(environ):
            length = declared_length(environ)
            return length if length <= self.max_bytes else 0, b""  # a longer body is not read
        if not environ.get("wsgi.input_terminated"):
            return 0, b""
        start = read(environ, SMALL_BYTES + 1)
        if len(start) > SMALL_BYTES:
            return self.max_bytes + 1, start
        environ["wsgi.input"] = io.BytesIO(start)
        return 0, b""

    def _reserve(self, n_bytes: int) -> bool:
        """Reserve memory, and return whether there is enough; a negative number releases it."""
        with self._lock:
            is_free = n_bytes <= self._free_bytes
            if is_free:
                self._free_bytes -= n_bytes
            return is_free


def _fill(n: int) -> SimpleQueue[None]:
    """Return a queue of n places, which is faster than a semaphore."""
    places: SimpleQueue[None] = SimpleQueue()
    for _ in range(n):
        places.put(None)
    return places
