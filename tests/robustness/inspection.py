"""Inspects many files as uploads are inspected, several of them in each confined process.

It runs as a program, because a process that has run scikit-learn must not fork. The argument is a
directory with files whose names end in `.upload`. Beside each of them, it writes the files of a
job, and a file with its outcome.
"""

import gc
import json
import os
import signal
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import sklearn

from predictor.core.compiler import batch_safety, crossover
from predictor.core.compiler.compile import not_compiled
from predictor.isolation import confined_fork, run_job, supervisor
from predictor.isolation.job import COMPILATION, INSPECTION, MEMORY_BYTES, Job

FILES_PER_PROCESS = 50

# Modules that files name, and that each process would import again.
OTHER_MODULES = (
    *("onnx", "onnxruntime", "predictor.core.artifacts.onnx.estimator"),
    *(f"sklearn.{name}" for name in sklearn.__all__ if find_spec(f"sklearn.{name}")),
)

# Time for the files of one process. A file that takes longer is rejected.
TIME_S = 60


def paths_of(upload):
    return [upload.with_suffix(f".{name}") for name in ("artifact", "compiled", "report")]


def _open(upload):
    file = upload.open("rb")
    artifact, compiled, report = (path.open("x+b") for path in paths_of(upload))
    reader = paths_of(upload)[0].open("rb")
    outcome = upload.with_suffix(".outcome").open("x+b")
    return (file, artifact, compiled, report, reader), outcome


def _job(files):
    file, artifact, compiled, report, reader = (each.fileno() for each in files)
    return Job(
        steps=(INSPECTION, COMPILATION),
        file=file,
        artifact=artifact,
        artifact_reader=reader,
        compiled=compiled,
        report=report,
    )


def _run_step(job, step):
    """Run a step as a job does, and return its exit code."""
    try:
        run_job._report_rejection(job, step)
    except SystemExit as exc:
        return exc.code
    except Exception:
        if step == COMPILATION:
            return 1
        raise
    return 0


def _inspect(opened):
    """Run the steps for some files, and write the outcome of each."""
    for files, outcome in opened:
        start = time.monotonic()
        job = _job(files)
        code = _run_step(job, INSPECTION)
        read_s = time.monotonic() - start
        engines = None
        if not code:
            code = _run_step(job, COMPILATION)
            if code == 1:
                code, engines = 0, not_compiled("The compilation crashed.").report
        result = {"code": code, "engines": engines, "seconds": (read_s, time.monotonic() - start)}
        os.write(outcome.fileno(), json.dumps(result).encode())


def _inspect_some(uploads):
    """Inspect files in a confined process; return the number of them that are complete."""
    opened = [_open(upload) for upload in uploads]
    descriptors = [each.fileno() for files, outcome in opened for each in (*files, outcome)]
    code = confined_fork.run(
        partial(_inspect, opened),
        keep=descriptors,
        memory_bytes=MEMORY_BYTES,
        cpu_seconds=TIME_S,
        deadline=time.monotonic() + TIME_S,
    )
    for files, outcome in opened:
        for each in (*files, outcome):
            each.close()
    done = sum(upload.with_suffix(".outcome").stat().st_size > 0 for upload in uploads)
    if done < len(uploads):  # this file has ended the process; its report is its own
        result = {"code": -signal.SIGKILL if code is None else code}
        uploads[done].with_suffix(".outcome").write_text(json.dumps(result))
        for upload in uploads[done + 1 :]:
            for path in (*paths_of(upload), upload.with_suffix(".outcome")):
                path.unlink()
        done += 1
    return done


def measure_nothing():
    """Let every compiled estimator and every batch be the faster one, so that all of them run."""
    for module in (crossover, batch_safety):
        module.time_alternately = lambda _calls: [1.0, 2.0]


def main():
    measure_nothing()
    supervisor.import_modules((*supervisor.SHARED_MODULES, *OTHER_MODULES), ())
    gc.freeze()  # the collector would write to the pages that all processes share
    uploads = sorted(Path(sys.argv[1]).glob("*.upload"))
    while uploads:
        uploads = uploads[_inspect_some(uploads[:FILES_PER_PROCESS]) :]


if __name__ == "__main__":
    main()
