"""Zip files and the arrays in them, measured before anything is inflated or allocated."""

import io
import math
import zipfile
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from predictor.core.errors import ArtifactError

# What an artifact may hold at most when it is inflated, in bytes.
MOST_BYTES = 2 * 1024**3

# An archive above the small size may inflate to so many times its own size, and no more.
SMALL_BYTES = 64 * 1024**2
MOST_RATIO = 100

PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1


def opened(data: bytes, most: int = MOST_BYTES) -> zipfile.ZipFile:
    """Return an archive whose members are safe to read.

    Parameters
    ----------
    data : bytes
    most : int
        How many bytes its members may inflate to.

    Raises
    ------
    ArtifactError
        It is no zip file; a member has a path, is there twice, is encrypted or packed in an
        unusual way; members overlap; they inflate to too much.
    """
    if not data:
        raise ArtifactError("The file is empty.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as exc:
        raise ArtifactError("The file is not a whole zip archive.") from exc
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise ArtifactError("The archive holds two members of the same name.")
    for member in members:
        _check_member(member)
    if sum(member.compress_size for member in members) > len(data):
        raise ArtifactError("The members of the archive overlap.")
    size = sum(member.file_size for member in members)
    if size > most or size > max(SMALL_BYTES, MOST_RATIO * len(data)):
        raise ArtifactError(
            f"The archive has {len(data):,} bytes and inflates to {size:,}: too many."
        )
    return archive


def _check_member(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename)
    odd = "\\" in member.filename or ":" in member.filename or "\0" in member.orig_filename
    if path.is_absolute() or ".." in path.parts or odd:
        raise ArtifactError("The archive holds a member whose path leads out of it.")
    if member.flag_bits & ENCRYPTED or member.compress_type not in PLAIN_METHODS:
        raise ArtifactError("The archive holds a member that is encrypted or oddly compressed.")


def read(archive: zipfile.ZipFile, name: Any) -> bytes:
    """Return a member's bytes.

    Raises
    ------
    ArtifactError
        It is not there, or damaged.
    """
    try:
        return archive.read(name)
    except KeyError as exc:
        raise ArtifactError("A part that the file refers to is missing.") from exc
    except Exception as exc:  # zlib, struct, zip and end-of-file errors alike
        raise ArtifactError("A part of the file is damaged.") from exc


def check_npy(data: bytes) -> None:
    """Check that an array's header says what the array is: plain, and of this very size.

    Raises
    ------
    ArtifactError
        It is not.
    """
    from numpy.lib import format as npy

    file = io.BytesIO(data)
    headers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        shape, _, dtype = headers[npy.read_magic(file)](file)
    except Exception as exc:
        raise ArtifactError("An array in the file has a damaged header.") from exc
    if dtype.hasobject:
        raise ArtifactError("An array in the file holds pickled objects.")
    if any(size < 0 for size in shape) or len(data) - file.tell() != (
        math.prod(shape) * dtype.itemsize
    ):
        raise ArtifactError("An array in the file is not of the size that its header says.")
    if dtype.itemsize == 0 and math.prod(shape) > len(data):
        raise ArtifactError("An array in the file is not of the size that its header says.")


def check_npz(data: bytes, most: int) -> int:
    """Check the arrays of a sparse matrix, and return how many bytes they inflate to."""
    archive = opened(data, most)
    for name in archive.namelist():
        check_npy(read(archive, name))
    return sum(member.file_size for member in archive.infolist())


def starts_like_zip(file: BinaryIO) -> bool:
    """Return whether a file begins as zip archives do."""
    return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
