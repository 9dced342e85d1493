"""Rules for every URL: errors as JSON, headers, limits."""

import gzip
import http.client
import logging
import re
import socket
from html import unescape

import pytest
from django.db import connection
from django.test import Client

from predictor.core.model_name import NAME_RULE, NUMBER_RULE
from predictor.runtime.store import get_store
from tests.browser_requests import BROWSER
from tests.serving import until
from tests.site.failing_urls import fail_without_database

pytestmark = pytest.mark.xdist_group("site")


@pytest.mark.parametrize(
    "url", ["/nope", "/3", "/predict/nope", "/tasks/x", "/%0A", "/static/nope"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_is_not_there_is_a_404_in_json(api, db, method, url):
    response = getattr(api, method)(url)
    assert response.status_code == 404
    assert response.json() == {
        "detail": "There is nothing at this address. /docs/ lists all addresses."
    }


def test_a_browser_gets_a_page_for_it(api, db):
    response = api.get("/nope", **BROWSER)
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    assert page(response) == (
        "Not found There is nothing at this address. /docs/ lists all addresses. "
        "Check the address, or start again from the home page. "
        f"Error 404. Request id: {response['X-Request-ID']} Back to the home page"
    )


NOTHING = "There is nothing at this address."
WRONG_NUMBER = f"{NOTHING} {NUMBER_RULE}"
WRONG_NAME = f"{NOTHING} The name of a model is not valid. {NAME_RULE}"


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("/models/Iris/predict", WRONG_NAME),
        ("/models/iris/versions/two", WRONG_NUMBER),
        ("/models/iris/versions/two/predict", WRONG_NUMBER),
        ("/models/iris/versions/1234567890/", WRONG_NUMBER),
        ("/models/iris/versions/1/nope", f"{NOTHING} /docs/ lists all addresses."),
        ("/tasks/?format=csv", "There is no format csv; format takes json or api."),
    ],
)
def test_an_unknown_url_is_a_404_with_its_reason(api, db, url, detail):
    response = api.get(url)
    assert (response.status_code, response.json()) == (404, {"detail": detail})
    assert detail in api.get(url, **BROWSER).content.decode()


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("/tasks/", "application/json, application/x-www-form-urlencoded, multipart/form-data"),
        ("/models/new/versions/", "multipart/form-data"),
    ],
)
def test_an_unsupported_media_type_is_a_415_with_the_supported_types(staff_api, url, accepted):
    response = staff_api.post(url, "a", content_type="text/plain")
    sentence = f'Unsupported media type "text/plain" in request. Accepted: {accepted}.'
    assert (response.status_code, response.json()) == (415, {"detail": sentence})


@pytest.mark.parametrize("url", ["/", "/1", "/models/", "/v2/health/live", "/schema/"])
def test_a_method_that_is_not_there_is_a_405_in_json(api, db, models_dir, url):
    response = api.put(url, {})
    assert response.status_code == 405
    assert response.json() == {"detail": 'Method "PUT" not allowed. Allowed: GET.'}


@pytest.mark.parametrize(
    ("host", "named"), [("Ml.Example:8000", "ml.example"), ("not a host", "not a host"), ("", "")]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_host_is_refused_and_the_setting_named(api, db, method, host, named):
    response = getattr(api, method)("/1", HTTP_HOST=host, HTTP_ORIGIN="http://elsewhere.example")
    assert response.status_code == 400
    sentence = f"This site does not answer for the host {named!r}; see ALLOWED_HOSTS."
    assert response.json() == {"detail": sentence}


def test_a_failure_tells_nothing_of_itself(api, iris, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("a secret")

    monkeypatch.setattr("predictor.core.model.Model.infer", fail)
    api.raise_request_exception = False
    response = api.post("/predict", {"X1": 1, "X2": 1})
    assert response.status_code == 500
    assert response.json() == {"detail": "The server failed to answer this request."}


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = (
    "default-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)


FILE = "/static/rest_framework/css/default.css"


@pytest.mark.parametrize("url", ["/", "/1", "/nope", "/models", "/docs/", "/admin/login/", FILE])
def test_every_answer_carries_the_security_headers(api, iris, url):
    response = api.get(url)
    assert {name: response[name] for name in HEADERS} == HEADERS
    # Swagger UI has inline styles.
    inline = {"/docs/": POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")}
    assert response["Content-Security-Policy"] == inline.get(url, POLICY)
    response.close()


@pytest.mark.parametrize("url", ["/models/", FILE])
def test_pages_and_style_sheets_are_compressed(api, iris, url):
    def get(**headers):
        response = api.get(url, headers={"accept": "text/html"} | headers)
        return response, response.getvalue()

    plain, text = get()
    compressed, body = get(accept_encoding="gzip, br")
    assert "Content-Encoding" not in plain
    assert compressed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in compressed["Vary"]
    assert len(gzip.decompress(body)) == len(text) > len(body)


def test_json_is_not_compressed(api, iris):
    for response in (
        api.get("/models/", headers={"accept_encoding": "gzip"}),
        api.post("/predict", 99 * [{"X1": 1, "X2": 1}], headers={"accept_encoding": "gzip"}),
    ):
        assert response.status_code == 200
        assert "Content-Encoding" not in response


def test_a_browser_keeps_a_compressed_file_and_a_part_is_not_compressed(api, db):
    accepts = {"accept_encoding": "gzip"}
    file = api.get(FILE, headers=accepts)
    file.close()
    assert api.get(FILE, headers=accepts | {"if_none_match": file["ETag"]}).status_code == 304
    part = api.get(FILE, headers=accepts | {"range": "bytes=0-999"})
    assert (part.status_code, len(part.getvalue())) == (206, 1000)
    assert "Content-Encoding" not in part


def test_the_error_pages_of_debug_may_run_their_scripts(api, iris, settings):
    settings.DEBUG = True
    assert "Content-Security-Policy" not in api.get("/nope")
    assert "Content-Security-Policy" in api.get("/1")


def test_a_body_above_the_limit_is_a_413_in_json(api, iris, settings):
    settings.MAX_BODY_BYTES = 100
    assert api.post("/predict", {"X1": 1, "X2": 1}).status_code == 200
    response = api.post("/predict", [{"X1": 1, "X2": 1}] * 10)
    assert response.status_code == 413
    assert response.json() == {"detail": "The body is larger than the limit of 100 bytes."}


def test_a_long_form_is_a_413_before_it_is_parsed(api, iris):
    body = "X1=" + "%" * 2**20
    response = api.post("/predict", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413
    assert response.json() == {
        "detail": "A URL-encoded form has at most 1,048,576 bytes. Send JSON with the header "
        "'Content-Type: application/json', or a form as multipart/form-data."
    }


CHUNKS = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}


def chunked(site, *chunks):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.request("POST", "/predict", iter(chunks), CHUNKS, encode_chunked=True)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def test_a_body_in_chunks_is_read(site):
    assert chunked(site, b'{"X1":"61.1",', b'"X2":"17.3"}') == (200, b'{"prediction":2}')


def test_a_body_in_chunks_has_the_same_limit(site):
    megabyte = b" " * 2**20
    status, body = chunked(site, *[megabyte] * 33)
    assert status == 413
    assert b"The body is larger than the limit of 33,554,432 bytes." in body


FORM = (
    "POST /tasks/ HTTP/1.1\r\nHost: localhost\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
)


def test_a_body_that_is_cut_off_makes_nothing(site):
    before = site.get("/tasks/?ordering=-id")[1]
    head = f"{FORM}X-Request-ID: cut-off\r\nContent-Length: 60\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as client:
        client.sendall(head.encode() + b"title=Pay+the+re")
    until(lambda: "POST /tasks/ 400" in line_of(site, "cut-off"), "the line of the request")
    assert site.get("/tasks/?ordering=-id")[1] == before


def line_of(site, request_id):
    return next((line for line in site.output().splitlines() if request_id in line), "")


def test_a_form_in_chunks_is_asked_for_its_length(site):
    head = f"{FORM}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as client:
        client.sendall(head.encode() + b"5\r\ntitle\r\n0\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"A chunked body must be JSON; other bodies need Content-Length." in answer


@pytest.mark.parametrize("url", ["/docs/", "/auth/logout/"])
def test_a_page_refuses_other_methods_in_json_too(api, iris, url):
    method = "get" if "logout" in url else "post"
    for accept in ("*/*", "application/json"):
        response = getattr(api, method)(url, HTTP_ACCEPT=accept)
        assert response.status_code == 405
        allowed = "POST" if method == "get" else "GET"
        assert response.json() == {
            "detail": f'Method "{method.upper()}" not allowed. Allowed: {allowed}.'
        }


def test_the_docs_of_a_closed_site_are_refused_in_json(api, iris, settings):
    settings.API_ACCESS = "token"
    assert list(api.get("/docs/").json()) == ["detail"]


def test_health_is_told_to_everybody(api, iris, settings):
    settings.API_ACCESS = "token"
    assert api.get("/v2/health/live").json() == {"live": True}
    assert api.get("/v2/health/ready").json() == {"live": True, "ready": True}


def test_not_ready_while_a_live_model_cannot_be_loaded(api, iris, models_dir):
    (models_dir / "iris" / "1" / "model.skops").write_bytes(b"not what it was")
    get_store.cache_clear()
    assert api.get("/v2/health/ready").status_code == 503
    assert api.get("/v2/health/live").json() == {"live": True}


@pytest.mark.parametrize("url", ["/", "/1", "/models", "/models/iris", "/schema"])
def test_a_closed_site_asks_who_is_there(api, iris, settings, staff, url):
    settings.API_ACCESS = "token"
    assert api.get(url).status_code == 401
    api.force_login(staff)
    assert api.get(url).status_code == 200


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("trace-7.a_b", True), ("", False), ("x" * 65, False), ("a\tb", False), ("<i>", False)],
)
def test_a_request_id_is_kept_if_it_is_plain_and_made_otherwise(api, sent, kept):
    request_id = api.get("/1", HTTP_X_REQUEST_ID=sent)["X-Request-ID"]
    assert (request_id == sent) is kept
    assert len(request_id) >= 8


def test_a_log_line_holds_no_line_break(api, db, caplog):
    with caplog.at_level(logging.INFO, "mlsite.requests"):
        logging.getLogger("mlsite.requests").addHandler(caplog.handler)
        api.get("/a%0Ab")
    assert caplog.messages[-1].startswith("GET /a%0Ab 404 ")


@pytest.mark.parametrize("url", ["/1", "/metrics"])
@pytest.mark.parametrize("accept", ["text/plain", "application/json", "image/png"])
def test_text_is_sent_whatever_is_asked_for(api, url, accept):
    response = api.get(url, HTTP_ACCEPT=accept)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")


def page(response):
    """The text of the main part of a page."""
    (main,) = re.findall("<main.*?</main>", response.content.decode(), re.DOTALL)
    return " ".join(unescape(re.sub("<[^>]*>", " ", main)).split())


@pytest.mark.parametrize(
    ("url", "headers", "status", "title", "sentence", "step"),
    [
        ("/1", {"host": "evil.example"}, 400, "not valid", "evil.example", "Correct the"),
        ("/", {"sec-fetch-site": "cross-site"}, 403, "Not allowed", "other sites", "Go back"),
        ("/auth/login/", {}, 403, "Not allowed", "CSRF: ", "load the page again"),
        ("/predict", {"content-length": str(10**9)}, 413, "Too large", "limit", "fewer rows"),
        ("/failing", {}, 500, "failed", "failed to answer", "give the request id"),
        ("/locked-out", {}, 429, "Too many", "Try again in 60 seconds.", "ask the operator"),
        ("/without-database", {}, 503, "Not available", "database", "Try again in"),
    ],
)
def test_an_error_is_a_page_in_a_browser_with_the_next_step_and_the_id(
    db, settings, url, headers, status, title, sentence, step
):
    settings.ROOT_URLCONF = "tests.site.failing_urls"
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    method = "POST" if status in {413, 403} else "GET"
    in_json = client.generic(method, url, headers=headers)
    assert in_json.status_code == status
    assert in_json["Content-Type"] == "application/json"
    response = client.generic(method, url, headers=headers | {"accept": BROWSER["HTTP_ACCEPT"]})
    assert (response.status_code, response["Content-Type"]) == (status, "text/html; charset=utf-8")
    text = page(response)
    assert title in text
    assert in_json.json()["detail"] in text
    assert sentence in text
    assert step in text
    assert f"Error {status}. Request id: {response['X-Request-ID']}" in text
    assert in_json.get("Retry-After") == response.get("Retry-After")


def test_the_page_of_a_503_needs_no_database(client, staff):
    client.force_login(staff)
    client.raise_request_exception = False
    with connection.execute_wrapper(fail_without_database):
        response = client.get("/tasks/", **BROWSER)
    assert response.status_code == 503
    assert "The database cannot be used." in page(response)
    assert "Sign" not in response.content.decode()
