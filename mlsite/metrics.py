"""Metrics of all processes at one URL."""

import logging
import os
import re
import sys
import tempfile
from pathlib import Path

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from rest_framework.request import Request

from mlsite.views import TextView
from predictor.runtime.metrics import Space

log = logging.getLogger(__name__)

# Name that prometheus-client reads when it is imported; `serve` sets it before.
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

# Kinds of the metrics, with the modes of gauges: the files of a process are named after them.
KINDS = ("counter", "histogram", "gauge_livesum", "gauge_liveall")

# Space for about 3,000 series of each kind. A new series needs less than the free space.
RESERVED_BYTES = 2**19
FREE_BYTES = 2**14


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
    files = _list_files()
    for path in files:
        try:
            _make_file(path)
        except OSError as exc:
            log.warning("No space for metrics in %s: %s.", path.parent, exc.strerror)
            path.unlink()
            path.symlink_to(_make_file(Path(tempfile.gettempdir(), path.name)))
    Space.is_free = staticmethod(lambda: all(map(has_space, files)))


def _list_files() -> list[Path]:
    directory = os.environ.get(DIRECTORY)
    return [Path(directory, f"{kind}_{os.getpid()}.db") for kind in KINDS] if directory else []


def _make_file(path: Path) -> Path:
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, RESERVED_BYTES)
    return path


def has_space(path: Path) -> bool:
    """Return whether a file has space for a new series. Reserve it if necessary.

    prometheus-client doubles a file that is full, so it never needs more than twice the used space.
    """
    try:
        with path.open("r+b") as file:
            used_bytes = int.from_bytes(file.read(4), sys.byteorder)
            needed_bytes = 2 * (used_bytes + FREE_BYTES)
            if os.fstat(file.fileno()).st_size < needed_bytes:
                os.posix_fallocate(file.fileno(), 0, needed_bytes)
    except OSError:
        return False
    return True


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
