"""Start of the child process that runs a job."""

import json
import logging
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict

from predictor.core.errors import ArtifactError
from predictor.isolation.environment import child_environment
from predictor.isolation.job import ACTIONS, REJECTED, Job, Outcome

log = logging.getLogger(__name__)


def run_in_child(job: Job) -> Outcome:
    """Run a job in a child process."""
    command = [sys.executable, "-P", "-m", "predictor.isolation.run_job"]
    files = (job.file, job.sample, job.artifact, job.artifact_reader, job.compiled, job.report)
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.run(  # noqa: S603 - a command of this module
                [*command, json.dumps(asdict(job))],
                env=child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=[descriptor for descriptor in files if descriptor is not None],
                timeout=job.time_s,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            action = ACTIONS[job.steps[0]]
            raise ArtifactError(f"{action} took more than {job.time_s} seconds.") from exc
        outcome = Outcome(**json.loads(process.stdout)) if not process.returncode else None
        if outcome is None or outcome.exit_code not in (0, REJECTED):
            errors.seek(-min(2000, errors.seek(0, os.SEEK_END)), os.SEEK_END)
            log.error(
                "The %s of a model ended with exit code %s: %s",
                outcome.failed_step if outcome else job.steps[0],
                outcome.exit_code if outcome else process.returncode,
                errors.read().decode(errors="replace"),
            )
    return outcome or Outcome(job.steps[0], process.returncode)
