"""Registration of uploaded files, for the HTTP API and the admin."""

import hashlib
import json
import secrets
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


def new_form_key() -> str:
    """Return a key for the form of a page."""
    return secrets.token_urlsafe(16)


def register(name: str, fields: dict[str, Any], user: "User") -> ModelVersion:
    """Register a validated upload, promote it if requested, and return the version."""
    origin = Origin(
        source=f"upload of {fields['artifact'].name}"[:200],
        by=user,
        notes=fields.get("note", ""),
        description=fields.get("description", ""),
        **{
            name: {} if fields.get(name) is None else fields[name]
            for name in ("metrics", "columns", "class_names")
        },
        upload_key=hash_upload(name, fields) if fields.get("form_key") else None,
    )
    with (
        temporary_copy(fields["artifact"]) as artifact,
        temporary_copy(fields.get("sample")) as sample,
        temporary_copy(fields.get("test")) as test,
    ):
        assert artifact is not None  # noqa: S101 - the field is required
        upload = Upload(
            artifact,
            sample,
            test,
            fields.get("target") or "",
            allow_version=bool(fields.get("allow_version")),
        )
        version = registry.register_file(name, upload, origin)
    if fields.get("promote"):
        registry.promote(version, by=user)
        get_store().refresh()
    version.refresh_from_db()
    return version


def hash_upload(name: str, fields: dict[str, Any]) -> str:
    """Return a hash of the key of a form, its texts and its files.

    Without the texts and files, a user could not go back to the page and upload another version.
    """
    texts = json.dumps([name, fields], default=str, sort_keys=True)
    digest = hashlib.sha256(texts.encode())
    for file in (fields.get("artifact"), fields.get("sample"), fields.get("test")):
        for chunk in file.chunks() if file else ():
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def temporary_copy(upload: "UploadedFile[bytes] | None") -> Iterator[Path | None]:
    """Write an upload to a temporary file, from which another process can read it."""
    if upload is None:
        yield None
        return
    suffix = Path(upload.name or "").suffix[:16]
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)
