"""Held-out rows of a CSV file: rows of X, and the values that a model should predict for them."""

import csv
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from predictor.core.coercion import parse_number
from predictor.core.columns import MAX_LISTED_CATEGORIES, list_values
from predictor.core.csv_table import find_values, read_texts
from predictor.core.errors import InvalidInput
from predictor.core.response_values import encode_label
from predictor.core.signature import Signature

Array = npt.NDArray[Any]

# Two rows, because R² needs the variance of the target.
MIN_ROWS, MAX_ROWS = 2, 100_000

# Share of the intervals of metrics.
CONFIDENCE = 0.95

# Fields of an upload, to which messages belong.
TEST, TARGET = "test", "target"


class Holdout(NamedTuple):
    """Rows that the estimator was not fitted on, and the values that it should predict.

    Parameters
    ----------
    X : array, LazyFrame, DataFrame or sparse matrix of shape (n_samples, n_features)
    y : array of shape (n_samples, n_outputs)
        Numbers; for a classifier the positions of the labels among the labels of each output.
    targets : tuple of str
        Names of the columns of y.
    """

    X: Any
    y: Array
    targets: tuple[str, ...]


def reject(field: str, sentence: str) -> InvalidInput:
    """Return an error about a field of an upload."""
    return InvalidInput(sentence, {field: [sentence]})


def get_output_labels(signature: Signature) -> list[tuple[Any, ...] | None]:
    """Return the labels of each output of a model; None for an output that is a number."""
    classes = signature.classes
    if classes is None:
        return [None] * signature.n_outputs
    if all(isinstance(labels, tuple) for labels in classes):
        return list(classes)
    # A multilabel classifier predicts for each class whether it applies.
    return [classes] if signature.n_outputs == 1 else [(0, 1)] * signature.n_outputs


def read_holdout(data: bytes, target: str, signature: Signature) -> Holdout:
    """Return the held-out rows in a CSV file.

    Parameters
    ----------
    data : bytes
        A CSV file with a header: the columns of the model, and the column of the target.
    target : str
        Name of the column of the target; several names are separated by commas.
    signature : Signature

    Raises
    ------
    InvalidInput
        The file cannot be read; a column is missing or unknown; a value is rejected, or is not one
        of the classes. The error names the field of the upload.
    """
    texts, gaps = _read(data)
    targets = _find_targets(target, list(texts.columns), signature)
    y = [
        _parse_target(name, texts[name].to_list(), labels)
        for name, labels in zip(targets, get_output_labels(signature), strict=True)
    ]
    _check_names([name for name in texts.columns if name not in targets], signature)
    columns = [column for column in signature.columns if column.name in texts.columns]
    values = [
        find_values(column, texts[column.name].to_list(), gaps[column.name].to_list())
        for column in columns
    ]
    names = [column.name for column in columns]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    try:
        X = signature.parse_rows(rows).X
    except InvalidInput as exc:
        raise reject(TEST, f"The test data cannot be read. {exc.details}") from exc
    return Holdout(X, np.array(y).T, targets)


def _read(data: bytes) -> tuple[Any, Any]:
    from pandas.errors import ParserWarning  # noqa: PLC0415 - only the reader of a CSV file pays

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ParserWarning)  # of a row with too many values
            texts, values = read_texts(data, nrows=MAX_ROWS + 1)
    except ParserWarning as exc:
        raise reject(TEST, "A row of the test data has more values than the header.") from exc
    except ValueError as exc:  # errors of pandas
        raise reject(TEST, f"The test data cannot be read as CSV: {str(exc).strip()}") from exc
    if not MIN_ROWS <= len(texts) <= MAX_ROWS:
        raise reject(TEST, f"The test data must have {MIN_ROWS} to {MAX_ROWS:,} rows.")
    return texts, values.isna()


def _find_targets(target: str, header: list[str], signature: Signature) -> tuple[str, ...]:
    names = (target,) if target in header else tuple(next(csv.reader([target]), ()))
    if missing := [name for name in names if name not in header]:
        raise reject(
            TARGET,
            f"The test data has no column {', '.join(missing)}. "
            f"Its columns are {list_values(header, MAX_LISTED_CATEGORIES)}.",
        )
    if inputs := [name for name in names if name in signature.names]:
        raise reject(TARGET, f"{', '.join(inputs)} is an input of the model, not its target.")
    if len(names) != signature.n_outputs:
        raise reject(
            TARGET,
            f"The number of outputs of the model is {signature.n_outputs}; "
            f"target names {len(names)} columns.",
        )
    return names


def _check_names(names: Sequence[str], signature: Signature) -> None:
    table_names, model_names = set(names), set(signature.names)
    missing = [name for name in signature.used_names if name not in table_names]
    unknown = [name for name in names if name not in model_names]
    problems = [
        f"{adjective}: {list_values(each, MAX_LISTED_CATEGORIES)}."
        for adjective, each in (("Missing", missing), ("Unknown", unknown))
        if each
    ]
    if problems:
        raise reject(
            TEST,
            "The columns of the test data, without its target, differ from those of the model. "
            + " ".join(problems),
        )


def _parse_target(name: str, texts: list[str], labels: Sequence[Any] | None) -> list[float]:
    """Return numbers, or the positions of labels."""
    parse = parse_number if labels is None else _build_label_parser(labels)
    values = [parse(text) for text in texts]
    for row, value in enumerate(values):
        if math.isnan(value):
            actual, expected = "a text that is not a finite number", "a number"
            if labels is not None:
                actual = "another value"
                expected = f"one of {list_values(labels, MAX_LISTED_CATEGORIES)}"
            raise reject(
                TEST,
                f"In the column {name} of the test data, the row at index {row} has "
                f"{actual if texts[row] else 'no value'}; expected {expected}.",
            )
    return values


def _build_label_parser(labels: Sequence[Any]) -> Callable[[str], float]:
    """Return a function that returns the position of a label in a CSV file; NaN if unknown."""
    texts = {encode_label(label): position for position, label in enumerate(labels)}
    texts |= {str(label): position for position, label in enumerate(labels)}
    # A CSV file writes 1 as 1.0 too.
    numbers = {
        float(label): position
        for position, label in enumerate(labels)
        if isinstance(label, int | float)
    }
    return lambda text: texts.get(text, numbers.get(parse_number(text), math.nan))
