"""Steps of jobs: reading, compiling and training models. Each runs in a confined process."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from predictor import recipes
from predictor.core import artifacts
from predictor.core.compiler.compile import compile_
from predictor.core.errors import ArtifactError, InvalidInput, PredictorError
from predictor.core.estimator_steps import list_steps
from predictor.core.evaluation.evaluate import check_task, evaluate
from predictor.core.evaluation.holdout import TEST, read_holdout
from predictor.core.saved_model import describe
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature
from predictor.isolation.job import COMPILATION, INSPECTION, TRAINING, FieldError, Job
from predictor.isolation.trial_run import first_line, run_trial

# Start of the note about another scikit-learn version.
FITTED_WITH = "Fitted with "


def inspect(job: Job) -> None:
    """Read the file of a job, run its model once, and write the artifact to serve.

    Raises
    ------
    ArtifactError
        The file, the sample or the test data is rejected.
    """
    assert job.file is not None  # noqa: S101 - the step needs a file
    versions = ""
    try:
        ingested = artifacts.ingest(
            read(job.file),
            job.file_name,
            trusted=job.trusted,
            allow_version=job.allow_version,
            allow_pickle=job.allow_pickle,
        )
        versions = next((note for note in ingested.notes if note.startswith(FITTED_WITH)), "")
        estimator, signature = ingested.estimator, ingested.signature
        if job.sample is not None:
            signature = _infer_from_sample(job, estimator, signature)
        signature, notes = run_trial(estimator, signature)
        evaluation = _evaluate(job, estimator, signature)
        parts = list_steps(estimator)
    except (PredictorError, MemoryError) as exc:
        if versions and type(exc) is ArtifactError:
            raise ArtifactError(f"{exc} {versions}") from exc
        raise
    except Exception as exc:
        raise ArtifactError(
            f"The model in the file cannot be served: it raises a {type(exc).__name__}. "
            f"{first_line(exc)} {versions}".strip()
        ) from exc
    write(job.artifact, ingested.data)
    description = {
        "format": ingested.file_format,
        "signature": signature.to_json(),
        "fitted_with": dict(ingested.fitted_with),
        "estimator": describe(estimator),
        "parts": parts,
        "notes": [*ingested.notes, *notes],
        "description": ingested.description,
        "evaluation": evaluation,
    }
    write(job.report, json.dumps(description).encode())


def _infer_from_sample(job: Job, estimator: Any, signature: Signature) -> Signature:
    try:
        return infer_signature(estimator, signature.columns, _read_sample(job, signature))
    except ArtifactError as exc:
        raise FieldError(str(exc), "sample") from exc


def _evaluate(job: Job, estimator: Any, signature: Signature) -> dict[str, Any] | None:
    """Return the evaluation of an estimator on the test data of a job; None without test data."""
    if job.test is None:
        return None
    try:
        check_task(estimator, signature)
        return evaluate(estimator, signature, read_holdout(read(job.test), job.target, signature))
    except InvalidInput as exc:
        raise FieldError(str(exc), next(iter(exc.columns), TEST)) from exc


def compile_artifact(job: Job) -> None:
    """Compile the artifact that the report describes, and add a line to the report.

    Raises
    ------
    ArtifactError
        The artifact cannot be read.
    """
    artifact = artifacts.open_artifact(
        read(job.artifact_reader), trusted=job.trusted, allow_version=job.allow_version
    )
    description = read(job.report)
    signature = Signature.from_json(json.loads(description)["signature"])
    sample = _read_sample(job, signature)
    compilation = compile_(artifact.estimator, signature, sample, enabled=job.use_compiled)
    write(job.compiled, compilation.data)
    write(job.report, description + b"\n" + json.dumps(compilation.report).encode())


def train(job: Job) -> None:
    """Train a bundled model, and write and compile its artifact."""
    fitted = recipes.fit(job.recipe)
    dump = artifacts.dump(
        fitted.estimator, fitted.X, columns=fitted.columns, class_names=fitted.class_names
    )
    compilation = compile_(fitted.estimator, dump.signature, fitted.X, enabled=job.use_compiled)
    description = {
        "format": "skops",
        "signature": dump.signature.to_json(),
        "fitted_with": dump.fitted_with,
        "estimator": describe(fitted.estimator),
        "parts": list_steps(fitted.estimator),
        "notes": dump.notes,
        "description": fitted.description,
        "metrics": dict(fitted.metrics),
        "evaluation": fitted.held_out and fitted.held_out.evaluate(dump.signature),
    }
    write(job.artifact, dump.data)
    write(job.compiled, compilation.data)
    lines = (json.dumps(each) for each in (description, compilation.report))
    write(job.report, "\n".join(lines).encode())


# The steps, and the descriptors that each of them keeps.
STEPS: Mapping[str, tuple[Callable[[Job], None], Sequence[str]]] = {
    INSPECTION: (inspect, ("file", "sample", "test", "artifact", "report")),
    COMPILATION: (compile_artifact, ("artifact_reader", "sample", "compiled", "report")),
    TRAINING: (train, ("artifact", "compiled", "report")),
}


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
    """Return the rows of the sample; None if there is no sample."""
    if job.sample is None:
        return None
    return artifacts.read_sample(read(job.sample), job.sample_name, signature)
