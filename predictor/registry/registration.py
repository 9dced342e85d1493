"""Registration of a version: its files and its row, both or neither."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Max

from predictor import triggers
from predictor.core.descriptions import describe_columns, name_classes
from predictor.core.errors import ArtifactError, Conflict, InvalidInput
from predictor.core.signature import Signature
from predictor.isolation import sandbox
from predictor.isolation.job import Inspection
from predictor.isolation.sandbox import Upload
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.registry import audit_log, cleanup, queries, storage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_METRIC_NAME_LENGTH = 64  # the name is a column heading
MAX_METRICS = 100
MAX_ESTIMATOR_LENGTH = 200

# Columns of a version that its card repeats, so that `sync` can restore a lost database.
CARD_COLUMNS = (*triggers.IMMUTABLE_COLUMNS, "notes", "engines")


@dataclass(frozen=True)
class Origin:
    """Origin and description of a version, from the user who registers it.

    A description replaces that of the model. Columns and classes are described by name. An upload
    with the `upload_key` of a version is not registered again.
    """

    source: str
    by: "User | None" = None
    description: str = ""
    notes: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    class_names: Mapping[str, str] = field(default_factory=dict)
    upload_key: str | None = None


def register_recipe(name: str, *, by: "User | None" = None) -> ModelVersion:
    """Train a bundled model, and register it as the model's next version.

    Raises
    ------
    ArtifactError
        The training fails.
    """
    with storage.staging() as staged:
        inspection = sandbox.train(name, staged)
        origin = Origin("training", by, metrics=inspection.metrics)
        return admit(name, staged, inspection, origin)


def register_file(name: str, upload: Upload, origin: Origin) -> ModelVersion:
    """Register a file as the model's next version; return the version of a repeated upload.

    Raises
    ------
    InvalidInput
        The file, the name, a metric or a text is rejected.
    """
    queries.check_name(name)
    check_metrics(origin.metrics)
    with storage.staging() as staged:
        inspection = sandbox.inspect_file(upload, staged)
        signature = describe(Signature.from_json(inspection.signature), origin)
        return admit(name, staged, replace(inspection, signature=signature.to_json()), origin)


def describe(signature: Signature, origin: Origin) -> Signature:
    """Return the signature with the user's texts.

    Raises
    ------
    InvalidInput
        A text does not fit the signature.
    """
    for name, change in (("columns", describe_columns), ("class_names", name_classes)):
        texts = getattr(origin, name)
        if not isinstance(texts, Mapping):
            raise _invalid(name, 'Expected an object such as {"name": "text"}.')
        try:
            signature = change(signature, texts)
        except ArtifactError as exc:
            raise _invalid(name, str(exc)) from exc
    return signature


def admit(name: str, staged: Path, inspection: Inspection, origin: Origin) -> ModelVersion:
    """Register a staged directory as the model's next version, unless its upload is repeated.

    The metrics on its test data are metrics of the version, unless the origin states others.

    The files are moved before the row is committed, and carry a mark until then. If the process
    is interrupted, the next registration removes the marked files.

    Raises
    ------
    InvalidInput
        A metric is not a finite number.
    Conflict
        The user was deleted during the inspection.
    """
    check_metrics(origin.metrics)
    measured = {
        name: each["value"] for name, each in inspection.evaluation.get("metrics", {}).items()
    }
    origin = replace(origin, metrics=measured | dict(origin.metrics))
    with storage.locked():
        cleanup.clear()
        if origin.upload_key and (repeated := queries.find_upload(origin.upload_key)):
            return repeated
        with transaction.atomic(durable=True):
            _lock_user(origin.by)
            model = _model(name, origin.description, inspection.description)
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
        estimator=shorten(inspection.estimator, MAX_ESTIMATOR_LENGTH, placeholder=" ..."),
        parts=list(inspection.parts),
        sha256=sha256,
        size=size,
        signature=dict(inspection.signature),
        metrics=dict(origin.metrics),
        evaluation=dict(inspection.evaluation),
        fitted_with=dict(inspection.fitted_with),
        any_version=inspection.any_version,
        engines=dict(inspection.engines),
        compiled=inspection.compiled,
        source=origin.source,
        notes="\n".join([*filter(None, [origin.notes]), *inspection.notes]),
        created_by=origin.by,
        upload_key=origin.upload_key,
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
    """Check that metrics are an object with few short names and finite numbers.

    Raises
    ------
    InvalidInput
        They are something else.
    """
    if not isinstance(metrics, Mapping):
        raise _invalid("metrics", 'Expected an object such as {"accuracy": 0.93}.')
    if len(metrics) > MAX_METRICS:
        raise _invalid("metrics", f"There are at most {MAX_METRICS} metrics; got {len(metrics):,}.")
    for name, value in metrics.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not name.isprintable() or not 1 <= len(name) <= MAX_METRIC_NAME_LENGTH:
            raise _invalid(
                "metrics",
                f"The name of a metric has 1 to {MAX_METRIC_NAME_LENGTH} printable characters.",
            )
        if not is_number or not -sys.float_info.max <= value <= sys.float_info.max:
            raise _invalid("metrics", f"The metric {name} must be a finite number.")


def _invalid(field_name: str, message: str) -> InvalidInput:
    return InvalidInput(message, {field_name: [message]})


def _model(name: str, description: str, own_description: str) -> RegisteredModel:
    """Return the model, created if necessary, with its row locked.

    Parameters
    ----------
    name : str
    description : str
        Description from the user, which replaces that of the model.
    own_description : str
        Description in the file, for a model without a description.
    """
    model, new = RegisteredModel.objects.get_or_create(
        name=name, defaults={"description": description or own_description}
    )
    if new:
        return model
    model = RegisteredModel.objects.select_for_update().get(pk=model.pk)
    if text := description or (own_description if not model.description else ""):
        model.description = text
        model.save(update_fields=["description"])
    return model


def _lock_user(user: "User | None") -> None:
    """Keep the user of a registration until the end of the transaction."""
    if user and not get_user_model().objects.select_for_update().filter(pk=user.pk):
        raise Conflict(f"The user {user} was deleted during the registration.")


def _next_number(model: RegisteredModel) -> int:
    """Return a number above those of all rows and all directories of the model."""
    recorded = model.versions.aggregate(last=Max("version"))["last"] or 0
    return max(recorded, *storage.numbers(model.name), 0) + 1
