"""Idempotency keys: a repeated POST creates its tasks only once."""

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.utils.html import is_html_input

from tasks.models import IdempotencyKey, Task

KEY_LIFETIME = timedelta(days=1)
MAX_KEYS_DELETED = 100
# Field of a form: the key of the page that contains it.
FORM_KEY = "_key"


class KeyReused(APIException):
    """The key was used before with another body."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key was used before with another body."
    default_code = "key_reused"


class TaskGone(APIException):
    """A task created with the key has been deleted."""

    status_code = status.HTTP_410_GONE
    default_detail = "The task that was created with this Idempotency-Key has been deleted."
    default_code = "gone"


def create_once(request: Request, serializer: BaseSerializer[Any]) -> list[Task]:
    """Save the valid serializer, unless the request's key was used before; return the tasks."""
    fingerprint = fingerprint_of(serializer.validated_data)
    key_text = key_of(request, fingerprint)
    with transaction.atomic():
        if key_text is None:
            return save(serializer)
        # A concurrent request with the same key waits here until this transaction ends.
        key, is_new = IdempotencyKey.objects.select_for_update().get_or_create(
            owner=owner_of(request), key=key_text, defaults={"fingerprint": fingerprint}
        )
        if not is_new and key.created_at > timezone.now() - KEY_LIFETIME:
            tasks = tasks_of(key, fingerprint)
            if len(tasks) == len(key.task_ids):
                return tasks
            if not is_form(request):
                raise TaskGone
        # A user who adds a deleted task again wants the task, also from an old page.
        tasks = save(serializer)
        key.fingerprint, key.created_at = fingerprint, timezone.now()
        key.task_ids = [task.pk for task in tasks]
        key.save()
        clear_old_keys()
        return tasks


def key_of(request: Request, fingerprint: str) -> str | None:
    """Return the key of the request; None if it has none.

    The key of a form includes the values: a user can go back to the page and add another task.
    """
    if is_form(request):
        form: Any = request.data
        return fingerprint_of([form[FORM_KEY], fingerprint])
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch("[!-~]{1,255}", key):
        raise ParseError("Idempotency-Key takes 1 to 255 ASCII characters without spaces.")
    return key


def is_form(request: Request) -> bool:
    """Return whether the request is a form with a key."""
    return is_html_input(request.data) and FORM_KEY in request.data


def save(serializer: BaseSerializer[Any]) -> list[Task]:
    """Save the serializer of one task or of many."""
    saved = serializer.save()
    return saved if isinstance(saved, list) else [saved]


def tasks_of(key: IdempotencyKey, fingerprint: str) -> list[Task]:
    """Return the tasks that were created with the key and still exist, in their current state."""
    if key.fingerprint != fingerprint:
        raise KeyReused
    tasks = Task.objects.in_bulk(key.task_ids)
    return [tasks[pk] for pk in key.task_ids if pk in tasks]


def owner_of(request: Request) -> str:
    """Return the owner of the request's keys: the user, or the client address."""
    if request.user.is_authenticated:
        return f"user {request.user.pk}"
    return f"address {request.META.get('REMOTE_ADDR', '')}"


def fingerprint_of(values: Any) -> str:
    """Return a hash of values, independent of the formatting of the body that they come from."""
    text = json.dumps(values, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def clear_old_keys() -> None:
    """Delete a bounded number of expired keys: more than one request adds."""
    old = IdempotencyKey.objects.filter(created_at__lte=timezone.now() - KEY_LIFETIME)
    some = old.select_for_update(skip_locked=True).order_by("created_at")[:MAX_KEYS_DELETED]
    IdempotencyKey.objects.filter(pk__in=[key.pk for key in some]).delete()
