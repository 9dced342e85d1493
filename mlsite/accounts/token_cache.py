"""Per-process cache of tokens, so that a request with a token needs no query.

A thread reads the cached tokens again every 250 ms, with their users and permissions. A revoked
token, a deactivated user or a changed permission so takes effect within a second, in all processes.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from mlsite.accounts.effective_permissions import Rights, rights_of
from mlsite.accounts.tokens import MARK, SECRET, digest, find
from mlsite.models import Token

log = logging.getLogger(__name__)

POLL_S = 0.25
# Longest time that a token is accepted without being read again. It bounds the delay of a
# revocation, even if the thread is late.
FRESH_S = 0.9
# The same while the database cannot be reached, when no token can be revoked either.
OUTAGE_S = 300
IDLE_S = 60
MAX_TOKENS = 500
USE_WRITTEN_EVERY = timedelta(minutes=1)

Facts = tuple[object, ...]


@dataclass
class CachedToken:
    """A cached token, with the times of its last reading and its last use."""

    token: Token
    facts: Facts
    read_at: float
    used_at: float


class KnownTokens:
    """Finds the token of a secret, in memory if possible."""

    def __init__(self) -> None:
        self._cached: dict[str, CachedToken] = {}
        self._lock = threading.Lock()
        self._trusted_s = 0.0  # until `follow` is called, every token is read from the database

    def get(self, secret: str) -> Token:
        """Return the token of this secret.

        Raises
        ------
        AuthenticationFailed
            The secret is not that of a token, the token has expired or been revoked, or its user is
            deactivated.
        """
        if not SECRET.fullmatch(secret):
            raise AuthenticationFailed(f"This is not a token: tokens begin with {MARK}.")
        key = digest(secret)
        entry = self._fresh(key) or self._look_up(key)
        entry.used_at = time.time()
        token = entry.token
        if token.expired:
            raise AuthenticationFailed(f"This token expired at {token.expires_at:%Y-%m-%d %H:%M}.")
        if not token.user.is_active:
            raise AuthenticationFailed("The user of this token is deactivated.")
        return token

    def in_memory(self, secret: str) -> Token | None:
        """Return the token of this secret if it is valid without a query, else None."""
        entry = self._fresh(digest(secret))
        # A token without facts has been read once, and the rights of its user have not.
        if entry is None or not entry.facts:
            return None
        entry.used_at = time.time()
        return None if entry.token.expired or not entry.token.user.is_active else entry.token

    def follow(self) -> None:
        """Start the thread that reads the cached tokens again."""
        self._trusted_s = FRESH_S
        threading.Thread(target=self._follow, name="token-follower", daemon=True).start()

    def refresh(self) -> None:
        """Read all cached tokens again; remove deleted and idle tokens."""
        read = time.monotonic()
        keys = self._drop_idle()
        tokens = find(keys)
        rights = rights_of({token.user_id for token in tokens.values()})
        for key in keys:
            token = tokens.get(key)
            if token is None:
                with self._lock:
                    self._cached.pop(key, None)
            else:
                self._read_again(key, token, read, rights[token.user_id])

    def record_use(self) -> None:
        """Write the last use of tokens, at most once a minute for each token in all processes."""
        now = timezone.now()
        due = [s.token.pk for s in list(self._cached.values()) if self._must_write_use(s)]
        if due:
            old = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_WRITTEN_EVERY)
            Token.objects.filter(old, pk__in=due).update(last_used_at=now)

    def _fresh(self, key: str) -> CachedToken | None:
        entry = self._cached.get(key)
        is_fresh = entry and time.monotonic() - entry.read_at < self._trusted_s
        return entry if is_fresh else None

    def _look_up(self, key: str) -> CachedToken:
        read = time.monotonic()
        token = find([key]).get(key)
        if token is None:
            raise AuthenticationFailed("This token is unknown or has been revoked.")
        entry = CachedToken(token, (), read, time.time())
        with self._lock:
            if len(self._cached) >= MAX_TOKENS:
                del self._cached[min(self._cached, key=lambda key: self._cached[key].used_at)]
            self._cached[key] = entry
        return entry

    def _drop_idle(self) -> list[str]:
        long_ago = time.time() - IDLE_S
        with self._lock:
            self._cached = {
                key: entry for key, entry in self._cached.items() if entry.used_at > long_ago
            }
            return list(self._cached)

    def _read_again(self, key: str, token: Token, read: float, rights: Rights) -> None:
        entry = self._cached.get(key)
        if entry is None:
            return
        user = token.user
        flags = (user.is_active, user.is_staff, user.is_superuser)
        facts = (token.expires_at, user.get_username(), flags, rights)
        if facts != entry.facts:
            user.get_all_permissions()  # cached on the user, so that requests need no query
            with self._lock:
                self._cached[key] = CachedToken(token, facts, read, entry.used_at)
        else:
            entry.token.last_used_at = token.last_used_at
            entry.read_at = read

    @staticmethod
    def _must_write_use(entry: CachedToken) -> bool:
        written = entry.token.last_used_at
        return (
            not written or entry.used_at - written.timestamp() >= USE_WRITTEN_EVERY.total_seconds()
        )

    def _follow(self) -> None:
        """Refresh while tokens are in use; log a failure once, not every time."""
        while True:
            time.sleep(POLL_S)
            if not self._cached:
                continue
            try:
                self.refresh()
            except DatabaseError as exc:
                if self._trusted_s == FRESH_S:
                    self._log_error("Tokens cannot be read again", exc)
                self._trusted_s = OUTAGE_S
                continue
            self._trusted_s = FRESH_S
            try:
                self.record_use()
            except DatabaseError as exc:
                self._log_error("The last use of tokens cannot be written", exc)

    @staticmethod
    def _log_error(sentence: str, exc: DatabaseError) -> None:
        connection.close()
        log.error("%s: %s", sentence, exc)


known_tokens = KnownTokens()
