"""Counting of prediction requests."""

import time
from typing import Any

from django.http import HttpRequest
from rest_framework.status import HTTP_200_OK, HTTP_500_INTERNAL_SERVER_ERROR
from rest_framework.views import APIView

from predictor.core.codec import Codec
from predictor.core.model import Model
from predictor.runtime import metrics


class CountedView(APIView):
    """A view that counts its POST requests, each of which asks for predictions.

    The view sets `served`, `n_rows` and `engine_name` as soon as they are known. The view releases
    the model itself: DRF's objects of a request refer to each other, so only the garbage collector
    frees them. Until then, the model would keep its estimator process after it is unpublished.
    """

    codec: Codec
    served: Model | None = None
    n_rows = 0
    engine_name = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer the request and count it. An exception that leaves the view counts as a 500."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        started = time.perf_counter()
        status: int = HTTP_500_INTERNAL_SERVER_ERROR
        try:
            response = super().dispatch(request, *args, **kwargs)
            status = response.status_code
        finally:
            self._count(status, time.perf_counter() - started)
            self.served = None
        return response

    def _count(self, status: int, seconds: float) -> None:
        if self.served and status == HTTP_200_OK:
            metrics.answered(
                self.served, self.codec.protocol, self.engine_name, self.n_rows, [seconds]
            )
        else:
            metrics.refused(self.served, self.codec.protocol, status)
