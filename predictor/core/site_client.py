"""HTTP client of a site, for notebooks: only the standard library is needed."""

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.error import HTTPError
    from urllib.request import Request

# Longer than a site takes to read and compile a model.
TIMEOUT_S = 180


class SiteError(RuntimeError):
    """A site cannot be reached, or rejects a request."""


class SiteClient:
    """Client of a site.

    Parameters
    ----------
    url : str
        Address of the site, or of the prefix at which a site includes the prediction service.
    token : str, optional
        Token of a user.

    Raises
    ------
    SiteError
        The address is not an HTTP address.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        from urllib.parse import urlsplit  # noqa: PLC0415 - servers import this module too

        if urlsplit(url).scheme not in ("http", "https"):
            raise SiteError(f"url is {url!r}; it takes an address such as http://localhost:8000.")
        self.url = url.rstrip("/")
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        """Return the JSON at a path.

        Raises
        ------
        SiteError
            The site cannot be reached, rejects the request, or does not answer with JSON.
        """
        return self._request(path)

    def upload(
        self, path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]
    ) -> Any:
        """Send fields and files, and return the JSON of the answer.

        Parameters
        ----------
        path : str
        fields : mapping of str to str
        files : mapping of str to (str, bytes)
            Name and content of the file of each field.

        Raises
        ------
        SiteError
            As for `get`.
        """
        boundary = secrets.token_hex(16)
        start = f"--{boundary}\r\nContent-Disposition: form-data; name="
        parts = [f'{start}"{field}"\r\n\r\n{value}\r\n'.encode() for field, value in fields.items()]
        for field, (name, data) in files.items():
            head = (
                f'{start}"{field}"; filename="{name}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            )
            parts += [head.encode(), data, b"\r\n"]
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        return self._request(path, body, f"multipart/form-data; boundary={boundary}")

    def is_open(self, path: str) -> bool:
        """Return whether a path can be read without the token."""
        try:
            SiteClient(self.url).get(path)
        except SiteError:
            return False
        return True

    def _request(self, path: str, body: bytes | None = None, content_type: str = "") -> Any:
        from urllib.error import HTTPError, URLError  # noqa: PLC0415 - servers need it never
        from urllib.request import Request  # noqa: PLC0415 - as above

        request = Request(f"{self.url}/{path}", body, self._headers)  # noqa: S310 - the scheme is checked
        if body is not None:
            request.add_header("Content-Type", content_type)
        # The tracebacks of urllib would hide the sentence in a notebook.
        try:
            with _open(request) as response:
                return json.load(response)
        except HTTPError as exc:
            with exc:  # closes the connection: an error can be kept for long
                raise SiteError(_describe(exc) + self._explain_path(exc.code)) from None
        except URLError as exc:
            reason = getattr(exc.reason, "strerror", None) or exc.reason
            raise SiteError(f"{self.url} cannot be reached: {reason}.") from None
        except (OSError, ValueError) as exc:
            raise SiteError(f"{request.full_url} does not answer with JSON: {exc}") from exc

    def _explain_path(self, code: int) -> str:
        """Return a hint if the site has nothing below the path of the address."""
        from urllib.parse import urlsplit  # noqa: PLC0415 - servers import this module too

        parts = urlsplit(self.url)
        if code not in (404, 405) or not parts.path:
            return ""
        return (
            f" url is {self.url!r}. It takes the address of the site without the path of a page, "
            f"such as {parts.scheme}://{parts.netloc}."
        )


def _open(request: "Request") -> "HTTPResponse":
    """Send a request. A redirect is an error: a POST would be repeated as a GET."""
    from urllib.request import HTTPRedirectHandler, build_opener  # noqa: PLC0415 - as above

    class Refuse(HTTPRedirectHandler):
        def redirect_request(self, *_arguments: Any) -> None:
            return None

    response: HTTPResponse = build_opener(Refuse).open(request, timeout=TIMEOUT_S)
    return response


def _describe(exc: "HTTPError") -> str:
    """Return the error of a site as sentences."""
    if location := exc.headers.get("Location"):
        return f"{exc.url} redirects to {location}. Use the address to which it redirects."
    try:
        body = json.load(exc)
        sentences = [body["detail"]] if "detail" in body else _join(body)
    except (OSError, ValueError, TypeError, AttributeError):  # another server answers
        sentences = []
    sentence = " ".join(sentences) or f"{exc.url} answers {exc.code} {exc.reason}."
    if exc.code in (401, 403):
        sentence += (
            " An upload needs the token of a staff user, which the command "
            "`token USER --name notebook` prints on the server."
        )
    return sentence


def _join(problems: Mapping[str, list[str]]) -> list[str]:
    """Return the sentences about each field; those about the file need no name."""
    return [
        " ".join(sentences) if field == "artifact" else f"{field}: {' '.join(sentences)}"
        for field, sentences in problems.items()
    ]
