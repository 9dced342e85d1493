"""Inspection of an untrusted file, run as a child process whose steps are confined forks.

    python -m predictor.isolation.inspect_artifact JOB

JOB is the JSON of a `Job`. The first fork reads the file and writes the artifact, the second
compiles it. This process never reads the file: it imports scikit-learn once for both, and prints
the JSON of an `Outcome`. It does not import Django, and its environment contains no secrets.
"""

import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

from predictor.core import artifacts
from predictor.core.errors import ArtifactError, PredictorError
from predictor.core.signature import Signature

# Limits for one file.
MEMORY_BYTES = 3 * 2**30
TIME_S = 60

# Share of the time limit within which the compilation must end.
COMPILATION_SHARE = 0.8

# Predictions of the serving processes have priority.
NICENESS = 10

# Exit code of a step that rejects the file; the report contains the reason.
REJECTED = 3


@dataclass(frozen=True)
class Inspection:
    """Result of the inspection of a file, as plain values.

    Parameters
    ----------
    artifact : str
        Name of the file to serve.
    format : str
    signature : mapping
        Output of `Signature.to_json`.
    fitted_with : mapping of str to str
        Versions of the software that fitted the estimator.
    notes : sequence of str
        Conversions and upgrades, one sentence each.
    any_version : bool
        Whether other versions of scikit-learn may run the estimator.
    engines : mapping
        Report of the compilation.
    compiled : str
        SHA-256 of the compiled estimator, whose file lies beside the artifact; empty if there is
        none.
    """

    artifact: str
    format: str
    signature: Mapping[str, Any]
    fitted_with: Mapping[str, str]
    notes: Sequence[str] = ()
    any_version: bool = False
    engines: Mapping[str, Any] = field(default_factory=dict)
    compiled: str = ""


@dataclass(frozen=True)
class Job:
    """A file to inspect, and the descriptors of the files to write.

    Parameters
    ----------
    file, sample : int
        Descriptors of the file and its sample. -1 means that there is no sample.
    file_name, sample_name : str
        Their suffixes tell the format.
    artifact, compiled, report : int
        Descriptors of empty files, open for reading and writing.
    artifact_reader : int
        Another descriptor of the artifact, open for reading.
    trusted : sequence of str
        Types and functions that the operator adds to the allow-list.
    allow_pickle, allow_version, use_compiled : bool
    cores : sequence of int
        CPU cores to use; if empty, those of the parent process.
    memory_bytes : int
    time_s : float
    """

    file: int
    file_name: str
    artifact: int
    artifact_reader: int
    compiled: int
    report: int
    sample: int = -1
    sample_name: str = ""
    trusted: Sequence[str] = ()
    allow_pickle: bool = False
    allow_version: bool = False
    use_compiled: bool = True
    cores: Sequence[int] = ()
    memory_bytes: int = MEMORY_BYTES
    time_s: float = TIME_S


@dataclass(frozen=True)
class Outcome:
    """Outcome of the steps of a job; the report describes the model.

    Parameters
    ----------
    failed_step : {"", "inspection", "compilation"}
    exit_code : int
        Exit code of the failed step; a negative number is a signal.
    engines : mapping, optional
        Report that replaces that of a compilation without result.
    """

    failed_step: str = ""
    exit_code: int = 0
    engines: Mapping[str, Any] | None = None


class SampleError(ArtifactError):
    """The sample is rejected, not the model."""


def inspect(job: Job) -> None:
    """Read the file of a job, run its model once, and write the artifact to serve.

    Raises
    ------
    ArtifactError
        The file or the sample is rejected.
    """
    from predictor.core.engines import EstimatorEngine  # noqa: PLC0415 - the registry imports
    from predictor.core.model import Model  # noqa: PLC0415 - this module and
    from predictor.core.signature_inference import infer_signature  # noqa: PLC0415 - needs no arrays

    ingested = artifacts.ingest(
        read(job.file),
        job.file_name,
        trusted=job.trusted,
        allow_version=job.allow_version,
        allow_pickle=job.allow_pickle,
    )
    estimator, signature = ingested.estimator, ingested.signature
    if job.sample >= 0:
        try:
            signature = infer_signature(estimator, sample=_read_sample(job, signature))
        except ArtifactError as exc:
            raise SampleError(str(exc)) from exc
    try:
        Model("", 0, signature, EstimatorEngine(estimator)).warm()
    except MemoryError:
        raise
    except Exception as exc:
        raise ArtifactError("The model in the file fails on a row of its own columns.") from exc
    write(job.artifact, ingested.data)
    description = {
        "format": ingested.file_format,
        "signature": signature.to_json(),
        "fitted_with": dict(ingested.fitted_with),
        "notes": list(ingested.notes),
    }
    write(job.report, json.dumps(description).encode())


def compile_artifact(job: Job) -> None:
    """Compile the artifact that `inspect` has written, and add a line to the report."""
    from predictor.core.compiler.compile import compile_  # noqa: PLC0415 - imports scikit-learn

    artifact = artifacts.open_artifact(
        read(job.artifact_reader), trusted=job.trusted, allow_version=True
    )
    description = read(job.report)
    signature = Signature.from_json(json.loads(description)["signature"])
    sample = _read_sample(job, signature) if job.sample >= 0 else None
    compilation = compile_(artifact.estimator, signature, sample, enabled=job.use_compiled)
    write(job.compiled, compilation.data)
    write(job.report, description + b"\n" + json.dumps(compilation.report).encode())


def read(descriptor: int) -> bytes:
    """Return the content of an open file."""
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        return file.read()


def write(descriptor: int, data: bytes) -> None:
    """Replace the content of an open file."""
    with os.fdopen(descriptor, "r+b", closefd=False) as file:
        file.seek(0)
        file.truncate()
        file.write(data)


def _read_sample(job: Job, signature: Signature) -> Any:
    return artifacts.read_sample(read(job.sample), job.sample_name, signature.container)


def _report_rejection(job: Job, step: Callable[[Job], None]) -> None:
    """Run a step. If it rejects the file, write the reason to the report and exit."""
    try:
        step(job)
    except SampleError as exc:
        rejection = {"rejected": str(exc), "field": "sample"}
    except PredictorError as exc:
        rejection = {"rejected": str(exc)}
    except MemoryError:
        limit = f"{job.memory_bytes / 2**30:g} GiB"
        rejection = {"rejected": f"Reading the file takes more than {limit} of memory."}
    else:
        return
    write(job.report, json.dumps(rejection).encode())
    raise SystemExit(REJECTED)


def run(job: Job) -> Outcome:
    """Run the steps of a job in confined forks, which read and write only their descriptors."""
    from predictor.core.compiler.compile import not_compiled  # noqa: PLC0415 - imports scikit-learn
    from predictor.isolation import confined_fork  # noqa: PLC0415 - the registry imports this module

    start = time.monotonic()
    limits = {"memory_bytes": job.memory_bytes, "cpu_seconds": math.ceil(job.time_s)}
    inputs = [job.sample] if job.sample >= 0 else []
    code = confined_fork.run(
        partial(_report_rejection, job, inspect),
        keep=[*inputs, job.file, job.artifact, job.report],
        **limits,
    )
    if code:
        return Outcome("inspection", code)
    code = confined_fork.run(
        partial(compile_artifact, job),
        keep=[*inputs, job.artifact_reader, job.compiled, job.report],
        deadline=start + COMPILATION_SHARE * job.time_s,
        **limits,
    )
    if code is None or code == -signal.SIGXCPU:
        seconds = time.monotonic() - start
        reason = f"The compilation took more than {seconds:.0f} seconds."
        return Outcome(engines=not_compiled(reason).report)
    if code > 0:
        reason = "The compilation crashed or exceeded its memory limit."
        return Outcome(engines=not_compiled(reason).report)
    return Outcome("compilation", code) if code else Outcome()


def lower_priority(cores: Collection[int]) -> None:
    """Lower the priority of this process, and let it use these cores."""
    if cores and sys.platform == "linux":
        os.sched_setaffinity(0, cores)
    os.nice(NICENESS)


def import_modules(trusted: Sequence[str]) -> None:
    """Import most of scikit-learn for both forks, and the modules of the operator's types.

    A confined fork cannot read the files of the operator's modules.
    """
    import_module("sklearn.ensemble")
    for name in trusted:
        with suppress(ImportError):  # the reader of the file reports a missing type
            import_module(name.rpartition(".")[0])


def main() -> None:
    """Run the job of the command line, and print its outcome."""
    job = Job(**json.loads(sys.argv[1]))
    lower_priority(job.cores)
    import_modules(job.trusted)
    sys.stdout.write(json.dumps(asdict(run(job))))


if __name__ == "__main__":
    main()
