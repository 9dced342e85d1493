"""Zip archives from clients, checked before a member is decompressed."""

import io
import json
import zipfile
from pathlib import PurePosixPath
from typing import Any

from predictor.core.errors import ArtifactError

# Maximum size of the decompressed members of an archive together, in bytes.
MAX_BYTES = 2 * 1024**3

# Beyond SMALL_BYTES, the members may be at most MAX_RATIO times as large as the archive.
SMALL_BYTES = 64 * 1024**2
MAX_RATIO = 100

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open an archive whose members are safe to read.

    Raises
    ------
    ArtifactError
        The bytes are not a zip archive; a member has an unsafe path, occurs twice, is encrypted
        or has an unusual compression method; members overlap; their decompressed size is too large.
    """
    if not data:
        raise ArtifactError("The file is empty.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as exc:
        raise ArtifactError("The file is not a complete zip archive.") from exc
    if len({member.filename for member in members}) < len(members):
        raise ArtifactError("The archive contains two members with the same name.")
    for member in members:
        _check_member(member)
    if sum(member.compress_size for member in members) > len(data):
        raise ArtifactError("The members of the archive overlap.")
    size = sum(member.file_size for member in members)
    limit = min(MAX_BYTES, max(SMALL_BYTES, MAX_RATIO * len(data)))
    if size > limit:
        raise ArtifactError(
            f"The archive has a decompressed size of {size:,} bytes; the maximum is {limit:,}."
        )
    return archive


def _check_member(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename)
    is_odd = "\\" in member.filename or ":" in member.filename or "\0" in member.orig_filename
    if path.is_absolute() or ".." in path.parts or is_odd:
        raise ArtifactError("A member of the archive has an unsafe path.")
    if member.flag_bits & ENCRYPTED or member.compress_type not in METHODS:
        raise ArtifactError(
            "A member of the archive is encrypted or has an unsupported compression method."
        )


def read(archive: zipfile.ZipFile, name: Any) -> bytes:
    """Return the bytes of a member. Reject a member that is missing or damaged."""
    try:
        return archive.read(name)
    except KeyError as exc:
        raise ArtifactError("The file refers to a member that the archive does not have.") from exc
    except Exception as exc:  # zlib, struct, zip and end-of-file errors
        raise ArtifactError("A member of the archive is damaged.") from exc


def read_json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """Return the JSON object in a member. Reject a member that contains anything else."""
    try:
        value = json.loads(read(archive, name))
    except (ValueError, RecursionError) as exc:
        raise ArtifactError(f"{name} in the archive is not valid JSON.") from exc
    if type(value) is not dict:
        raise ArtifactError(f"{name} in the archive is not a JSON object.")
    return value
