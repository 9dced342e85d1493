"""Removal of the files that interrupted registrations left in MODELS_DIR."""

import shutil

from predictor.models import ModelVersion
from predictor.registry import storage


def clear() -> list[str]:
    """Remove the files of interrupted registrations; return a message for each.

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
    return removed
