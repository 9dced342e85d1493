"""Requests of HTML forms, which alone cannot send PUT, PATCH, DELETE, JSON or headers."""

from io import BytesIO

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse

from mlsite.middleware import GetResponse

METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class FormRequests:
    """Gives a request of a form the method, the raw body and the If-Match of its hidden fields.

    `_method` is the method, `_content` with `_content_type` the body, and `_if_match` the ETag of
    the state that the form shows. Without JavaScript, a form has no other way to state them. The
    checks of CSRF tokens and origins see the resulting request.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request that the form states."""
        is_form = request.content_type == "application/x-www-form-urlencoded"
        if request.method == "POST" and is_form and isinstance(request, WSGIRequest):
            request = stated_request(request)
        return self.get_response(request)


def stated_request(request: WSGIRequest) -> WSGIRequest:
    """Return the request that the fields of the form state; the same request if they state none."""
    fields = request.POST
    method, content = fields.get("_method", "POST"), fields.get("_content")
    is_raw = content is not None and "_content_type" in fields
    if method not in METHODS or not (is_raw or "_method" in fields):
        return request
    environ = {**request.META, "REQUEST_METHOD": method}
    environ[settings.CSRF_HEADER_NAME] = fields.get("csrfmiddlewaretoken", "")
    if "_if_match" in fields:
        environ["HTTP_IF_MATCH"] = fields["_if_match"]
    if is_raw:
        environ["CONTENT_TYPE"] = fields["_content_type"]
    body = str(content).encode() if is_raw else request.body
    # Django has decoded this variable, which WSGI keeps in Latin-1.
    path = environ["PATH_INFO"].encode().decode("iso-8859-1")
    changed = {"PATH_INFO": path, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
    return WSGIRequest(environ | changed)
