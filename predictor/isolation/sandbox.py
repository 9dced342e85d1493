"""Inspection, compilation and training of models in confined processes, and their results."""

import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from predictor import conf
from predictor.core.engines import file_name
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.isolation import reports
from predictor.isolation.job import (
    COMPILATION,
    INSPECTION,
    TIME_S,
    TRAINING,
    Inspection,
    Job,
    Outcome,
)
from predictor.isolation.job_client import parse_result, run_in_supervisor

# Runs a job, whose descriptors are open in this process.
Runner = Callable[[Job], Outcome]

# File that marks a directory as an MLflow model.
MLFLOW_FILE = "MLmodel"


@dataclass(frozen=True)
class Upload:
    """A file to register, and the options for reading it."""

    path: Path
    sample: Path | None = None
    test: Path | None = None  # held-out rows with their target, as CSV
    target: str = ""  # name of the column of the target
    allow_pickle: bool = False
    allow_version: bool = False


def inspect_file(upload: Upload, directory: Path, run: Runner | None = None) -> Inspection:
    """Inspect a file in confined processes, and write the artifact to serve into the directory.

    By default, the supervisor runs the job.

    Raises
    ------
    InvalidInput
        The file is rejected, exceeds the limits of time or memory, or kills a process.
    """
    _check_test(upload)
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_open(upload.path))
            sample = stack.enter_context(_open(upload.sample)) if upload.sample else None
            test = stack.enter_context(_open(upload.test)) if upload.test else None
            inspection = _complete(
                directory,
                run,
                steps=(INSPECTION, COMPILATION),
                file=file.fileno(),
                file_name=upload.path.name,
                sample=sample.fileno() if sample else None,
                sample_name=upload.sample.name if upload.sample else "",
                test=test.fileno() if test else None,
                target=upload.target,
                allow_pickle=upload.allow_pickle,
                allow_version=upload.allow_version,
            )
        except ArtifactError as exc:
            message, field = str(exc), getattr(exc, "field", "artifact")
            raise InvalidInput(message, {field: [message]}) from exc
    return replace(inspection, any_version=upload.allow_version)


def train(recipe: str, directory: Path, run: Runner | None = None) -> Inspection:
    """Train a bundled model in a confined process; see `inspect_file`.

    Raises
    ------
    ArtifactError
        The training fails.
    """
    return _complete(directory, run, steps=(TRAINING,), recipe=recipe)


def compile_file(
    artifact: Path, description: Mapping[str, Any], directory: Path, *, any_version: bool
) -> Inspection:
    """Compile an artifact in a confined process, and write the result into the directory.

    The description has the fields of `reports.Description` that are known.

    Raises
    ------
    ArtifactError
        The artifact is rejected or kills the process.
    """
    with _open(artifact) as file:
        return _complete(
            directory,
            None,
            steps=(COMPILATION,),
            artifact_reader=file.fileno(),
            report=json.dumps(description).encode(),
            allow_version=any_version,
        )


def _complete(
    directory: Path, run: Runner | None, *, report: bytes = b"", **options: Any
) -> Inspection:
    """Run a job, and move the files that it has written into the directory."""
    with tempfile.TemporaryDirectory(dir=directory) as name, ExitStack() as stack:
        paths = [Path(name, each) for each in ("artifact", "compiled", "report")]
        artifact, compiled, reported = (stack.enter_context(p.open("x+b")) for p in paths)
        reader = stack.enter_context(paths[0].open("rb"))
        reported.write(report)
        reported.flush()
        job = Job(
            artifact=artifact.fileno(),
            compiled=compiled.fileno(),
            report=reported.fileno(),
            trusted=list(conf.trusted_types()),
            use_compiled=conf.uses_compiled(),
            # A server may keep its processes to one core each; the child may use all of them.
            cores=list(conf.cpu_cores()),
            time_s=TIME_S,
            **{"artifact_reader": reader.fileno()} | options,
        )
        outcome = (run or run_in_supervisor)(job)
        reported.seek(0)
        inspection = parse_result(outcome, reported.read(reports.MAX_BYTES), compiled)
        if COMPILATION not in job.steps[:1]:
            paths[0].rename(directory / inspection.artifact)
        if inspection.compiled:
            paths[1].rename(directory / file_name(inspection.compiled))
        return inspection


def _check_test(upload: Upload) -> None:
    """Raise InvalidInput if there is test data without a target, or a target without test data."""
    if bool(upload.test) != bool(upload.target):
        field, other = ("target", "test") if upload.test else ("test", "target")
        message = f"{other} needs {field}: test data, and the name of its column to predict."
        raise InvalidInput(message, {field: [message]})


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
