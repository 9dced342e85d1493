"""The metrics of all processes at one address."""

import os
import re
from pathlib import Path

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from rest_framework.request import Request

from mlsite.views import TextView
from predictor.runtime.metrics import DIRECTORY


class Metrics(TextView):
    """What Prometheus scrapes: the counts of all processes together."""

    name = "Metrics"

    @extend_schema(operation_id="metrics", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, _request: Request) -> HttpResponse:
        """Return them in Prometheus' text format."""
        return HttpResponse(generate_latest(registry()), CONTENT_TYPE_LATEST)


def registry() -> CollectorRegistry:
    """Return what is counted: by all processes where there are several, else by this one."""
    directory = os.environ.get(DIRECTORY)
    if not directory:
        return REGISTRY
    forget_the_dead(Path(directory))
    together = CollectorRegistry()
    MultiProcessCollector(together, directory)  # type: ignore[no-untyped-call]
    return together


def forget_the_dead(directory: Path) -> None:
    """Drop what dead processes said of themselves; what they counted stays counted."""
    for file in directory.glob("gauge_live*.db"):
        found = re.search(r"_(\d+)\.db$", file.name)
        if found and not is_alive(int(found[1])):
            mark_process_dead(int(found[1]), str(directory))  # type: ignore[no-untyped-call]


def is_alive(pid: int) -> bool:
    """Return whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
