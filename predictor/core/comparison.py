"""Differences between two versions of a model."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

# Fields of a column that are compared, by the word for people.
FIELDS = {
    "type": "dtype",
    "categories": "categories",
    "range": "range",
    "missing values": "nullable",
    "use": "required",
}


class Difference(NamedTuple):
    """A property with its value in each of two versions; None if a version lacks it."""

    name: str
    first: Any
    second: Any


def pair(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return all properties of two versions side by side."""
    names = dict.fromkeys([*first, *second])
    return [Difference(name, first.get(name), second.get(name)) for name in names]


def find_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return the properties that differ."""
    return [each for each in pair(first, second) if each.first != each.second]


def compare_columns(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return sentences about the columns of the first version that differ from the second.

    Parameters
    ----------
    first, second : sequence of mapping
        Columns as in `Signature.to_json`.
    """
    old = {column["name"]: column for column in second}
    new = {column["name"]: column for column in first}
    sentences = [f"Only in this version: {name}." for name in new if name not in old]
    sentences += [f"Only in the other version: {name}." for name in old if name not in new]
    for name in [name for name in new if name in old]:
        pairs = {word: (new[name].get(key), old[name].get(key)) for word, key in FIELDS.items()}
        changed = [word for word, (value, previous) in pairs.items() if value != previous]
        if changed:
            sentences.append(f"Changed in {name}: {', '.join(changed)}.")
    return sentences
