"""Texts of a CSV file, and their missing values."""

import io
from typing import Any

from predictor.core.coercion import BOOLEAN, STRING
from predictor.core.columns import Column


def read_texts(data: bytes, **options: Any) -> tuple[Any, Any]:
    """Return the texts of a CSV file, and whether pandas reads each of them as a missing value.

    Parameters
    ----------
    data : bytes
        A CSV file with a header.
    **options
        Options of `pandas.read_csv`.

    Returns
    -------
    texts : DataFrame of str
    gaps : DataFrame of bool
        A text that is a gap can also be a category, as "NA".

    Raises
    ------
    ValueError
        The file cannot be read.
    """
    import pandas as pd  # noqa: PLC0415 - only the reader of a CSV file pays

    options = {"index_col": False, "dtype": str} | options
    texts = pd.read_csv(io.BytesIO(data), keep_default_na=False, **options)
    return texts, pd.read_csv(io.BytesIO(data), **options).isna()


def find_values(column: Column, texts: list[str], gaps: list[bool]) -> list[str | None]:
    """Return the texts of a column as values that `Column.coerce` accepts; None for a gap.

    Parameters
    ----------
    column : Column
    texts : list of str
    gaps : list of bool
        See `read_texts`.
    """
    values: list[str | None] = []
    for text, is_gap in zip(texts, gaps, strict=True):
        is_text = column.kind == STRING and text and column.categories is None
        if is_gap and not is_text and text not in (column.categories or ()):
            values.append(None)
        else:
            values.append(text.lower() if column.kind == BOOLEAN else text)
    return values
