"""Which version is live, and which is retired: every change of it, with its line in the record."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import transaction

from predictor.core.errors import Conflict
from predictor.models import ModelVersion, RegisteredModel
from predictor.registry import audit_log, queries, recompile
from predictor.registry.audit_log import Kind, State

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def promote(version: ModelVersion, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Make a version the live one; the one that is live already stays so, and nothing is recorded.

    Raises
    ------
    Conflict
        It is retired.
    ArtifactError
        Its file is missing or has changed.
    """
    with _changing(version.model.name):
        chosen = ModelVersion.objects.select_related("model").get(pk=version.pk)
        if chosen.state == State.RETIRED:
            raise Conflict(f"Version {chosen.version} of {chosen.model} is retired.")
        made = _make_live(chosen, Kind.PROMOTION, by, why)
    recompile.restore(made)
    return made


def rollback(name: str, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Make the version live again that was so before; done again, it goes further back.

    Raises
    ------
    ModelNotFound
        There is no such model.
    Conflict
        No other version was live before, or all of those are retired.
    ArtifactError
        Its file is missing or has changed.
    """
    with _changing(name) as model:
        previous = audit_log.previous_live(model)
        if previous is None:
            raise Conflict(f"{name} has no earlier live version to go back to.")
        made = _make_live(previous, Kind.ROLLBACK, by, why)
    recompile.restore(made)
    return made


def reset(name: str, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Make the lowest version that is not retired the live one.

    Raises
    ------
    ModelNotFound
        There is no such model.
    Conflict
        All its versions are retired.
    ArtifactError
        Its file is missing or has changed.
    """
    with _changing(name) as model:
        first = lowest(model)
        if first is None:
            raise Conflict(f"{name} has no version that is not retired.")
        made = _make_live(first, Kind.RESET, by, why)
    recompile.restore(made)
    return made


def retire(version: ModelVersion, *, by: "User | None" = None, why: str = "") -> ModelVersion:
    """Take a version out of service for good. Its artifact stays.

    Raises
    ------
    Conflict
        It is live.
    """
    with _changing(version.model.name):
        chosen = ModelVersion.objects.select_related("model").get(pk=version.pk)
        if chosen.state == State.LIVE:
            raise Conflict(
                f"Version {chosen.version} of {chosen.model} is live; make another one live first."
            )
        if chosen.state == State.READY:
            _set_state(chosen, State.RETIRED)
            audit_log.write(chosen.model, Kind.RETIREMENT, before=chosen, by=by, why=why)
        return chosen


def lowest(model: RegisteredModel) -> ModelVersion | None:
    """Return the version that a reset makes live."""
    return model.versions.exclude(state=State.RETIRED).order_by("version").first()


@contextmanager
def _changing(name: str) -> Iterator[RegisteredModel]:
    """Hold the model's row until what happens here is committed."""
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
