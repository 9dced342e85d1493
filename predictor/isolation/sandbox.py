"""Inspection, compilation and training of models in confined processes, and their results."""

import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from predictor import conf
from predictor.core.engines import file_name
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.isolation import reports
from predictor.isolation.job import (
    COMPILATION,
    INSPECTION,
    MEMORY_BYTES,
    TIME_S,
    TRAINING,
    Inspection,
    Job,
    Outcome,
)
from predictor.isolation.job_client import run_in_supervisor
from predictor.isolation.results import Result, parse_result

# Runs a job, whose descriptors are open in this process.
Runner = Callable[[Job], Outcome]

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
class Trained:
    """A bundled model that was trained, with its metrics."""

    inspection: Inspection
    metrics: Mapping[str, float]


def inspect_file(upload: Upload, directory: Path, run: Runner | None = None) -> Inspection:
    """Inspect a file in confined processes, and write the artifact to serve into the directory.

    Parameters
    ----------
    upload : Upload
    directory : Path
    run : callable, optional
        Runs the job instead of the supervisor.

    Raises
    ------
    InvalidInput
        The file is rejected, exceeds the limits of time or memory, or kills a process.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_open(upload.path))
            sample = stack.enter_context(_open(upload.sample)) if upload.sample else None
            result = _complete(
                directory,
                run,
                steps=(INSPECTION, COMPILATION),
                file=file.fileno(),
                file_name=upload.path.name,
                sample=sample.fileno() if sample else None,
                sample_name=upload.sample.name if upload.sample else "",
                allow_pickle=upload.allow_pickle,
                allow_version=upload.allow_version,
            )
        except ArtifactError as exc:
            message, field = str(exc), getattr(exc, "field", "artifact")
            raise InvalidInput(message, {field: [message]}) from exc
    return result.to_inspection(any_version=upload.allow_version)


def train(recipe: str, directory: Path, run: Runner | None = None) -> Trained:
    """Train a bundled model in a confined process; see `inspect_file`.

    Raises
    ------
    ArtifactError
        The training fails.
    """
    result = _complete(directory, run, steps=(TRAINING,), recipe=recipe)
    return Trained(result.to_inspection(), result.description.metrics)


def compile_file(
    artifact: Path, description: Mapping[str, Any], directory: Path, *, any_version: bool
) -> tuple[Mapping[str, Any], str]:
    """Compile an artifact in a confined process, and write the result into the directory.

    Parameters
    ----------
    artifact : Path
    description : mapping
        The fields of `reports.Description` that are known.
    directory : Path
    any_version : bool

    Returns
    -------
    engines : mapping
        Report of the compilation.
    compiled : str
        SHA-256 of the compiled estimator; empty if there is none.

    Raises
    ------
    ArtifactError
        The artifact is rejected or kills the process.
    """
    with _open(artifact) as file:
        result = _complete(
            directory,
            None,
            steps=(COMPILATION,),
            artifact_reader=file.fileno(),
            report=json.dumps(description).encode(),
            allow_version=any_version,
        )
    return result.engines, result.compiled


def _complete(
    directory: Path, run: Runner | None, *, report: bytes = b"", **options: Any
) -> Result:
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
            memory_bytes=MEMORY_BYTES,
            time_s=TIME_S,
            **{"artifact_reader": reader.fileno()} | options,
        )
        outcome = (run or run_in_supervisor)(job)
        reported.seek(0)
        result = parse_result(outcome, reported.read(reports.MAX_BYTES), compiled)
        if COMPILATION not in job.steps[:1]:
            paths[0].rename(directory / result.artifact)
        if result.compiled:
            paths[1].rename(directory / file_name(result.compiled))
        return result


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
