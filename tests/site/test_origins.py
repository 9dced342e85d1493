"""Requests from pages of other sites, and the client's address behind a proxy."""

import pytest
from django.test import Client

REFUSED = {"detail": "Pages of other sites must not write here."}
OTHER = "https://other.example"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"sec-fetch-site": "same-origin"}, 201),
        ({"sec-fetch-site": "none"}, 201),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://testserver"}, 201),
        ({"origin": "http://testserver:9000"}, 403),
        ({"origin": "https://testserver"}, 403),
        ({"origin": OTHER}, 403),
        ({"origin": "null"}, 403),
        ({"origin": OTHER, "authorization": "Basic YTpi"}, 403),
        ({"origin": OTHER, "authorization": "Bearer TOKEN"}, 201),
        ({"origin": OTHER, "sec-fetch-site": "cross-site", "authorization": "Token no"}, 401),
    ],
)
def test_the_pages_of_other_sites_write_nothing(db, staff, headers, status):
    from mlsite.accounts.tokens import issue

    secret = issue(staff, "page").secret
    headers = {name: value.replace("TOKEN", secret) for name, value in headers.items()}
    response = Client().post("/tasks/", {"title": "a"}, headers=headers)
    assert response.status_code == status
    if status == 403:
        assert response.json() == REFUSED, response.content


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_links_from_other_sites_work(db, method):
    headers = {"sec-fetch-site": "cross-site", "origin": OTHER}
    assert Client().generic(method, "/tasks/", headers=headers).status_code == 200


def test_the_public_address_is_no_other_site(db, settings):
    settings.CSRF_TRUSTED_ORIGINS = [OTHER]
    response = Client().post("/tasks/", {"title": "a"}, headers={"origin": OTHER})
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "192.0.2.1", "127.0.0.1"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "192.0.2.9, 192.0.2.1", "192.0.2.1"),
        (2, "192.0.2.9, 192.0.2.1, 192.0.2.2", "192.0.2.1"),
        (2, "192.0.2.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "unknown", "127.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_the_one_that_trusted_proxies_wrote(
    db, settings, proxies, forwarded, address
):
    settings.TRUSTED_PROXIES = proxies
    headers = {"x-forwarded-for": forwarded}
    response = Client().get("/1", headers=headers)
    assert response.wsgi_request.META["REMOTE_ADDR"] == address
