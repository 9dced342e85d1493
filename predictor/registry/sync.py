"""Registration of versions that lie in MODELS_DIR without a row."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from predictor.core.engines import file_name
from predictor.core.errors import ArtifactError, PredictorError
from predictor.core.signature import Signature
from predictor.isolation.job import Inspection
from predictor.isolation.reports import parse_evaluation, parse_parts
from predictor.isolation.sandbox import Upload, inspect_file
from predictor.models import ModelVersion, RegisteredModel
from predictor.registry import cleanup, queries, storage
from predictor.registry.registration import Origin, card, check_metrics, new_row

# An artifact lies in the same directory as its card.
FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")

# Columns of a new row that come from the card.
CARD_COLUMNS = ("artifact", "format", "signature", "fitted_with", "any_version")


def sync() -> Iterator[tuple[str, bool]]:
    """Register the versions in MODELS_DIR that have no row.

    Yields a message for each version, and whether it was successful.
    """
    with storage.locked():
        for message in cleanup.clear():
            yield message, True
        for name, number in _unregistered():
            try:
                row = _adopt(name, number)
            except PredictorError as exc:
                yield f"Skipped {name}/{number}: {exc}", False
            except OSError as exc:
                yield f"Skipped {name}/{number}: {exc.strerror}.", False
            else:
                yield f"Registered version {row.version} of {name}.", True


def _unregistered() -> Iterator[tuple[str, int]]:
    """Yield name and number of the directories of versions without a row, sorted.

    A purged version has no file to register.
    """
    registered = set(ModelVersion.objects.values_list("model__name", "version"))
    for entry in sorted(storage.root().iterdir()):
        if entry.is_dir() and not entry.name.startswith("."):
            for number in storage.numbers(entry.name):
                if (entry.name, number) in registered:
                    continue
                if not storage.is_purged(storage.directory(entry.name, number)):
                    yield entry.name, number


def _adopt(name: str, number: int) -> ModelVersion:
    """Register a directory without moving it; write its card if it has none."""
    queries.check_name(name)
    directory = storage.directory(name, number)
    data = _read_card(directory)
    metrics = data.get("metrics", {})
    check_metrics(metrics)
    if data:
        fields = {column: data[column] for column in CARD_COLUMNS}
        inspection = Inspection(
            **fields,
            estimator=data.get("estimator", ""),
            parts=parse_parts(data.get("parts")),
            evaluation=parse_evaluation(data.get("evaluation")),
        )
    else:
        inspection = _inspect(directory)
    origin = Origin(
        source=data.get("source", "") or "found in MODELS_DIR",
        notes=data.get("notes", ""),
        metrics=metrics,
    )
    try:
        with transaction.atomic(durable=True):
            description = data.get("description", inspection.description)
            model, _ = RegisteredModel.objects.get_or_create(
                name=name, defaults={"description": description}
            )
            row = new_row(model, number, directory, inspection, origin)
            if data and row.sha256 != data["sha256"]:
                raise ArtifactError(f"The SHA-256 of {row.artifact} differs from its card.")
            if not data:
                storage.write_card(directory, card(row))
    except ValidationError as exc:
        raise ArtifactError(f"{storage.CARD} is invalid: {' '.join(exc.messages)}") from exc
    return row


def _read_card(directory: Path) -> Mapping[str, Any]:
    """Return the content of the card in a directory; empty if there is no card."""
    path = directory / storage.CARD
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_bytes())
        missing = {*CARD_COLUMNS, "sha256"} - data.keys()
    except (ValueError, AttributeError, OSError) as exc:
        raise ArtifactError(f"{storage.CARD} cannot be read.") from exc
    if missing:
        raise ArtifactError(f"{storage.CARD} lacks {', '.join(sorted(missing))}.")
    if not _is_well_typed(data):
        raise ArtifactError(f"{storage.CARD} has a value of the wrong type.")
    return dict(data)


def _is_well_typed(data: Mapping[str, Any]) -> bool:
    """Return whether the values of a card have the expected types."""
    texts = [data.get(key, "") for key in ("description", "source", "notes", "format", "estimator")]
    tables = [data.get(key, {}) for key in ("metrics", "fitted_with")]
    name = data["artifact"]
    try:
        Signature.from_json(data["signature"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(table, dict) for table in tables)
        and isinstance(name, str)
        and FILE_NAME.fullmatch(name) is not None
    )


def _inspect(directory: Path) -> Inspection:
    """Inspect the only file in a directory."""
    entries = [e for e in directory.iterdir() if not e.name.startswith((".", "compiled-"))]
    if len(entries) != 1:
        raise ArtifactError(f"Expected one file, or one file and {storage.CARD}.")
    with tempfile.TemporaryDirectory() as scratch:
        inspection = inspect_file(Upload(entries[0]), Path(scratch))
        converted = Path(scratch, inspection.artifact)
        if storage.measure(converted) != storage.measure(entries[0]):
            raise ArtifactError(
                f"{entries[0].name} must be converted first, by the command `register`."
            )
        if inspection.compiled:
            shutil.copy(Path(scratch, file_name(inspection.compiled)), directory)
    return replace(inspection, artifact=entries[0].name)
