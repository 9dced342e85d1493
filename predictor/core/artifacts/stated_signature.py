"""The signature in a model file, verified against the estimator."""

from collections.abc import Mapping
from typing import Any

from predictor.core import introspection
from predictor.core.coercion import COERCERS
from predictor.core.columns import Column
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.input_builders import CONTAINERS, FRAME
from predictor.core.signature import Signature


def read_signature(stated: Mapping[str, Any], estimator: Any) -> Signature:
    """Return the signature that a file states.

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
    try:
        signature = Signature.from_json(stated)
        is_match = (
            signature.methods == introspection.get_methods(estimator)
            and signature.classes == introspection.get_classes(estimator)
            and signature.container in CONTAINERS
            and len(set(signature.names)) == len(names) == len(signature.columns)
            and (signature.container != FRAME or signature.names == names)
            and all(map(_is_valid, signature.columns))
        )
        signature.build_example()
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInput) as exc:
        raise ArtifactError(
            "The signature in the file cannot be read. Save the estimator again."
        ) from exc
    if not is_match:
        raise ArtifactError(
            "The signature in the file does not match its estimator. Save the estimator again."
        )
    return signature


def _is_valid(column: Column) -> bool:
    texts = (column.name, column.description, column.dtype)
    return all(isinstance(text, str) for text in texts) and column.kind in COERCERS
