"""Columns, container, classes and methods of a fitted estimator, read from its attributes.

This module does not import scikit-learn: the owner of a fitted estimator has imported it already.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core import boosters, sklearn_private
from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.encoder_metadata import get_hints, get_inner, get_innermost, takes_text
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import ARRAY, FRAME, SPARSE, VECTOR


def check_fitted(estimator: Any) -> None:
    """Raise an ArtifactError if an estimator is not fitted.

    A class of another package may keep its state in attributes that scikit-learn does not know.
    """
    root = type(estimator).__module__.partition(".")[0]
    if root != "sklearn" and not boosters.get_package(estimator):
        return
    from sklearn.exceptions import NotFittedError  # noqa: PLC0415 - its owner has imported it
    from sklearn.utils.validation import check_is_fitted  # noqa: PLC0415 - as above

    try:
        check_is_fitted(estimator)
    except NotFittedError as exc:
        raise ArtifactError(
            f"{type(estimator).__name__} is not fitted. Call its fit method before it is saved."
        ) from exc


def get_classes(estimator: Any, n_outputs: int) -> tuple[Any, ...] | None:
    """Return a classifier's labels as plain values; for several outputs, a tuple of tuples.

    Labels that can apply at once have numbers as classes. XGBoost states 0 and 1 instead.
    """
    labels = getattr(estimator, "classes_", None)
    if labels is None:
        return None
    if isinstance(labels, list) and labels and isinstance(labels[0], np.ndarray):
        return tuple(tuple(each.tolist()) for each in labels)
    if n_outputs > 1:
        return tuple(range(n_outputs))
    return tuple(np.asarray(labels).tolist())


def get_container(estimator: Any) -> str:
    """Return the container of X, as far as the estimator's attributes show it."""
    if declared := getattr(estimator, "served_container_", None):
        return str(declared)
    if takes_text(estimator) or takes_labels(estimator) or takes_vector(estimator):
        return VECTOR
    if _find_names(estimator) is not None:
        return FRAME
    first = get_innermost(estimator)
    training_data = sklearn_private.training_rows(first)
    is_sparse = sklearn_private.was_fitted_on_sparse(first) or hasattr(training_data, "toarray")
    return SPARSE if is_sparse else ARRAY


def get_names(estimator: Any) -> list[str] | None:
    """Return the names of the columns of X; None if the estimator does not store them."""
    if declared := getattr(estimator, "served_columns_", None):
        return [column.name for column in declared]
    return _find_names(estimator)


def _find_names(estimator: Any) -> list[str] | None:
    """Return the names that an estimator or its first step has seen; None without names."""
    names = getattr(estimator, "feature_names_in_", None)
    # A pipeline takes the names from its first step, which can be "passthrough".
    passes_rows = hasattr(estimator, "steps") or hasattr(estimator, "best_estimator_")
    if names is None and passes_rows and (inner := get_inner(estimator)) is not None:
        return _find_names(inner)
    names = boosters.choose_names(get_innermost(estimator), names)
    return None if names is None else list(map(str, names))


def get_columns(estimator: Any, count: int | None = None) -> tuple[Column, ...]:
    """Return the columns of X.

    Parameters
    ----------
    estimator : estimator
    count : int, optional
        Number of columns, for an estimator that does not store it.

    Raises
    ------
    ArtifactError
        The estimator's input is not rows of columns; its first step is not fitted; the number of
        columns is unknown.
    """
    if declared := getattr(estimator, "served_columns_", None):
        return tuple(declared)
    if takes_text(estimator):
        return (Column("x0", dtype="object", kind=STRING),)
    if takes_labels(estimator):
        return (_label_column(estimator),)
    if takes_vector(estimator):
        return (Column("x0"),)
    if other_input := _describe_other_input(estimator):
        raise ArtifactError(f"{type(estimator).__name__} takes {other_input}, not rows of columns.")
    names = get_names(estimator)
    if names is None:
        # CatBoost does not know the number of columns of a model that it read: it is 0.
        count = getattr(estimator, "n_features_in_", None) or count
        if count is None:
            check_fitted(estimator)
            check_fitted(get_innermost(estimator))
            raise ArtifactError(
                f"{type(estimator).__name__} does not store its number of columns. Add a sample."
            )
        names = [f"x{n}" for n in range(count)]
    hints = get_hints(estimator, len(names))
    return tuple(
        replace(Column(name), **hints[position]._asdict()) if position in hints else Column(name)
        for position, name in enumerate(names)
    )


def takes_labels(estimator: Any) -> bool:
    """Return whether the estimator transforms a column of labels."""
    tags = _get_tags(estimator)
    is_for_labels = tags and tags.target_tags.one_d_labels and not tags.input_tags.two_d_array
    return bool(is_for_labels and hasattr(estimator, "classes_"))


def takes_vector(estimator: Any) -> bool:
    """Return whether X is a one-dimensional array of numbers."""
    tags = _get_tags(estimator)
    return bool(tags and tags.input_tags.one_d_array and not tags.input_tags.two_d_array)


def predicts_target(estimator: Any) -> bool:
    """Return whether the predictions have known values, as those of a clustering do not."""
    tags = _get_tags(estimator)
    return tags is None or tags.estimator_type in (None, "classifier", "regressor")


def _describe_other_input(estimator: Any) -> str:
    """Return a noun phrase for an input that is not rows of columns; else an empty string."""
    tags = _get_tags(estimator)
    if not tags or tags.input_tags.two_d_array:
        return ""
    if tags.target_tags.two_d_labels:
        return "sets of labels"
    if tags.input_tags.three_d_array:
        return "images"
    return "objects of any keys" if tags.input_tags.dict else ""


def _get_tags(estimator: Any) -> Any:
    """Return scikit-learn's tags; None for an estimator of another library."""
    tags = getattr(estimator, "__sklearn_tags__", None)
    return tags() if tags else None


def _label_column(estimator: Any) -> Column:
    labels = np.asarray(estimator.classes_)
    kind = {"i": INTEGER, "f": NUMBER, "b": BOOLEAN}.get(labels.dtype.kind, STRING)
    dtype = "object" if kind == STRING else str(labels.dtype)
    categories = tuple(labels.tolist())
    return Column("x0", dtype=dtype, kind=kind, categories=categories, rejects_unknown=True)
