"""WSGI wrapper that reads the request's body before the application runs.

Django reads a body without Content-Length as empty, and a truncated body as a shorter body. After
this wrapper, `wsgi.input` is an `io.BytesIO` of exactly the received bytes, a chunked body has a
Content-Length, and a Content-Type that Django cannot parse is empty, which no parser supports.
`mlsite.middleware.BodyLimit` compares both lengths and refuses bodies that are incomplete or too
large.
"""

import io
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A length with more digits is above every limit.
MAX_DIGITS = 18

# Longest Content-Type. Django parses it in a time that grows with the square of its length.
MAX_TYPE_LENGTH = 255


class RequestBody:
    """Wraps an application.

    Parameters
    ----------
    application : WSGI application
    max_bytes : int
        Longest accepted body. A longer body is dropped, or cut one byte later if its length was not
        declared.
    """

    def __init__(self, application: "WSGIApplication", max_bytes: int) -> None:
        self.application = application
        self.max_bytes = max_bytes

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        if is_chunked(environ):
            # A server that does not decode chunks leaves them in the input, where their end
            # cannot be found.
            decoded = environ.get("wsgi.input_terminated")
            body = read(environ, self.max_bytes + 1) if decoded else b""
            environ["CONTENT_LENGTH"] = str(len(body))
        else:
            length = declared_length(environ)
            body = read(environ, length) if length <= self.max_bytes else b""
        environ["wsgi.input"] = io.BytesIO(body)
        if not has_plain_type(environ):
            environ["CONTENT_TYPE"] = ""
        return self.application(environ, start_response)


def read(environ: "WSGIEnvironment", length: int) -> bytes:
    """Return the next bytes of the input, at most this number."""
    try:
        return environ["wsgi.input"].read(length) if length > 0 else b""
    except OSError:  # the client is gone: an incomplete body
        return b""


def has_plain_type(environ: "WSGIEnvironment") -> bool:
    """Return whether Content-Type is short, and has no encoded parameters, such as `charset*`.

    Django fails before any middleware if such a parameter has an unknown encoding.
    """
    content_type = environ.get("CONTENT_TYPE") or ""
    return len(content_type) <= MAX_TYPE_LENGTH and "*" not in content_type


def is_chunked(environ: "WSGIEnvironment") -> bool:
    """Return whether the client sends the body in chunks, without declaring its length."""
    return "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()


def declared_length(environ: "WSGIEnvironment") -> int:
    """Return Content-Length; 0 if there is none or it is not a number.

    More digits than MAX_DIGITS are a very large number. Python converts only 4,300 digits.
    """
    declared = environ.get("CONTENT_LENGTH") or "0"
    if not (declared.isascii() and declared.isdigit()):
        return 0
    return int(declared) if len(declared) <= MAX_DIGITS else sys.maxsize
