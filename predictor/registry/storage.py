"""The files in MODELS_DIR: staging directories, atomic moves, and a lock."""

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

from predictor import conf
from predictor.core.engines import file_name
from predictor.core.errors import ArtifactError, Busy
from predictor.models import ModelVersion

log = logging.getLogger(__name__)

CARD = "card.json"
LOCK = ".lock"
STAGED = ".staged-"

# Longest waits for the lock, of a request and of a command. `sync` holds it while it reads files.
REQUEST_WAIT_S, COMMAND_WAIT_S = 5, 600
# Time after which the log names the lock, and the time between two attempts.
QUIET_WAIT_S, PAUSE_S = 1, 0.02

_wait_s: ContextVar[float] = ContextVar("wait_s", default=REQUEST_WAIT_S)

# Number of versions that all processes together inspect, compile or train at once. The limit of
# memory in `isolation.job` is for each of them.
MAX_STAGED = 2

# Marks the directory of a version until its row is committed. A marked directory without a row
# comes from an interrupted registration.
PENDING = ".pending"

# Marks the directory of a purged version, whose files have been deleted.
PURGED = ".purged"

NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def root() -> Path:
    """Return MODELS_DIR."""
    return conf.models_dir()


def directory(name: str, version: int) -> Path:
    """Return the directory of a version."""
    return root() / name / str(version)


def artifact(version: ModelVersion) -> Path:
    """Return the path of a version's artifact."""
    return directory(version.model.name, version.version) / version.artifact


def compiled(version: ModelVersion) -> Path:
    """Return the path of a version's compiled estimator."""
    return directory(version.model.name, version.version) / file_name(version.compiled)


def numbers(name: str) -> list[int]:
    """Return the sorted numbers of a model's directories."""
    entries = (root() / name).glob("*")
    return sorted(int(entry.name) for entry in entries if NUMBER.fullmatch(entry.name))


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of MODELS_DIR, without which no process moves or removes versions.

    Raises
    ------
    Busy
        Another process holds the lock all the time.
    """
    root().mkdir(parents=True, exist_ok=True)
    with (root() / LOCK).open("a") as lock:
        _wait_for(lock)
        yield


def _wait_for(lock: IO[str]) -> None:
    start = time.monotonic()
    is_logged = False
    while not _take(lock):
        waited_s = time.monotonic() - start
        if waited_s > _wait_s.get():
            raise Busy("Another process is changing the files of models. Try again in a moment.")
        if waited_s > QUIET_WAIT_S and not is_logged:
            log.warning("Waiting for another process, which holds the lock %s.", root() / LOCK)
            is_logged = True
        time.sleep(PAUSE_S)


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def longer_waits() -> Iterator[None]:
    """Let this thread wait longer for the lock of MODELS_DIR, as a command may."""
    token = _wait_s.set(COMMAND_WAIT_S)
    try:
        yield
    finally:
        _wait_s.reset(token)


@contextmanager
def staging() -> Iterator[Path]:
    """Create a staging directory for a version; remove it at the end if it was not moved.

    Raises
    ------
    Busy
        Other processes have as many staging directories as are allowed, or hold the lock.
    ArtifactError
        A file cannot be written.
    """
    try:
        with locked():
            if sum(map(_is_in_use, root().glob(f"{STAGED}*"))) >= MAX_STAGED:
                raise Busy(f"{MAX_STAGED} models are inspected already. Try again in a moment.")
            staged = Path(tempfile.mkdtemp(prefix=STAGED, dir=root()))
            descriptor = os.open(staged, os.O_RDONLY)
            # The kernel releases this lock when the process ends, see `abandoned`.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)
            os.close(descriptor)
    except OSError as exc:
        raise ArtifactError(f"The version cannot be written: {exc.strerror}.") from exc


def abandoned() -> Iterator[Path]:
    """Yield the staging directories of ended processes. The caller must hold the lock."""
    for staged in root().glob(f"{STAGED}*"):
        if not _is_in_use(staged) and staged.exists():
            yield staged


def _is_in_use(staged: Path) -> bool:
    """Return whether a process holds the lock of a staging directory."""
    try:
        descriptor = os.open(staged, os.O_RDONLY)
    except FileNotFoundError:  # removed a moment ago
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def measure(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file.

    Raises
    ------
    ArtifactError
        The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    except OSError as exc:
        name = "/".join(path.parts[-3:])
        raise ArtifactError(f"{name} cannot be read: {exc.strerror}.") from exc


def write_card(directory: Path, card: Mapping[str, Any]) -> None:
    """Write a card atomically, and flush it to the disk."""
    draft = directory / f".{CARD}"
    draft.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    flush(draft)
    draft.replace(directory / CARD)
    flush(directory)


def settle(staged: Path, directory: Path) -> None:
    """Move a staged version to its directory atomically, marked as pending."""
    (staged / PENDING).touch()
    for entry in staged.iterdir():
        flush(entry)
    staged.chmod(0o755)  # only the owner can read a temporary directory
    directory.parent.mkdir(exist_ok=True)
    staged.rename(directory)
    for changed in (directory, *directory.parents[:2]):
        flush(changed)


def confirm(directory: Path) -> None:
    """Remove the mark of a pending version, whose row is committed."""
    (directory / PENDING).unlink()
    flush(directory)


def list_compiled(directory: Path) -> list[Path]:
    """Return the files of compiled estimators in the directory of a version."""
    return list(directory.glob("compiled-*.npz"))


def purge(directory: Path, artifact: str) -> None:
    """Delete the artifact and the compiled estimators in a directory, and mark it.

    The card stays, and the directory keeps the number of the version in use. If this is
    interrupted, the directory has no mark, and the next call completes it.
    """
    if not directory.exists():
        return
    for file in (directory / artifact, *list_compiled(directory)):
        file.unlink(missing_ok=True)
    flush(directory)
    (directory / PURGED).touch()
    flush(directory)


def is_purged(directory: Path) -> bool:
    """Return whether the files of a version have been deleted."""
    return (directory / PURGED).exists()


def flush(path: Path) -> None:
    """Flush a file, or the entries of a directory, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
