"""Comparison of a version with the live version, for the confirmation of its promotion."""

from typing import NamedTuple

from predictor.core.artifacts.software_versions import get_version
from predictor.core.columns import MAX_LISTED_CATEGORIES, Column, list_values
from predictor.core.comparison import Difference, pair
from predictor.core.descriptions import list_class_labels
from predictor.core.signature import Signature
from predictor.models import ModelVersion
from predictor.registry.engine_names import describe_engine


class Comparison(NamedTuple):
    """Metrics side by side, and findings that a user must know before the change.

    Attributes
    ----------
    live, new : int or None
        The numbers of the live version, None if there is none, and of its successor.
    metrics : list of Difference
        First the value of the live version, then that of its successor.
    findings, notes : list of str
        One sentence each; the notes of the version.
    """

    live: int | None
    new: int
    metrics: list[Difference]
    findings: list[str]
    notes: list[str]


def compare_with_live(new: ModelVersion) -> Comparison:
    """Return the comparison of a version with the live version of its model."""
    live = ModelVersion.objects.filter(model=new.model_id, state=ModelVersion.State.LIVE).first()
    findings = find_facts(new) + new.evaluation.get("notes", [])
    pairs = pair(new.metrics, live.metrics if live else {})
    return Comparison(
        live.version if live else None,
        new.version,
        [Difference(each.name, each.second, each.first) for each in pairs],
        findings + (find_differences(live, new) if live else []),
        new.notes.splitlines(),
    )


def find_facts(version: ModelVersion) -> list[str]:
    """Return the facts that registration found about a version."""
    facts = []
    if not version.metrics:
        facts.append("The version has no metrics, so its quality cannot be compared.")
    fitted = version.fitted_with.get("scikit-learn")
    if version.any_version and fitted not in (None, get_version("scikit-learn")):
        facts.append(
            f"It was fitted with scikit-learn {fitted} and accepted with allow_version: its "
            "predictions may differ from those in the notebook."
        )
    if not version.compiled:
        facts.append(f"Engine: {describe_engine(version)}")
    return facts


def find_differences(live: ModelVersion, new: ModelVersion) -> list[str]:
    """Return the differences that the clients and users of the live version will notice."""
    before, after = Signature.from_json(live.signature), Signature.from_json(new.signature)
    old_columns = {column.name: column for column in before.columns}
    new_columns = {column.name: column for column in after.columns}
    common = [(old_columns[n], new_columns[n]) for n in old_columns.keys() & new_columns.keys()]
    lists = {
        "Clients must send new columns": set(after.used_names) - set(before.used_names),
        "Clients must no longer send columns": old_columns.keys() - new_columns.keys(),
        "Columns have another type": {old.name for old, new in common if old.dtype != new.dtype},
        "Columns no longer accept missing values": {
            old.name for old, new in common if old.nullable and not new.nullable
        },
        "Columns reject values that they accepted": {
            old.name for old, new in common if _accepts_fewer(old, new)
        },
        "Outputs are no longer available": set(before.methods) - set(after.methods),
        "Columns are no longer described": {
            old.name for old, new in common if old.description and not new.description
        },
        "Classes no longer have names": {
            label
            for label in list_class_labels(after)
            if label in before.class_names and label not in after.class_names
        },
    }
    findings = [f"{text}: {', '.join(sorted(names))}." for text, names in lists.items() if names]
    if before.classes != after.classes:
        findings.append(
            f"The classes differ: {_list_classes(before)} in version {live.version}; "
            f"{_list_classes(after)} in version {new.version}."
        )
    sizes = [version.evaluation.get("n_rows") for version in (live, new)]
    if all(sizes) and sizes[0] != sizes[1]:
        findings.append(
            f"The versions were evaluated on different test data ({sizes[0]:,} and {sizes[1]:,} "
            "rows), so their metrics are not exactly comparable."
        )
    return findings


def _accepts_fewer(old: Column, new: Column) -> bool:
    """Return whether a column rejects values that it accepted, apart from missing values."""
    before, after = old.allowed_values, new.allowed_values
    return bool(after) and (not before or not set(before) <= set(after))


def _list_classes(signature: Signature) -> str:
    return list_values(list_class_labels(signature), MAX_LISTED_CATEGORIES) or "none"
