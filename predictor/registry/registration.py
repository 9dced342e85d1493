"""A new version: its files and its row, both or neither."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from predictor.core import artifacts
from predictor.core.errors import InvalidInput
from predictor.isolation.inspect_artifact import Found
from predictor.isolation.sandbox import Upload, examine
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.recipes import Fitted
from predictor.registry import audit_log, cleanup, queries, storage

ARTIFACT = "model.skops"
LONGEST_HEADING = 64  # the name of a metric heads a column

# What a card repeats of its row, so that a lost database is no loss.
CARD_FACTS = (
    "version",
    "artifact",
    "format",
    "sha256",
    "size",
    "signature",
    "metrics",
    "fitted_with",
    "any_version",
    "source",
    "notes",
    "engines",
)


@dataclass(frozen=True)
class Origin:
    """What is said of a version by whoever registers it."""

    source: str
    by: User | None = None
    description: str = ""
    notes: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


def register(name: str, fitted: Fitted, *, by: User | None = None) -> ModelVersion:
    """Register what a recipe fitted as the model's next version.

    Raises
    ------
    InvalidInput
        The name is not one that can stand in an address.
    """
    from predictor.core.compiler.compile import compile_  # noqa: PLC0415 - who fits pays for it

    queries.check_name(name)
    with storage.staging() as staged:
        path = staged / ARTIFACT
        signature = artifacts.save(fitted.estimator, path, fitted.X, columns=fitted.columns)
        forms = settings.ENGINES == "compiled"
        compilation = compile_(fitted.estimator, signature, fitted.X, enabled=forms)
        found = Found(
            ARTIFACT,
            "skops",
            signature.to_json(),
            artifacts.fitted_with(),
            engines=compilation.report,
            compiled=compilation.write(staged),
        )
        origin = Origin("training", by, fitted.description, metrics=fitted.metrics)
        return admit(name, staged, found, origin)


def register_file(name: str, upload: Upload, origin: Origin) -> ModelVersion:
    """Register a file as the model's next version.

    Raises
    ------
    InvalidInput
        The file holds no model that can be served; the name or a metric is not one.
    """
    queries.check_name(name)
    check_metrics(origin.metrics)
    with storage.staging() as staged:
        found = examine(upload, staged)
        return admit(name, staged, found, origin)


def admit(name: str, staged: Path, found: Found, origin: Origin) -> ModelVersion:
    """Make a directory with an artifact the model's next version.

    The row is committed after the files are in their place, and the files count only once the row
    is there: whatever is interrupted is cleared before the next registration.

    Raises
    ------
    InvalidInput
        A metric is not a finite number.
    """
    check_metrics(origin.metrics)
    with storage.locked():
        cleanup.clear()
        with transaction.atomic(durable=True):
            model = _model(name, origin.description)
            row = new_row(model, _next_number(model), staged, found, origin)
            place = storage.directory(name, row.version)
            storage.write_card(staged, card(row))
            storage.settle(staged, place)
        storage.confirm(place)
    return row


def new_row(
    model: RegisteredModel, number: int, place: Path, found: Found, origin: Origin
) -> ModelVersion:
    """Add the row of a version whose files lie in that place, and its line in the record."""
    sha256, size = storage.measure(place / found.artifact)
    row = ModelVersion(
        model=model,
        version=number,
        artifact=found.artifact,
        format=found.format,
        sha256=sha256,
        size=size,
        signature=dict(found.signature),
        metrics=dict(origin.metrics),
        fitted_with=dict(found.fitted_with),
        any_version=found.any_version,
        engines=dict(found.engines),
        compiled=found.compiled,
        source=origin.source,
        notes="\n".join([*filter(None, [origin.notes]), *found.notes]),
        created_by=origin.by,
    )
    row.clean_fields()
    row.save()
    audit_log.write(model, Event.Kind.REGISTRATION, after=row, by=origin.by, why=origin.source)
    return row


def card(row: ModelVersion) -> dict[str, Any]:
    """Return what the card beside an artifact says of it."""
    model = {"name": row.model.name, "description": row.model.description}
    facts = {fact: getattr(row, fact) for fact in CARD_FACTS}
    return model | facts | {"created_at": row.created_at.isoformat()}


def check_metrics(metrics: Mapping[str, Any]) -> None:
    """Refuse metrics that are not finite numbers under short names.

    Raises
    ------
    InvalidInput
        They are not.
    """
    for name, value in metrics.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not name.isprintable() or not 1 <= len(name) <= LONGEST_HEADING:
            sentence = f"The name of a metric has 1 to {LONGEST_HEADING} printable characters."
        elif not number or not -sys.float_info.max <= value <= sys.float_info.max:
            sentence = f"{name} takes a finite number."
        else:
            continue
        raise InvalidInput(sentence, {"metrics": [sentence]})


def _model(name: str, description: str) -> RegisteredModel:
    """Return the model, new if need be, and let no other registration pass meanwhile."""
    model, new = RegisteredModel.objects.get_or_create(
        name=name, defaults={"description": description}
    )
    if new:
        return model
    return RegisteredModel.objects.select_for_update().get(pk=model.pk)


def _next_number(model: RegisteredModel) -> int:
    """Return a number above every row and every directory that the model has."""
    recorded = model.versions.aggregate(last=Max("version"))["last"] or 0
    return max(recorded, *storage.numbers(model.name), 0) + 1
