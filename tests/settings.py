"""The site's settings as the tests run them: nothing of this machine, nothing kept."""

import os
import tempfile
from pathlib import Path

scratch = Path(tempfile.mkdtemp(prefix="mlsite-tests-"))
VARIABLES = (
    "DEBUG",
    "ALLOWED_HOSTS",
    "PUBLIC_URL",
    "API_ACCESS",
    "DEFAULT_MODEL",
    "ENGINES",
    "FAST_PATH",
    "LOG_FORMAT",
    "TRUSTED_PROXIES",
)
for name in VARIABLES:
    os.environ.pop(name, None)
# Each worker of a run has one core: more threads of NumPy would wait for each other, at full load.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["DATABASE_URL"] = f"sqlite:///{scratch / 'db.sqlite3'}"
os.environ["SECRET_KEY"] = "only for tests " * 5
os.environ["MODELS_DIR"] = str(scratch / "models")

from mlsite.settings import *  # noqa: E402, F403 - the settings themselves

# Slow password hashing is not under test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Each client has middleware of its own, which would list all static files when it is made.
WHITENOISE_AUTOREFRESH = True
