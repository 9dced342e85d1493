"""Site's part of the fast path: who may predict, the access log, and the parts that it knows."""

from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings

from mlsite.accounts.authentication import TokenAuthentication
from mlsite.accounts.permissions import is_permitted
from mlsite.accounts.token_cache import known_tokens
from mlsite.server.access_log import LoggedRequest, log_requests, request_id_from
from predictor.fast_path import Answered, FastPath
from predictor.permissions import PREDICT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# The effect of each on a plain prediction is that of `authorize`, `own_headers` or `observe`, or a
# constant header. Describe that of a new one in docs/fast-path.md.
KNOWN_COMPONENTS = frozenset(
    {
        "mlsite.accounts.authentication.TokenAuthentication",
        "mlsite.accounts.permissions.ApiAccess",
        "mlsite.client_address.ClientAddress",
        "mlsite.compression.PageCompression",
        "mlsite.cross_origin.CrossOriginWriteGuard",
        "mlsite.form_requests.FormRequests",
        "mlsite.middleware.BodyLimit",
        "mlsite.middleware.CacheHeaders",
        "mlsite.middleware.ContentSecurityPolicy",
        "mlsite.middleware.DatabaseGuard",
        "mlsite.middleware.ErrorResponses",
        "mlsite.middleware.RequestLog",
        "mlsite.parsers.FormParser",
        "mlsite.parsers.MultiPartParser",
        "whitenoise.middleware.WhiteNoiseMiddleware",
    }
)


def authorize(environ: "WSGIEnvironment") -> bool:
    """Return whether the request may predict, as far as this process knows without a query."""
    credential: str | None = environ.get("HTTP_AUTHORIZATION")
    if credential is None:
        return bool(settings.API_ACCESS == "open")
    scheme, _, secret = credential.partition(" ")
    if scheme.lower() not in TokenAuthentication.SCHEMES:
        return False
    token = known_tokens.in_memory(secret.strip())
    return token is not None and is_permitted(token.user, PREDICT)


def own_headers(environ: "WSGIEnvironment") -> dict[str, str]:
    """Return the header with the id of the request."""
    return {"X-Request-ID": request_id_from(environ)}


def observe(requests: list[Answered]) -> None:
    """Write the lines of the access log."""
    log_requests(
        LoggedRequest(
            request.method,
            request.path,
            200,
            request.took_s,
            request.own_headers["X-Request-ID"],
            request.ended_at,
        )
        for request in requests
    )


SiteFastPath = partial(
    FastPath,
    authorize=authorize,
    own_headers=own_headers,
    observe=observe,
    known_components=KNOWN_COMPONENTS,
)
