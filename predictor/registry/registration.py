"""Registration of a version: its files and its row, both or neither."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from predictor import conf, triggers
from predictor.core import artifacts
from predictor.core.errors import InvalidInput
from predictor.isolation.inspect_artifact import Inspection
from predictor.isolation.sandbox import Upload, inspect_file
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.recipes import Fitted
from predictor.registry import audit_log, cleanup, queries, storage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ARTIFACT = "model.skops"
MAX_METRIC_NAME_LENGTH = 64  # the name is a column heading

# Columns of a version that its card repeats, so that `sync` can restore a lost database.
CARD_COLUMNS = (*triggers.IMMUTABLE_COLUMNS, "notes", "engines")


@dataclass(frozen=True)
class Origin:
    """Origin and description of a version, from the user who registers it."""

    source: str
    by: "User | None" = None
    description: str = ""
    notes: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


def register(name: str, fitted: Fitted, *, by: "User | None" = None) -> ModelVersion:
    """Register the result of a recipe as the model's next version.

    Raises
    ------
    InvalidInput
        The name is not a model name.
    """
    from predictor.core.compiler.compile import compile_  # noqa: PLC0415 - imports scikit-learn

    queries.check_name(name)
    with storage.staging() as staged:
        path = staged / ARTIFACT
        signature = artifacts.save(fitted.estimator, path, fitted.X, columns=fitted.columns)
        compilation = compile_(fitted.estimator, signature, fitted.X, enabled=conf.uses_compiled())
        inspection = Inspection(
            ARTIFACT,
            "skops",
            signature.to_json(),
            artifacts.get_software_versions(),
            engines=compilation.report,
            compiled=compilation.write(staged),
        )
        origin = Origin("training", by, fitted.description, metrics=fitted.metrics)
        return admit(name, staged, inspection, origin)


def register_file(name: str, upload: Upload, origin: Origin) -> ModelVersion:
    """Register a file as the model's next version.

    Raises
    ------
    InvalidInput
        The file, the name or a metric is rejected.
    """
    queries.check_name(name)
    check_metrics(origin.metrics)
    with storage.staging() as staged:
        inspection = inspect_file(upload, staged)
        return admit(name, staged, inspection, origin)


def admit(name: str, staged: Path, inspection: Inspection, origin: Origin) -> ModelVersion:
    """Register a staged directory as the model's next version.

    The files are moved before the row is committed, and carry a mark until then. If the process
    is interrupted, the next registration removes the marked files.

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
            row = new_row(model, _next_number(model), staged, inspection, origin)
            directory = storage.directory(name, row.version)
            storage.write_card(staged, card(row))
            storage.settle(staged, directory)
        storage.confirm(directory)
    return row


def new_row(
    model: RegisteredModel, number: int, directory: Path, inspection: Inspection, origin: Origin
) -> ModelVersion:
    """Write the row of a version whose files lie in the directory, and its event."""
    sha256, size = storage.measure(directory / inspection.artifact)
    row = ModelVersion(
        model=model,
        version=number,
        artifact=inspection.artifact,
        format=inspection.format,
        sha256=sha256,
        size=size,
        signature=dict(inspection.signature),
        metrics=dict(origin.metrics),
        fitted_with=dict(inspection.fitted_with),
        any_version=inspection.any_version,
        engines=dict(inspection.engines),
        compiled=inspection.compiled,
        source=origin.source,
        notes="\n".join([*filter(None, [origin.notes]), *inspection.notes]),
        created_by=origin.by,
    )
    row.clean_fields()
    row.save()
    audit_log.write(model, Event.Kind.REGISTRATION, after=row, by=origin.by, why=origin.source)
    return row


def card(row: ModelVersion) -> dict[str, Any]:
    """Return the content of the card beside an artifact."""
    model = {"name": row.model.name, "description": row.model.description}
    columns = {name: getattr(row, name) for name in CARD_COLUMNS}
    return model | columns | {"created_at": row.created_at.isoformat()}


def check_metrics(metrics: Any) -> None:
    """Check that metrics are an object with short names and finite numbers.

    Raises
    ------
    InvalidInput
        They are something else.
    """
    if not isinstance(metrics, Mapping):
        raise _invalid_metrics('Expected an object such as {"accuracy": 0.93}.')
    for name, value in metrics.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not name.isprintable() or not 1 <= len(name) <= MAX_METRIC_NAME_LENGTH:
            raise _invalid_metrics(
                f"The name of a metric has 1 to {MAX_METRIC_NAME_LENGTH} printable characters."
            )
        if not is_number or not -sys.float_info.max <= value <= sys.float_info.max:
            raise _invalid_metrics(f"The metric {name} must be a finite number.")


def _invalid_metrics(message: str) -> InvalidInput:
    return InvalidInput(message, {"metrics": [message]})


def _model(name: str, description: str) -> RegisteredModel:
    """Return the model, created if necessary, with its row locked."""
    model, new = RegisteredModel.objects.get_or_create(
        name=name, defaults={"description": description}
    )
    if new:
        return model
    return RegisteredModel.objects.select_for_update().get(pk=model.pk)


def _next_number(model: RegisteredModel) -> int:
    """Return a number above those of all rows and all directories of the model."""
    recorded = model.versions.aggregate(last=Max("version"))["last"] or 0
    return max(recorded, *storage.numbers(model.name), 0) + 1
