"""Batches: one call of an engine answers the rows of several requests."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from predictor.core.coercion import BOOLEAN, INTEGER
from predictor.core.columns import Column
from predictor.core.engines.engine import MethodResults
from predictor.core.lazy_frame import LazyFrame


class Request(Protocol):
    """Rows of one request, and the methods to run."""

    @property
    def methods(self) -> Sequence[str]:
        """Methods of the estimator."""
        ...

    @property
    def X(self) -> Any:  # noqa: N802 - as in all of scikit-learn
        """The rows."""
        ...


R = TypeVar("R", bound=Request)


def run_batch(
    run: Callable[[Sequence[str], Any], MethodResults],
    batch: Sequence[R],
    respond: Callable[[R, MethodResults | Exception, int], None],
) -> None:
    """Answer requests for the same methods with one call.

    If the call fails, each half of the batch is run, until the request with the rejected rows is
    alone. Therefore a rejected row fails only its own request.

    Parameters
    ----------
    run : callable
        `Engine.run`.
    batch : sequence of Request
        Their containers are of the same type.
    respond : callable
        Takes a request; its results, or the exception that it raised; and the number of requests
        that the call answered, which is 0 for all but the first one of them.
    """
    try:
        results = run(batch[0].methods, concatenate([request.X for request in batch]))
        parts = _split(results, [request.X.shape[0] for request in batch])
    except Exception as exc:  # noqa: BLE001 - it is the response to a request
        if len(batch) == 1:
            respond(batch[0], exc, 0)
            return
    else:
        for position, (request, part) in enumerate(zip(batch, parts, strict=True)):
            respond(request, part, 0 if position else len(batch))
        return
    middle = len(batch) // 2
    run_batch(run, batch[:middle], respond)
    run_batch(run, batch[middle:], respond)


def _split(results: MethodResults, n_rows: Sequence[int]) -> list[MethodResults]:
    """Return the results of each request."""
    if len(n_rows) == 1:
        return [results]
    parts, start = [], 0
    for n in n_rows:
        part = {name: slice_result(values, start, start + n) for name, values in results.items()}
        parts.append(MethodResults(part, results.engine_name))
        start += n
    return parts


def concatenate(parts: Sequence[Any]) -> Any:
    """Return the rows of several requests as one container.

    Parameters
    ----------
    parts : sequence of array or LazyFrame of shape (n_samples, n_features)
        All of the same type.
    """
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return LazyFrame.concatenate(parts)


def get_dtypes(X: Any, columns: Sequence[Column]) -> Any:
    """Return the dtypes of rows, as far as they depend on the values.

    A missing value changes the dtype of integers and booleans. Rows with other dtypes must not be
    concatenated: NumPy and pandas would round integers.
    """
    if isinstance(X, LazyFrame) and isinstance(X.values, list):
        pairs = zip(columns, X.values, strict=True)
        return [None in values for column, values in pairs if column.kind in (INTEGER, BOOLEAN)]
    return X.dtype.kind if isinstance(X, np.ndarray) else None


def slice_result(values: Any, start: int, stop: int) -> Any:
    """Return some rows of the result of a method.

    Parameters
    ----------
    values : array, DataFrame, sparse matrix, or list of arrays
        A list contains the probabilities of each output.
    start, stop : int
    """
    if isinstance(values, list):
        return [array[start:stop] for array in values]
    return values.iloc[start:stop] if hasattr(values, "iloc") else values[start:stop]
