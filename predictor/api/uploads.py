"""Registration of an upload, from the API or the admin."""

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


def register(name: str, data: dict[str, Any], user: "User") -> ModelVersion:
    """Register a validated upload, promote it if its data ask for it, and return the version."""
    origin = Origin(
        source=f"upload of {data['artifact'].name}"[:200],
        by=user,
        notes=data.get("note", ""),
        metrics={} if data.get("metrics") is None else data["metrics"],
    )
    with on_disk(data["artifact"]) as artifact, on_disk(data.get("sample")) as sample:
        assert artifact is not None  # noqa: S101 - the form requires it
        version = registry.register_file(name, Upload(artifact, sample), origin)
    if data.get("promote"):
        registry.promote(version, by=user)
        get_store().refresh()
    version.refresh_from_db()
    return version


@contextmanager
def on_disk(upload: "UploadedFile[bytes] | None") -> Iterator[Path | None]:
    """Write an upload to a temporary file, which the inspecting process reads."""
    if upload is None:
        yield None
        return
    suffix = Path(upload.name or "").suffix[:16]
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)
