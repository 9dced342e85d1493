"""Start of a job in the supervisor, and its outcome."""

import logging
import os
import tempfile
from dataclasses import replace

from predictor.core.errors import ArtifactError
from predictor.isolation import messages
from predictor.isolation.job import ACTIONS, REJECTED, Job, Outcome
from predictor.isolation.supervisor_client import get_supervisor

log = logging.getLogger(__name__)


def run_in_supervisor(job: Job) -> Outcome:
    """Run a job in processes of the supervisor."""
    with tempfile.TemporaryFile() as errors:
        with get_supervisor().start_job(replace(job, errors=errors.fileno())) as connection:
            messages.limit_waits(connection, job.time_s)
            try:
                outcome = Outcome(**messages.receive(connection).header)
            except TimeoutError as exc:
                action = ACTIONS[job.steps[0]]
                raise ArtifactError(f"{action} took more than {job.time_s} seconds.") from exc
            except messages.Disconnected:
                outcome = Outcome(job.steps[0], 1)
        if outcome.exit_code not in (0, REJECTED):
            errors.seek(-min(2000, errors.seek(0, os.SEEK_END)), os.SEEK_END)
            log.error(
                "The %s of a model ended with exit code %s: %s",
                outcome.failed_step,
                outcome.exit_code,
                errors.read().decode(errors="replace"),
            )
    return outcome
