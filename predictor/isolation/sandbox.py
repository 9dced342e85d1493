"""Start of the child process that inspects a file, and its result."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from predictor import conf
from predictor.core.cores import on_any_core
from predictor.core.errors import InvalidInput
from predictor.isolation.inspect_artifact import MEMORY_BYTES, TIME_S, Inspection

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """A file to register, and the options for reading it."""

    path: Path
    sample: Path | None = None
    allow_pickle: bool = False
    allow_version: bool = False

    def arguments(self) -> list[str]:
        """Return the arguments of `python -m predictor.isolation.inspect_artifact`."""
        sample = ["--sample", str(self.sample)] if self.sample else []
        pickle = ["--allow-pickle"] if self.allow_pickle else []
        version = ["--allow-version"] if self.allow_version else []
        engines = [] if conf.uses_compiled() else ["--no-engines"]
        trusted = [f"--trusted={name}" for name in conf.trusted_types()]
        return [str(self.path), *sample, *trusted, *pickle, *version, *engines]


def inspect_file(upload: Upload, directory: Path) -> Inspection:
    """Inspect a file in a child process, which writes the artifact to serve into the directory.

    Raises
    ------
    InvalidInput
        The file is rejected, exceeds the limits of time or memory, or crashes the child.
    """
    limit = ["--memory", str(MEMORY_BYTES), "--time", str(TIME_S)]
    inspector = [sys.executable, "-P", "-m", "predictor.isolation.inspect_artifact", *limit]
    command = [*inspector, *upload.arguments(), str(directory)]
    try:
        with on_any_core():
            process = _run(command)
    except subprocess.TimeoutExpired as exc:
        raise _rejection(f"Reading the file took more than {TIME_S} seconds.") from exc
    last_line = process.stdout.strip().rpartition("\n")[2]
    if process.returncode or not last_line:
        log.error(
            "The inspection of a file ended with exit code %s: %s",
            process.returncode,
            process.stderr[-2000:],
        )
        raise _rejection(
            "The process that reads the file crashed or exceeded the limit of "
            f"{MEMORY_BYTES / 2**30:g} GiB of memory."
        )
    report = json.loads(last_line)
    if "refused" in report:
        raise _rejection(report["refused"], report.get("field", "artifact"))
    return Inspection(**report)


def _run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    inherited = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    # Further threads need memory, which is limited.
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # The child imports predictor and the modules of TRUSTED_TYPES from the same places.
    environment["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, sys.path))
    return subprocess.run(  # noqa: S603 - a command of this module
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIME_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def _rejection(message: str, field: str = "artifact") -> InvalidInput:
    return InvalidInput(message, {field: [message]})
