"""Tokens: made once, kept as a hash, known for a moment, gone at once."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from mlsite.accounts.token_cache import FRESH_S, KnownTokens, known_tokens
from mlsite.accounts.tokens import issue
from mlsite.models import Token
from tests.browser_requests import BROWSER

SECRET = re.compile(r"mlsite_[A-Za-z0-9_-]{43}")


@pytest.fixture
def ann(django_user_model, db):
    return django_user_model.objects.create_user("ann")


@pytest.fixture
def token(ann):
    return issue(ann, "laptop")


@pytest.fixture
def known():
    """A token cache that follows the database only when the test calls it."""
    known = KnownTokens()
    known._trusted_s = FRESH_S
    return known


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "TOKEN", "Bearer  "])
def test_a_token_says_who_is_asking(api, token, settings, scheme):
    settings.API_ACCESS = "token"
    assert api.get("/1", HTTP_AUTHORIZATION=f"{scheme} {token.secret}").status_code == 200


def test_a_refusal_names_the_header_or_the_permission(api, iris, token, settings):
    settings.API_ACCESS = "token"
    detail = "Authentication credentials were not provided. "
    detail += "Send a token as `Authorization: Bearer TOKEN`."
    for url in ("/tasks/", "/models/iris/promote"):
        assert api.post(url, {}).json() == {"detail": detail}
    for method, url, permission in [
        ("get", "/models/", "predictor.view_registeredmodel"),
        ("post", "/predict", "predictor.predict"),
        ("delete", "/tasks/1", "tasks.delete_task"),
    ]:
        response = getattr(api, method)(url, HTTP_AUTHORIZATION=f"Bearer {token.secret}")
        assert (response.status_code, response.json()) == (
            403,
            {"detail": f"The user needs the permission {permission}."},
        )
    response = api.post("/models/iris/promote", HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    assert (response.status_code, response.json()) == (
        403,
        {"detail": "The user must be staff with the permission predictor.change_registeredmodel."},
    )


def test_only_users_who_may_see_the_models_get_their_names(api, iris, token, settings):
    settings.API_ACCESS = "token"

    def predict():
        url = "/models/irsi/predict"
        return api.post(url, {}, HTTP_AUTHORIZATION=f"Bearer {token.secret}").json()

    add = token.user.user_permissions.add
    add(Permission.objects.get(codename="predict"))
    known_tokens.refresh()
    assert predict() == {"detail": "There is no model irsi."}
    add(Permission.objects.get(codename="view_registeredmodel"))
    known_tokens.refresh()
    assert predict() == {"detail": "There is no model irsi. Did you mean iris?"}


def test_only_a_hash_of_the_secret_is_kept(token):
    kept = " ".join(str(value) for value in Token.objects.values_list().get())
    assert token.secret[len(token.prefix) :] not in kept
    assert token.secret.startswith(token.prefix)
    assert str(token) == f"laptop ({token.prefix}...)"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ("Bearer", "This is not a token: tokens begin with mlsite_."),
        ("Bearer a b", "This is not a token: tokens begin with mlsite_."),
        ("Token \xe9\x00", "This is not a token: tokens begin with mlsite_."),
        ("Bearer mlsite_" + "a" * 43, "This token is unknown or has been revoked."),
        ("Bearer mlsite_" + "a" * 44, "This is not a token: tokens begin with mlsite_."),
        ("mlsite_" + "a" * 43, "Send the token as `Authorization: Bearer TOKEN`."),
    ],
)
@pytest.mark.parametrize("mode", ["open", "token"])
def test_what_is_no_token_is_a_401_and_not_a_stranger(api, db, settings, mode, sent, sentence):
    settings.API_ACCESS = mode
    response = api.get("/tasks/", HTTP_AUTHORIZATION=sent)
    assert response.status_code == 401
    assert response.json() == {"detail": sentence}
    assert response["WWW-Authenticate"].startswith('Bearer realm="api"')


def test_a_token_that_is_not_valid_says_why(api, token):
    sent = {"HTTP_AUTHORIZATION": f"Bearer {token.secret}"}
    token.expires_at = timezone.now() - timedelta(days=1)
    token.save()
    sentence = f"This token expired at {token.expires_at:%Y-%m-%d %H:%M}."
    assert api.get("/1", **sent).json() == {"detail": sentence}
    token.expires_at = None
    token.save()
    token.user.is_active = False
    token.user.save()
    assert api.get("/1", **sent).json() == {"detail": "The user of this token is deactivated."}
    token.delete()
    assert api.get("/1", **sent).json() == {"detail": "This token is unknown or has been revoked."}


@pytest.mark.parametrize(
    ("path", "headers", "challenge"),
    [
        ("/1", {}, 'Bearer realm="api", Basic realm="api", charset="UTF-8"'),
        ("/predict", {}, 'Bearer realm="api"'),
        ("/1", {"HTTP_SEC_FETCH_MODE": "cors"}, 'Bearer realm="api"'),
        ("/1", BROWSER | {"HTTP_AUTHORIZATION": "Bearer x"}, 'Bearer realm="api"'),
    ],
)
def test_a_browser_is_never_asked_for_a_password_by_itself(
    api, iris, settings, path, headers, challenge
):
    settings.API_ACCESS = "token"
    response = api.get(path, **headers)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, challenge)


@pytest.mark.parametrize("path", ["/", "/docs/", "/tasks/?done=true"])
def test_a_browser_is_led_to_the_login(client, db, settings, path):
    settings.API_ACCESS = "token"
    response = client.get(path, **BROWSER)
    assert response.status_code == 302
    assert response["Location"].startswith("/auth/login/?next=/")


def test_a_token_is_looked_up_by_one_query_and_then_not_at_all(
    token, known, django_assert_num_queries
):
    with django_assert_num_queries(1):
        known.get(token.secret)
    with django_assert_num_queries(0):
        assert known.get(token.secret).user.username == "ann"


def test_a_token_is_looked_up_each_time_where_nothing_follows_the_database(
    token, django_assert_num_queries
):
    known = KnownTokens()
    for _ in range(2):
        with django_assert_num_queries(1):
            known.get(token.secret)


def test_a_process_that_was_held_up_looks_the_token_up_again(
    token, known, django_assert_num_queries
):
    known.get(token.secret)
    known._cached[token.hash].read_at -= FRESH_S
    with django_assert_num_queries(1):
        known.get(token.secret)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token.delete(),
        lambda token: Token.objects.filter(pk=token.pk)._raw_delete("default"),
        lambda _: Token.objects.update(expires_at=timezone.now()),
        lambda token: type(token.user).objects.update(is_active=False),
        lambda token: token.user.delete(),
    ],
    ids=["deleted", "deleted without a signal", "expired", "deactivated", "user deleted"],
)
def test_a_change_of_the_rows_ends_a_known_token(token, known, change):
    known.get(token.secret)
    known.refresh()
    assert known.get(token.secret)
    change(token)
    known.refresh()
    with pytest.raises(AuthenticationFailed):
        known.get(token.secret)


def test_permissions_of_a_known_token_are_those_of_the_database(
    token, known, django_assert_num_queries
):
    def may_predict():
        known.refresh()
        user = known.get(token.secret).user
        with django_assert_num_queries(0):
            return user.has_perm("predictor.predict")

    predict = Permission.objects.get(codename="predict")
    group = Group.objects.create(name="clients")
    known.get(token.secret)
    assert not may_predict()
    token.user.user_permissions.add(predict)
    assert may_predict()
    token.user.user_permissions.clear()
    assert not may_predict()
    token.user.groups.add(group)
    assert not may_predict()
    group.permissions.add(predict)
    assert may_predict()
    group.delete()
    assert not may_predict()
    type(token.user).objects.update(is_superuser=True)
    assert may_predict()


def test_the_last_use_is_written_once_a_minute(token, known):
    def written():
        known.refresh()
        known.record_use()
        return Token.objects.values_list("last_used_at", flat=True).get()

    assert written() is None
    known.get(token.secret)
    first = written()
    assert timezone.now() - first < timedelta(minutes=1)
    known.get(token.secret)
    assert written() == first
    earlier = first - timedelta(minutes=1)
    Token.objects.update(last_used_at=earlier)
    known.get(token.secret)
    assert written() > earlier


def test_tokens_out_of_use_are_forgotten(token, known, django_assert_num_queries):
    known.get(token.secret)
    known._cached[token.hash].used_at = 0
    known.refresh()
    assert known._cached == {}


def test_a_process_knows_so_many_tokens_at_most(ann, known, monkeypatch):
    monkeypatch.setattr("mlsite.accounts.token_cache.MAX_TOKENS", 3)
    for number in range(5):
        known.get(issue(ann, str(number)).secret)
    assert len(known._cached) == 3


def test_the_admin_shows_a_new_secret_once(admin_client, admin_user):
    new = {"user": admin_user.pk, "name": "ci", "expires_at_0": "", "expires_at_1": ""}
    page = admin_client.post("/admin/mlsite/token/add/", new)
    secret = SECRET.search(page.content.decode()).group()
    assert "no-store" in page["Cache-Control"]
    assert Client().get("/", headers={"authorization": f"Bearer {secret}"}).status_code == 200
    assert list(get_messages(page.wsgi_request)) == []
    assert secret not in str([one.get_decoded() for one in Session.objects.all()])
    assert secret not in str(LogEntry.objects.values_list())
    token = Token.objects.get()
    for path in ("", f"{token.pk}/change/", f"{token.pk}/delete/", f"{token.pk}/history/"):
        later = admin_client.get(f"/admin/mlsite/token/{path}").content.decode()
        assert token.prefix in later
        assert secret not in later
        assert token.hash not in later


def test_staff_make_and_see_tokens_of_their_own_only(client, staff, token):
    every = Permission.objects.filter(content_type__app_label="mlsite")
    staff.user_permissions.set(every)
    client.force_login(staff)
    page = client.post("/admin/mlsite/token/add/", {"user": token.user.pk, "name": "theft"})
    assert "Select a valid choice" in page.content.decode()
    page = client.post("/admin/mlsite/token/add/", {"user": staff.pk, "name": "own"})
    assert SECRET.search(page.content.decode())
    listed = client.get("/admin/mlsite/token/").content.decode()
    assert "own" in listed
    assert "laptop" not in listed


def test_the_command_prints_a_secret(ann, capsys):
    call_command("token", "ann", "--name", "ci", "--days", "30")
    assert SECRET.fullmatch(capsys.readouterr().out.strip())
    lasts = Token.objects.get().expires_at - timezone.now()
    assert timedelta(days=29) < lasts <= timedelta(days=30)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bob", "--name", "ci"], "There is no user bob."),
        (["ann", "--name", "laptop"], "Token with this User and Name already exists."),
        (["ann", "--name", ""], "This field cannot be blank."),
        (["ann", "--name", "ci", "--days", "0"], "--days is 0; it takes a number from 1."),
        (["ann", "--name", "ci", "--days", "9999999"], "beyond the year 9999"),
    ],
)
def test_the_command_says_what_is_wrong(token, arguments, sentence):
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("token", *arguments)
