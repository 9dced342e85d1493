"""Settings of the app with their defaults, read from Django's settings at each call."""

from collections.abc import Collection, Sequence
from pathlib import Path

from django.conf import settings

COMPILED = "compiled"
SCIKIT_LEARN = "scikit-learn"


def models_dir() -> Path:
    """Return the absolute directory of the artifacts.

    The default is `models` in the project's `BASE_DIR`, or in the working directory of a project
    without `BASE_DIR`.
    """
    base = Path(getattr(settings, "BASE_DIR", ""))
    return Path(getattr(settings, "MODELS_DIR", base / "models")).absolute()


def public_url() -> str:
    """Return the address of the site for users; empty if it is that of each request."""
    url: str = getattr(settings, "PUBLIC_URL", "")
    return url.rstrip("/")


def is_open() -> bool:
    """Return whether the site says that predictions need no login."""
    return getattr(settings, "API_ACCESS", "") == "open"


def default_model() -> str:
    """Return the name of the model that answers at `/predict`."""
    name: str = getattr(settings, "DEFAULT_MODEL", "iris")
    return name


def other_query_parameters() -> Sequence[str]:
    """Return the query parameters that other parts of the site read from prediction requests."""
    names: Sequence[str] = getattr(settings, "OTHER_QUERY_PARAMETERS", ())
    return names


def trusted_types() -> Sequence[str]:
    """Return the full names of the types that artifacts may contain besides the built-in list."""
    names: Sequence[str] = getattr(settings, "TRUSTED_TYPES", ())
    return names


def estimator_time_limit_s() -> float:
    """Return the maximum time of one call of an estimator."""
    seconds: float = getattr(settings, "ESTIMATOR_TIME_LIMIT_S", 30)
    return seconds


def estimator_memory_bytes() -> int:
    """Return the maximum address space of an estimator process."""
    size: int = getattr(settings, "ESTIMATOR_MEMORY_BYTES", 4 * 2**30)
    return size


def cpu_cores() -> Collection[int]:
    """Return the CPU cores of child processes; if empty, they use those of their parent."""
    cores: Collection[int] = getattr(settings, "CPU_CORES", ())
    return cores


def engines() -> str:
    """Return `compiled`, or `scikit-learn` if no compiled estimator may run."""
    value: str = getattr(settings, "ENGINES", COMPILED)
    return value


def uses_compiled() -> bool:
    """Return whether compiled estimators may run."""
    return engines() == COMPILED
