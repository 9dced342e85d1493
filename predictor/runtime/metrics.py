"""Prometheus metrics of predictions and models; see docs/metrics.md."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property
from threading import Lock
from typing import NamedTuple, TypeVar

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from predictor.core.model import Model

Metric = TypeVar("Metric", Counter, Gauge, Histogram)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series of start times

VERSION = ("model", "version")
REQUEST = (*VERSION, "protocol")

# Buckets from the fastest prediction to the longest time that a client waits.
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

requests = Counter(
    "predictor_prediction_requests", "Requests for predictions.", (*REQUEST, "status")
)
rows = Counter("predictor_prediction_rows", "Rows predicted.", (*REQUEST, "engine"))
seconds = Histogram(
    "predictor_prediction_seconds",
    "Time in the view of successful requests.",
    REQUEST,
    buckets=SECONDS,
)
joined = Histogram(
    "predictor_joined_requests",
    "Requests in one call of the estimator.",
    VERSION,
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
waiting = Gauge(
    "predictor_waiting_requests",
    "Requests that wait for the estimator.",
    VERSION,
    multiprocess_mode="livesum",
)
live_version = Gauge(
    "predictor_live_version",
    "The live version in a process; 0 if there is none.",
    ("model",),
    multiprocess_mode="liveall",
)
not_loaded = Gauge(
    "predictor_live_version_not_loaded",
    "1 while a process cannot load the live version.",
    ("model",),
    multiprocess_mode="liveall",
)


class Space:
    """Space for new series. `mlsite.metrics` replaces `is_free` if the series are in files."""

    is_free: Callable[[], bool] = staticmethod(lambda: True)
    lock = Lock()


class NoSpaceError(Exception):
    """There is no space for another series: its values are not counted."""


def _add(metric: Metric, *labels: str) -> Metric:
    """Return the series of a metric with these labels, which can be new."""
    with Space.lock:
        if not Space.is_free():
            raise NoSpaceError
        return metric.labels(*labels)


class _Answered(NamedTuple):
    """The series that a successful request adds to."""

    requests: Counter
    seconds: Histogram
    rows: Counter


# An exception is not cached: the series is added as soon as there is space.
@cache
def _answered(name: str, version: int, protocol: str, engine: str) -> _Answered:
    labels = (name, str(version), protocol)
    return _Answered(_requests(*labels, "200"), _add(seconds, *labels), _add(rows, *labels, engine))


@cache
def _requests(name: str, version: str, protocol: str, status: str) -> Counter:
    return _add(requests, name, version, protocol, status)


@cache
def _live_version(name: str) -> Gauge:
    return _add(live_version, name)


@cache
def _not_loaded(name: str) -> Gauge:
    return _add(not_loaded, name)


def answered(
    model: Model, protocol: str, engine: str, n_rows: int, times_s: Sequence[float]
) -> None:
    """Count successful requests of one kind, all their rows, and the time of each."""
    try:
        series = _answered(model.name, model.version, protocol, engine)
    except NoSpaceError:
        return
    series.requests.inc(len(times_s))
    series.rows.inc(n_rows)
    for took_s in times_s:
        series.seconds.observe(took_s)


def refused(model: Model | None, protocol: str, status: int) -> None:
    """Count a rejected request; the model is None if it was not found."""
    name, version = (model.name, str(model.version)) if model else ("", "")
    with suppress(NoSpaceError):
        _requests(name, version, protocol, str(status)).inc()


class BatchMetrics:
    """Records the batches of one version and the requests that wait for them."""

    def __init__(self, name: str, version: int) -> None:
        self._labels = (name, str(version))

    @cached_property
    def _joined(self) -> Histogram:
        return _add(joined, *self._labels)

    @cached_property
    def _waiting(self) -> Gauge:
        return _add(waiting, *self._labels)

    def called(self, n_requests: int) -> None:
        """Record the number of requests in one call of the estimator."""
        with suppress(NoSpaceError):
            self._joined.observe(n_requests)

    def queued(self, n_requests: int) -> None:
        """Record the number of requests that wait, after each change."""
        with suppress(NoSpaceError):
            self._waiting.set(n_requests)


def serving(versions: Mapping[str, int], load_errors: Collection[str]) -> None:
    """Set the live versions of this process, and the models whose live version is not loaded."""
    with suppress(NoSpaceError):
        for name, version in versions.items():
            _live_version(name).set(version)
        for name in {*versions, *load_errors}:
            _not_loaded(name).set(name in load_errors)
