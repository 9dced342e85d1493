"""Requests of all kinds to every URL, drawn at random."""

import json
import random
import re

from tests.routes import routes

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY")
ACCEPTED = (
    "text/html",
    "application/json",
    "*/*",
    "",
    "text/html;q=0, application/json;indent=99999999999",
    "a/b/c;;=",
    "application/json; charset=\xff",
)
TEXTS = (
    "",
    "1",
    "0",
    "-1",
    "iris",
    "penguins",
    "true",
    "null",
    "x" * 5000,
    "9" * 30,
    "9" * 5000,
    "1e400",
    "NaN",
    "2024-01-01T00:00:00Z",
    "2024-13-45",
    "0000-00-00T99:99",
    "9999-12-31T23:59:59+00:01",
    "0001-01-01T00:00:00+23:59",
    "'; --",
    "\x00",
    "\ud800",
    "é\u202e",
    "../../etc/passwd",
    "{}",
    "[]",
)
VALUES = (
    *TEXTS,
    None,
    True,
    False,
    0,
    -1,
    2,
    1.5,
    2**53,
    2**63,
    10**400,
    1e308,
    [],
    [1],
    {},
    {"a": 1},
)
FIELDS = (
    *("title", "description", "done", "priority", "due_at", "id", "created_at", "X1", "X2"),
    *("island", "sex", "username", "password", "next", "action", "_selected_action", "groups"),
    *("name", "version", "artifact", "sample", "metrics", "description", "user", "expires_at"),
    *("_save", "csrfmiddlewaretoken", "user_permissions", "why", "_content", "_content_type"),
)
PARAMETERS = (
    *(
        "format",
        "outputs",
        "ordering",
        "search",
        "done",
        "priority",
        "due_before",
        "overdue",
        "page",
    ),
    *("cursor", "limit", "after", "before", "q", "p", "o", "e", "all", "next", "_popup", "lang"),
    *("groups__id__exact", "model__id__exact", "done__exact", "_changelist_filters", "is_staff"),
)
HEADERS = {
    "HTTP_IF_MATCH": (*TEXTS[:5], '"x"', "*", 'W/"'),
    "HTTP_IF_NONE_MATCH": (*TEXTS[:5], "*", '"x", "y"'),
    "HTTP_IF_MODIFIED_SINCE": ("yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "HTTP_IDEMPOTENCY_KEY": ("a", "a b", "é", "x" * 300),
    "HTTP_X_REQUEST_ID": ("a", "x" * 100, "\n"),
    "HTTP_ORIGIN": ("null", "http://testserver", "http://[", "http://evil.example"),
    "HTTP_SEC_FETCH_SITE": ("cross-site", "same-origin"),
    "HTTP_HOST": ("testserver", "evil.example", "[::1", "a:b:c", "\xff"),
    "HTTP_COOKIE": ("sessionid=x; csrftoken=y", "=;=", "\xff", "messages=x"),
    "HTTP_RANGE": ("bytes=0-1", "bytes=9-"),
    "HTTP_AUTHORIZATION": (
        *("Bearer", "Bearer x", "Token " + "x" * 500, "Basic", "Basic !", "Basic YTpi", "Digest x"),
        *("Basic " + "/w==", "Bearer \xff"),
    ),
    "HTTP_X_FORWARDED_FOR": ("1.2.3.4, 5.6.7.8", "x", "::1"),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE",),
    "HTTP_ACCEPT_LANGUAGE": ("de", "x" * 600, "*;q=x"),
    "HTTP_ACCEPT_ENCODING": ("gzip", "identity;q=0"),
    "HTTP_CONTENT_ENCODING": ("gzip", "x"),
    "HTTP_TRANSFER_ENCODING": ("chunked",),
    "HTTP_SEC_FETCH_MODE": ("navigate",),
    "REMOTE_ADDR": ("::1", "", "unix"),
}
# These run for seconds: they fit or inspect a model. Other tests send them.
SLOW = re.compile(r"/(train|versions|upload|switch|compile)/?$")


class Generator:
    """Draws requests; the same seed draws the same."""

    def __init__(self, seed, clients, token):
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.clients = clients
        self.token = token
        self.routes = ["/" + route.replace("\\", "") for route in routes()]

    def one(self, values):
        return self.random.choice(values)

    def often(self, probability=0.5):
        return self.random.random() < probability

    def path(self):
        def value(match):
            if self.often(0.6):
                return self.one(("1", "2", "iris", "penguins"))
            return self.one(TEXTS).replace("\x00", "%00").replace("\ud800", "%ED%A0%80") or "x"

        return re.sub(r"<[^>]*>", value, self.one(self.routes))

    def fields(self):
        return {self.one(FIELDS): self.one(VALUES) for _ in range(self.random.randrange(6))}

    def json_body(self):
        good = (
            {"X1": "61.1", "X2": "17.3"},
            {"title": "a"},
            {"title": "a", "due_at": "2024-01-01"},
        )
        value = self.one((self.fields(), [self.fields()] * 3, self.one(VALUES), self.one(good)))
        body = json.dumps(value).encode("utf-8", "surrogatepass")
        return body[: self.random.randrange(len(body) + 1)] if self.often(0.1) else body

    def body(self):
        """The body and its media type."""
        kind = self.one(("json", "json", "form", "multipart", "none", "odd"))
        if kind == "json":
            return self.json_body(), self.one(("application/json", "application/json;charset=x"))
        if kind == "form":
            pairs = "&".join(f"{name}={value}" for name, value in self.fields().items())
            return pairs.encode("utf-8", "surrogatepass"), "application/x-www-form-urlencoded"
        if kind == "multipart":
            parts = "".join(
                f'--b\r\nContent-Disposition: form-data; name="{name}"'
                f"{self.one(('', '; filename=f'))}\r\n\r\n{value}\r\n"
                for name, value in self.fields().items()
            )
            return (parts + "--b--").encode("utf-8", "surrogatepass"), self.one(
                (
                    "multipart/form-data; boundary=b",
                    "multipart/form-data",
                    "multipart/form-data; boundary=\xff",
                )
            )
        if kind == "odd":
            return self.one((b"\xff\xfe", b"\x1f\x8b\x08", b"a,b\n1,2")), self.one(
                ("text/csv", "application/octet-stream", "x", "", "application/json+x; a=\x00")
            )
        return b"", ""

    def request(self):
        """Client, method, path, body, media type and other arguments of `Client.generic`."""
        query = "&".join(
            f"{self.one(PARAMETERS)}={self.one(TEXTS)}" for _ in range(self.random.randrange(3))
        )
        query = query.encode("utf-8", "surrogatepass").decode("latin-1")  # as WSGI servers do
        body, media_type = self.body()
        headers = {
            name: self.one(HEADERS[name])
            for name in self.random.sample([*HEADERS], self.random.randrange(3))
        }
        who = self.one((*self.clients,))
        if who == "token":
            headers["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        method, path = self.one(METHODS), self.path()
        if method == "POST" and SLOW.search(path):
            method = "GET"
        arguments = {"HTTP_ACCEPT": self.one(ACCEPTED), "QUERY_STRING": query, **headers}
        return who, method, path, body, media_type, arguments
