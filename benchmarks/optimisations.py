"""Compare two variants of this project's server: requests per second and p99.

    python benchmarks/optimisations.py CPU_AFFINITY=false CPU_AFFINITY=true
    python benchmarks/optimisations.py "" "--workers 2" --clients 64 --model forest
    python benchmarks/optimisations.py TREE=../main "FAST_PATH=true"

A variant is a list of words: environment variables and options of `manage.py serve`. TREE is the
path of another checkout, absolute or relative to the present checkout. Both servers run all the
time and are measured in turn; the order changes after each round. The figures are medians of the
rounds, and of the ratios of the second variant to the first.
"""

import argparse
import shlex
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median

from comparison import peers
from comparison.cells import Cell, Scenario
from comparison.load import require_wrk
from comparison.models import ESTIMATORS, served
from comparison.peers import Peer
from comparison.rounds import Bodies, load
from comparison.scripts import table
from comparison.servers import serving


def variant(words: str) -> Peer:
    """Return this project's server with the words of a variant."""
    environment, options = {}, []
    for word in shlex.split(words):
        name, equals, value = word.partition("=")
        if word.startswith("-") or not equals:
            options.append(word)
        else:
            environment[name] = value
    peer = peers.this_project(**environment)
    return replace(peer, title=words or "default", command=(*peer.command, *options))


def measure(options: argparse.Namespace) -> list[Cell]:
    """Return a cell for each variant."""
    model, scenario = served(options.model), Scenario("row", options.clients)
    cells = [Cell(model.name, scenario.name, words or "default") for words in options.variants]
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlsite-bench-")))
        bodies = Bodies(model, scratch / "bodies")
        servers = [
            stack.enter_context(serving(variant(words), model, scratch / str(n)))
            for n, words in enumerate(options.variants)
        ]
        pairs = [*zip(cells, servers, strict=True)]
        for _, server in pairs:
            load(server, scenario, bodies, options.seconds)  # warm up
        for _ in range(options.rounds):
            for cell, server in pairs:
                cell.add(load(server, scenario, bodies, options.seconds))
            pairs.reverse()
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("variants", nargs=2, metavar="VARIANT")
    parser.add_argument("--model", choices=ESTIMATORS, default="logistic")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=2, help="of one measurement")
    options = parser.parse_args()
    require_wrk()
    publish(measure(options))


def publish(cells: list[Cell]) -> None:
    """Print the cells of two variants, and their ratio."""
    if failed := [f"{cell.server}: {cell.failed}" for cell in cells if cell.failed]:
        raise SystemExit("; ".join(failed))
    rows = [
        [cell.server, f"{median(cell.rps):,.0f}", f"{median(cell.p99_ms):.2f} ms"] for cell in cells
    ]
    first, second = cells
    rows.append(
        [
            "ratio",
            *(
                ratio(*columns)
                for columns in ((second.rps, first.rps), (second.p99_ms, first.p99_ms))
            ),
        ]
    )
    print(table(["variant", "requests/s", "p99"], rows))


def ratio(numerators: list[float], denominators: list[float]) -> str:
    ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
    return f"{median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
