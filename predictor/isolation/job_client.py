"""Run of a job in the supervisor, and the validated result of a job."""

import hashlib
import io
import logging
import os
import signal
import tempfile
from dataclasses import replace
from typing import IO

from predictor.core.errors import ArtifactError, Busy
from predictor.isolation import messages, reports
from predictor.isolation.evaluation_report import to_plain
from predictor.isolation.job import (
    ACTIONS,
    COMPILATION,
    MEMORY_BYTES,
    REJECTED,
    TIME_S,
    FieldError,
    Inspection,
    Job,
    Outcome,
)
from predictor.isolation.supervisor_client import get_supervisor

log = logging.getLogger(__name__)

# Number of bytes of the standard error of a failed step that are logged.
MAX_LOGGED_BYTES = 2000


def run_in_supervisor(job: Job) -> Outcome:
    """Run a job in processes of the supervisor.

    Raises
    ------
    ArtifactError
        The job takes too long.
    Busy
        The process of the job, which does not read the files, cannot start or ends.
    """
    with tempfile.TemporaryFile() as errors:
        with get_supervisor().start_job(replace(job, errors=errors.fileno())) as connection:
            messages.limit_waits(connection, job.time_s)
            try:
                outcome = Outcome(**messages.receive(connection).header)
            except messages.TIMEOUTS as exc:
                raise _too_slow(job.steps[0], job.time_s) from exc
            except ConnectionError as exc:
                log.error("The %s of a model has ended: %s", job.steps[0], _read_end(errors))  # noqa: TRY400 - the reason is complete
                raise Busy(f"{ACTIONS[job.steps[0]]} was interrupted. Try again.") from exc
        if outcome.exit_code not in (0, REJECTED):
            log.error(
                "The %s of a model ended with exit code %s: %s",
                outcome.failed_step,
                outcome.exit_code,
                _read_end(errors),
            )
    return outcome


def _read_end(errors: IO[bytes]) -> str:
    """Return the end of the standard error of a job, without control characters."""
    errors.seek(-min(MAX_LOGGED_BYTES, errors.seek(0, os.SEEK_END)), os.SEEK_END)
    return messages.printable(errors.read().decode(errors="replace"))


def parse_result(outcome: Outcome, report: bytes, compiled: io.BufferedRandom) -> Inspection:
    """Return the validated result of a job.

    Raises
    ------
    ArtifactError
        A step has failed, or the report is invalid.
    """
    if outcome.exit_code == REJECTED:
        rejection = reports.parse_rejection(report)
        raise FieldError(rejection.rejected, rejection.field)
    if outcome.exit_code == -signal.SIGXCPU:
        raise _too_slow(outcome.failed_step, TIME_S)
    if outcome.failed_step == COMPILATION:
        name = signal.strsignal(-outcome.exit_code)
        raise ArtifactError(f"Compiling the model ended with a signal: {name}.")
    if outcome.failed_step:
        raise ArtifactError(
            f"{ACTIONS[outcome.failed_step]} crashed, or exceeded the limit of "
            f"{MEMORY_BYTES / 2**30:g} GiB of memory."
        )
    described, engines = reports.parse(report, outcome.engines)
    sha256 = ""
    if outcome.engines is None and compiled.seek(0, os.SEEK_END):
        compiled.seek(0)
        sha256 = hashlib.file_digest(compiled, "sha256").hexdigest()
    return Inspection(
        artifact=f"model.{described.format}",
        format=described.format,
        signature=described.signature,
        fitted_with=described.fitted_with,
        notes=described.notes,
        description=described.description,
        estimator=described.estimator,
        parts=described.parts,
        metrics=described.metrics,
        evaluation=to_plain(described.evaluation),
        engines=engines,
        compiled=sha256,
    )


def _too_slow(step: str, time_s: float) -> ArtifactError:
    return ArtifactError(f"{ACTIONS[step]} took more than {time_s} seconds.")
