"""Settings of the site: the only reader of the environment.

docs/configuration.md describes each variable. A value that cannot be parsed stops the start with an
error message.
"""

import logging
import math
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject
from environs import Env, EnvError

from mlsite.secret_key import KEY_LENGTH, load_or_create_secret_key
from mlsite.server.cpu_affinity import available_cores

PACKAGE = Path(__file__).resolve().parent

# Directory of the data: that of the clone, or the current directory for the installed package.
BASE_DIR = PACKAGE.parent if (PACKAGE.parent / "manage.py").exists() else Path.cwd()

# The pages of the guide: those of the clone, or their copy in the installed package.
GUIDE_DIR = PACKAGE / "docs" if (PACKAGE / "docs").is_dir() else PACKAGE.parent / "docs"

env = Env()


def public_origin(url: str) -> tuple[str, str]:
    """Return the origin (scheme://host[:port]) and the host of PUBLIC_URL, or refuse it."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # not a port number
        port = ":?"
    host = parts.hostname or ""
    netloc = f"[{host}]{port}" if ":" in host else f"{host}{port}"
    rest = (parts.path.strip("/"), parts.query, parts.fragment)
    is_http = parts.scheme in ("http", "https")
    if not is_http or not host or parts.netloc.lower() != netloc or any(rest):
        raise ImproperlyConfigured(
            f"PUBLIC_URL is {url!r}; it takes the address that users type, "
            "such as https://models.example.org."
        )
    return f"{parts.scheme}://{netloc}", host


def one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return the value of the variable if it is one of the choices, or refuse it."""
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes {' or '.join(choices)}.")
    return value


try:
    DEBUG = env.bool("DEBUG", False)
    PUBLIC_URL = env.str("PUBLIC_URL", "")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
    MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", 32 * 2**20)
    MODELS_DIR = env.path("MODELS_DIR", BASE_DIR / "models")
    ESTIMATOR_TIME_LIMIT_S = env.float("ESTIMATOR_TIME_LIMIT_S", 30.0)
    ESTIMATOR_MEMORY_BYTES = env.int("ESTIMATOR_MEMORY_BYTES", 4 * 2**30)
    TRUSTED_TYPES: list[str] = env.list("TRUSTED_TYPES", [])
    DEFAULT_MODEL = env.str("DEFAULT_MODEL", "iris")
    ENGINES = one_of("ENGINES", env.str("ENGINES", "compiled"), ("compiled", "scikit-learn"))
    # None if it is not set: then an open site listens on loopback only.
    EXPLICIT_API_ACCESS = env.str("API_ACCESS", None)
    DATABASES = {
        "default": env.dj_db_url("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}"),
    }
    DATABASE_TIMEOUT = env.float("DATABASE_TIMEOUT", 2)
    SECRET_KEY = env.str("SECRET_KEY", "")
    FAST_PATH = env.bool("FAST_PATH", True)
    CPU_AFFINITY = env.bool("CPU_AFFINITY", True)
    RESPAWN_ALWAYS = env.bool("RESPAWN_ALWAYS", True)
    LOG_FORMAT = one_of("LOG_FORMAT", env.str("LOG_FORMAT", "line"), ("line", "json"))
except (EnvError, ValueError) as exc:
    raise ImproperlyConfigured(str(exc)) from exc

API_ACCESS = one_of("API_ACCESS", EXPLICIT_API_ACCESS or "open", ("open", "token"))
if TRUSTED_PROXIES < 0:
    raise ImproperlyConfigured(f"TRUSTED_PROXIES is {TRUSTED_PROXIES}; it takes a number from 0.")
for name in ("MAX_BODY_BYTES", "ESTIMATOR_TIME_LIMIT_S", "ESTIMATOR_MEMORY_BYTES"):
    if not 0 < globals()[name] < float("inf"):
        raise ImproperlyConfigured(f"{name} is {globals()[name]}; it takes a number above 0.")

if not 0 < DATABASE_TIMEOUT < math.inf:
    raise ImproperlyConfigured(
        f"DATABASE_TIMEOUT is {DATABASE_TIMEOUT}; it takes a number of seconds above 0."
    )

# Cores of this process, before a worker keeps to one of them. Readers of uploads may use all.
CPU_CORES = available_cores()

# The database

SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if SQLITE:
    DATABASES["default"]["ENGINE"] = "mlsite.sqlite"
    DATABASES["default"]["OPTIONS"] = {
        # Writers wait for the lock instead of failing in the middle of a transaction.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,  # of commands; mlsite.database bounds the wait of requests
        # FULL: a task survives a power cut as soon as its 201 is sent.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None
    BESIDE_DATABASE = Path(DATABASES["default"]["NAME"]).parent
    if not BESIDE_DATABASE.is_dir():
        raise ImproperlyConfigured(
            f"DATABASE_URL names a file in {BESIDE_DATABASE}, where there is no directory."
        )
else:
    from mlsite.postgresql import BoundedConnection

    BESIDE_DATABASE = BASE_DIR
    # The site has more threads than a database server accepts connections.
    DATABASES["default"]["OPTIONS"] = DATABASES["default"].get("OPTIONS", {}) | {
        "connect_timeout": max(2, math.ceil(DATABASE_TIMEOUT)),  # libpq takes at least 2
        "tcp_user_timeout": math.ceil(DATABASE_TIMEOUT * 1000),  # a server that is off the network
        "pool": {
            "connection_class": BoundedConnection,
            "min_size": 1,
            "max_size": 10,
            "timeout": DATABASE_TIMEOUT,
            # The pool waits longer after each failure. The next request begins with a new attempt.
            "reconnect_timeout": 1,
        },
    }
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if SECRET_KEY and len(SECRET_KEY) < KEY_LENGTH:
    raise ImproperlyConfigured(
        f"SECRET_KEY has {len(SECRET_KEY)} characters; it takes at least {KEY_LENGTH} random "
        "characters. "
        "Without it, a key is generated and stored."
    )
if not SECRET_KEY:
    # Generated when it is first read: commands such as `help` and `check` need no site.
    SECRET_KEY = SimpleLazyObject(  # type: ignore[assignment]  # it acts as a string
        partial(load_or_create_secret_key, BESIDE_DATABASE / "secret_key")
    )

# Apps, middleware and templates

INSTALLED_APPS = [
    "mlsite",  # first: its templates precede those of the other apps
    "mlsite.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # the templates of widgets
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "tasks",
    "predictor",
]
MIDDLEWARE = [
    "mlsite.middleware.RequestLog",
    # Before WhiteNoise, so that static files and refused bodies carry the headers too.
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mlsite.middleware.ContentSecurityPolicy",
    "mlsite.middleware.BodyLimit",
    "mlsite.form_requests.FormRequests",
    "mlsite.compression.PageCompression",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mlsite.middleware.CacheHeaders",
    "mlsite.client_address.ClientAddress",
    "mlsite.cross_origin.CrossOriginWriteGuard",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "mlsite.middleware.ErrorResponses",
    "mlsite.middleware.DatabaseGuard",
]
ROOT_URLCONF = "mlsite.urls"
WSGI_APPLICATION = "mlsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
# In a cookie, so that users without a login have messages too. A long message is in the session.
MESSAGE_STORAGE = "django.contrib.messages.storage.fallback.FallbackStorage"
# Widgets have the templates of the site.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

STATIC_URL = "/static/"
# Static files are served from the installed packages, with DEBUG on or off; nothing is collected.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

AUTHENTICATION_BACKENDS = [
    "mlsite.accounts.backends.PasswordBackend",
    "mlsite.passwords.PasswordBackend",  # sessions of the previous release
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "rest_framework:login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "mlsite.formats"  # times in the admin have the label UTC

# Security

DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
CSRF_FAILURE_VIEW = "mlsite.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
SESSION_COOKIE_HTTPONLY = True
if PUBLIC_URL:
    origin, host = public_origin(PUBLIC_URL)
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, host]
    CSRF_TRUSTED_ORIGINS = [origin]
    if origin.startswith("https://"):
        # The proxy that ends TLS sets this header and removes it from requests of clients.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        SECURE_SSL_REDIRECT = True
        SECURE_REDIRECT_EXEMPT = [r"^v2/health/"]
        SECURE_HSTS_SECONDS = 365 * 24 * 3600
        SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SILENCED_SYSTEM_CHECKS = [
    # HSTS for subdomains and preloading: the domain's owner decides, at the proxy.
    "security.W005",
    "security.W021",
]

# The API

REST_FRAMEWORK = {
    "DEFAULT_PARSER_CLASSES": [
        "predictor.api.strict_json.JSONParser",
        "mlsite.parsers.FormParser",
        "mlsite.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": [
        "predictor.api.strict_json.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mlsite.accounts.authentication.TokenAuthentication",
        "mlsite.accounts.authentication.BasicAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["mlsite.accounts.permissions.ApiAccess"],
    "DEFAULT_FILTER_BACKENDS": [],
    "DEFAULT_SCHEMA_CLASS": "mlsite.openapi.SiteSchema",
    "EXCEPTION_HANDLER": "mlsite.exceptions.handle",
    "NON_FIELD_ERRORS_KEY": "detail",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": "format",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "mlsite",
    "DESCRIPTION": "scikit-learn models and a task list. The [reference](/schema) lists all "
    "operations on one page; the [guide](/guide) explains the subjects.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["mlsite.accounts.permissions.ApiAccess"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # The colours of the default theme have too little contrast.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "syntaxHighlight": {"theme": "obsidian"}},
    "COMPONENT_SPLIT_REQUEST": True,
    "GET_MOCK_REQUEST": "mlsite.described_model.build_request",
    "TAGS": [
        {"name": "predict", "description": "Predictions with a model, and its inputs."},
        {"name": "models", "description": "Models and their versions: register, promote, undo."},
        {"name": "tasks", "description": "The task list."},
        {"name": "site", "description": "The state of the site, for operators and programs."},
    ],
    # The deploy check would build the schema, which loads every model. A test validates the schema.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

# Logs: one line per request on standard output, everything else on standard error

# No format shows the thread or the process, which take half of the time of a record to find out.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "mlsite.server.access_log.RequestIdFilter"},
        "other_hosts": {"()": "mlsite.server.access_log.OtherHostsFilter"},
        "unavailable": {"()": "mlsite.database.UnavailableFilter"},
    },
    "formatters": {
        "line": {
            "()": "mlsite.server.access_log.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message} {request_id}",
            "style": "{",
        },
        "request": {"()": "mlsite.server.access_log.RequestFormatter"},
        "json": {"()": "mlsite.server.access_log.JSONFormatter"},
    },
    "handlers": {
        "error": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["request_id"],
        },
        "request": {
            "class": "mlsite.server.access_log.BufferedHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "request",
            "stream": "ext://sys.stdout",
        },
    },
    "root": {"handlers": ["error"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["error"], "level": "INFO", "propagate": False},
        # The access log has a line for each request; a 404 needs no second line.
        "django.request": {"level": "ERROR", "filters": ["unavailable"]},
        "django.server": {"level": "ERROR"},
        # The request that gets no connection says so; the pool repeats it for each attempt.
        "psycopg.pool": {"level": "ERROR"},
        # Requests refused with 400 before any view: clients could fill the log with tracebacks.
        **{
            f"django.security.{name}": {"level": "CRITICAL"}
            for name in ("TooManyFieldsSent", "TooManyFilesSent")
        },
        "django.security.DisallowedHost": {"filters": ["other_hosts"]},
        "mlsite.requests": {"handlers": ["request"], "level": "INFO", "propagate": False},
    },
}
