"""What a fitted estimator says of itself: its columns, its container, its classes, its methods.

Nothing of scikit-learn is imported here: whoever has a fitted estimator has imported it.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.coercion import BOOLEAN, INTEGER, NUMBER, STRING
from predictor.core.columns import Column
from predictor.core.encoder_metadata import Hint, hints, innermost, reads_text
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import ARRAY, FRAME, SPARSE, VECTOR
from predictor.core.response_values import METHODS


def methods(estimator: Any) -> tuple[str, ...]:
    """Return the estimator's methods that are served, first choice first."""
    return tuple(method for method in METHODS if hasattr(estimator, method))


def classes(estimator: Any) -> tuple[Any, ...] | None:
    """Return a classifier's labels as plain values; for several outputs, a tuple of those."""
    labels = getattr(estimator, "classes_", None)
    if labels is None:
        return None
    if isinstance(labels, list) and labels and isinstance(labels[0], np.ndarray):
        return tuple(tuple(each.tolist()) for each in labels)
    return tuple(np.asarray(labels).tolist())


def container(estimator: Any) -> str:
    """Return what the estimator was fitted on, as far as it tells."""
    if own := getattr(estimator, "served_container_", None):
        return str(own)
    if reads_text(estimator) or takes_labels(estimator) or takes_vector(estimator):
        return VECTOR
    if getattr(estimator, "feature_names_in_", None) is not None:
        return FRAME
    first = innermost(estimator)
    searched = sklearn_private.training_rows(first)
    is_sparse = sklearn_private.was_fitted_on_sparse(first) or hasattr(searched, "toarray")
    return SPARSE if is_sparse else ARRAY


def columns(estimator: Any, count: int | None = None) -> tuple[Column, ...]:
    """Return the columns of X.

    Parameters
    ----------
    estimator : estimator
    count : int, optional
        How many there are, for an estimator that does not tell.

    Raises
    ------
    ArtifactError
        The estimator does not take rows of columns, or does not say how many.
    """
    if own := getattr(estimator, "served_columns_", None):
        return tuple(own)
    if reads_text(estimator):
        return (Column("x0", dtype="object", kind=STRING),)
    if takes_labels(estimator):
        return (_label_column(estimator),)
    if takes_vector(estimator):
        return (Column("x0"),)
    if unfit := _other_rows(estimator):
        raise ArtifactError(f"{type(estimator).__name__} takes {unfit}, not rows of columns.")
    names = getattr(estimator, "feature_names_in_", None)
    count = getattr(estimator, "n_features_in_", count)
    if names is None and count is None:
        raise ArtifactError(
            f"{type(estimator).__name__} does not say how many columns it takes: give a sample."
        )
    named = list(names) if names is not None else [f"x{n}" for n in range(count or 0)]
    known = dict(hints(estimator, list(range(len(named))), named))
    return tuple(
        _hinted(Column(str(name)), known.get(position)) for position, name in enumerate(named)
    )


def takes_labels(estimator: Any) -> bool:
    """Return whether what is transformed is a column of labels."""
    tags = _tags(estimator)
    return bool(tags and tags.target_tags.one_d_labels and hasattr(estimator, "classes_"))


def takes_vector(estimator: Any) -> bool:
    """Return whether X is one column of numbers, of one dimension."""
    tags = _tags(estimator)
    return bool(tags and tags.input_tags.one_d_array and not tags.input_tags.two_d_array)


def _other_rows(estimator: Any) -> str:
    """Return what an estimator takes that is not rows of columns; nothing if it takes those."""
    tags = _tags(estimator)
    if not tags or tags.input_tags.two_d_array:
        return ""
    if tags.target_tags.two_d_labels:
        return "sets of labels"
    if tags.input_tags.three_d_array:
        return "images"
    return "objects of any keys" if tags.input_tags.dict else ""


def _tags(estimator: Any) -> Any:
    """Return scikit-learn's tags; None for what is not scikit-learn's."""
    tags = getattr(estimator, "__sklearn_tags__", None)
    return tags() if tags else None


def _label_column(estimator: Any) -> Column:
    labels = np.asarray(estimator.classes_)
    kind = {"i": INTEGER, "f": NUMBER, "b": BOOLEAN}.get(labels.dtype.kind, STRING)
    dtype = "object" if kind == STRING else str(labels.dtype)
    return Column("x0", dtype=dtype, kind=kind, categories=tuple(labels.tolist()), closed=True)


def _hinted(column: Column, hint: Hint | None) -> Column:
    if hint is None:
        return column
    return replace(
        column,
        categories=hint.categories,
        closed=hint.closed,
        kind=hint.kind,
        dtype=hint.dtype,
        missing_as_none=hint.missing_as_none,
    )
