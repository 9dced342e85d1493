"""The reader of files that somebody brings: run as a process of its own, within limits.

    python -m predictor.intake [--sample DATA] [--allow-pickle] [--allow-version] FILE DIRECTORY

It writes the artifact that is to be served into the directory. The last line that it prints is
JSON: what was found, or {"refused": why}. It knows no Django, and neither secrets nor rows.
"""

import hashlib
import json
import math
import resource
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predictor.core import artifacts
from predictor.core.errors import ArtifactError, PredictorError

if TYPE_CHECKING:
    from predictor.core.signature import Signature

# What reading one file may take.
MEMORY_BYTES = 3 * 2**30
TIME_S = 60

ARTIFACT = "model.skops"


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
    """

    artifact: str
    format: str
    signature: Mapping[str, Any]
    fitted_with: Mapping[str, str]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Servable:
    """A file, read.

    Parameters
    ----------
    estimator : estimator
    signature : Signature
    format : str
    fitted_with : mapping of str to str
    notes : sequence of str
    """

    estimator: Any
    signature: "Signature"
    format: str
    fitted_with: Mapping[str, str]
    notes: Sequence[str] = ()


def read(file: Path, options: Namespace) -> Servable:
    """Return what is in a file that nobody has vouched for.

    Raises
    ------
    ArtifactError
        It is not a skops file of types that are trusted, or holds no estimator.
    """
    with file.open("rb") as start:
        if start.read(2) != b"PK":
            raise ArtifactError("The file is not a skops file.")
    import numpy as np  # noqa: PLC0415 - the registry imports this module, and no arrays

    from predictor.core.signature import Column, Signature  # noqa: PLC0415

    try:
        estimator = artifacts.load(file, hashlib.sha256(file.read_bytes()).hexdigest())
    except (PredictorError, MemoryError):
        raise
    except Exception as exc:
        raise ArtifactError("The file is not a whole skops file.") from exc
    count = getattr(estimator, "n_features_in_", None)
    if count is None:
        raise ArtifactError("The file holds no fitted estimator.")
    names = getattr(estimator, "feature_names_in_", [f"x{n}" for n in range(count)])
    signature = Signature.of(estimator, [Column(str(name)) for name in names])
    if options.sample:
        sample = np.loadtxt(options.sample, delimiter=",", skiprows=1, ndmin=2)
        signature = signature.refined(sample)
    return Servable(estimator, signature, "skops", artifacts.fitted_with())


def take(options: Namespace) -> Found:
    """Read a file, try it, and write what is to be served into the directory.

    Raises
    ------
    ArtifactError
        The file is refused.
    """
    from predictor.core.engines import ScikitLearn  # noqa: PLC0415 - as above
    from predictor.core.model import Model  # noqa: PLC0415

    file, directory = Path(options.file), Path(options.directory)
    servable = read(file, options)
    try:
        Model("", 0, servable.signature, ScikitLearn(servable.estimator)).warm()
    except MemoryError:
        raise
    except Exception as exc:
        raise ArtifactError("The model in the file fails on a row of its own columns.") from exc
    (directory / ARTIFACT).write_bytes(file.read_bytes())
    return Found(
        artifact=ARTIFACT,
        format=servable.format,
        signature=servable.signature.to_json(),
        fitted_with=servable.fitted_with,
        notes=servable.notes,
    )


def limit(memory_bytes: int, time_s: float) -> None:
    """Give this process so much memory and time, and no more."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    seconds = math.ceil(time_s)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def parsed(arguments: Sequence[str]) -> Namespace:
    """Return the command line."""
    parser = ArgumentParser(prog="predictor.intake")
    parser.add_argument("file")
    parser.add_argument("directory")
    parser.add_argument("--memory", type=int, default=MEMORY_BYTES)
    parser.add_argument("--time", type=float, default=TIME_S)
    parser.add_argument("--sample")
    parser.add_argument("--allow-pickle", action="store_true")
    parser.add_argument("--allow-version", action="store_true")
    return parser.parse_args(arguments)


def main() -> None:
    """Read the file that the command line names, and say what was found."""
    options = parsed(sys.argv[1:])
    limit(options.memory, options.time)
    try:
        said = asdict(take(options))
    except PredictorError as exc:
        said = {"refused": str(exc)}
    except MemoryError:
        said = {"refused": f"Reading it takes more than {options.memory / 2**30:g} GiB of memory."}
    sys.stdout.write("\n" + json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
