"""Steps of jobs: reading, compiling and training models. Each runs in a confined process."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from textwrap import shorten
from typing import Any

import numpy as np

from predictor import recipes
from predictor.core import artifacts
from predictor.core.coercion import INTEGER, NUMBER
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

# Start of the note about another scikit-learn version.
FITTED_WITH = "Fitted with "

# Length of an estimator's message in that of a rejected file.
MAX_MESSAGE_LENGTH = 300


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
        _run_rows(estimator, signature)
    except (PredictorError, MemoryError) as exc:
        if versions and type(exc) is ArtifactError:
            raise ArtifactError(f"{exc} {versions}") from exc
        raise
    except Exception as exc:
        raise ArtifactError(
            f"The model in the file cannot be served: it raises a {type(exc).__name__}. "
            f"{_first_line(exc)} {versions}".strip()
        ) from exc
    write(job.artifact, ingested.data)
    description = {
        "format": ingested.file_format,
        "signature": signature.to_json(),
        "fitted_with": dict(ingested.fitted_with),
        "notes": list(ingested.notes),
    }
    write(job.report, json.dumps(description).encode())


def _infer_from_sample(job: Job, estimator: Any, signature: Signature) -> Signature:
    try:
        return infer_signature(estimator, signature.columns, _read_sample(job, signature))
    except ArtifactError as exc:
        raise SampleError(str(exc)) from exc


def _run_rows(estimator: Any, signature: Signature) -> None:
    """Run every method for the example row and for random rows, and check the results.

    Without a sample the example consists of zeros. A model may reject them, but not all rows.

    Raises
    ------
    ArtifactError
        A result does not follow from the signature; rows are only accepted one by one; the example
        of a sample, or every row without a sample, is rejected.
    """
    rng = np.random.default_rng(SEED)
    unusual = random_rows(signature, N_ROWS, rng, out_of_range=True, missing=True)
    example = signature.build_example()
    rejection = _find_rejection(estimator, signature, example)
    others = [""]
    if _find_rejection(estimator, signature, unusual):
        rows = (slice_rows(unusual, slice(n, n + 1)) for n in range(N_ROWS))
        others = [_find_rejection(estimator, signature, row) for row in rows]
        if not any(others):
            raise ArtifactError("The model in the file cannot be served. It takes one row only.")
    if rejection and all(column.example is not None for column in signature.columns):
        raise ArtifactError(f"The model rejects its own example row. {rejection}")
    if rejection and all(others) and _find_rejection(estimator, signature, _ones(signature)):
        raise ArtifactError(
            f"The model rejects every row that was tried. {rejection} If it accepts other rows, "
            "add a sample of them."
        )


def _ones(signature: Signature) -> Any:
    """Return a row of positive numbers, as an estimator may reject the others."""
    values = [
        1 if column.kind in (NUMBER, INTEGER) and not column.categories else column.get_example()
        for column in signature.columns
    ]
    return signature.build_input([[value] for value in values])


def _find_rejection(
    estimator: Any, signature: Signature, X: Any, methods: Sequence[str] = ()
) -> str:
    """Return the message with which an estimator rejects rows; empty if it accepts them.

    An estimator that rejects the rows in another method than its first accepts them: scikit-learn
    has methods that never run, such as `transform` of a discriminant analysis with `lsqr`.
    """
    methods = methods or signature.methods
    try:
        results = EstimatorEngine(estimator).run(methods, X)
        arrays = {method: _to_arrays(values) for method, values in results.items()}
        check_results(signature, methods, X.shape[0], arrays)
    except InvalidInput as exc:
        if len(methods) > 1:
            return _find_rejection(estimator, signature, X, methods[:1])
        return _first_line(exc.__cause__ or exc)
    except InvalidReply as exc:
        raise ArtifactError(f"The model in the file cannot be served. {exc}") from exc
    return ""


def _first_line(exc: BaseException) -> str:
    """Return the first line of an exception's message, as a sentence."""
    line = str(exc).strip().partition("\n")[0]
    return f"{shorten(line or type(exc).__name__, MAX_MESSAGE_LENGTH).rstrip('.')}."


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
    data, signature = artifacts.dump(fitted.estimator, fitted.X, columns=fitted.columns)
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
    return artifacts.read_sample(read(job.sample), job.sample_name, signature)
