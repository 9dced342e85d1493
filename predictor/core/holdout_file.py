"""Writer of held-out rows as CSV, for an upload from a notebook."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from predictor.core.input_builders import FRAME
from predictor.core.sample_frames import convert_sample
from predictor.core.signature import Signature

TARGET = "target"


def write_holdout(X: Any, y: Any, signature: Signature) -> tuple[str, bytes]:
    """Return the columns of the target, separated by commas, and a CSV file of the rows.

    Parameters
    ----------
    X : DataFrame, Series, array, sparse matrix or list of str of shape (n_samples, n_features)
    y : array of shape (n_samples,) or (n_samples, n_outputs)
    signature : Signature

    Raises
    ------
    ValueError
        X or y is missing; they have different numbers of rows; X lacks a column that the model
        uses.
    """
    if X is None or y is None:
        raise ValueError("test and target belong together: rows, and the values to predict.")
    X = convert_sample(X)
    y = y.to_pandas() if hasattr(y, "to_pandas") else y
    names = signature.names
    if hasattr(X, "columns"):
        present = [name for name in names if name in X.columns]
        missing = [name for name in signature.used_names if name not in present]
        if missing and signature.container == FRAME:
            raise ValueError(f"test has no column {', '.join(missing)}.")
        if present and not missing:
            names, X = present, X[present]
    rows, targets = _to_objects(X), _to_objects(y)
    if rows.shape != (len(targets), len(names)):
        raise ValueError(
            f"test has the shape {rows.shape}, target has {len(targets)} rows; the model takes "
            f"{len(names)} columns."
        )
    target_names = _name_targets(y, targets.shape[1], names)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*names, *target_names])
    for row in np.hstack([rows, targets]).tolist():
        writer.writerow(["" if value != value else value for value in row])  # noqa: PLR0124 - NaN
    return _join(target_names), file.getvalue().encode()


def _to_objects(values: Any) -> Any:
    """Return a two-dimensional array of Python objects."""
    if hasattr(values, "toarray"):
        values = values.toarray()
    if hasattr(values, "to_numpy"):
        values = values.to_numpy(dtype=object, na_value=None)
    array = np.asarray(values)
    return array.reshape(len(array), -1).astype(object)


def _name_targets(y: Any, count: int, names: Sequence[str]) -> list[str]:
    """Return names of the targets that are not columns of X."""
    if count == 1:
        stated = [getattr(y, "name", None)]
    else:
        stated = list(getattr(y, "columns", [None] * count))
    return [
        name if isinstance(name, str) and name and name not in names else _find_free(number, names)
        for number, name in enumerate(stated, start=1)
    ]


def _find_free(number: int, names: Sequence[str]) -> str:
    name = TARGET if number == 1 else f"{TARGET}_{number}"
    while name in names:
        name += "_"
    return name


def _join(names: Sequence[str]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="").writerow(names)
    return file.getvalue()
