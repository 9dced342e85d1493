"""What is counted of predictions and models, for Prometheus; docs/metrics.md says what each is."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from predictor.core.engines import Joining
from predictor.core.model import Model

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series of when it began

VERSION = ("model", "version")
REQUEST = (*VERSION, "protocol")

# From a tenth of a millisecond, which the fastest take, to the longest that anybody waits.
SECONDS = (
    1e-4,
    2.5e-4,
    5e-4,
    1e-3,
    2.5e-3,
    5e-3,
    1e-2,
    2.5e-2,
    5e-2,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
)

requests = Counter("mlsite_prediction_requests", "Requests for predictions.", (*REQUEST, "status"))
rows = Counter("mlsite_prediction_rows", "Rows predicted.", (*REQUEST, "engine"))
seconds = Histogram(
    "mlsite_prediction_seconds", "Time in the view, of requests answered.", REQUEST, buckets=SECONDS
)
joined = Histogram(
    "mlsite_joined_requests",
    "Requests that one call of the estimator answered.",
    VERSION,
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
waiting = Gauge(
    "mlsite_waiting_requests",
    "Requests that wait for a call of the estimator to end.",
    VERSION,
    multiprocess_mode="livesum",
)
live_version = Gauge(
    "mlsite_live_version",
    "The version that a process serves where none is named; 0 once there is none.",
    ("model",),
    multiprocess_mode="liveall",
)
not_loaded = Gauge(
    "mlsite_live_version_not_loaded",
    "1 while a process cannot serve the version that is live.",
    ("model",),
    multiprocess_mode="liveall",
)


class _Answered(NamedTuple):
    """What one more answer of a kind adds to."""

    requests: Counter
    seconds: Histogram
    rows: Counter


@cache
def _answered(name: str, version: int, protocol: str, engine: str) -> _Answered:
    labels = (name, str(version), protocol)
    return _Answered(
        requests.labels(*labels, "200"), seconds.labels(*labels), rows.labels(*labels, engine)
    )


def answered(model: Model, protocol: str, engine: str, n_rows: int, took_s: float) -> None:
    """Count a request that got its predictions, and what ran them."""
    kind = _answered(model.name, model.version, protocol, engine)
    kind.requests.inc()
    kind.rows.inc(n_rows)
    kind.seconds.observe(took_s)


def refused(model: Model | None, protocol: str, status: int) -> None:
    """Count a request that got none, or found no model to ask."""
    name, version = (model.name, str(model.version)) if model else ("", "")
    requests.labels(name, version, protocol, str(status)).inc()


def watch(model: Model) -> None:
    """Count the requests that the model joins, and those that wait."""
    joining = getattr(model.engine, "fallback", model.engine)
    if isinstance(joining, Joining):
        labels = (model.name, str(model.version))
        joining.joined = joined.labels(*labels).observe
        joining.waiting = waiting.labels(*labels).set


def serving(versions: Mapping[str, int], load_errors: Collection[str]) -> None:
    """Say which versions this process serves, and for which models another one is live."""
    for name, version in versions.items():
        live_version.labels(name).set(version)
    for name in {*versions, *load_errors}:
        not_loaded.labels(name).set(name in load_errors)
