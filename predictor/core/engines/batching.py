"""Concatenate the rows of several requests, and slice their results."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.core.lazy_frame import LazyFrame


def stacked(parts: Sequence[Any]) -> Any:
    """Return the rows of several requests as one container.

    Parameters
    ----------
    parts : sequence of array, DataFrame or sparse matrix of shape (n_samples, n_features)
        All of the same type.
    """
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    if isinstance(parts[0], LazyFrame):
        return LazyFrame.concatenate(parts)
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts, ignore_index=True)
    from scipy import sparse

    return sparse.vstack(parts, format=parts[0].format)


def rows(values: Any, start: int, stop: int) -> Any:
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
