"""The signature in a model file, verified against the estimator."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from predictor.core import boosters, distribution, introspection, times
from predictor.core.coercion import DATETIME, KINDS, InvalidValue
from predictor.core.columns import Column
from predictor.core.descriptions import name_classes
from predictor.core.encoder_metadata import get_receivers
from predictor.core.errors import ArtifactError, PredictorError
from predictor.core.input_builders import CONTAINERS, FRAME
from predictor.core.lazy_frame import materialize
from predictor.core.response_values import METHODS
from predictor.core.served_methods import get_methods
from predictor.core.signature import Signature
from predictor.core.unused_columns import find_unused, mark_unused


def read_signature(stated: Mapping[str, Any], estimator: Any) -> Signature:
    """Return the signature that a file states, with the methods that are served now.

    An earlier release may have written it, or an earlier version of the package of the estimator,
    which had fewer methods.

    The estimator decides which columns are optional.

    Parameters
    ----------
    stated : mapping
        The output of `Signature.to_json`, or anything else that a file contains in its place.
    estimator : estimator

    Raises
    ------
    ArtifactError
        The signature cannot be read; it does not match the estimator.
    """
    signature = parse_signature(stated)
    names = introspection.get_names(estimator)
    columns = introspection.get_columns(estimator, len(signature.columns))
    stored_names = [
        [boosters.get_stored_name(each, name) for name in signature.names]
        for each in get_receivers(estimator)
    ]
    methods = get_methods(estimator)
    is_match = (
        set() < set(signature.methods) <= set(methods)
        and signature.classes == introspection.get_classes(estimator, signature.n_outputs)
        and len(columns) == len(signature.columns)
        and (signature.container != FRAME or names in (None, signature.names, *stored_names))
    )
    if not is_match:
        raise ArtifactError(
            "The signature in the file does not match its estimator. Save the estimator again."
        )
    unused = find_unused(estimator, len(columns), materialize(signature.build_example()))
    columns = mark_unused(signature.columns, unused)
    return replace(signature, columns=columns, methods=methods)


def parse_signature(stated: Any) -> Signature:
    """Return the signature in JSON values from a file or from a confined process.

    Raises
    ------
    ArtifactError
        The values are not the output of `Signature.to_json`.
    """
    try:
        signature = Signature.from_json(stated)
        if not any(column.required for column in signature.columns):
            raise _cannot_be_read()
        signature.build_example()
        is_valid = (
            signature.container in CONTAINERS
            and bool(signature.columns and signature.methods)
            and set(signature.methods) <= METHODS.keys()
            and len(set(signature.names)) == len(signature.columns)
            and all(map(_is_valid, signature.columns))
            and name_classes(signature, signature.class_names) == signature
        )
    except (
        InvalidValue,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        PredictorError,
    ) as exc:
        raise _cannot_be_read() from exc
    if not is_valid:
        raise _cannot_be_read()
    return signature


def _cannot_be_read() -> ArtifactError:
    return ArtifactError("The signature in the file cannot be read. Save the estimator again.")


def _is_valid(column: Column) -> bool:
    """Return whether the fields of a column are valid. An invalid time raises InvalidValue."""
    texts = (column.name, column.description, column.dtype)
    if not all(isinstance(text, str) for text in texts) or column.kind not in KINDS:
        return False
    limits = column.range or ()
    if column.kind == DATETIME:
        times.read_dtype(column.dtype)
        for limit in limits:
            times.parse_time(limit, column.dtype)
    elif not all(isinstance(limit, int | float) for limit in limits):
        return False
    return len(limits) in (0, 2) and distribution.is_valid(column)
