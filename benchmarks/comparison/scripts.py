"""Measurements of this project alone: scripts that print a table and can write it as JSON."""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from comparison.paths import BENCHMARKS

# Name of the script: about how many seconds it takes.
SCRIPTS = {
    "disturbed": 180,
    "tasks_paging": 150,
    "memory": 90,
    "pages": 120,
    "in_process": 40,
    "isolation": 20,
}
TIMEOUT_S = 900


@dataclass(frozen=True)
class Result:
    """A table, and the figure for which DESIGN sets a limit, with its explanation."""

    title: str
    head: list[str]
    rows: list[list[str]]
    value: float
    explanation: str


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table as Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def parser(docstring: str) -> argparse.ArgumentParser:
    """Return a parser with the option that every script has."""
    parser = argparse.ArgumentParser(description=docstring.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result here")
    return parser


def publish(result: Result, path: Path | None) -> None:
    """Print a result, and write it as JSON if there is a path."""
    print(f"{result.title}\n\n{table(result.head, result.rows)}")
    if path:
        path.write_text(json.dumps(asdict(result)))


def run(name: str) -> Result:
    """Run a script and return its result.

    Raises
    ------
    subprocess.CalledProcessError
        The script fails.
    subprocess.TimeoutExpired
        The script takes too long.
    """
    with TemporaryDirectory(prefix="mlsite-bench-") as scratch:
        path = Path(scratch) / "result.json"
        command = [sys.executable, str(BENCHMARKS / f"{name}.py"), "--json", str(path)]
        subprocess.run(command, check=True, timeout=TIMEOUT_S)
        return Result(**json.loads(path.read_text()))
