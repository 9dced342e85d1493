"""Metrics of all processes at one URL."""

import logging
import os
import re
import tempfile
from pathlib import Path

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from rest_framework.request import Request

from mlsite.views import TextView

log = logging.getLogger(__name__)

# Name that prometheus-client reads when it is imported; `serve` sets it before.
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

# Kinds of the metrics, with the modes of gauges: the files of a process are named after them.
KINDS = ("counter", "histogram", "gauge_livesum", "gauge_liveall")

# Space for about 3,000 series of each kind.
RESERVED_BYTES = 2**19


class Metrics(TextView):
    """The metrics of all processes, for Prometheus."""

    name = "Metrics"

    @extend_schema(operation_id="metrics", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, _request: Request) -> HttpResponse:
        """Return the metrics in Prometheus' text format."""
        return HttpResponse(generate_latest(registry()), CONTENT_TYPE_LATEST)


def registry() -> CollectorRegistry:
    """Return the metrics of all processes that count together, or of a single process."""
    directory = os.environ.get(DIRECTORY)
    if not directory:
        return REGISTRY
    forget_dead_processes(Path(directory))
    combined = CollectorRegistry()
    MultiProcessCollector(combined, directory)  # type: ignore[no-untyped-call]
    return combined


def reserve_space() -> None:
    """Make this process's files with their space, so that a full disk cannot stop it.

    prometheus-client maps sparse files into memory, which it makes at the first value of each kind.
    A write to a page without space would kill the process with SIGBUS. It uses files that exist.
    """
    directory = os.environ.get(DIRECTORY)
    if not directory:
        return
    for kind in KINDS:
        path = Path(directory, f"{kind}_{os.getpid()}.db")
        try:
            _make_file(path)
        except OSError as exc:
            log.warning("No space for metrics in %s: %s.", path.parent, exc.strerror)
            path.unlink()
            path.symlink_to(_make_file(Path(tempfile.gettempdir(), path.name)))


def _make_file(path: Path) -> Path:
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, RESERVED_BYTES)
    return path


def forget_dead_processes(directory: Path) -> None:
    """Remove the state of dead processes. Their counts stay."""
    for file in directory.glob("gauge_live*.db"):
        match = re.search(r"_(\d+)\.db$", file.name)
        if match and not is_alive(int(match[1])):
            mark_process_dead(int(match[1]), str(directory))  # type: ignore[no-untyped-call]


def is_alive(pid: int) -> bool:
    """Return whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
