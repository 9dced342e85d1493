"""Inspection of a file in a child process, so that no file harms this one."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from predictor.core.errors import InvalidInput
from predictor.isolation.inspect_artifact import MEMORY_BYTES, TIME_S, Found

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """A file to register, and how it may be read."""

    path: Path
    sample: Path | None = None
    allow_pickle: bool = False
    allow_version: bool = False

    def arguments(self) -> list[str]:
        """Return what `python -m predictor.isolation.inspect_artifact` is told."""
        sample = ["--sample", str(self.sample)] if self.sample else []
        pickle = ["--allow-pickle"] if self.allow_pickle else []
        version = ["--allow-version"] if self.allow_version else []
        engines = [] if settings.ENGINES == "compiled" else ["--no-engines"]
        trusted = [f"--trusted={name}" for name in settings.TRUSTED_TYPES]
        # A server may keep its processes to one core each; the reader may use all of them.
        cores = [f"--core={core}" for core in getattr(settings, "CPU_CORES", ())]
        return [str(self.path), *sample, *trusted, *cores, *pickle, *version, *engines]


def examine(upload: Upload, directory: Path) -> Found:
    """Have a child process read a file, and write what is to be served into a directory.

    Raises
    ------
    InvalidInput
        The file is refused, takes too long or too much memory, or makes its reader crash.
    """
    limit = ["--memory", str(MEMORY_BYTES), "--time", str(TIME_S)]
    reader = [sys.executable, "-m", "predictor.isolation.inspect_artifact", *limit]
    command = [*reader, *upload.arguments(), str(directory)]
    try:
        done = _run(command)
    except subprocess.TimeoutExpired as exc:
        raise _refused(f"Reading the file took more than {TIME_S} seconds.") from exc
    answer = done.stdout.strip().rpartition("\n")[2]
    if done.returncode or not answer:
        log.error("The reader of a file ended with %s: %s", done.returncode, done.stderr[-2000:])
        raise _refused(
            "Reading the file crashed its reader, or took more than the "
            f"{MEMORY_BYTES / 2**30:g} GiB of memory that it may have."
        )
    said = json.loads(answer)
    if "refused" in said:
        raise _refused(said["refused"], said.get("field", "artifact"))
    return Found(**said)


def _run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    # One thread: others only take memory, of which there is a limit.
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(  # noqa: S603 - our own command
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIME_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def _refused(sentence: str, field: str = "artifact") -> InvalidInput:
    return InvalidInput(sentence, {field: [sentence]})
