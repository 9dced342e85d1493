"""Versions that lie in MODELS_DIR and have no row: registered where they lie."""

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
from predictor.isolation.inspect_artifact import Found
from predictor.isolation.sandbox import Upload, examine
from predictor.models import ModelVersion, RegisteredModel
from predictor.registry import cleanup, queries, storage
from predictor.registry.registration import Origin, card, check_metrics, new_row

# An artifact lies beside its card.
FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")

# What a row takes from the card.
FOUND = ("artifact", "format", "signature", "fitted_with", "any_version")


def sync() -> Iterator[tuple[str, bool]]:
    """Register what lies in MODELS_DIR without a row; yield what was done, and if it was well."""
    with storage.locked():
        for removed in cleanup.clear():
            yield removed, True
        for name, number in _unregistered():
            try:
                row = _adopt(name, number)
            except PredictorError as exc:
                yield f"Left {name}/{number} alone: {exc}", False
            except OSError as exc:
                yield f"Left {name}/{number} alone: {exc.strerror}.", False
            else:
                yield f"Registered version {row.version} of {name}.", True


def _unregistered() -> Iterator[tuple[str, int]]:
    """Yield the directories that look like versions and have no row, in order."""
    known = set(ModelVersion.objects.values_list("model__name", "version"))
    for entry in sorted(storage.root().iterdir()):
        if entry.is_dir() and not entry.name.startswith("."):
            for number in storage.numbers(entry.name):
                if (entry.name, number) not in known:
                    yield entry.name, number


def _adopt(name: str, number: int) -> ModelVersion:
    """Register a directory as it lies; one that has no card gets one."""
    queries.check_name(name)
    place = storage.directory(name, number)
    said = _card(place)
    found = Found(**{fact: said[fact] for fact in FOUND}) if said else _examined(place)
    metrics = said.get("metrics", {})
    check_metrics(metrics)
    origin = Origin(
        source=said.get("source", "") or "found in MODELS_DIR",
        notes=said.get("notes", ""),
        metrics=metrics,
    )
    try:
        with transaction.atomic(durable=True):
            model, _ = RegisteredModel.objects.get_or_create(
                name=name, defaults={"description": said.get("description", "")}
            )
            row = new_row(model, number, place, found, origin)
            if said and row.sha256 != said["sha256"]:
                raise ArtifactError(f"its {found.artifact} is not the file that its card tells of.")
            if not said:
                storage.write_card(place, card(row))
    except ValidationError as exc:
        raise ArtifactError(f"its card is wrong: {' '.join(exc.messages)}") from exc
    return row


def _card(place: Path) -> Mapping[str, Any]:
    """Return what the card of a directory says; nothing if there is none."""
    path = place / storage.CARD
    if not path.exists():
        return {}
    try:
        said = json.loads(path.read_bytes())
        missing = {*FOUND, "sha256"} - said.keys()
    except (ValueError, AttributeError, OSError) as exc:
        raise ArtifactError(f"its {storage.CARD} cannot be read.") from exc
    if missing:
        raise ArtifactError(f"its {storage.CARD} has no {', '.join(sorted(missing))}.")
    if not _plain(said):
        raise ArtifactError(f"its {storage.CARD} does not say what a card says.")
    return dict(said)


def _plain(said: Mapping[str, Any]) -> bool:
    """Return whether what a card says has the types that it should."""
    texts = [said.get(fact, "") for fact in ("description", "source", "notes", "format")]
    tables = [said.get(fact, {}) for fact in ("metrics", "fitted_with")]
    name = said["artifact"]
    try:
        Signature.from_json(said["signature"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(table, dict) for table in tables)
        and isinstance(name, str)
        and FILE.fullmatch(name) is not None
    )


def _examined(place: Path) -> Found:
    """Return what the one file in a directory holds."""
    aside = (".", "compiled-")
    entries = [entry for entry in place.iterdir() if not entry.name.startswith(aside)]
    if len(entries) != 1:
        raise ArtifactError(f"it takes one file and a {storage.CARD}, or the file alone.")
    with tempfile.TemporaryDirectory() as scratch:
        found = examine(Upload(entries[0]), Path(scratch))
        if storage.measure(Path(scratch, found.artifact)) != storage.measure(entries[0]):
            raise ArtifactError(f"{entries[0].name} has to be converted; `register` does that.")
        if found.compiled:
            shutil.copy(Path(scratch, file_name(found.compiled)), place)
    return replace(found, artifact=entries[0].name)
