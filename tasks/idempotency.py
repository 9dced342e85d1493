"""POSTs that may be sent again: one key, one time."""

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

from tasks.models import IdempotencyKey, Task

KEPT_FOR = timedelta(days=1)
CLEARED_AT_ONCE = 100


class KeyReused(APIException):
    """One key with two bodies."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key came with another body before."
    default_code = "key_reused"


class TaskGone(APIException):
    """What the key made is there no longer."""

    status_code = status.HTTP_410_GONE
    default_detail = "What this Idempotency-Key made has been deleted since."
    default_code = "gone"


def create_once(request: Request, serializer: BaseSerializer[Any]) -> list[Task]:
    """Save the valid serializer and return its tasks, or those that the request's key has made."""
    given = request.headers.get("Idempotency-Key")
    if given is not None and not re.fullmatch("[!-~]{1,255}", given):
        raise ParseError("Idempotency-Key takes 1 to 255 visible ASCII characters.")
    with transaction.atomic():
        if given is None:
            return save(serializer)
        fingerprint = fingerprint_of(serializer.validated_data)
        # Another request with the key waits here until this transaction has ended, either way.
        key, is_new = IdempotencyKey.objects.select_for_update().get_or_create(
            owner=owner_of(request), key=given, defaults={"fingerprint": fingerprint}
        )
        if not is_new and key.created_at > timezone.now() - KEPT_FOR:
            return made_before(key, fingerprint)
        tasks = save(serializer)
        key.fingerprint, key.created_at = fingerprint, timezone.now()
        key.task_ids = [task.pk for task in tasks]
        key.save()
        clear_old_keys()
        return tasks


def save(serializer: BaseSerializer[Any]) -> list[Task]:
    """Save the serializer of one task or of many."""
    saved = serializer.save()
    return saved if isinstance(saved, list) else [saved]


def made_before(key: IdempotencyKey, fingerprint: str) -> list[Task]:
    """Return the tasks that the key made, as they are now."""
    if key.fingerprint != fingerprint:
        raise KeyReused
    tasks = Task.objects.in_bulk(key.task_ids)
    if len(tasks) < len(key.task_ids):
        raise TaskGone
    return [tasks[pk] for pk in key.task_ids]


def owner_of(request: Request) -> str:
    """Return whose keys the request's are: the user's, or else the address's."""
    if request.user.is_authenticated:
        return f"user {request.user.pk}"
    return f"address {request.META.get('REMOTE_ADDR', '')}"


def fingerprint_of(validated_data: Any) -> str:
    """Return what tells two bodies apart by what they ask for, not by how it is written."""
    text = json.dumps(validated_data, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def clear_old_keys() -> None:
    """Delete keys whose day is over, a bounded number of them: more than one new key adds."""
    old = IdempotencyKey.objects.filter(created_at__lte=timezone.now() - KEPT_FOR)
    some = old.select_for_update(skip_locked=True).order_by("created_at")[:CLEARED_AT_ONCE]
    IdempotencyKey.objects.filter(pk__in=[key.pk for key in some]).delete()
