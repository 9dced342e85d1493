"""The signature in a model file, verified against the estimator."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from predictor.core import distribution, introspection
from predictor.core.coercion import COERCERS
from predictor.core.columns import Column
from predictor.core.descriptions import name_classes
from predictor.core.errors import ArtifactError, PredictorError
from predictor.core.input_builders import CONTAINERS, FRAME
from predictor.core.response_values import ESTIMATOR_ONLY, METHODS
from predictor.core.served_methods import get_methods
from predictor.core.signature import Signature


def read_signature(stated: Mapping[str, Any], estimator: Any) -> Signature:
    """Return the signature that a file states, with the methods that are served now.

    An earlier release may have written it, which did not serve the methods of `ESTIMATOR_ONLY`.

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
    names = [column.name for column in introspection.get_columns(estimator)]
    signature = parse_signature(stated)
    methods = get_methods(estimator)
    is_match = (
        set(methods) - ESTIMATOR_ONLY <= set(signature.methods) <= set(methods)
        and signature.classes == introspection.get_classes(estimator)
        and len(names) == len(signature.columns)
        and (signature.container != FRAME or signature.names == names)
    )
    if not is_match:
        raise ArtifactError(
            "The signature in the file does not match its estimator. Save the estimator again."
        )
    return replace(signature, methods=methods)


def parse_signature(stated: Any) -> Signature:
    """Return the signature in JSON values from a file or from a confined process.

    Raises
    ------
    ArtifactError
        The values are not the output of `Signature.to_json`.
    """
    try:
        signature = Signature.from_json(stated)
        signature.build_example()
        is_valid = (
            signature.container in CONTAINERS
            and bool(signature.columns and signature.methods)
            and set(signature.methods) <= METHODS.keys()
            and len(set(signature.names)) == len(signature.columns)
            and all(map(_is_valid, signature.columns))
            and name_classes(signature, signature.class_names) == signature
        )
    except (LookupError, TypeError, ValueError, AttributeError, PredictorError) as exc:
        raise _cannot_be_read() from exc
    if not is_valid:
        raise _cannot_be_read()
    return signature


def _cannot_be_read() -> ArtifactError:
    return ArtifactError("The signature in the file cannot be read. Save the estimator again.")


def _is_valid(column: Column) -> bool:
    texts = (column.name, column.description, column.dtype)
    return (
        all(isinstance(text, str) for text in texts)
        and column.kind in COERCERS
        and distribution.is_valid(column)
    )
