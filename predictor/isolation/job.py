"""Jobs of confined processes, and their results, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
FILES = ("artifact", "artifact_reader", "compiled", "report", "file", "sample", "errors")

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
    description : str
        Description of the model in the file or by the recipe.
    estimator : str
        Class of the estimator, and of the steps of a pipeline.
    """

    artifact: str
    format: str
    signature: Mapping[str, Any]
    fitted_with: Mapping[str, str]
    notes: Sequence[str] = ()
    any_version: bool = False
    engines: Mapping[str, Any] = field(default_factory=dict)
    compiled: str = ""
    description: str = ""
    estimator: str = ""


@dataclass(frozen=True)
class Job:
    """Steps to run, and the descriptors of their files.

    Parameters
    ----------
    steps : sequence of str
        Names of steps, in order.
    artifact, compiled, report : int
        Descriptors of files to write. The report has a line with the description of the model and
        a line with the outcome of the compilation.
    artifact_reader : int
        Another descriptor of the artifact, open for reading.
    file, sample : int, optional
        Descriptors of the file to inspect, and of its sample.
    errors : int, optional
        Descriptor of the file that receives the standard error of all processes.
    file_name, sample_name : str
        Their suffixes tell the format.
    recipe : str
        Name of the bundled model to train.
    trusted : sequence of str
        Types and functions that the operator adds to the allow-list.
    allow_pickle, allow_version, use_compiled : bool
    cores : sequence of int
        CPU cores to use; if empty, those of the parent process.
    memory_bytes : int
    time_s : float
    """

    steps: Sequence[str]
    artifact: int
    artifact_reader: int
    compiled: int
    report: int
    file: int | None = None
    file_name: str = ""
    sample: int | None = None
    sample_name: str = ""
    errors: int | None = None
    recipe: str = ""
    trusted: Sequence[str] = ()
    allow_pickle: bool = False
    allow_version: bool = False
    use_compiled: bool = True
    cores: Sequence[int] = ()
    memory_bytes: int = MEMORY_BYTES
    time_s: float = TIME_S

    def descriptors(self) -> dict[str, int]:
        """Return the descriptor of each file that the job has."""
        values = {name: getattr(self, name) for name in FILES}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Outcome:
    """Outcome of the steps of a job; the report describes the model.

    Parameters
    ----------
    failed_step : str
        Empty if no step failed.
    exit_code : int
        Exit code of the failed step; a negative number is a signal.
    engines : mapping, optional
        Report that replaces that of a compilation without result.
    """

    failed_step: str = ""
    exit_code: int = 0
    engines: Mapping[str, Any] | None = None
