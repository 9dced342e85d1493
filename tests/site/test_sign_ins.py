"""Passwords: remembered for a minute when right, counted before hashing when not."""

import base64
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.utils import timezone

from mlsite.accounts.backends import REMEMBERED_S, remembered_passwords
from mlsite.accounts.login_throttle import ADDRESS, PAIR, USER, WINDOW, network
from mlsite.models import SignInFailures

PASSWORD = "a long pass phrase"
hashed = []


class CountingHasher(MD5PasswordHasher):
    """Tells how often a password was hashed."""

    def encode(self, password, salt):
        hashed.append(password)
        return super().encode(password, salt)


@pytest.fixture
def hashings(settings, staff):
    """The passwords that were hashed since."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    settings.API_ACCESS = "token"
    staff.set_password(PASSWORD)
    staff.save()
    hashed.clear()
    return hashed


def basic(name="sam", password=PASSWORD):
    pair = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"HTTP_AUTHORIZATION": f"Basic {pair}"}


def test_a_password_is_hashed_once_a_minute(api, hashings):
    for _ in range(3):
        assert api.get("/1", **basic()).status_code == 200
    assert hashings == [PASSWORD]
    for key, verified in remembered_passwords._verified.items():
        past = verified._replace(until=verified.until - REMEMBERED_S)
        remembered_passwords._verified[key] = past
    assert api.get("/1", **basic()).status_code == 200
    assert len(hashings) == 2


def test_a_changed_password_counts_at_once(api, staff, hashings):
    assert api.get("/1", **basic()).status_code == 200
    staff.set_password("another pass phrase")
    staff.save()
    assert api.get("/1", **basic()).status_code == 401
    assert api.get("/1", **basic(password="another pass phrase")).status_code == 200


def test_a_deactivation_counts_at_once(api, staff, hashings):
    assert api.get("/1", **basic()).status_code == 200
    type(staff).objects.update(is_active=False)
    assert api.get("/1", **basic()).status_code == 401


def test_what_is_remembered_holds_no_password(api, hashings):
    api.get("/1", **basic())
    assert PASSWORD not in str(vars(remembered_passwords))


@pytest.mark.parametrize("name", ["sam", "nobody", "a\0b", "\xe9", "x" * 1000])
def test_a_wrong_password_is_a_401(api, hashings, name):
    response = api.get("/1", **basic(name, "wrong"))
    assert response.status_code == 401
    assert response.json() == {"detail": "Invalid username/password."}


def test_predictions_take_no_password(api, iris, hashings):
    response = api.post("/predict", {"X1": 1, "X2": 1}, **basic())
    assert response.status_code == 401
    assert response.json() == {"detail": "HTTP Basic is too slow for this URL; send a token."}
    assert hashings == []


def fail(api, times, name="sam", **extra):
    return [api.get("/1", **basic(name, "wrong"), **extra).status_code for _ in range(times)]


def test_too_many_failures_lock_a_user_out_from_an_address(api, hashings):
    assert fail(api, PAIR) == [401] * PAIR
    tried = len(hashings)
    response = api.get("/1", **basic())
    assert response.status_code == 429
    assert response.json()["detail"].startswith("Too many failed logins.")
    assert 0 < int(response["Retry-After"]) <= WINDOW.total_seconds()
    assert len(hashings) == tried
    assert api.get("/1", **basic(), REMOTE_ADDR="192.0.2.1").status_code == 200


def test_a_lock_ends(api, hashings):
    fail(api, PAIR)
    SignInFailures.objects.update(until=timezone.now())
    assert api.get("/1", **basic()).status_code == 200


def test_a_lock_ends_when_the_admin_deletes_its_row(api, hashings, admin_client):
    fail(api, PAIR)
    row = SignInFailures.objects.get(subject="sam from 127.0.0.1")
    admin_client.post(f"/admin/mlsite/signinfailures/{row.pk}/delete/", {"post": "yes"})
    assert api.get("/1", **basic()).status_code == 200


def test_a_success_forgets_the_failures_of_this_user_from_this_address(api, hashings):
    fail(api, PAIR - 1)
    assert api.get("/1", **basic()).status_code == 200
    assert fail(api, PAIR + 1) == [401] * PAIR + [429]
    address = SignInFailures.objects.get(subject="address 127.0.0.1")
    assert address.failures == 2 * PAIR - 1


def test_an_address_that_tries_many_users_is_locked_out(api, hashings):
    assert fail(api, 1, "sam") == [401]
    SignInFailures.objects.filter(subject="address 127.0.0.1").update(failures=ADDRESS)
    assert fail(api, 1, "somebody") == [429]
    assert fail(api, 1, "somebody", REMOTE_ADDR="192.0.2.1") == [401]


def test_a_user_tried_from_everywhere_gets_one_try_from_each_address(api, hashings):
    assert fail(api, 1) == [401]
    SignInFailures.objects.filter(subject="user sam").update(failures=USER)
    assert fail(api, 2, REMOTE_ADDR="192.0.2.1") == [401, 429]
    assert api.get("/1", **basic(), REMOTE_ADDR="192.0.2.2").status_code == 200


def test_failures_to_sign_in_are_told_without_what_may_be_a_password(api, hashings, caplog):
    fail(api, 1)
    fail(api, 1, name=PASSWORD)
    assert [
        one.getMessage() for one in caplog.records if one.name == "mlsite.accounts.login_throttle"
    ] == [
        "Failed to sign in: sam from 127.0.0.1.",
        "Failed to sign in: an unknown user from 127.0.0.1.",
    ]
    assert PASSWORD not in str(SignInFailures.objects.values_list())


def test_old_failures_are_cleared(api, hashings):
    fail(api, 1, "nobody")
    SignInFailures.objects.update(until=timezone.now() - WINDOW - timedelta(seconds=1))
    fail(api, 1)
    assert sorted(SignInFailures.objects.values_list("subject", flat=True)) == [
        "address 127.0.0.1",
        "sam from 127.0.0.1",
        "user sam",
    ]


def test_a_clock_that_was_set_back_locks_nobody_out(api, hashings):
    fail(api, PAIR)
    assert api.get("/1", **basic()).status_code == 429
    SignInFailures.objects.update(until=timezone.now() + timedelta(days=1))
    assert api.get("/1", **basic()).status_code == 200
    assert fail(api, PAIR + 1) == [401] * PAIR + [429]


@pytest.mark.parametrize("path", ["/auth/login/", "/admin/login/"])
def test_the_forms_count_and_lock_as_well(client, hashings, path):
    wrong = {"username": "sam", "password": "wrong"}
    for _ in range(PAIR):
        assert client.post(path, wrong).status_code == 200
    tried = len(hashings)
    response = client.post(path, wrong | {"password": PASSWORD}, headers={"accept": "text/html"})
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "Too many failed logins." in response.content.decode()
    assert len(hashings) == tried


def test_sessions_and_tokens_go_on_while_a_password_is_locked(api, staff, hashings):
    fail(api, PAIR)
    api.force_login(staff)
    assert api.get("/1").status_code == 200


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "nowhere"),
    ],
)
def test_an_address_is_what_one_attacker_has_at_hand(address, counted):
    assert network(address) == counted
