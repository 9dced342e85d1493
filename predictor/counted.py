"""Requests for predictions, counted."""

import time
from typing import Any

from django.http import HttpRequest
from rest_framework.status import HTTP_200_OK, HTTP_500_INTERNAL_SERVER_ERROR

from predictor.core.model import Model
from predictor.lean import LeanView
from predictor.runtime import metrics


class CountedView(LeanView):
    """A view of which each POST asks a model for predictions, and is counted under its protocol."""

    protocol: str
    served: Model | None = None  # as soon as it is found
    n_rows = 0
    engine_name = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer the request, and count it."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        started = time.perf_counter()
        status: int = HTTP_500_INTERNAL_SERVER_ERROR
        try:
            response = super().dispatch(request, *args, **kwargs)
            status = response.status_code
        finally:
            self._count(status, time.perf_counter() - started)
        return response

    def _count(self, status: int, took_s: float) -> None:
        if self.served and status == HTTP_200_OK:
            metrics.answered(self.served, self.protocol, self.engine_name, self.n_rows, took_s)
        else:
            metrics.refused(self.served, self.protocol, status)
