"""The audit log: writing an event, and finding the version of a rollback."""

from typing import TYPE_CHECKING

from predictor.models import Event, ModelVersion, RegisteredModel

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = ModelVersion.State
Kind = Event.Kind

MADE_LIVE = (Kind.PROMOTION, Kind.ROLLBACK, Kind.RESET)
CHANGED_LIVE = (*MADE_LIVE, Kind.UNPUBLISHING)


def write(  # noqa: PLR0913 - the columns of an event
    model: RegisteredModel,
    kind: Event.Kind,
    *,
    before: ModelVersion | None = None,
    after: ModelVersion | None = None,
    by: "User | None" = None,
    why: str = "",
) -> None:
    """Write an event."""
    Event.objects.create(
        model=model,
        kind=kind,
        from_version=before,
        to_version=after,
        by=by.get_username() if by else "",
        why=why,
    )


def previous_live(model: RegisteredModel) -> ModelVersion | None:
    """Return the version that a rollback would make live; None if there is none.

    It is the last version that was live before the current one and is not retired; without a live
    version, the last one that was live. A rollback removes later events from the history, so that
    the next rollback goes further back.
    """
    history: list[int] = []
    events = model.events.filter(kind__in=MADE_LIVE).order_by("pk")
    for kind, version in events.values_list("kind", "to_version"):
        if kind == Kind.ROLLBACK:
            while history and history[-1] != version:
                history.pop()
        else:
            history.append(version)
    ready = {version.pk: version for version in model.versions.filter(state=State.READY)}
    return next((ready[version] for version in reversed(history) if version in ready), None)


def is_unpublished(model: RegisteredModel) -> bool:
    """Return whether a model has no live version because a user has unpublished it."""
    last = model.events.filter(kind__in=CHANGED_LIVE).order_by("pk").last()
    return last is not None and last.kind == Kind.UNPUBLISHING
