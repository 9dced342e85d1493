"""One run: environments, then model by model the rounds."""

import os
import platform
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from comparison import environments
from comparison.cells import Cell, Failure, scenarios
from comparison.environments import Unavailable
from comparison.models import served
from comparison.peers import Peer
from comparison.rounds import measured, standing

# What starting, checking and warming take for one model, and what a measurement takes besides its
# own seconds, about.
START_S, OVERHEAD_S = 45, 0.15


@dataclass(frozen=True)
class Options:
    """What is to be measured."""

    peers: list[Peer]
    models: list[str]
    clients: list[int]
    rounds: int
    seconds: int
    default: bool
    command: str


def run(options: Options) -> dict[str, Any]:
    """Return all that was found, as plain data."""
    failures: list[Failure] = []
    ready = prepared(options, failures)
    say_how_long(options, [peer for peer, _ in ready])
    cells: list[Cell] = []
    asks = scenarios(options.clients)
    started = time.monotonic()
    for n, name in enumerate(options.models):
        elapsed_s = time.monotonic() - started
        print(f"{name} ({n + 1} of {len(options.models)}, {elapsed_s / 60:.0f} min in)", flush=True)
        model = served(name)
        # What the floors answer depends on no model: the first is enough.
        shown = [(peer, where) for peer, where in ready if n == 0 or not peer.floor]
        with standing(model, shown, failures) as servers:
            cells += measured(model, servers, asks, options.rounds, options.seconds)
    print(f"{(time.monotonic() - started) / 60:.0f} minutes.", flush=True)
    return {
        "command": options.command,
        "made_at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "method": method(options),
        "default": options.default,
        "peers": {
            peer.name: {"title": peer.title, "what": peer.what}
            | {"versions": environments.versions(interpreter, peer.packages)}
            for peer, interpreter in ready
        },
        "failures": [asdict(failure) for failure in failures],
        "cells": [cell.plain() for cell in cells],
    }


def prepared(options: Options, failures: list[Failure]) -> list[tuple[Peer, Path]]:
    """Return the peers whose environments are there, with their interpreters."""
    ready = []
    for peer in options.peers:
        try:
            interpreter = environments.python(peer)
            environments.versions(interpreter, peer.packages)
        except Unavailable as exc:
            print(f"{peer.title} is left out: {exc}", flush=True)
            failures.append(Failure(peer.title, "", str(exc)))
        else:
            ready.append((peer.by_default() if options.default else peer, interpreter))
    return ready


def say_how_long(options: Options, ready: list[Peer]) -> None:
    """Say how many measurements there will be, and how long they take."""
    kinds = {"row": len(options.clients)}
    count = sum(
        kinds.get(kind, 1) * (1 if peer.floor else len(options.models))
        for peer in ready
        for kind in peer.bodies
    )
    count *= options.rounds
    estimate_s = count * (options.seconds + OVERHEAD_S) + START_S * len(options.models)
    print(f"{count} measurements, about {max(1, round(estimate_s / 60))} minutes.", flush=True)


def machine() -> str:
    """Return what the figures were made on, without its name."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    kind = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({kind}), Python {platform.python_version()}"


def method(options: Options) -> str:
    """Return how it was measured, in a sentence."""
    if options.default:
        workers = "each server in the number of workers of its quick start"
    else:
        workers = "one worker process each, with one thread of OpenMP"
    return (
        f"{options.rounds} rounds of {options.seconds} s for each cell, the servers in turn, "
        f"{workers}; wrk with one thread."
    )
