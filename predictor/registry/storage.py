"""The files under MODELS_DIR: staged, moved to their place whole, and locked meanwhile."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from predictor import conf
from predictor.core.engines import file_name
from predictor.core.errors import ArtifactError
from predictor.models import ModelVersion

CARD = "card.json"
LOCK = ".lock"
STAGED = ".staged-"

# Stands in the directory of a version until its row is committed: a directory that has it and no
# row is what a killed registration left.
PENDING = ".pending"

NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def root() -> Path:
    """Return where all models lie."""
    return conf.models_dir()


def directory(name: str, version: int) -> Path:
    """Return where a version's files lie."""
    return root() / name / str(version)


def artifact(version: ModelVersion) -> Path:
    """Return where the artifact of a version lies."""
    return directory(version.model.name, version.version) / version.artifact


def compiled(version: ModelVersion) -> Path:
    """Return where the compiled form of a version lies."""
    return directory(version.model.name, version.version) / file_name(version.compiled)


def numbers(name: str) -> list[int]:
    """Return the numbers of the directories that a model has, in order."""
    entries = (root() / name).glob("*")
    return sorted(int(entry.name) for entry in entries if NUMBER.fullmatch(entry.name))


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of MODELS_DIR: nothing else moves or clears anything in it meanwhile."""
    root().mkdir(parents=True, exist_ok=True)
    with (root() / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def staging() -> Iterator[Path]:
    """Make a directory to prepare a version in; at the end it is gone, or moved to its place.

    Raises
    ------
    ArtifactError
        Something cannot be written.
    """
    try:
        with _staged() as staged:
            yield staged
    except OSError as exc:
        raise ArtifactError(f"The version cannot be written: {exc.strerror}.") from exc


@contextmanager
def _staged() -> Iterator[Path]:
    with locked():
        staged = Path(tempfile.mkdtemp(prefix=STAGED, dir=root()))
        descriptor = os.open(staged, os.O_RDONLY)
        # Given back by the kernel, however this process ends: see `abandoned`.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        os.close(descriptor)


def abandoned() -> Iterator[Path]:
    """Yield the staging directories whose process is gone; the lock must be held."""
    for staged in root().glob(f"{STAGED}*"):
        descriptor = os.open(staged, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
        yield staged


def measure(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file.

    Raises
    ------
    ArtifactError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    except OSError as exc:
        place = "/".join(path.parts[-3:])
        raise ArtifactError(f"{place} cannot be read: {exc.strerror}.") from exc


def write_card(place: Path, card: Mapping[str, Any]) -> None:
    """Write a card, whole or not at all, and see it on the disk."""
    draft = place / f".{CARD}"
    draft.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    flush(draft)
    draft.replace(place / CARD)
    flush(place)


def settle(staged: Path, place: Path) -> None:
    """Move a finished version to its place, whole or not at all, and mark it as pending."""
    (staged / PENDING).touch()
    for entry in staged.iterdir():
        flush(entry)
    staged.chmod(0o755)  # a temporary directory is its owner's alone
    place.parent.mkdir(exist_ok=True)
    staged.rename(place)
    for changed in (place, place.parent, place.parent.parent):
        flush(changed)


def confirm(place: Path) -> None:
    """Take the mark of a pending version away: its row is committed."""
    (place / PENDING).unlink()
    flush(place)


def flush(path: Path) -> None:
    """See a file, or the entries of a directory, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
