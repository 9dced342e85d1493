"""Rows of several requests, put together and taken apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.core.lazy_frame import LazyFrame


def stacked(parts: Sequence[Any]) -> Any:
    """Return rows of several requests as those of one.

    Parameters
    ----------
    parts : sequence of array, DataFrame or sparse matrix of shape (n_samples, n_features)
        All of one kind.
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
    """Return some of the rows of what a method gave.

    Parameters
    ----------
    values : array, DataFrame, sparse matrix, or list of arrays
        Probabilities of several outputs are a list.
    start, stop : int
    """
    if isinstance(values, list):
        return [array[start:stop] for array in values]
    return values.iloc[start:stop] if hasattr(values, "iloc") else values[start:stop]
