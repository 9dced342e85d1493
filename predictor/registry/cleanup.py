"""What a registration that was killed left in MODELS_DIR, and its removal."""

import shutil

from predictor.models import ModelVersion
from predictor.registry import storage


def clear() -> list[str]:
    """Remove what killed registrations left, and say what; the lock must be held."""
    removed = []
    for staged in storage.abandoned():
        shutil.rmtree(staged)
        removed.append(f"Removed {staged.name}, which an interrupted registration left.")
    for mark in storage.root().glob(f"*/*/{storage.PENDING}"):
        place = mark.parent
        name, number = place.parts[-2:]
        if ModelVersion.objects.filter(model__name=name, version=int(number)).exists():
            storage.confirm(place)
            continue
        shutil.rmtree(place)
        if not any(place.parent.iterdir()):
            place.parent.rmdir()
        removed.append(f"Removed {name}/{number}, which an interrupted registration left.")
    return removed
