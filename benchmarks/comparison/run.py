"""One run: environments, then the rounds of each model, then the scripts."""

import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from comparison import environments, scripts
from comparison.cells import Cell, Failure, Notes, scenarios
from comparison.environments import Unavailable
from comparison.models import served
from comparison.peers import Peer
from comparison.rounds import measure, started

# Estimates: start, verification and warm-up of the servers of one model, and the start of wrk.
START_S, OVERHEAD_S = 45, 0.15


@dataclass(frozen=True)
class Options:
    """Options of a run."""

    peers: list[Peer]
    models: list[str]
    clients: list[int]
    rounds: int
    seconds: int
    default: bool
    scripts: list[str]
    command: str


def run(options: Options) -> dict[str, Any]:
    """Return all results as plain data."""
    notes = Notes()
    peers = prepare(options, notes)
    print_estimate(options, [peer for peer, _ in peers])
    cells: list[Cell] = []
    start = time.monotonic()
    for n, name in enumerate(options.models):
        elapsed_s = time.monotonic() - start
        print(
            f"{name} ({n + 1} of {len(options.models)}, {elapsed_s / 60:.0f} min elapsed)",
            flush=True,
        )
        model = served(name)
        # A constant response depends on no model: the first model is enough.
        present = [
            (peer, interpreter)
            for peer, interpreter in peers
            if peer.serves(name) and (n == 0 or not peer.constant)
        ]
        with started(model, present, notes) as servers:
            cells += measure(
                model, servers, scenarios(options.clients), options.rounds, options.seconds
            )
    results = run_scripts(options.scripts, notes)
    print(f"{(time.monotonic() - start) / 60:.0f} minutes.", flush=True)
    return {
        "command": options.command,
        "made_at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "method": method(options),
        "default": options.default,
        "peers": {
            peer.name: {"title": peer.title, "description": peer.description}
            | {"versions": environments.versions(interpreter, peer.packages)}
            for peer, interpreter in peers
        },
        "failures": [asdict(failure) for failure in notes.failures],
        "accuracy": [asdict(accuracy) for accuracy in notes.accuracy],
        "scripts": {name: asdict(result) for name, result in results.items()},
        "cells": [asdict(cell) for cell in cells],
    }


def prepare(options: Options, notes: Notes) -> list[tuple[Peer, Path]]:
    """Return the peers whose environments can be made, with their interpreters."""
    peers = []
    for peer in options.peers:
        try:
            interpreter = environments.python(peer)
            environments.versions(interpreter, peer.packages)
        except Unavailable as exc:
            print(f"{peer.title} is left out: {exc}", flush=True)
            notes.failures.append(Failure(peer.title, "", str(exc)))
        else:
            peers.append((peer.as_quick_start() if options.default else peer, interpreter))
    return peers


def run_scripts(names: list[str], notes: Notes) -> dict[str, scripts.Result]:
    """Return the results of the scripts; record those that fail."""
    results = {}
    for name in names:
        print(f"{name}.py", flush=True)
        try:
            results[name] = scripts.run(name)
        except subprocess.TimeoutExpired:
            notes.failures.append(Failure(f"{name}.py", "", "it did not end in time"))
        except subprocess.CalledProcessError as exc:
            reason = f"it failed with exit code {exc.returncode}"
            notes.failures.append(Failure(f"{name}.py", "", reason))
    return results


def print_estimate(options: Options, peers: list[Peer]) -> None:
    """Print the number of measurements and about how long the run takes."""
    timed = {"row": len(options.clients), "rows": 1, "best": 1}
    count = options.rounds * sum(
        timed.get(kind, 0)
        for peer in peers
        for kind in peer.bodies
        for n, model in enumerate(options.models)
        if peer.serves(model) and (n == 0 or not peer.constant)
    )
    estimate_s = count * (options.seconds + OVERHEAD_S) + START_S * len(options.models)
    estimate_s += sum(scripts.SCRIPTS[name] for name in options.scripts)
    print(f"{count} measurements, about {max(1, round(estimate_s / 60))} minutes.", flush=True)


def machine() -> str:
    """Return a description of the machine, without its name."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    kind = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({kind}), Python {platform.python_version()}"


def method(options: Options) -> str:
    """Return the method of the measurement in a sentence."""
    if options.default:
        workers = "each server with the number of workers of its quick start"
    else:
        workers = "one worker process each, with one OpenMP thread"
    return (
        f"{options.rounds} rounds of {options.seconds} s for each cell, the servers in turn, "
        f"{workers}; wrk with one thread."
    )
