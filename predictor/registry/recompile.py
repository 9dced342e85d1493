"""Compilation of registered versions, and the switch between compiled and scikit-learn."""

import logging
from collections.abc import Iterator

from predictor import conf
from predictor.core import artifacts, engines
from predictor.core.errors import ArtifactError, Busy, Conflict
from predictor.isolation import sandbox
from predictor.models import ModelVersion
from predictor.registry import queries, registration, storage

log = logging.getLogger(__name__)


def recompile_version(version: ModelVersion) -> ModelVersion:
    """Compile a version again, from its artifact.

    Raises
    ------
    Conflict
        The setting ENGINES switches compiled estimators off; the version is retired.
    ArtifactError
        The artifact is missing or has changed.
    """
    if not conf.uses_compiled():
        raise Conflict("ENGINES is scikit-learn, so no version is compiled.")
    queries.check_in_use(version)
    queries.check(version)
    description = {
        "format": version.format,
        "signature": version.signature,
        "fitted_with": version.fitted_with,
    }
    directory = storage.directory(version.model.name, version.version)
    with storage.staging() as staged:
        inspection = sandbox.compile_file(
            storage.artifact(version), description, staged, any_version=version.any_version
        )
        compiled = inspection.compiled
        with storage.locked():
            # It may have been retired, and its files deleted, during the compilation.
            queries.callable_version(version.model.name, version.version)
            if compiled:
                file = directory / engines.file_name(compiled)
                (staged / file.name).rename(file)
                storage.flush(file)
            ModelVersion.objects.filter(pk=version.pk).update(
                engines=dict(inspection.engines), compiled=compiled
            )
            version.refresh_from_db()
            storage.write_card(directory, registration.card(version))
            for old in storage.list_compiled(directory):
                if not compiled or old.name != engines.file_name(compiled):
                    old.unlink()
    return version


def compile_stale() -> Iterator[ModelVersion]:
    """Compile the live versions whose compiled estimator is missing or outdated; yield them."""
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE)
    for version in live.select_related("model"):
        if restore(version):
            yield version


def restore(version: ModelVersion) -> bool:
    """Compile a version if its compiled estimator is missing or outdated; return whether it was.

    If the compilation fails, the log contains the reason, and the estimator runs the version.
    """
    if not conf.uses_compiled() or not version.use_compiled or _is_up_to_date(version):
        return False
    try:
        recompile_version(version)
    except (ArtifactError, Busy, Conflict) as exc:
        log.error("%s cannot be compiled: %s", version, exc)  # noqa: TRY400 - the message is complete
        return False
    return True


def set_use_compiled(version: ModelVersion, *, use_compiled: bool) -> ModelVersion:
    """Let the compiled estimator of a version, or scikit-learn alone, run it."""
    ModelVersion.objects.filter(pk=version.pk).update(use_compiled=use_compiled)
    version.use_compiled = use_compiled
    return version


def _is_up_to_date(version: ModelVersion) -> bool:
    """Return whether the result of the last compilation is valid and complete."""
    if version.engines.get("built_with") != engines.built_with():
        return False
    if not version.compiled:
        return True
    try:
        artifacts.read(storage.compiled(version), version.compiled)
    except ArtifactError as exc:
        log.warning("%s", exc)
        return False
    return True
