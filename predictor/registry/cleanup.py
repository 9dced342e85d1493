"""Removal of the files that interrupted registrations and purges left in MODELS_DIR."""

import shutil
from collections.abc import Iterator

from predictor.models import ModelVersion
from predictor.registry import storage


def clear() -> list[str]:
    """Remove the files of interrupted registrations and purges; return a message for each.

    The caller must hold the lock of MODELS_DIR.
    """
    removed = []
    for staged in storage.abandoned():
        shutil.rmtree(staged)
        removed.append(f"Removed {staged.name}, left by an interrupted registration.")
    for mark in storage.root().glob(f"*/*/{storage.PENDING}"):
        directory = mark.parent
        name, number = directory.parts[-2:]
        if ModelVersion.objects.filter(model__name=name, version=int(number)).exists():
            storage.confirm(directory)
            continue
        shutil.rmtree(directory)
        if not any(directory.parent.iterdir()):
            directory.parent.rmdir()
        removed.append(f"Removed {name}/{number}, left by an interrupted registration.")
    return [*removed, *_complete_purges()]


def _complete_purges() -> Iterator[str]:
    """Delete the files of purged versions that are still there; yield a message for each."""
    purged = ModelVersion.objects.exclude(purged_at=None)
    for name, number, artifact in purged.values_list("model__name", "version", "artifact"):
        directory = storage.directory(name, number)
        if storage.is_purged(directory) or not directory.exists():
            continue
        try:
            storage.purge(directory, artifact)
        except OSError as exc:  # it must not prevent registrations
            yield f"The files of {name}/{number} cannot be deleted: {exc.strerror}."
        else:
            yield f"Deleted the files of {name}/{number}, left by an interrupted purge."
