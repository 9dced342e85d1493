"""The reader of files that somebody brings: run as a process of its own, within limits.

    python -m predictor.isolation.inspect_artifact [--sample DATA] [--allow-pickle]
        [--allow-version] FILE DIRECTORY

It writes the artifact that is to be served into the directory. The last line that it prints is
JSON: what was found, or {"refused": why}. It knows no Django, and neither secrets nor rows.
"""

import json
import math
import os
import resource
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from predictor.core import artifacts
from predictor.core.errors import ArtifactError, PredictorError

# What reading one file may take.
MEMORY_BYTES = 3 * 2**30
TIME_S = 60

# How far it steps back behind what is served meanwhile.
NICENESS = 10


@dataclass(frozen=True)
class Found:
    """What a file was found to hold, as plain values.

    Parameters
    ----------
    artifact : str
        The name of the file to serve.
    format : str
    signature : mapping
        As `Signature.to_json` writes it.
    fitted_with : mapping of str to str
        The versions of the software that fitted it.
    notes : sequence of str
        Sentences on what was converted or upgraded.
    any_version : bool
        Whether another scikit-learn than the one that fitted it may run it.
    engines : mapping
        What became of compiling it.
    compiled : str
        The SHA-256 of its compiled form, which lies beside the artifact; empty where there is
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
    """It is the sample that is wrong, not the model."""


def take(options: Namespace, compiling: Callable[..., Any] | None = None) -> Found:
    """Read a file, try it, and write what is to be served into the directory.

    Parameters
    ----------
    options : Namespace
    compiling : callable, optional
        Compiles an estimator, given its signature and a sample; by default in this process.

    Raises
    ------
    ArtifactError
        The file or the sample is refused.
    """
    from predictor.core.compiler.compile import compile_  # noqa: PLC0415 - as the others
    from predictor.core.engines import EstimatorEngine  # noqa: PLC0415 - the registry reads this module
    from predictor.core.model import Model  # noqa: PLC0415 - and needs no arrays
    from predictor.core.signature import Signature  # noqa: PLC0415

    taken = artifacts.take_in(
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
            signature = Signature.of(estimator, sample=sample)
        except ArtifactError as exc:
            raise SampleError(str(exc)) from exc
    try:
        Model("", 0, signature, EstimatorEngine(estimator)).warm()
    except MemoryError:
        raise
    except Exception as exc:
        raise ArtifactError("The model in the file fails on a row of its own columns.") from exc
    forms = not options.no_engines
    compilation = (compiling or compile_)(estimator, signature, sample, enabled=forms)
    return Found(
        artifact=taken.path.name,
        format=taken.file_format,
        signature=signature.to_json(),
        fitted_with=taken.fitted_with,
        notes=taken.notes,
        any_version=options.allow_version,
        engines=compilation.report,
        compiled=compilation.write(taken.path.parent),
    )


def limit(memory_bytes: int, time_s: float) -> None:
    """Give this process so much memory and time, and no more; let others go first."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    seconds = math.ceil(time_s)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)


def parsed(arguments: Sequence[str]) -> Namespace:
    """Return the command line."""
    parser = ArgumentParser(prog="predictor.isolation.inspect_artifact")
    parser.add_argument("file")
    parser.add_argument("directory")
    parser.add_argument("--memory", type=int, default=MEMORY_BYTES)
    parser.add_argument("--time", type=float, default=TIME_S)
    parser.add_argument("--sample")
    parser.add_argument("--trusted", action="append", default=[])
    parser.add_argument("--allow-pickle", action="store_true")
    parser.add_argument("--allow-version", action="store_true")
    parser.add_argument("--no-engines", action="store_true")
    return parser.parse_args(arguments)


def main() -> None:
    """Read the file that the command line names, and say what was found."""
    from predictor.isolation import compile_process  # noqa: PLC0415 - as above

    options = parsed(sys.argv[1:])
    limit(options.memory, options.time)
    deadline = time.monotonic() + compile_process.SHARE * options.time
    try:
        said = asdict(take(options, partial(compile_process.compiled, deadline)))
    except SampleError as exc:
        said = {"refused": str(exc), "field": "sample"}
    except PredictorError as exc:
        said = {"refused": str(exc)}
    except MemoryError:
        said = {"refused": f"Reading it takes more than {options.memory / 2**30:g} GiB of memory."}
    sys.stdout.write("\n" + json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
