"""Process that inspects, compiles or trains a model, in steps that are confined forks.

It is a fork of the supervisor, and never reads a model file.
"""

import json
import math
import os
import signal
import socket
import sys
import time
from collections.abc import Collection
from dataclasses import asdict
from functools import partial

from predictor.core.compiler.compile import not_compiled
from predictor.core.errors import PredictorError
from predictor.isolation import confined_fork, messages
from predictor.isolation.confinement import close_descriptors, end_with
from predictor.isolation.job import (
    COMPILATION,
    MAX_TEXT_LENGTH,
    MEMORY_BYTES,
    REJECTED,
    FieldError,
    Job,
    Outcome,
)
from predictor.isolation.steps import STEPS, write

# Share of the time limit within which the compilation must end.
COMPILATION_SHARE = 0.8

# Predictions of the serving processes have priority.
NICENESS = 10


def _report_rejection(job: Job, step: str) -> None:
    """Run a step. If it rejects the file, write the reason to the report and exit."""
    try:
        STEPS[step][0](job)
    except FieldError as exc:
        rejection = {"rejected": str(exc), "field": exc.field}
    except PredictorError as exc:
        rejection = {"rejected": str(exc)}
    except MemoryError:
        if step == COMPILATION:
            raise
        limit = f"{MEMORY_BYTES / 2**30:g} GiB"
        rejection = {"rejected": f"Reading the file takes more than {limit} of memory."}
    else:
        return
    rejection["rejected"] = rejection["rejected"][:MAX_TEXT_LENGTH]
    write(job.report, json.dumps(rejection).encode())
    raise SystemExit(REJECTED)


def run(job: Job, owner: int | None = None) -> Outcome:
    """Run the steps of a job in confined forks, which read and write only their descriptors.

    If the other process closes the socket of the owner, the step is killed.
    """
    start = time.monotonic()
    for step in job.steps:
        descriptors = (getattr(job, name) for name in STEPS[step][1])
        code = confined_fork.run(
            partial(_report_rejection, job, step),
            keep=[descriptor for descriptor in descriptors if descriptor is not None],
            memory_bytes=MEMORY_BYTES,
            cpu_seconds=math.ceil(job.time_s),
            deadline=start + COMPILATION_SHARE * job.time_s if step == COMPILATION else math.inf,
            owner=owner,
        )
        if code == 0:
            continue
        if step != COMPILATION or code == REJECTED:
            return Outcome(step, code or 0)
        if code is None or code == -signal.SIGXCPU:
            seconds = time.monotonic() - start
            reason = f"The compilation took more than {seconds:.0f} seconds."
            return Outcome(engines=not_compiled(reason).report)
        if code < 0:
            return Outcome(step, code)
        reason = "The compilation crashed or exceeded its memory limit."
        return Outcome(engines=not_compiled(reason).report)
    return Outcome()


def lower_priority(cores: Collection[int]) -> None:
    """Lower the priority of this process, and let it use these cores."""
    if cores and sys.platform == "linux":
        os.sched_setaffinity(0, cores)
    os.nice(NICENESS)


def main(job: Job, owner: socket.socket, supervisor: int) -> None:
    """Run a job, and send its outcome to the owner. The job ends with the owner or supervisor."""
    if job.errors is not None:
        os.dup2(job.errors, 2)
    close_descriptors({2, owner.fileno(), *job.descriptors().values()})
    end_with(supervisor)
    lower_priority(job.cores)
    messages.send(owner, messages.dump(asdict(run(job, owner.fileno()))))
