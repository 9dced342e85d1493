"""Inference of a signature from a fitted estimator and a sample of rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from predictor.core import (
    boosters,
    introspection,
    probing,
    response_values,
    sample_data,
    unused_columns,
)
from predictor.core.coercion import INTEGER
from predictor.core.columns import Column
from predictor.core.encoder_metadata import get_innermost, get_receivers
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import ARRAY, FRAME, SPARSE, VECTOR
from predictor.core.sample_frames import convert_sample
from predictor.core.served_methods import get_method, get_methods
from predictor.core.signature import Signature


def infer_signature(
    estimator: Any, columns: Sequence[Column] | None = None, sample: Any = None
) -> Signature:
    """Return the signature of a fitted estimator.

    Parameters
    ----------
    estimator : estimator
    columns : sequence of Column, optional
        Names and descriptions of the columns, in the order of fitting. Their types, if they state
        any, precede those of the sample.
    sample : DataFrame, array, sparse matrix or list of str, optional
        Rows of X as the estimator accepts them, or in a table of another library, see
        `sample_frames.convert_sample`. They add dtypes, ranges and an example.

    Raises
    ------
    ArtifactError
        The estimator is a class; it is not fitted; it has no method that is served; its input is
        not rows of columns; its columns differ from `columns` or from those of the sample; two
        columns have the same name; only a sample could tell the categories of its columns.
    """
    if isinstance(estimator, type):
        name = estimator.__name__
        raise ArtifactError(f"{name} is a class. Fit an object of it: {name}().fit(X, y).")
    methods = get_methods(estimator)
    if not methods:
        introspection.check_fitted(estimator)
        raise ArtifactError(
            f"{type(estimator).__name__} has none of the methods that are served: "
            f"{', '.join(response_values.METHODS)}."
        )
    if sample is not None:
        sample = convert_sample(sample)
    inferred = introspection.get_columns(estimator, _count_columns(columns, sample))
    introspection.check_fitted(estimator)
    container = introspection.get_container(estimator)
    if container == VECTOR and getattr(sample, "shape", ())[1:] == (1,):
        sample = sample.iloc[:, 0] if hasattr(sample, "iloc") else sample[:, 0]
    first = get_innermost(estimator)
    if sample is None:
        _check_categories(first)
    inferred = _restore_names(inferred, sample, get_receivers(estimator))
    unused = unused_columns.find_unused(estimator, len(inferred), _align(sample, inferred))
    inferred = unused_columns.mark_unused(inferred, unused)
    if sample is not None:
        runs = [get_method(estimator, name) for name in methods]
        container, inferred = _add_sample(estimator, inferred, columns, sample, runs)
    method = getattr(estimator, methods[0])
    inferred = tuple(map(_restrict, probing.mark_nullable(method, container, inferred)))
    if len({column.name for column in inferred}) < len(inferred):
        raise ArtifactError("Two columns of the model have the same name.")
    has_predict = methods[0] == "predict"
    n_outputs = probing.count_outputs(method, container, inferred) if has_predict else 1
    return Signature(
        columns=_rename_columns(inferred, columns, container),
        methods=methods,
        classes=introspection.get_classes(estimator, n_outputs),
        container=container,
        n_outputs=n_outputs,
    )


def _add_sample(
    estimator: Any,
    inferred: Sequence[Column],
    described: Sequence[Column] | None,
    sample: Any,
    methods: Sequence[Callable[[Any], Any]],
) -> tuple[str, tuple[Column, ...]]:
    """Return the container, and the columns with the types, ranges and examples of a sample."""
    container = introspection.get_container(estimator)
    if container in (ARRAY, SPARSE) and hasattr(sample, "columns"):
        inferred, sample = _take_names(inferred, described, sample, methods)
    declared = _add_types(inferred, described or ())
    sample_container, refined = sample_data.refine_columns(declared, sample)
    if sample_container in (ARRAY, SPARSE) and probing.depends_on_dtype(methods, sample):
        dtype = str(sample.dtype)
        refined = tuple(replace(column, dtype=dtype, kind=INTEGER) for column in refined)
    if hasattr(estimator, "served_columns_"):  # the estimator declares its container and types
        return container, tuple(map(_restore_type, refined, declared))
    return sample_container, refined


def _take_names(
    inferred: Sequence[Column],
    described: Sequence[Column] | None,
    sample: Any,
    methods: Sequence[Callable[[Any], Any]],
) -> tuple[tuple[Column, ...], Any]:
    """Return the columns with the names of a DataFrame, for an estimator that stores no names.

    Returns also the sample, as an array unless the estimator needs the DataFrame. As in
    scikit-learn, the columns have no names if one of them is not a string.
    """
    if not all(isinstance(name, str) for name in sample.columns):
        return tuple(inferred), sample.to_numpy()
    names = [column.name for column in described or ()]
    if not set(names) <= set(sample.columns) or not names:
        names = list(sample.columns)
    if len(names) != len(inferred):
        return tuple(inferred), sample.to_numpy()  # which is rejected with both numbers
    sample = sample[names]
    named = tuple(replace(column, name=name) for column, name in zip(inferred, names, strict=True))
    return named, sample if probing.needs_dataframe(methods, sample) else sample.to_numpy()


def _count_columns(columns: Sequence[Column] | None, sample: Any) -> int | None:
    if columns is not None:
        return len(columns)
    shape: tuple[int, ...] = getattr(sample, "shape", ())
    return shape[1] if len(shape) > 1 else None


def _check_categories(estimator: Any) -> None:
    """Check that the categories of the columns are known without a sample."""
    if boosters.has_categories(estimator):
        raise ArtifactError(
            f"{type(estimator).__name__} was fitted on columns of categories, and does not store "
            "their values. Add a sample."
        )


def _restore_names(
    inferred: Sequence[Column], sample: Any, receivers: Sequence[Any]
) -> tuple[Column, ...]:
    """Return the inferred columns with the names of a DataFrame, if an estimator changed them."""
    names = [str(name) for name in getattr(sample, "columns", ())]
    stored = {boosters.get_stored_name(each, name): name for each in receivers for name in names}
    return tuple(replace(column, name=stored.get(column.name, column.name)) for column in inferred)


def _align(sample: Any, columns: Sequence[Column]) -> Any:
    """Return a sample with the columns of the estimator, in their order."""
    if not hasattr(sample, "reindex") or not hasattr(sample, "columns"):
        return sample
    names = [column.name for column in columns]
    return sample.reindex(columns=names) if sample.columns.is_unique else None


def _add_types(inferred: Sequence[Column], stated: Sequence[Column]) -> tuple[Column, ...]:
    """Return the inferred columns with the types that are stated elsewhere."""
    if len(stated) != len(inferred):
        return tuple(inferred)
    return tuple(
        replace(column, dtype=other.dtype, kind=other.kind, missing_as_none=other.missing_as_none)
        if other.has_stated_type
        else column
        for column, other in zip(inferred, stated, strict=True)
    )


def _restrict(column: Column) -> Column:
    """Return the column; an unknown value of the dtype "category" is a missing value."""
    is_category = column.required and column.dtype == "category"
    return replace(column, rejects_unknown=True) if is_category and not column.nullable else column


def _restore_type(refined: Column, declared: Column) -> Column:
    return replace(refined, dtype=declared.dtype, kind=declared.kind)


def _rename_columns(
    inferred: Sequence[Column], described: Sequence[Column] | None, container: str
) -> tuple[Column, ...]:
    """Return the inferred columns with the names and descriptions of the described columns."""
    if described is None:
        return tuple(inferred)
    if len(described) != len(inferred):
        raise ArtifactError(
            f"{len(described)} columns are described; the model takes {len(inferred)}."
        )
    names = [column.name for column in inferred]
    if container == FRAME and [column.name for column in described] != names:
        raise ArtifactError(
            f"The model takes the columns {', '.join(names)}. It was fitted on a table, so its "
            "columns cannot be renamed."
        )
    return tuple(
        replace(column, name=named.name, description=named.description)
        for column, named in zip(inferred, described, strict=True)
    )
