"""Requests as a WSGI server passes them on."""

import io


def make_environ(body, content_type, variables):
    """The environ of a POST; the variables state how the body ends."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/predict",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": content_type,
        "wsgi.url_scheme": "http",
        "wsgi.input": body if isinstance(body, io.BytesIO) else io.BytesIO(body),
    } | variables
