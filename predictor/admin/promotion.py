"""Comparison of a version with the live version, for the confirmation of its promotion."""

from typing import NamedTuple

from predictor.admin.version_tables import format_metric
from predictor.core.comparison import pair
from predictor.core.signature import Signature
from predictor.models import ModelVersion


class Comparison(NamedTuple):
    """Metrics side by side, and findings that a user must know before the change.

    Attributes
    ----------
    live, new : int or None
        The numbers of the live version, None if there is none, and of its successor.
    metrics : list of (str, str, str)
        Name, value of the live version, value of its successor.
    findings : list of str
        One sentence each.
    """

    live: int | None
    new: int
    metrics: list[tuple[str, str, str]]
    findings: list[str]


def compare(new: ModelVersion) -> Comparison:
    """Return the comparison of a version with the live version of its model."""
    live = ModelVersion.objects.filter(model=new.model_id, state=ModelVersion.State.LIVE).first()
    old_metrics = live.metrics if live else {}
    metrics = [
        (name, format_metric(old), format_metric(metric))
        for name, metric, old in pair(new.metrics, old_metrics)
    ]
    findings = find_facts(new) + (find_differences(live, new) if live else [])
    return Comparison(live.version if live else None, new.version, metrics, findings)


def find_facts(version: ModelVersion) -> list[str]:
    """Return the facts that registration found about a version."""
    facts = []
    if not version.metrics:
        facts.append("The version has no metrics, so its quality cannot be compared.")
    if version.any_version:
        fitted = version.fitted_with.get("scikit-learn", "another version")
        facts.append(
            f"It was fitted with scikit-learn {fitted} and accepted with allow_version: its "
            "predictions may differ from those in the notebook."
        )
    if not version.compiled:
        reason = version.engines.get("reason", "")
        facts.append(
            f"scikit-learn runs it, which is slower than a compiled version. {reason}".strip()
        )
    return facts


def find_differences(live: ModelVersion, new: ModelVersion) -> list[str]:
    """Return the differences that the clients of the live version will notice."""
    before, after = Signature.from_json(live.signature), Signature.from_json(new.signature)
    old = {column.name: column for column in before.columns}
    named = {column.name: column for column in after.columns}
    changed = [
        name
        for name in old.keys() & named.keys()
        if (old[name].dtype, old[name].nullable) != (named[name].dtype, named[name].nullable)
    ]
    lists = {
        "Clients must send new columns": set(after.used_names) - set(before.used_names),
        "Clients must no longer send columns": old.keys() - named.keys(),
        "Columns have another type or accept other missing values": changed,
        "Outputs are no longer available": set(before.methods) - set(after.methods),
    }
    found = [f"{text}: {', '.join(sorted(names))}." for text, names in lists.items() if names]
    if before.classes != after.classes:
        found.append("The classes differ.")
    return found
