"""Texts from the user about the columns and classes of a model."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from predictor.core.columns import MAX_LISTED_CATEGORIES, MAX_LISTED_COLUMNS, list_values
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import FRAME
from predictor.core.response_values import encode_label
from predictor.core.signature import Signature

MAX_LENGTH = 1000
# Characters that PostgreSQL cannot store, or UTF-8 cannot represent.
FORBIDDEN = re.compile(r"[\0\ud800-\udfff]")


def describe_columns(signature: Signature, columns: Mapping[str, str]) -> Signature:
    """Return the signature with descriptions of columns.

    Parameters
    ----------
    signature : Signature
    columns : mapping of str to str
        Descriptions of any columns by name. If they are as many as the columns of an estimator that
        was fitted without names, and no name is known, they also name the columns, in this order.

    Raises
    ------
    ArtifactError
        A name is unknown; a text is empty or too long.
    """
    texts = _check_texts("column", columns)
    names = signature.names
    unknown = [name for name in texts if name not in names]
    if len(unknown) == len(names) and len(texts) == len(names) and signature.container != FRAME:
        names = list(texts)
    elif unknown:
        raise ArtifactError(
            f"The model has no column {list_values(unknown, MAX_LISTED_COLUMNS)}. "
            f"Its columns are {list_values(names, MAX_LISTED_COLUMNS)}."
        )
    described = tuple(
        replace(column, name=name, description=texts.get(name, column.description))
        for name, column in zip(names, signature.columns, strict=True)
    )
    return replace(signature, columns=described)


def name_classes(signature: Signature, class_names: Mapping[Any, str]) -> Signature:
    """Return the signature with names of classes, which pages show beside the labels.

    Parameters
    ----------
    signature : Signature
    class_names : mapping of label to str
        Names of any labels. A label may also be written as it is in JSON: "0" for 0.

    Raises
    ------
    ArtifactError
        The names are not a mapping; a label is unknown; a name is empty or too long.
    """
    if not isinstance(class_names, Mapping):
        raise ArtifactError(
            "Names of classes are a dict of labels and names, such as {0: 'setosa'}; got a "
            f"{type(class_names).__name__}."
        )
    names = _check_texts("class", {_encode(label): name for label, name in class_names.items()})
    labels = list_class_labels(signature)
    if unknown := [label for label in names if label not in labels]:
        listed = list_values(labels, MAX_LISTED_CATEGORIES)
        having = f"Its classes are {listed}." if labels else "It has no classes."
        unknown_labels = list_values(unknown, MAX_LISTED_CATEGORIES)
        raise ArtifactError(f"The model has no class {unknown_labels}. {having}")
    return replace(signature, class_names={**signature.class_names, **names})


def list_class_labels(signature: Signature) -> list[str]:
    """Return the labels of all outputs as they are in the keys of JSON objects, each once."""
    classes = signature.classes or ()
    has_outputs = any(isinstance(each, tuple) for each in classes)
    labels = chain.from_iterable(classes) if has_outputs else classes
    return list(dict.fromkeys(map(encode_label, labels)))


def _encode(label: Any) -> str:
    """Return a label of any type, also of NumPy, as the key of a JSON object."""
    return encode_label(label.item() if hasattr(label, "item") else label)


def _check_texts(subject: str, texts: Mapping[Any, Any]) -> Mapping[str, str]:
    for name, text in texts.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise ArtifactError(f"The {subject} {name!r} needs a text; got {text!r}.")
        if not 1 <= len(name) <= MAX_LENGTH or not 1 <= len(text) <= MAX_LENGTH:
            raise ArtifactError(
                f"The text of the {subject} {name[:40]!r} needs 1 to {MAX_LENGTH} characters."
            )
        if FORBIDDEN.search(name + text):
            raise ArtifactError(f"The {subject} {name!r} contains U+0000 or a lone surrogate.")
    return texts
