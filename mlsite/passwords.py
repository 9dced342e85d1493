"""Former path of the authentication backend, which sessions of the previous release store."""

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User

from mlsite.accounts import backends


class PasswordBackend(BaseBackend):
    """Keeps sessions of the previous release signed in; checks no password itself."""

    def get_user(self, user_id: int) -> User | None:
        """Return the user of a session."""
        return backends.PasswordBackend().get_user(user_id)
