"""The page of a user's own account: password and tokens."""

import pytest

from mlsite.accounts.login_throttle import PAIR

PASSWORD, NEW = "a long pass phrase", "another long phrase"
PAGE = "/auth/account/"


@pytest.fixture
def user(db, client, django_user_model):
    """A user without rights, signed in."""
    user = django_user_model.objects.create_user("pat", password=PASSWORD)
    client.force_login(user)
    return user


def change(client, old=PASSWORD, new=NEW):
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(PAGE, form, follow=True)


def test_users_change_their_own_passwords_and_stay_signed_in(client, user):
    assert f'href="{PAGE}"' in client.get("/tasks/", HTTP_ACCEPT="text/html").content.decode()
    page = change(client).content.decode()
    assert "The password is changed." in page
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert "Account of pat" in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("passwords", "sentence"),
    [
        ({"old": "wrong"}, "Your old password was entered incorrectly."),
        ({"new": "short"}, "This password is too short."),
    ],
)
def test_a_refused_password_says_why(client, user, passwords, sentence):
    page = change(client, **passwords).content.decode()
    assert sentence in page
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_wrong_old_passwords_count_as_failed_logins(client, user):
    for _ in range(PAIR):
        assert change(client, old="wrong").status_code == 200
    page = change(client)
    assert page.status_code == 429
    assert "Too many failed logins." in page.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_the_admin_leads_to_the_same_page(admin_client):
    assert 'href="/admin/password_change/"' in admin_client.get("/admin/").content.decode()
    assert admin_client.get("/admin/password_change/")["Location"] == PAGE


def test_without_a_login_the_page_leads_to_the_login(client, db):
    response = client.get(PAGE)
    assert (response.status_code, response["Location"]) == (302, f"/auth/login/?next={PAGE}")


def test_only_users_who_may_create_tokens_see_the_links(client, user, admin_client):
    assert "Ask a user of the staff" in client.get(PAGE).content.decode()
    page = admin_client.get(PAGE).content.decode()
    assert 'href="/admin/mlsite/token/add/"' in page
    assert 'href="/admin/mlsite/token/"' in page
