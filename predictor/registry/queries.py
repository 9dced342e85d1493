"""Queries of the registry: find models and versions, and check their artifacts."""

import re
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher, get_close_matches
from heapq import nlargest

from django.db.models import Q, QuerySet

from predictor import conf
from predictor.core import artifacts
from predictor.core.errors import ArtifactError, Conflict, InvalidInput, ModelNotFound
from predictor.core.model_name import NAME, NAME_RULE
from predictor.core.row_format import MAX_COMPARED, MAX_COMPARED_LENGTH
from predictor.models import ModelVersion, RegisteredModel
from predictor.registry import storage

State = ModelVersion.State

# Number of names that are compared completely with an unknown name.
MAX_CANDIDATES = 20


def check_name(name: str) -> None:
    """Check the name of a model.

    Raises
    ------
    InvalidInput
        The name does not follow the rule.
    """
    if not re.fullmatch(NAME, name):
        raise InvalidInput(f"{name!r} is not a model name. {NAME_RULE}")


def find(name: str) -> RegisteredModel:
    """Return the model with this name.

    Raises
    ------
    ModelNotFound
        There is no such model.
    """
    try:
        return RegisteredModel.objects.get(name=name)
    except RegisteredModel.DoesNotExist as exc:
        raise ModelNotFound(f"There is no model {name}.", _find_similar(name)) from exc


def _find_similar(name: str) -> str:
    """Return the name of the model that is most similar; empty if none is.

    The upper bound of a ratio takes a tenth of its time, so only the names with the largest bounds
    are compared.
    """
    if len(name) > MAX_COMPARED_LENGTH:
        return ""
    matcher = SequenceMatcher(b=name)

    def get_bound(other: str) -> float:
        matcher.set_seq1(other)
        return matcher.quick_ratio()

    names = RegisteredModel.objects.values_list("name", flat=True)[:MAX_COMPARED]
    candidates = nlargest(MAX_CANDIDATES, names, get_bound)
    return next(iter(get_close_matches(name, candidates, n=1)), "")


def search(text: str) -> QuerySet[RegisteredModel]:
    """Return the models whose name or description contains the text, by name."""
    matches = Q(name__icontains=text) | Q(description__icontains=text)
    return RegisteredModel.objects.filter(matches) if text else RegisteredModel.objects.all()


def version(name: str, number: int) -> ModelVersion:
    """Return a version of a model.

    Raises
    ------
    ModelNotFound
        There is no such model or version.
    """
    try:
        return find(name).versions.select_related("model").get(version=number)
    except ModelVersion.DoesNotExist as exc:
        raise ModelNotFound(f"{name} has no version {number}.") from exc


def find_upload(key: str) -> ModelVersion | None:
    """Return the version that was uploaded with this key; None if there is none."""
    return ModelVersion.objects.select_related("model").filter(upload_key=key).first()


def list_output_names(name: str, number: int) -> list[str]:
    """Return the names of a version's outputs: the targets in its test data, if it has any."""
    targets = ModelVersion.objects.filter(model__name=name, version=number)
    return targets.values_list("evaluation__target", flat=True).first() or []


def callable_version(name: str, number: int) -> ModelVersion:
    """Return a version of a model that may predict.

    Raises
    ------
    ModelNotFound
        There is no such model or version.
    Conflict
        The version is retired.
    """
    row = version(name, number)
    check_in_use(row)
    return row


def check_in_use(row: ModelVersion) -> None:
    """Check that a version may predict and be promoted.

    Raises
    ------
    Conflict
        The version is retired.
    """
    if row.state == State.RETIRED:
        end = " and purged: its file is deleted" if row.purged_at else ""
        raise Conflict(f"Version {row.version} of {row.model.name} is retired{end}.")


def live_versions() -> dict[str, int]:
    """Return the number of the live version of each model."""
    live = ModelVersion.objects.filter(state=State.LIVE)
    return dict(live.order_by("model__name").values_list("model__name", "version"))


def live_compiled() -> dict[str, tuple[int, str]]:
    """Return the live version of each model, and the SHA-256 of its compiled estimator."""
    live = ModelVersion.objects.filter(state=State.LIVE)
    rows = live.values_list("model__name", "version", "compiled", "use_compiled")
    return {name: (number, _compiled_sha256(compiled, use)) for name, number, compiled, use in rows}


def version_states(
    loaded: Collection[tuple[str, int]],
) -> dict[tuple[str, int], tuple[State, str]]:
    """Return the state and the compiled SHA-256 of the live versions and of the loaded versions.

    Parameters
    ----------
    loaded : collection of (name, version)

    Returns
    -------
    dict of (name, version) to (state, SHA-256 of the compiled estimator to run)
        Without the versions that do not exist.
    """
    wanted = Q(state=State.LIVE)
    for name, number in loaded:
        wanted |= Q(model__name=name, version=number)
    rows = ModelVersion.objects.filter(wanted)
    fields = rows.values_list("model__name", "version", "state", "compiled", "use_compiled")
    return {
        (name, number): (State(state), _compiled_sha256(compiled, use))
        for name, number, state, compiled, use in fields
    }


def compiled_sha256(row: ModelVersion) -> str:
    """Return the SHA-256 of the compiled estimator that runs a version; empty if none does."""
    return _compiled_sha256(row.compiled, row.use_compiled)


def _compiled_sha256(compiled: str, use_compiled: bool) -> str:  # noqa: FBT001 - two columns of a row
    return compiled if use_compiled and conf.uses_compiled() else ""


def models_without_live_version() -> list[str]:
    """Return the names of the models without a live version."""
    models = RegisteredModel.objects.exclude(versions__state=State.LIVE)
    return list(models.order_by("name").values_list("name", flat=True))


def check(row: ModelVersion) -> None:
    """Compare the artifact of a version with its registered SHA-256, without loading it.

    Raises
    ------
    ArtifactError
        The file is missing or has changed.
    """
    artifacts.read(storage.artifact(row), row.sha256)


def check_live() -> None:
    """Compare the artifact of every live version with its registered SHA-256.

    Raises
    ------
    ArtifactError
        A file is missing or has changed.
    """
    for row in ModelVersion.objects.filter(state=State.LIVE).select_related("model"):
        check(row)


def verify() -> Iterator[tuple[ModelVersion, str]]:
    """Yield every version with the problem of its artifact; empty if there is none.

    Purged versions have no artifact.
    """
    rows = ModelVersion.objects.filter(purged_at=None).select_related("model")
    for row in rows.order_by("model__name", "version"):
        try:
            check(row)
        except ArtifactError as exc:
            yield row, str(exc)
        else:
            yield row, ""
