"""The site as a WSGI application, with every live model loaded before the first request."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError

from mlsite.server.request_body import RequestBody

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlsite.settings")

django_application = get_wsgi_application()

# These imports need the settings.
from django.conf import settings  # noqa: E402

from mlsite.accounts.token_cache import known_tokens  # noqa: E402
from mlsite.database import limit_waits  # noqa: E402
from mlsite.fast_path import SiteFastPath  # noqa: E402
from mlsite.metrics import reserve_space  # noqa: E402
from mlsite.server.body_bounds import BodyBounds  # noqa: E402
from predictor.runtime.store import get_store  # noqa: E402

with_body = RequestBody(django_application, settings.MAX_BODY_BYTES)
with_fast_path = SiteFastPath(with_body) if settings.FAST_PATH else with_body
application = BodyBounds(with_fast_path, settings.MAX_BODY_BYTES)

str(settings.SECRET_KEY)  # a key that cannot be read or stored stops the start
limit_waits()
reserve_space()
try:
    get_store().follow()
except DatabaseError as exc:
    raise ImproperlyConfigured(
        f"The registry of models cannot be read ({exc}). The command `prepare` makes the database, "
        "if it is missing."
    ) from exc
known_tokens.follow()
