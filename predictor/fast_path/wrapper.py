"""WSGI wrapper in front of Django that answers plain prediction requests.

Django answers the first request of each kind. If the response is a plain prediction, the wrapper
remembers its headers, and answers later requests of that kind. The kind contains every part of a
request, except body and credentials, from which Django, the known middleware and the view decide:
path, query, host, scheme, content type and Accept. So Django itself has allowed the host, the
scheme, the path and the media types of every request that is answered here.

Rejections and errors are not answered here: Django reads the body again and answers.
"""

import logging
import re
import sys
import time
from collections.abc import Callable, Collection, Iterable
from functools import partial
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.http import QueryDict
from django.urls import Resolver404, resolve

from predictor import conf
from predictor.core.codec import Codec
from predictor.core.model import Model
from predictor.fast_path.obstacles import codec_of, find_obstacles
from predictor.fast_path.record_queue import RecordQueue
from predictor.runtime import metrics
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

# Bounds of the memory for kinds. Clients choose queries, Accept headers and some of the hosts.
MAX_KINDS = 1000
MAX_KIND_LENGTH = 1000

# Django answers every request with one of these variables.
EXCLUDED = frozenset(
    {
        "HTTP_CONTENT_ENCODING",
        "HTTP_COOKIE",
        "HTTP_EXPECT",
        "HTTP_ORIGIN",
        "HTTP_SEC_FETCH_SITE",
        "HTTP_TRANSFER_ENCODING",
        # Django takes the script name from these two, which some servers set.
        "REDIRECT_URL",
        "SCRIPT_URL",
    }
)
QUERY = re.compile(r"(outputs=[^&]+)?")

# Django answers requests whose Content-Length has more digits.
MAX_DIGITS = 18

JSON = "application/json"
# Headers of Django's response that differ from one prediction to the next.
VARYING = frozenset({"Content-Length", "X-Model", "X-Model-Version"})


class Kind(NamedTuple):
    """Properties that all requests of one kind have in common."""

    codec: Codec
    name: str
    version: int | None
    outputs: str | None
    headers: dict[str, str]


class Prediction(NamedTuple):
    """Result of one request."""

    model: Model
    engine_name: str
    n_rows: int
    content: bytes


class Answered(NamedTuple):
    """A request that the fast path has answered with status 200.

    It does not refer to the environ: new requests would then use memory that is not in the caches
    of the processor.

    Parameters
    ----------
    method, path : str
    own_headers : dict of str to str
        Headers that belong to this response alone, such as its id.
    ended_at : float
        Time in seconds since the epoch.
    took_s : float
        Duration in seconds.
    protocol : str
        Label of the wire format in the metrics.
    model : Model
    engine_name : str
    n_rows : int
    """

    method: str
    path: str
    own_headers: dict[str, str]
    ended_at: float
    took_s: float
    protocol: str
    model: Model
    engine_name: str
    n_rows: int


class FastPath:
    """Wraps the WSGI application of a Django site.

    Parameters
    ----------
    application : WSGI application
        Django, which answers all other requests.
    authorize : callable
        Takes the environ. Returns whether the request may predict, as far as this process knows
        without a query. Otherwise Django decides.
    own_headers : callable
        Takes the environ. Returns the headers that belong to this response alone, such as its id.
    observe : callable
        Takes a list of `Answered` and writes the access log. It is called in a background thread,
        about 10 ms after the responses.
    known_components : collection of str
        Dotted names of the site's own middleware and API classes whose effect on plain predictions
        is only that of `authorize`, `own_headers` or `observe`, or a constant header.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        authorize: Callable[["WSGIEnvironment"], bool],
        own_headers: Callable[["WSGIEnvironment"], dict[str, str]],
        observe: Callable[[list[Answered]], None],
        known_components: Collection[str],
    ) -> None:
        self.application = application
        self.authorize = authorize
        self.own_headers = own_headers
        self.observe = observe
        self.records = RecordQueue(self._record)
        self.known_components = known_components
        self.is_on = True
        self._kinds: dict[tuple[Any, ...], Kind] = {}
        self._deciding = deciding_variables()
        limit: Any = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # None in some sites: no limit
        self._max_bytes = sys.maxsize if limit is None else limit

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        started = time.perf_counter()
        length = acceptable_length(environ, self._max_bytes) if self.is_on else 0
        if not length:
            return self.application(environ, start_response)
        key = (*map(environ.get, self._deciding), "HTTP_AUTHORIZATION" in environ)
        kind = self._kinds.get(key)
        if kind is None:
            return self.application(environ, partial(self._learn, environ, key, start_response))
        prediction = predict(kind, environ, length) if self.authorize(environ) else None
        if prediction is None:
            return self.application(environ, start_response)
        model, engine_name, n_rows, content = prediction
        own_headers = self.own_headers(environ)
        headers = {
            **kind.headers,
            "Content-Length": str(len(content)),
            "X-Model": model.name,
            "X-Model-Version": str(model.version),
            **own_headers,
        }
        self.records.put(
            Answered(
                environ["REQUEST_METHOD"],
                environ["PATH_INFO"],
                own_headers,
                time.time(),
                time.perf_counter() - started,
                kind.codec.protocol,
                model,
                engine_name,
                n_rows,
            )
        )
        start_response("200 OK", list(headers.items()))
        return [content]

    def _record(self, requests: list[Answered]) -> None:
        """Count and log requests that have been answered."""
        for _, group in groupby(requests, series_of):
            alike = list(group)
            first, n_rows = alike[0], sum(request.n_rows for request in alike)
            times_s = [request.took_s for request in alike]
            metrics.answered(first.model, first.protocol, first.engine_name, n_rows, times_s)
        self.observe(requests)

    def _learn(
        self,
        environ: "WSGIEnvironment",
        key: tuple[Any, ...],
        start_response: "StartResponse",
        status: str,
        headers: list[tuple[str, str]],
        *exc_info: Any,
    ) -> Any:
        """Start Django's response, and remember the kind of the request if it is plain."""
        plain = status == "200 OK" and dict(headers).keys() >= VARYING and self.authorize(environ)
        if plain and (kind := self._kind(environ, headers)):
            if len(self._kinds) >= MAX_KINDS:
                self._kinds.clear()
            if sum(map(len, filter(None, key[:-1]))) <= MAX_KIND_LENGTH:
                self._kinds[key] = kind
        return start_response(status, headers, *exc_info)

    def _kind(self, environ: "WSGIEnvironment", headers: list[tuple[str, str]]) -> Kind | None:
        """Return the kind of a request that Django has answered; None if it is not plain."""
        try:
            match = resolve(environ["PATH_INFO"])
        except Resolver404:  # a path that is not ASCII, or another URL configuration
            return None
        codec, query = codec_of(match.func), environ.get("QUERY_STRING", "")
        constant = dict(headers)
        if (
            codec is None
            or environ.get("CONTENT_TYPE") not in codec.content_types
            or not QUERY.fullmatch(query)
            or environ.get("SCRIPT_NAME")
            or "indent" in environ.get("HTTP_ACCEPT", "").lower()
            or constant.get("Content-Type") != JSON
            or "Set-Cookie" in constant
            or len(constant) < len(headers)
        ):
            return None
        if obstacles := find_obstacles(match.func, self.known_components):
            self.is_on = False
            log.warning("The fast path is off: %s", " ".join(obstacles))
            return None
        version = match.kwargs.get("version")
        return Kind(
            codec,
            match.kwargs.get("name", conf.default_model()),
            None if version is None else int(version),
            QueryDict(query).get("outputs"),
            constant,
        )


def series_of(request: Answered) -> tuple[int, str, str]:
    """Return the key of the requests that are counted together."""
    return id(request.model), request.protocol, request.engine_name


def deciding_variables() -> tuple[str, ...]:
    """Return the variables of the environ from which Django decides about plain predictions."""
    names = [
        "PATH_INFO",
        "QUERY_STRING",
        "CONTENT_TYPE",
        "HTTP_ACCEPT",
        "HTTP_HOST",
        "SERVER_NAME",
        "SERVER_PORT",
        "SCRIPT_NAME",
        "wsgi.url_scheme",
    ]
    if settings.USE_X_FORWARDED_HOST:
        names.append("HTTP_X_FORWARDED_HOST")
    if settings.USE_X_FORWARDED_PORT:
        names.append("HTTP_X_FORWARDED_PORT")
    if settings.SECURE_PROXY_SSL_HEADER:
        names.append(settings.SECURE_PROXY_SSL_HEADER[0])
    if settings.DISALLOWED_USER_AGENTS:
        names.append("HTTP_USER_AGENT")
    return tuple(names)


def acceptable_length(environ: "WSGIEnvironment", max_bytes: int) -> int:
    """Return the length of the body; 0 if Django must answer the request."""
    if environ["REQUEST_METHOD"] != "POST" or not environ.keys().isdisjoint(EXCLUDED):
        return 0
    declared = environ.get("CONTENT_LENGTH") or ""
    if not (declared.isascii() and declared.isdigit() and len(declared) <= MAX_DIGITS):
        return 0
    length = int(declared)
    return length if length <= max_bytes else 0


def predict(kind: Kind, environ: "WSGIEnvironment", length: int) -> Prediction | None:
    """Return the prediction, or None if Django must answer; Django can read the body again."""
    body = b""
    try:
        body = environ["wsgi.input"].read(length)
        model = get_store().loaded(kind.name, kind.version)
        if model and len(body) == length:
            decoded = kind.codec.decode(model.signature, body, kind.outputs)
            results = model.infer(decoded.X, decoded.outputs)
            content = kind.codec.encode(model.signature, results, decoded)
            return Prediction(model, results.engine_name, decoded.X.shape[0], content)
    except Exception:  # noqa: BLE001, S110 - Django runs the request again and reports the error
        pass
    environ["wsgi.input"] = BytesIO(body)
    return None
