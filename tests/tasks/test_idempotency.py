"""POSTs with an Idempotency-Key."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tasks.models import IdempotencyKey, Task

pytestmark = pytest.mark.django_db
BODY = {"title": "Read a book"}


def post(client, body=BODY, key="k1", **extra):
    headers = {"idempotency-key": key}
    return client.post("/tasks/", body, content_type="application/json", headers=headers, **extra)


def test_the_same_key_and_body_make_one_task(client):
    first, again = post(client), post(client)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert Task.objects.count() == 1


def test_how_a_body_is_written_does_not_matter(client):
    post(client, '{"title": "a", "done": true}')
    again = post(client, '{"done":true,"title":"\\u0061 "}')
    assert (again.status_code, Task.objects.count()) == (201, 1)


def test_the_answer_is_the_task_as_it_is_now(client):
    made = post(client).json()
    changed = client.put(made["url"], {"done": True}, content_type="application/json")
    again = post(client)
    assert (again.json(), again["ETag"]) == (changed.json(), changed["ETag"])


def test_another_body_under_the_key_is_a_422(client):
    post(client)
    answer = post(client, {"title": "Read two"})
    assert (answer.status_code, answer.json()) == (
        422,
        {"detail": "This Idempotency-Key was used before with another body."},
    )
    assert Task.objects.count() == 1


def test_a_task_deleted_since_is_a_410(client):
    client.delete(post(client).json()["url"])
    answer = post(client)
    assert (answer.status_code, answer.json()) == (
        410,
        {"detail": "The task that was created with this Idempotency-Key has been deleted."},
    )
    assert not Task.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a" * 256, "\x7f"])
def test_a_malformed_key_is_a_400(client, key):
    answer = post(client, key=key)
    sentence = "Idempotency-Key takes 1 to 255 ASCII characters without spaces."
    assert (answer.status_code, answer.json()) == (400, {"detail": sentence})
    assert not Task.objects.exists()


def test_the_longest_key_is_taken(client):
    assert post(client, key="~" * 255).status_code == 201


def test_a_refused_body_does_not_use_the_key_up(client):
    assert post(client, {"title": ""}).status_code == 400
    assert post(client).status_code == 201


def test_keys_are_each_users_own_and_each_addresses(client, admin_client, django_user_model):
    sam = Client()
    sam.force_login(django_user_model.objects.create_user("sam"))
    answers = [
        post(client),
        post(client, REMOTE_ADDR="10.0.0.9"),
        post(client, REMOTE_ADDR="2001:db8::1"),
        post(sam),
        post(admin_client),
        post(sam, REMOTE_ADDR="10.0.0.9"),
    ]
    *others, sams, _, sams_again = [answer.json()["id"] for answer in answers]
    assert sams_again == sams not in others
    assert Task.objects.count() == 5


def test_without_a_key_each_post_makes_a_task(client):
    for _ in range(2):
        client.post("/tasks/", BODY, content_type="application/json")
    assert Task.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


def test_a_list_of_tasks_is_made_once_too(client):
    first, again = post(client, [BODY, BODY]), post(client, [BODY, BODY])
    assert (again.status_code, again.json()) == (201, first.json())
    assert post(client, [BODY]).status_code == 422
    client.delete(first.json()[1]["url"])
    assert post(client, [BODY, BODY]).status_code == 410
    assert Task.objects.count() == 1


def age(keys, by):
    keys.update(created_at=timezone.now() - by)


def test_a_key_lasts_a_day(client):
    first = post(client).json()
    age(IdempotencyKey.objects.all(), timedelta(hours=23, minutes=59))
    assert post(client).json() == first
    age(IdempotencyKey.objects.all(), timedelta(hours=24))
    second = post(client, {"title": "another"}).json()
    assert second["id"] > first["id"]
    assert post(client, {"title": "another"}).json() == second
    assert IdempotencyKey.objects.count() == 1


def test_old_keys_are_cleared_a_hundred_at_a_time(client):
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(owner="user 9", key=f"{n}", fingerprint="f") for n in range(150)
    )
    age(IdempotencyKey.objects.all(), timedelta(days=2))
    post(client, key="a")
    assert IdempotencyKey.objects.count() == 51
    post(client, key="b")
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"a", "b"}
