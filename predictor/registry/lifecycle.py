"""Changes of the live version and retirements, each with an event in the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from predictor.core.errors import ArtifactError, Conflict
from predictor.models import ModelVersion, RegisteredModel
from predictor.registry import audit_log, queries, recompile, storage
from predictor.registry.audit_log import Kind, State

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def promote(version: ModelVersion, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Make a version live. If it is live already, nothing changes and nothing is logged.

    Raises
    ------
    Conflict
        The version is retired.
    ArtifactError
        The file of the version is missing or has changed.
    """
    with _locked_model(version.model.name):
        current = ModelVersion.objects.select_related("model").get(pk=version.pk)
        queries.check_in_use(current)
        live = _make_live(current, Kind.PROMOTION, by, why)
    recompile.restore(live)
    return live


def rollback(name: str, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Make the previous live version live again. A repeated rollback goes further back.

    Raises
    ------
    ModelNotFound
        There is no such model.
    Conflict
        No other version was live before, or all of them are retired.
    ArtifactError
        The file of the version is missing or has changed.
    """
    with _locked_model(name) as model:
        previous = audit_log.previous_live(model)
        if previous is None:
            raise Conflict(f"{name} has no earlier live version to roll back to.")
        live = _make_live(previous, Kind.ROLLBACK, by, why)
    recompile.restore(live)
    return live


def reset(name: str, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Make the lowest version that is not retired live.

    Raises
    ------
    ModelNotFound
        There is no such model.
    Conflict
        All versions are retired.
    ArtifactError
        The file of the version is missing or has changed.
    """
    with _locked_model(name) as model:
        first = lowest_version(model)
        if first is None:
            raise Conflict(f"{name} has no version that is not retired.")
        live = _make_live(first, Kind.RESET, by, why)
    recompile.restore(live)
    return live


def unpublish(name: str, *, by: "User | None" = None, why: str = "") -> ModelVersion | None:
    """Leave a model without a live version. The version that was live is ready.

    If no version is live, nothing changes and nothing is logged.

    Returns
    -------
    ModelVersion, optional
        The version that was live.

    Raises
    ------
    ModelNotFound
        There is no such model.
    """
    with _locked_model(name) as model:
        live = model.versions.filter(state=State.LIVE).select_related("model").first()
        if live:
            _set_state(live, State.READY)
            audit_log.write(model, Kind.UNPUBLISHING, before=live, by=by, why=why)
    return live


def retire(version: ModelVersion, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Take a version out of service permanently. Its artifact stays.

    Raises
    ------
    Conflict
        The version is live.
    """
    with _locked_model(version.model.name):
        current = ModelVersion.objects.select_related("model").get(pk=version.pk)
        if current.state == State.LIVE:
            name = f"Version {current.version} of {current.model}"
            raise Conflict(f"{name} is live. Promote another version first, or unpublish it.")
        if current.state == State.READY:
            _set_state(current, State.RETIRED)
            audit_log.write(current.model, Kind.RETIREMENT, before=current, by=by, why=why)
        return current


def purge(version: ModelVersion, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Delete the files of a retired version. Its row stays, and its number is never used again.

    The row says so before the first file is deleted. If the process is interrupted in between, the
    next purge of the version, the next registration, or `sync` deletes the files.

    Raises
    ------
    Conflict
        The version is not retired.
    ArtifactError
        A file cannot be deleted.
    """
    with _locked_model(version.model.name):
        current = ModelVersion.objects.select_related("model").get(pk=version.pk)
        if current.state != State.RETIRED:
            raise Conflict(
                f"Version {current.version} of {current.model} is {current.state}. Only the files "
                "of a retired version can be deleted."
            )
        if current.purged_at is None:
            current.purged_at = timezone.now()
            current.save(update_fields=["purged_at"])
            audit_log.write(current.model, Kind.PURGE, before=current, by=by, why=why)
    directory = storage.directory(current.model.name, current.version)
    try:
        with storage.locked():
            storage.purge(directory, current.artifact)
    except OSError as exc:
        raise ArtifactError(
            f"The files of version {current.version} of {current.model} cannot be deleted: "
            f"{exc.strerror}. Repeat the purge when they can."
        ) from exc
    return current


def lowest_version(model: RegisteredModel) -> ModelVersion | None:
    """Return the version that a reset would make live; None if there is none."""
    return model.versions.exclude(state=State.RETIRED).order_by("version").first()


@contextmanager
def _locked_model(name: str) -> Iterator[RegisteredModel]:
    """Lock the model's row in a transaction; yield the model."""
    with transaction.atomic(durable=True):
        model = queries.find(name)
        yield RegisteredModel.objects.select_for_update().get(pk=model.pk)


def _make_live(
    version: ModelVersion, kind: audit_log.Kind, by: "User | None", why: str
) -> ModelVersion:
    current = ModelVersion.objects.filter(model=version.model_id, state=State.LIVE).first()
    if current == version:
        return version
    queries.check(version)
    if current:
        _set_state(current, State.READY)
    _set_state(version, State.LIVE)
    audit_log.write(version.model, kind, before=current, after=version, by=by, why=why)
    return version


def _set_state(version: ModelVersion, state: ModelVersion.State) -> None:
    ModelVersion.objects.filter(pk=version.pk).update(state=state)
    version.state = state
