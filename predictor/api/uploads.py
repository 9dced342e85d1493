"""What is uploaded, over HTTP or in the admin: written to disk, and registered."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predictor import registry
from predictor.isolation.sandbox import Upload
from predictor.models import ModelVersion
from predictor.registry.registration import Origin
from predictor.runtime.store import get_store

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.core.files.uploadedfile import UploadedFile


def register(name: str, said: dict[str, Any], user: "User") -> ModelVersion:
    """Register a validated upload, live at once if it says so; return the version."""
    origin = Origin(
        source=f"upload of {said['artifact'].name}"[:200],
        by=user,
        notes=said.get("note", ""),
        metrics=said.get("metrics") or {},
    )
    with on_disk(said["artifact"]) as artifact, on_disk(said.get("sample")) as sample:
        assert artifact is not None  # noqa: S101 - the form requires it
        version = registry.register_file(name, Upload(artifact, sample), origin)
    if said.get("promote"):
        registry.promote(version, by=user)
        get_store().refresh()
    version.refresh_from_db()
    return version


@contextmanager
def on_disk(upload: "UploadedFile[bytes] | None") -> Iterator[Path | None]:
    """Write an upload to a file, for as long as another process reads it."""
    if upload is None:
        yield None
        return
    suffix = Path(upload.name or "").suffix[:16]
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)
