"""The site's settings as the servers of the tests run them: slow password hashing is not tested."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from mlsite.settings import *  # noqa: F403 - the settings themselves


class QuickHasher(PBKDF2PasswordHasher):
    """Hashes that the site itself also accepts."""

    iterations = 1


PASSWORD_HASHERS = ["tests.served_settings.QuickHasher"]
