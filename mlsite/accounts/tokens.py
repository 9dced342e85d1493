"""Tokens: how their secrets are made, kept and found again.

A secret is 256 random bits, which nobody can try out, so that one round of SHA-256 hides it: slow
hashing is for what people think up.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from mlsite.models import Token

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# The word in front lets people and scanners of published code recognise a secret of this site.
MARK = "mlsite_"
SECRET = re.compile(MARK + r"[A-Za-z0-9_-]{43}")
SHOWN = len(MARK) + 6


def give_secret(token: Token) -> None:
    """Give a new token its secret. What is saved of it is a hash, and how it begins."""
    token.secret = MARK + secrets.token_urlsafe(32)
    token.hash = digest(token.secret)
    token.prefix = token.secret[:SHOWN]


def issue(user: "User", name: str, expires_at: datetime | None = None) -> Token:
    """Make a token for a user, and return it with its secret.

    Raises
    ------
    ValidationError
        The name is too long, or the user has a token of that name.
    """
    token = Token(user=user, name=name, expires_at=expires_at)
    give_secret(token)
    token.full_clean()
    token.save()
    return token


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(digests: Collection[str]) -> dict[str, Token]:
    """Return the tokens of these hashes, with their users."""
    found = Token.objects.select_related("user").filter(hash__in=digests)
    return {token.hash: token for token in found}
