"""Texts of a CSV file, and their missing values."""

import csv
import io
from typing import Any

from predictor.core.coercion import BOOLEAN, STRING
from predictor.core.columns import Column, check_n_columns


def read_texts(data: bytes, **options: Any) -> tuple[Any, Any]:
    """Return the texts of a CSV file, and the values that pandas infers from them.

    Parameters
    ----------
    data : bytes
        A CSV file with a header.
    **options
        Options of `pandas.read_csv`.

    Returns
    -------
    texts : DataFrame of str
    values : DataFrame
        A value is missing where the text is a gap. Such a text can also be a category, as "NA".

    Raises
    ------
    ValueError
        The file cannot be read; it has too many columns.
    """
    check_n_columns(len(_read_header(data)))
    import pandas as pd  # noqa: PLC0415 - only the reader of a CSV file pays

    # pandas infers a dtype from all values of a column if it has the memory.
    options = {"index_col": False, "low_memory": False} | options
    texts = pd.read_csv(io.BytesIO(data), keep_default_na=False, dtype=str, **options)
    return texts, pd.read_csv(io.BytesIO(data), **options)


def _read_header(data: bytes) -> list[str]:
    """Return the names of the columns, for which pandas takes 0.1 ms each."""
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline=""))
    try:
        return next(filter(None, lines), [])
    except csv.Error as exc:  # a name is too long
        raise ValueError(f"Its header has a {exc}.") from exc


def find_values(column: Column, texts: list[str], gaps: list[bool]) -> list[str | None]:
    """Return the texts of a column as values that `Column.coerce` accepts; None for a gap.

    Parameters
    ----------
    column : Column
    texts : list of str
    gaps : list of bool
        Whether `read_texts` returns a missing value for each text.
    """
    values: list[str | None] = []
    for text, is_gap in zip(texts, gaps, strict=True):
        is_text = column.kind == STRING and text and column.categories is None
        if is_gap and not is_text and text not in (column.categories or ()):
            values.append(None)
        else:
            values.append(text.lower() if column.kind == BOOLEAN else text)
    return values
