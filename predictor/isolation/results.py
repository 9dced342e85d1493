"""Results of jobs: the validated report and the compiled estimator."""

import hashlib
import io
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from predictor.core.errors import ArtifactError
from predictor.isolation import reports
from predictor.isolation.job import (
    ACTIONS,
    COMPILATION,
    MEMORY_BYTES,
    REJECTED,
    TIME_S,
    Inspection,
    Outcome,
)


class Rejected(ArtifactError):
    """A step rejects the file, or another field of an upload."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Result:
    """Validated report of a job, and the SHA-256 of the compiled estimator; empty without one."""

    description: reports.Description
    engines: Mapping[str, Any]
    compiled: str

    @property
    def artifact(self) -> str:
        """Name of the artifact."""
        return f"model.{self.description.format}"

    def to_inspection(self, *, any_version: bool = False) -> Inspection:
        """Return the result without the metrics."""
        return Inspection(
            artifact=self.artifact,
            format=self.description.format,
            signature=self.description.signature,
            fitted_with=self.description.fitted_with,
            notes=self.description.notes,
            any_version=any_version,
            engines=self.engines,
            compiled=self.compiled,
            description=self.description.description,
            estimator=self.description.estimator,
        )


def parse_result(outcome: Outcome, report: bytes, compiled: io.BufferedRandom) -> Result:
    """Return the validated result of a job.

    Raises
    ------
    ArtifactError
        A step has failed, or the report is invalid.
    """
    action = ACTIONS.get(outcome.failed_step, "")
    if outcome.exit_code == REJECTED:
        rejection = reports.parse_rejection(report)
        raise Rejected(rejection.rejected, rejection.field)
    if outcome.exit_code == -signal.SIGXCPU:
        raise ArtifactError(f"{action} took more than {TIME_S} seconds.")
    if outcome.failed_step == COMPILATION:
        name = signal.strsignal(-outcome.exit_code)
        raise ArtifactError(f"Compiling the model ended with a signal: {name}.")
    if outcome.failed_step:
        raise ArtifactError(
            f"{action} crashed, or exceeded the limit of {MEMORY_BYTES / 2**30:g} GiB of memory."
        )
    description, engines = reports.parse(report, outcome.engines)
    sha256 = ""
    if outcome.engines is None and compiled.seek(0, os.SEEK_END):
        compiled.seek(0)
        sha256 = hashlib.file_digest(compiled, "sha256").hexdigest()
    return Result(description, engines, sha256)
