"""Steps of jobs: reading, compiling and training models. Each runs in a confined process."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from predictor import recipes
from predictor.core import artifacts
from predictor.core.compiler.compile import compile_
from predictor.core.compiler.row_generator import random_rows, slice_rows
from predictor.core.engines import EstimatorEngine
from predictor.core.errors import ArtifactError, InvalidInput, PredictorError
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature
from predictor.isolation.job import COMPILATION, INSPECTION, TRAINING, Job
from predictor.isolation.reply_validation import InvalidReply, check_results

# Random rows that a model must run before it is registered.
N_ROWS, SEED = 8, 0


class SampleError(ArtifactError):
    """The sample is rejected, not the model."""


def inspect(job: Job) -> None:
    """Read the file of a job, run its model once, and write the artifact to serve.

    Raises
    ------
    ArtifactError
        The file or the sample is rejected.
    """
    assert job.file is not None  # noqa: S101 - the step needs a file
    try:
        ingested = artifacts.ingest(
            read(job.file),
            job.file_name,
            trusted=job.trusted,
            allow_version=job.allow_version,
            allow_pickle=job.allow_pickle,
        )
        estimator, signature = ingested.estimator, ingested.signature
        if job.sample is not None:
            signature = _infer_from_sample(job, estimator, signature)
        accepts_example = _run_rows(estimator, signature)
    except (PredictorError, MemoryError):
        raise
    except Exception as exc:
        raise ArtifactError(
            f"The model in the file cannot be served: it raises a {type(exc).__name__}."
        ) from exc
    if ingested.file_format == "onnx" and not accepts_example:
        raise ArtifactError("The ONNX model fails on a row of its own columns.")
    write(job.artifact, ingested.data)
    description = {
        "format": ingested.file_format,
        "signature": signature.to_json(),
        "fitted_with": dict(ingested.fitted_with),
        "notes": list(ingested.notes),
        "description": ingested.description,
    }
    write(job.report, json.dumps(description).encode())


def _infer_from_sample(job: Job, estimator: Any, signature: Signature) -> Signature:
    try:
        return infer_signature(estimator, sample=_read_sample(job, signature))
    except ArtifactError as exc:
        raise SampleError(str(exc)) from exc


def _run_rows(estimator: Any, signature: Signature) -> bool:
    """Run every method for the example row and for random rows, and check the results.

    Returns
    -------
    accepts_example : bool

    Raises
    ------
    ArtifactError
        A result does not follow from the signature; rows are only accepted one by one.
    """
    rng = np.random.default_rng(SEED)
    unusual = random_rows(signature, N_ROWS, rng, out_of_range=True, missing=True)
    accepts_example = _accepts(estimator, signature, signature.build_example())
    if not _accepts(estimator, signature, unusual):
        rows = (slice_rows(unusual, slice(n, n + 1)) for n in range(N_ROWS))
        if all(_accepts(estimator, signature, row) for row in rows):
            raise ArtifactError("The model in the file cannot be served. It takes one row only.")
    return accepts_example


def _accepts(estimator: Any, signature: Signature, X: Any) -> bool:
    """Return whether an estimator accepts rows. It may reject any, also the example."""
    try:
        results = EstimatorEngine(estimator).run(signature.methods, X)
        arrays = {method: _to_arrays(values) for method, values in results.items()}
        check_results(signature, signature.methods, X.shape[0], arrays)
    except InvalidInput:
        return False
    except InvalidReply as exc:
        raise ArtifactError(f"The model in the file cannot be served. {exc}") from exc
    return True


def _to_arrays(values: Any) -> Any:
    """Return a result as the array, or list of arrays, that a worker receives."""
    if isinstance(values, list):
        return [_to_arrays(each) for each in values]
    if hasattr(values, "toarray"):
        return values.toarray()
    return values.to_numpy() if hasattr(values, "to_numpy") else values


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
    data, signature = artifacts.dump(
        fitted.estimator, fitted.X, columns=fitted.columns, class_names=fitted.class_names
    )
    compilation = compile_(fitted.estimator, signature, fitted.X, enabled=job.use_compiled)
    description = {
        "format": "skops",
        "signature": signature.to_json(),
        "fitted_with": artifacts.get_software_versions(),
        "description": fitted.description,
        "metrics": dict(fitted.metrics),
    }
    write(job.artifact, data)
    write(job.compiled, compilation.data)
    lines = (json.dumps(each) for each in (description, compilation.report))
    write(job.report, "\n".join(lines).encode())


# The steps, and the descriptors that each of them keeps.
STEPS: Mapping[str, tuple[Callable[[Job], None], Sequence[str]]] = {
    INSPECTION: (inspect, ("file", "sample", "artifact", "report")),
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
    return artifacts.read_sample(read(job.sample), job.sample_name, signature.container)
