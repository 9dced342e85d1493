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
class Seen:
    """A cached token, with the times of its last reading and its last use."""

    token: Token
    facts: Facts
    read: float
    used: float


class KnownTokens:
    """Finds the token of a secret, in memory if possible."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}
        self._changing = threading.Lock()
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
        seen = self._seen.get(key)
        if seen is None or time.monotonic() - seen.read >= self._trusted_s:
            seen = self._look_up(key)
        seen.used = time.time()
        token = seen.token
        if token.expired:
            raise AuthenticationFailed(f"This token expired at {token.expires_at:%Y-%m-%d %H:%M}.")
        if not token.user.is_active:
            raise AuthenticationFailed("The user of this token is deactivated.")
        return token

    def in_memory(self, secret: str) -> Token | None:
        """Return the token of this secret if it is valid without a query, else None."""
        seen = self._seen.get(digest(secret))
        # A token without facts has been read once, and the rights of its user have not.
        if seen is None or not seen.facts or time.monotonic() - seen.read >= self._trusted_s:
            return None
        seen.used = time.time()
        return None if seen.token.expired or not seen.token.user.is_active else seen.token

    def follow(self) -> None:
        """Start the thread that reads the cached tokens again."""
        self._trusted_s = FRESH_S
        threading.Thread(target=self._keep_up, name="token-follower", daemon=True).start()

    def refresh(self) -> None:
        """Read all cached tokens again; remove deleted and idle tokens."""
        read = time.monotonic()
        keys = self._in_use_now()
        tokens = find(keys)
        rights = rights_of({token.user_id for token in tokens.values()})
        for key in keys:
            token = tokens.get(key)
            if token is None:
                with self._changing:
                    self._seen.pop(key, None)
            else:
                self._read_again(key, token, read, rights[token.user_id])

    def record_use(self) -> None:
        """Write the last use of tokens, at most once a minute for each token in all processes."""
        now = timezone.now()
        due = [s.token.pk for s in list(self._seen.values()) if self._unwritten(s)]
        if due:
            old = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_WRITTEN_EVERY)
            Token.objects.filter(old, pk__in=due).update(last_used_at=now)

    def _look_up(self, key: str) -> Seen:
        read = time.monotonic()
        token = find([key]).get(key)
        if token is None:
            raise AuthenticationFailed("This token is unknown or has been revoked.")
        seen = Seen(token, (), read, time.time())
        with self._changing:
            if len(self._seen) >= MAX_TOKENS:
                del self._seen[min(self._seen, key=lambda key: self._seen[key].used)]
            self._seen[key] = seen
        return seen

    def _in_use_now(self) -> list[str]:
        long_ago = time.time() - IDLE_S
        with self._changing:
            self._seen = {key: seen for key, seen in self._seen.items() if seen.used > long_ago}
            return list(self._seen)

    def _read_again(self, key: str, token: Token, read: float, rights: Rights) -> None:
        seen = self._seen.get(key)
        if seen is None:
            return
        user = token.user
        flags = (user.is_active, user.is_staff, user.is_superuser)
        facts = (token.expires_at, user.get_username(), flags, rights)
        if facts != seen.facts:
            user.get_all_permissions()  # cached on the user, so that requests need no query
            with self._changing:
                self._seen[key] = Seen(token, facts, read, seen.used)
        else:
            seen.token.last_used_at = token.last_used_at
            seen.read = read

    @staticmethod
    def _unwritten(seen: Seen) -> bool:
        written = seen.token.last_used_at
        return not written or seen.used - written.timestamp() >= USE_WRITTEN_EVERY.total_seconds()

    def _keep_up(self) -> None:
        """Refresh while tokens are in use; log a failure once, not every time."""
        while True:
            time.sleep(POLL_S)
            if not self._seen:
                continue
            try:
                self.refresh()
            except DatabaseError as exc:
                if self._trusted_s == FRESH_S:
                    self._say("Tokens cannot be read again", exc)
                self._trusted_s = OUTAGE_S
                continue
            self._trusted_s = FRESH_S
            try:
                self.record_use()
            except DatabaseError as exc:
                self._say("The last use of tokens cannot be written", exc)

    @staticmethod
    def _say(sentence: str, exc: DatabaseError) -> None:
        connection.close()
        log.error("%s: %s", sentence, exc)


known_tokens = KnownTokens()
