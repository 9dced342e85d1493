"""Creation, hashing and lookup of tokens.

A secret has 256 random bits. They cannot be guessed, so that a single SHA-256 is sufficient; slow
hashing is needed for passwords only.
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

# The prefix lets people and secret scanners recognise a token of this site.
MARK = "mlsite_"
SECRET = re.compile(MARK + r"[A-Za-z0-9_-]{43}")
PREFIX_LENGTH = len(MARK) + 6


def give_secret(token: Token) -> None:
    """Give a new token its secret. Only its hash and its first characters are stored."""
    token.secret = MARK + secrets.token_urlsafe(32)
    token.hash = digest(token.secret)
    token.prefix = token.secret[:PREFIX_LENGTH]


def issue(user: "User", name: str, expires_at: datetime | None = None) -> Token:
    """Create a token for a user, and return it with its secret.

    Raises
    ------
    ValidationError
        The name is too long, or the user has another token with this name.
    """
    token = Token(user=user, name=name, expires_at=expires_at)
    give_secret(token)
    token.full_clean()
    token.save()
    return token


def digest(secret: str) -> str:
    """Return the hash of a secret, as it is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(digests: Collection[str]) -> dict[str, Token]:
    """Return the tokens with these hashes, by hash, with their users."""
    tokens = Token.objects.select_related("user").filter(hash__in=digests)
    return {token.hash: token for token in tokens}
