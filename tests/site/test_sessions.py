"""Sessions, CSRF tokens and messages."""

import pytest
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client

PASSWORD = "a long pass phrase"


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def boss(db, django_user_model):
    return django_user_model.objects.create_superuser("boss", password=PASSWORD)


def signed_in(client):
    """Sign in through the form, as a browser does, with the token that the form holds."""
    token = client.get("/admin/login/").cookies["csrftoken"].value
    form = {"username": "boss", "password": PASSWORD, "csrfmiddlewaretoken": token}
    return client.post("/admin/login/?next=/admin/", form)


def test_a_request_without_cookies_asks_nothing_and_gets_none(
    client, db, django_assert_num_queries
):
    with django_assert_num_queries(0):
        response = client.get("/1")
    assert not response.cookies
    assert Session.objects.count() == 0


def test_a_first_visit_signs_in_with_the_token_of_its_form(client, boss):
    assert signed_in(client).status_code == 302
    assert client.cookies["sessionid"].value
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("cookie", [False, True])
def test_a_form_without_its_token_is_refused(client, boss, cookie):
    if cookie:
        client.get("/admin/login/")
    response = client.post("/admin/login/", {"username": "boss", "password": PASSWORD})
    assert response.status_code == 403
    assert response.json()["detail"].startswith("CSRF: ")


def test_a_session_writes_only_with_its_token(client, boss):
    signed_in(client)
    task = {"title": "Read a book"}
    refused = client.post("/tasks/", task, content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("CSRF Failed: ")
    token = {"x-csrftoken": client.cookies["csrftoken"].value}
    done = client.post("/tasks/", task, content_type="application/json", headers=token)
    assert done.status_code == 201


def test_a_session_predicts_only_with_its_token(client, boss, iris):
    signed_in(client)
    row = {"X1": "61.1", "X2": "17.3"}
    assert client.post("/predict", row, content_type="application/json").status_code == 403
    token = {"x-csrftoken": client.cookies["csrftoken"].value}
    done = client.post("/predict", row, content_type="application/json", headers=token)
    assert (done.status_code, done.json()) == (200, {"prediction": 2})


def test_what_the_admin_says_of_a_change_is_on_the_next_page(client, boss):
    signed_in(client)
    page = client.get("/admin/auth/group/add/")
    token = page.context["csrf_token"]
    added = client.post("/admin/auth/group/add/", {"name": "g", "csrfmiddlewaretoken": str(token)})
    assert added.status_code == 302
    assert [str(one) for one in get_messages(added.wsgi_request)] != []
    assert b"was added successfully" in client.get("/admin/auth/group/").content
    assert b"was added successfully" not in client.get("/admin/auth/group/").content


def test_signing_out_ends_the_session(client, boss):
    signed_in(client)
    page = client.get("/admin/")
    form = {"csrfmiddlewaretoken": str(page.context["csrf_token"])}
    assert client.post("/admin/logout/", form).status_code in {200, 302}
    assert client.get("/admin/").status_code == 302
    assert Session.objects.count() == 0
