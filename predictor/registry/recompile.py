"""Compiled forms of versions: built anew, and switched on and off."""

import logging
from collections.abc import Iterator

from predictor import conf
from predictor.core import artifacts, engines
from predictor.core.errors import ArtifactError, Conflict
from predictor.core.signature import Signature
from predictor.models import ModelVersion
from predictor.registry import queries, registration, storage

log = logging.getLogger(__name__)


def compile_anew(version: ModelVersion) -> ModelVersion:
    """Compile a version again, from its artifact.

    Raises
    ------
    Conflict
        Compiled engines are switched off.
    ArtifactError
        Its artifact is missing or has changed.
    """
    from predictor.core.compiler.compile import compile_  # noqa: PLC0415 - nothing else needs it

    if not conf.uses_compiled():
        raise Conflict("ENGINES is scikit-learn: nothing is compiled.")
    compilation = compile_(queries.estimator(version), Signature.from_json(version.signature))
    place = storage.directory(version.model.name, version.version)
    with storage.locked():
        compiled = compilation.write(place)
        if compiled:
            storage.flush(place / engines.file_name(compiled))
        engines_ = dict(compilation.report)
        ModelVersion.objects.filter(pk=version.pk).update(engines=engines_, compiled=compiled)
        version.refresh_from_db()
        storage.write_card(place, registration.card(version))
        for old in place.glob("compiled-*.npz"):
            if not compiled or old.name != engines.file_name(compiled):
                old.unlink()
    return version


def compile_stale() -> Iterator[ModelVersion]:
    """Compile the live versions that never were, or by other versions, or lost their form."""
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE)
    for version in live.select_related("model"):
        if restore(version):
            yield version


def restore(version: ModelVersion) -> bool:
    """Compile a version if what is known of compiling it holds no more; return whether it was.

    It is served by its estimator, or not at all, where that cannot be done: the log says why.
    """
    if not conf.uses_compiled() or not version.use_compiled or _is_sound(version):
        return False
    try:
        compile_anew(version)
    except ArtifactError as exc:
        log.error("%s cannot be compiled: %s", version, exc)  # noqa: TRY400 - the sentence says it all
        return False
    return True


def switch(version: ModelVersion, *, use_compiled: bool) -> ModelVersion:
    """Have a version run by its compiled form where it has one, or by scikit-learn alone."""
    ModelVersion.objects.filter(pk=version.pk).update(use_compiled=use_compiled)
    version.use_compiled = use_compiled
    return version


def _is_sound(version: ModelVersion) -> bool:
    """Return whether what is known of compiling a version still holds."""
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
