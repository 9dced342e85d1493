"""Compare this project with other ways to serve the same fitted models.

    python benchmarks/compare.py [--peers fastapi,litserve] [--models logistic] [--rounds 5]

The environment that runs it is this project's; each peer gets one of its own.
"""

import argparse
import signal
import sys
from pathlib import Path

from comparison import peers
from comparison.load import require_wrk
from comparison.models import ESTIMATORS
from comparison.output import write
from comparison.paths import RESULTS
from comparison.run import Options, run

ROUNDS = 5  # with fewer, a run is not a whole one


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def numbers(text: str) -> list[int]:
    return [positive(word) for word in words(text)]


def positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no number from 1")
    return int(text)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=words, help="fastapi, floors, ...; default: all")
    parser.add_argument("--models", type=words, help=f"{', '.join(ESTIMATORS)}; default: all")
    parser.add_argument("--clients", type=numbers, help="for single rows; default: 1,16,64")
    parser.add_argument("--rounds", type=positive, default=ROUNDS)
    parser.add_argument("--seconds", type=positive, default=1, help="of one measurement")
    parser.add_argument(
        "--default", action="store_true", help="each in its own number of workers, as quick starts"
    )
    parser.add_argument("--output", type=Path, help="write table, plot and figures here")
    return parser.parse_args()


def command(said: argparse.Namespace) -> str:
    """Return the command that measures this again, wherever it is written."""
    options = []
    for name, value in vars(said).items():
        if name == "output" or value is None or value is False:
            continue
        shown = ",".join(map(str, value)) if isinstance(value, list) else value
        options.append(f"--{name}" if value is True else f"--{name} {shown}")
    return f'make bench ARGS="{" ".join(options)}"'


def main() -> None:
    """Measure; print the table; write it where the run is a whole one or a folder is given."""
    said = parsed()
    if unknown := set(said.models or ()) - set(ESTIMATORS):
        sys.exit(f"No such model: {', '.join(unknown)}. There are {', '.join(ESTIMATORS)}.")
    require_wrk()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended."))  # the servers are stopped first
    whole = not (said.peers or said.models or said.clients) and said.rounds >= ROUNDS
    options = Options(
        peers=peers.chosen(said.peers),
        models=said.models or list(ESTIMATORS),
        clients=said.clients or [1, 16, 64],
        rounds=said.rounds,
        seconds=said.seconds,
        default=said.default,
        command=command(said),
    )
    write(run(options), said.output or (RESULTS if whole else None))


if __name__ == "__main__":
    main()
