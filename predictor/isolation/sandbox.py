"""Start of the child process that inspects a file, and its result."""

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from predictor import conf
from predictor.core.engines import file_name
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.isolation import reports
from predictor.isolation.inspect_artifact import (
    MEMORY_BYTES,
    REJECTED,
    TIME_S,
    Inspection,
    Job,
    Outcome,
)

log = logging.getLogger(__name__)

# File that marks a directory as an MLflow model.
MLFLOW_FILE = "MLmodel"


@dataclass(frozen=True)
class Upload:
    """A file to register, and the options for reading it."""

    path: Path
    sample: Path | None = None
    allow_pickle: bool = False
    allow_version: bool = False


@dataclass(frozen=True)
class Output:
    """Files that a job writes."""

    artifact: Path
    compiled: Path
    report: Path


def inspect_file(
    upload: Upload, directory: Path, run: Callable[[Job, Sequence[int]], Outcome] | None = None
) -> Inspection:
    """Inspect a file in confined processes, and write the artifact to serve into the directory.

    Parameters
    ----------
    upload : Upload
    directory : Path
    run : callable, optional
        Runs the job instead of a child process, which inherits the descriptors.

    Raises
    ------
    InvalidInput
        The file is rejected, exceeds the limits of time or memory, or kills a process.
    """
    with tempfile.TemporaryDirectory(dir=directory) as name:
        output = Output(*(Path(name, each) for each in ("artifact", "compiled", "report")))
        try:
            with _job(upload, output) as (job, descriptors):
                outcome = (run or _run)(job, descriptors)
            return _collect(upload, outcome, output, directory)
        except ArtifactError as exc:
            raise _rejection(str(exc)) from exc


@contextmanager
def _job(upload: Upload, output: Output) -> Iterator[tuple[Job, list[int]]]:
    """Open the files of a job; yield the job and the descriptors of these files."""
    with ExitStack() as stack:
        file = stack.enter_context(_open(upload.path))
        sample = stack.enter_context(_open(upload.sample)) if upload.sample else None
        writers = [
            stack.enter_context(path.open("x+b"))
            for path in (output.artifact, output.compiled, output.report)
        ]
        reader = stack.enter_context(output.artifact.open("rb"))
        artifact, compiled, report = (writer.fileno() for writer in writers)
        job = Job(
            file=file.fileno(),
            file_name=upload.path.name,
            sample=sample.fileno() if sample else -1,
            sample_name=upload.sample.name if upload.sample else "",
            artifact=artifact,
            artifact_reader=reader.fileno(),
            compiled=compiled,
            report=report,
            trusted=list(conf.trusted_types()),
            allow_pickle=upload.allow_pickle,
            allow_version=upload.allow_version,
            use_compiled=conf.uses_compiled(),
            # A server may keep its processes to one core each; the child may use all of them.
            cores=list(conf.cpu_cores()),
            memory_bytes=MEMORY_BYTES,
            time_s=TIME_S,
        )
        opened = [file, reader, *writers, *filter(None, [sample])]
        yield job, [each.fileno() for each in opened]


def _open(path: Path) -> IO[bytes]:
    """Open a file, or a zip of an MLflow model directory."""
    try:
        return _zip(path) if path.is_dir() else path.open("rb")
    except OSError as exc:
        raise ArtifactError(f"{path.name} cannot be read: {exc.strerror}.") from exc


def _zip(directory: Path) -> IO[bytes]:
    """Return an open zip of the files of a directory, without links that leave it."""
    if not (directory / MLFLOW_FILE).is_file():
        raise ArtifactError("The directory is not an MLflow model: it has no MLmodel file.")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with zipfile.ZipFile(file, "w") as archive:
        for path in directory.rglob("*"):
            if path.is_file() and path.resolve().is_relative_to(directory.resolve()):
                archive.write(path, path.relative_to(directory))
    return file


def _run(job: Job, descriptors: Sequence[int]) -> Outcome:
    """Run a job in a child process."""
    names = ("PATH", "LANG", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    # Further threads need memory, which is limited; joblib would start a process to count cores.
    limited = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    environment |= dict.fromkeys(limited, "1")
    # The child imports predictor and the modules of TRUSTED_TYPES from the same places.
    environment["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, sys.path))
    command = [sys.executable, "-P", "-m", "predictor.isolation.inspect_artifact"]
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.run(  # noqa: S603 - a command of this module
                [*command, json.dumps(asdict(job))],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=descriptors,
                timeout=job.time_s,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise _too_slow() from exc
        outcome = Outcome(**json.loads(process.stdout)) if not process.returncode else None
        if outcome is None or outcome.exit_code not in (0, REJECTED):
            errors.seek(-min(2000, errors.seek(0, os.SEEK_END)), os.SEEK_END)
            log.error(
                "The inspection of a file ended with exit code %s: %s",
                outcome.exit_code if outcome else process.returncode,
                errors.read().decode(errors="replace"),
            )
    return outcome or Outcome("inspection", process.returncode)


def _collect(upload: Upload, outcome: Outcome, output: Output, directory: Path) -> Inspection:
    """Return the result of a job, and move its files to the directory."""
    with output.report.open("rb") as file:
        report = file.read(reports.MAX_BYTES)
    if outcome.failed_step == "inspection" and outcome.exit_code == REJECTED:
        rejection = reports.parse_rejection(report)
        raise _rejection(rejection.rejected, rejection.field)
    if outcome.exit_code == -signal.SIGXCPU:
        raise _too_slow()
    if outcome.failed_step == "inspection":
        raise ArtifactError(
            "The process that reads the file crashed or exceeded the limit of "
            f"{MEMORY_BYTES / 2**30:g} GiB of memory."
        )
    if outcome.failed_step:
        name = signal.Signals(-outcome.exit_code).name
        raise ArtifactError(f"The process that compiles the model was killed by {name}.")
    description, engines = reports.parse(report, outcome.engines)
    artifact = f"model.{description.format}"
    output.artifact.rename(directory / artifact)
    sha256 = ""
    if outcome.engines is None and output.compiled.stat().st_size:
        with output.compiled.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        output.compiled.rename(directory / file_name(sha256))
    return Inspection(
        artifact=artifact,
        format=description.format,
        signature=description.signature,
        fitted_with=description.fitted_with,
        notes=description.notes,
        any_version=upload.allow_version,
        engines=dict(engines),
        compiled=sha256,
    )


def _too_slow() -> ArtifactError:
    return ArtifactError(f"Reading the file took more than {TIME_S} seconds.")


def _rejection(message: str, field: str = "artifact") -> InvalidInput:
    return InvalidInput(message, {field: [message]})
