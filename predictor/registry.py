"""Registers, promotes and resets: the one writer of the registry's rows and of MODELS_DIR."""

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from predictor import recipes
from predictor.core import artifacts
from predictor.core.errors import Conflict, InvalidInput, ModelNotFound
from predictor.core.signature import Signature
from predictor.models import NAME, NAME_RULE, ModelVersion, RegisteredModel
from predictor.recipes import Fitted

ARTIFACT = "model.skops"
CARD = "card.json"


def directory(name: str, version: int) -> Path:
    """Return where a version's files lie."""
    return Path(settings.MODELS_DIR) / name / str(version)


def find(name: str) -> RegisteredModel:
    """Return the model of that name.

    Raises
    ------
    ModelNotFound
        There is none.
    """
    try:
        return RegisteredModel.objects.get(name=name)
    except RegisteredModel.DoesNotExist as exc:
        raise ModelNotFound(f"There is no model {name}.") from exc


def live_versions() -> dict[str, int]:
    """Return the number of the live version of each model."""
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE)
    return dict(live.order_by("model__name").values_list("model__name", "version"))


def check_live() -> None:
    """Check the file of every live version against what was registered, without loading any.

    Raises
    ------
    ArtifactError
        A file is missing or has changed.
    """
    for row in ModelVersion.objects.filter(state=ModelVersion.State.LIVE).select_related("model"):
        artifacts.read(directory(row.model.name, row.version) / ARTIFACT, row.sha256)


def load(name: str, version: int) -> tuple[Signature, Any]:
    """Return the signature and the fitted estimator of a version.

    Raises
    ------
    ArtifactError
        Its file is not the one that was registered, or cannot be read.
    """
    row = ModelVersion.objects.get(model__name=name, version=version)
    estimator = artifacts.load(directory(name, version) / ARTIFACT, row.sha256)
    return Signature.from_json(row.signature), estimator


def train(name: str, *, if_missing: bool = False, by: User | None = None) -> ModelVersion:
    """Fit a bundled model anew, register the version and make it live; return the live version.

    Parameters
    ----------
    name : str
    if_missing : bool
        Train only if the model has no live version.
    by : User, optional
        Who asked for it.

    Raises
    ------
    ModelNotFound
        There is no such model, and no recipe of that name either.
    Conflict
        The model is there, but not one of those that are trained here.
    """
    if name not in recipes.RECIPES:
        find(name)
    if if_missing:
        live = ModelVersion.objects.filter(model__name=name, state=ModelVersion.State.LIVE).first()
        if live:
            return live
    version = register(name, recipes.fit(name), by=by)
    return promote(version)


def register(name: str, fitted: Fitted, *, by: User | None = None) -> ModelVersion:
    """Write the artifact and its card, and record them as the model's next version.

    Raises
    ------
    InvalidInput
        The name is not one that can stand in an address.
    """
    if not re.fullmatch(NAME, name):
        raise InvalidInput(f"{name!r} cannot name a model: {NAME_RULE}")
    root = Path(settings.MODELS_DIR)
    root.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=".staged-", dir=root))
    try:
        signature = artifacts.save(
            fitted.estimator, staged / ARTIFACT, fitted.X, columns=fitted.columns
        )
        with transaction.atomic():
            model, _ = RegisteredModel.objects.get_or_create(
                name=name, defaults={"description": fitted.description}
            )
            RegisteredModel.objects.select_for_update().get(pk=model.pk)  # one number at a time
            version = ModelVersion(
                model=model,
                version=_next_number(model),
                sha256=artifacts.digest(staged / ARTIFACT),
                signature=signature.to_json(),
                metrics=dict(fitted.metrics),
                fitted_with=artifacts.fitted_with(),
                created_by=by,
            )
            version.full_clean()
            version.save()
            _write_card(staged / CARD, version)
            _settle(staged, directory(name, version.version))
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    return version


def promote(version: ModelVersion) -> ModelVersion:
    """Make a version the live one."""
    with transaction.atomic():
        versions = ModelVersion.objects.select_for_update().filter(model=version.model_id)
        versions.filter(state=ModelVersion.State.LIVE).update(state=ModelVersion.State.READY)
        versions.filter(pk=version.pk).update(state=ModelVersion.State.LIVE)
    version.refresh_from_db()
    return version


def reset(name: str) -> ModelVersion:
    """Make the lowest version that is not retired the live one again.

    Raises
    ------
    ModelNotFound
        There is no such model.
    Conflict
        All its versions are retired.
    """
    versions = find(name).versions.exclude(state=ModelVersion.State.RETIRED)
    first = versions.order_by("version").first()
    if first is None:
        raise Conflict(f"{name} has no version that is not retired.")
    return promote(first)


def _next_number(model: RegisteredModel) -> int:
    """Return a number above every row and every directory that the model has."""
    recorded = model.versions.aggregate(last=Max("version"))["last"] or 0
    place = Path(settings.MODELS_DIR) / model.name
    kept = (int(entry.name) for entry in place.glob("*") if entry.name.isdecimal())
    return max(recorded, *kept, 0) + 1


def _write_card(path: Path, version: ModelVersion) -> None:
    """Write beside the artifact what the row says of it, so that a lost database is no loss."""
    facts = ("version", "sha256", "signature", "metrics", "fitted_with")
    card = {"name": version.model.name, "description": version.model.description}
    card |= {fact: getattr(version, fact) for fact in facts}
    card["created_at"] = version.created_at.isoformat()
    with path.open("w", encoding="utf-8") as file:
        json.dump(card, file, indent=2)
        file.flush()
        os.fsync(file.fileno())


def _settle(staged: Path, place: Path) -> None:
    """Move a finished version to its place, whole or not at all."""
    place.parent.mkdir(exist_ok=True)
    staged.chmod(0o755)  # a temporary directory is its owner's alone
    staged.rename(place)
    for changed in (place, place.parent):
        descriptor = os.open(changed, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
