"""Measure this project, and other servers of the same fitted models.

    python benchmarks/compare.py [--peers fastapi,litserve] [--models logistic] [--rounds 5]

Run it with the interpreter of this project; each peer gets an environment of its own.
"""

import argparse
import json
import signal
import sys
from pathlib import Path

from comparison import peers
from comparison.load import require_wrk
from comparison.models import ESTIMATORS
from comparison.output import write
from comparison.paths import RESULTS
from comparison.run import Options, run
from comparison.scripts import SCRIPTS

ROUNDS = 5  # a run with fewer is not published


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def numbers(text: str) -> list[int]:
    return [positive(word) for word in words(text)]


def positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a positive integer")
    return int(text)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=words, help="fastapi, bare, ...; default: all")
    parser.add_argument("--models", type=words, help=f"{', '.join(ESTIMATORS)}; default: all")
    parser.add_argument("--clients", type=numbers, help="for single rows; default: 1,16,64")
    parser.add_argument("--rounds", type=positive, default=ROUNDS)
    parser.add_argument("--seconds", type=positive, default=1, help="of one measurement")
    parser.add_argument(
        "--scripts",
        type=words,
        help=f"{', '.join(SCRIPTS)}; default: all, none if peers, models or clients are selected",
    )
    parser.add_argument(
        "--default", action="store_true", help="each server as its quick start runs it"
    )
    parser.add_argument("--output", type=Path, help="write page, plot and figures to this folder")
    parser.add_argument(
        "--render", type=Path, metavar="FILE", help="write the page of a run again, from its JSON"
    )
    return parser.parse_args()


def command(arguments: argparse.Namespace) -> str:
    """Return the command that repeats the run."""
    options = []
    for name, value in vars(arguments).items():
        if name in {"output", "render"} or value is None or value is False:
            continue
        text = ",".join(map(str, value)) if isinstance(value, list) else value
        options.append(f"--{name}" if value is True else f"--{name} {text}")
    return f'make bench ARGS="{" ".join(options)}"'


def check(kind: str, names: list[str] | None, choices: dict) -> None:
    if unknown := set(names or ()) - set(choices):
        sys.exit(f"Unknown {kind}: {', '.join(unknown)}. Known {kind}: {', '.join(choices)}.")


def main() -> None:
    """Measure and print the page; write it if the run is complete or a folder is given."""
    arguments = parse_arguments()
    if arguments.render:
        return write(
            json.loads(arguments.render.read_text()), arguments.output or arguments.render.parent
        )
    check("models", arguments.models, ESTIMATORS)
    check("scripts", arguments.scripts, SCRIPTS)
    require_wrk()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended."))  # the servers are stopped first
    whole = not (arguments.peers or arguments.models or arguments.clients)
    scripts = list(SCRIPTS) if whole and not arguments.default else []
    options = Options(
        peers=peers.select(arguments.peers),
        models=arguments.models or list(ESTIMATORS),
        clients=arguments.clients or [1, 16, 64],
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        default=arguments.default,
        scripts=scripts if arguments.scripts is None else arguments.scripts,
        command=command(arguments),
    )
    published = RESULTS if whole and arguments.rounds >= ROUNDS else None
    return write(run(options), arguments.output or published)


if __name__ == "__main__":
    main()
