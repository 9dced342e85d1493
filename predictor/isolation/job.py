"""Jobs of confined processes, and their results, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from predictor.core.errors import ArtifactError

# Limits for one file.
MEMORY_BYTES = 3 * 2**30
TIME_S = 60

# Steps of a job.
INSPECTION, COMPILATION, TRAINING = "inspection", "compilation", "training"

# Subjects of messages about a step.
ACTIONS = {
    INSPECTION: "Reading the file",
    COMPILATION: "Compiling the model",
    TRAINING: "Training the model",
}

# Fields of a job that are descriptors.
FILES = ("artifact", "artifact_reader", "compiled", "report", "file", "sample", "test", "errors")

# Exit code of a step that rejects the file; the report contains the reason.
REJECTED = 3

# Longest text in a report.
MAX_TEXT_LENGTH = 10_000


class FieldError(ArtifactError):
    """A field of an upload is rejected: the artifact, the sample, the test data or the target."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Inspection:
    """Description of a model that was inspected, compiled or trained, as plain values."""

    artifact: str  # name of the file to serve
    format: str  # "skops" or "onnx"
    signature: Mapping[str, Any]  # output of `Signature.to_json`
    fitted_with: Mapping[str, str]  # versions of the software that fitted the estimator
    notes: Sequence[str] = ()  # conversions and upgrades, one sentence each
    any_version: bool = False  # whether other versions of scikit-learn may run the estimator
    engines: Mapping[str, Any] = field(default_factory=dict)  # report of the compilation
    compiled: str = ""  # SHA-256 of the compiled estimator beside the artifact; empty without one
    description: str = ""  # of the model, in the file or by the recipe
    estimator: str = ""  # class of the estimator, and of the steps of a pipeline
    parts: Sequence[Mapping[str, Any]] = ()  # output of `list_steps`
    metrics: Mapping[str, float] = field(default_factory=dict)  # of a bundled model
    evaluation: Mapping[str, Any] = field(default_factory=dict)  # empty without test data


@dataclass(frozen=True)
class Job:
    """Steps to run, and the descriptors of their files.

    The report has a line with the description of the model, and a line with the outcome of the
    compilation.
    """

    steps: Sequence[str]
    artifact: int  # to write
    artifact_reader: int  # the same file, open for reading
    compiled: int  # to write
    report: int  # to write
    file: int | None = None  # to inspect
    file_name: str = ""  # its suffix tells the format
    sample: int | None = None
    sample_name: str = ""  # its suffix tells the format
    test: int | None = None  # held-out rows, as CSV
    target: str = ""  # column of the held-out rows that the model should predict
    errors: int | None = None  # receives the standard error of all processes
    recipe: str = ""  # name of the bundled model to train
    trusted: Sequence[str] = ()  # types and functions that the operator adds to the allow-list
    allow_pickle: bool = False
    allow_version: bool = False
    use_compiled: bool = True
    cores: Sequence[int] = ()  # CPU cores to use; if empty, those of the parent process
    time_s: float = TIME_S

    def descriptors(self) -> dict[str, int]:
        """Return the descriptor of each file that the job has."""
        values = {name: getattr(self, name) for name in FILES}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Outcome:
    """Outcome of the steps of a job; the report describes the model."""

    failed_step: str = ""  # empty if no step failed
    exit_code: int = 0  # of the failed step; a negative number is a signal
    engines: Mapping[str, Any] | None = None  # replaces the report of a compilation without result
