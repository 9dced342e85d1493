"""The record of what happened to a model: written by the registry, read to go back."""

from typing import TYPE_CHECKING

from predictor.models import Event, ModelVersion, RegisteredModel

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = ModelVersion.State
Kind = Event.Kind

MADE_LIVE = (Kind.PROMOTION, Kind.ROLLBACK, Kind.RESET)


def write(  # noqa: PLR0913 - a line of the record has that many facts
    model: RegisteredModel,
    kind: Event.Kind,
    *,
    before: ModelVersion | None = None,
    after: ModelVersion | None = None,
    by: "User | None" = None,
    why: str = "",
) -> None:
    """Add a line to the record."""
    Event.objects.create(
        model=model,
        kind=kind,
        from_version=before,
        to_version=after,
        by=by.get_username() if by else "",
        why=why,
    )


def previous_live(model: RegisteredModel) -> ModelVersion | None:
    """Return the version that a rollback makes live: the last other one that is not retired.

    A rollback undoes what came after its version, so that the next one goes further back.
    """
    lives: list[int] = []
    events = model.events.filter(kind__in=MADE_LIVE).order_by("pk")
    for kind, version in events.values_list("kind", "to_version"):
        if kind == Kind.ROLLBACK:
            while lives and lives[-1] != version:
                lives.pop()
        else:
            lives.append(version)
    ready = {version.pk: version for version in model.versions.filter(state=State.READY)}
    return next((ready[version] for version in reversed(lives) if version in ready), None)
