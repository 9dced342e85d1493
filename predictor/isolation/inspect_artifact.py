"""Inspection of an untrusted file, run as a child process with limits.

    python -m predictor.isolation.inspect_artifact [--sample DATA] [--allow-pickle]
        [--allow-version] [--core NUMBER]... FILE DIRECTORY

The process writes the artifact to serve into the directory. The last line of its output is JSON:
an `Inspection`, or {"refused": reason}. It does not import Django, and its
environment contains no secrets.
"""

import json
import math
import os
import resource
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from predictor.core import artifacts
from predictor.core.errors import ArtifactError, PredictorError

# Limits for one file.
MEMORY_BYTES = 3 * 2**30
TIME_S = 60

# Predictions of the serving processes have priority.
NICENESS = 10


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
    """

    artifact: str
    format: str
    signature: Mapping[str, Any]
    fitted_with: Mapping[str, str]
    notes: Sequence[str] = ()
    any_version: bool = False
    engines: Mapping[str, Any] = field(default_factory=dict)
    compiled: str = ""


class SampleError(ArtifactError):
    """The sample is rejected, not the model."""


def inspect(options: Namespace, compile_model: Callable[..., Any] | None = None) -> Inspection:
    """Read a file, run its model once, and write the artifact to serve into the directory.

    Parameters
    ----------
    options : Namespace
    compile_model : callable, optional
        Called instead of `compile_` with an estimator, its signature and a sample.

    Raises
    ------
    ArtifactError
        The file or the sample is rejected.
    """
    from predictor.core.compiler.compile import compile_  # noqa: PLC0415 - scikit-learn
    from predictor.core.engines import EstimatorEngine  # noqa: PLC0415 - the registry imports
    from predictor.core.model import Model  # noqa: PLC0415 - this module and
    from predictor.core.signature_inference import infer_signature  # noqa: PLC0415 - needs no arrays

    taken = artifacts.ingest_file(
        Path(options.file),
        Path(options.directory),
        trusted=options.trusted,
        allow_version=options.allow_version,
        allow_pickle=options.allow_pickle,
    )
    estimator, signature, sample = taken.estimator, taken.signature, None
    if options.sample:
        try:
            sample = artifacts.read_sample(Path(options.sample), signature.container)
            signature = infer_signature(estimator, sample=sample)
        except ArtifactError as exc:
            raise SampleError(str(exc)) from exc
    try:
        Model("", 0, signature, EstimatorEngine(estimator)).warm()
    except MemoryError:
        raise
    except Exception as exc:
        raise ArtifactError("The model in the file fails on a row of its own columns.") from exc
    forms = not options.no_engines
    compilation = (compile_model or compile_)(estimator, signature, sample, enabled=forms)
    return Inspection(
        artifact=taken.path.name,
        format=taken.file_format,
        signature=signature.to_json(),
        fitted_with=taken.fitted_with,
        notes=taken.notes,
        any_version=options.allow_version,
        engines=compilation.report,
        compiled=compilation.write(taken.path.parent),
    )


def limit(memory_bytes: int, time_s: float, cores: Collection[int] = ()) -> None:
    """Limit the memory and the time of this process, and lower its priority.

    Parameters
    ----------
    memory_bytes : int
    time_s : float
    cores : collection of int
        CPU cores to use; if empty, those of the parent process.
    """
    if cores and sys.platform == "linux":
        os.sched_setaffinity(0, cores)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    seconds = math.ceil(time_s)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)


def parse(arguments: Sequence[str]) -> Namespace:
    """Return the parsed command line."""
    parser = ArgumentParser(prog="predictor.isolation.inspect_artifact")
    parser.add_argument("file")
    parser.add_argument("directory")
    parser.add_argument("--memory", type=int, default=MEMORY_BYTES)
    parser.add_argument("--time", type=float, default=TIME_S)
    parser.add_argument("--core", type=int, action="append", dest="cores", default=[])
    parser.add_argument("--sample")
    parser.add_argument("--trusted", action="append", default=[])
    parser.add_argument("--allow-pickle", action="store_true")
    parser.add_argument("--allow-version", action="store_true")
    parser.add_argument("--no-engines", action="store_true")
    return parser.parse_args(arguments)


def main() -> None:
    """Inspect the file of the command line, and print the result."""
    from predictor.isolation import compile_process  # noqa: PLC0415 - scikit-learn

    options = parse(sys.argv[1:])
    limit(options.memory, options.time, options.cores)
    deadline = time.monotonic() + compile_process.TIME_SHARE * options.time
    try:
        report = asdict(inspect(options, partial(compile_process.compile_in_fork, deadline)))
    except SampleError as exc:
        report = {"refused": str(exc), "field": "sample"}
    except PredictorError as exc:
        report = {"refused": str(exc)}
    except MemoryError:
        report = {
            "refused": f"Reading the file takes more than {options.memory / 2**30:g} GiB of memory."
        }
    sys.stdout.write("\n" + json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
