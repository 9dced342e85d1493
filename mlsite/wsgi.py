"""The site as a WSGI application: warm before its first request."""

import gc
import os

import django
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlsite.settings")

django.setup(set_prefix=False)

# What needs the settings can be imported only now.
from mlsite.accounts.token_cache import known_tokens  # noqa: E402
from mlsite.handler import Handler  # noqa: E402
from predictor.runtime.store import get_store  # noqa: E402

application = Handler()

try:
    get_store().follow()
except DatabaseError as exc:
    raise ImproperlyConfigured(
        f"The registry of models cannot be read ({exc}). `python manage.py prepare` makes the "
        "database, if that is what is missing."
    ) from exc
known_tokens.follow()

# What is loaded by now stays: the collector need not look through it again and again, for as long
# as requests would wait.
gc.collect()
gc.freeze()
