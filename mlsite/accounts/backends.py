"""Django authentication backend with throttling, and a short-lived cache of passwords."""

import hashlib
import secrets
import threading
import time
from typing import Any, NamedTuple

from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest

from mlsite.accounts.login_throttle import Attempt

REMEMBERED_S = 60
MAX_REMEMBERED = 500
LOCKS = 16


class PasswordBackend(ModelBackend):
    """Django's users and permissions; counts each attempt before the password is hashed."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the user, or None for a wrong password.

        Raises
        ------
        LockedOut
            There were too many failed attempts.
        """
        if request is None or username is None or password is None:
            return super().authenticate(request, username, password, **kwargs)
        attempt = Attempt(username, request.META.get("REMOTE_ADDR", ""))
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            attempt.failed()
        else:
            attempt.succeeded()
        return user


class Verified(NamedTuple):
    """A verified password: its user, the stored hash at that time, and when it expires."""

    user: int
    stored: str
    until: float


class RememberedPasswords:
    """Per-process cache of verified passwords, which saves hashing them again.

    It contains keyed hashes of name and password; the key exists only in this process. The user is
    read each time, so that a changed password or a deactivation takes effect at once.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._verified: dict[bytes, Verified] = {}
        # Simultaneous requests with the same password wait for a single check.
        self._checking = [threading.Lock() for _ in range(LOCKS)]

    def user(self, request: HttpRequest, username: str, password: str) -> User | None:
        """Return the user with this name and password.

        Raises
        ------
        LockedOut
            There were too many failed attempts.
        """
        credential = f"{len(username)}:{username}:{password}".encode()
        key = hashlib.blake2b(credential, key=self._key).digest()
        user = self._recalled(key)
        if user is None:
            with self._checking[key[0] % LOCKS]:
                user = self._recalled(key) or self._check(key, request, username, password)
        return user

    def _recalled(self, key: bytes) -> User | None:
        verified = self._verified.get(key)
        if verified is None or verified.until < time.monotonic():
            return None
        user = PasswordBackend().get_user(verified.user)
        return user if user and user.password == verified.stored else None

    def _check(self, key: bytes, request: HttpRequest, username: str, password: str) -> User | None:
        user = authenticate(request, username=username, password=password)
        if not isinstance(user, User):
            return None
        now = time.monotonic()
        current = [item for item in list(self._verified.items()) if item[1].until >= now]
        self._verified = dict(current[1 - MAX_REMEMBERED :])
        self._verified[key] = Verified(user.pk, user.password, now + REMEMBERED_S)
        return user


remembered_passwords = RememberedPasswords()
