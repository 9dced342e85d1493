"""The generator of load: wrk, and what it says."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from comparison.bodies import WRITTEN, Rows
from comparison.environments import Unavailable

SCRIPT = Path(__file__).with_name("load.lua")
TIMEOUT_S = 5  # of one request


@dataclass(frozen=True)
class Measurement:
    """What one run of wrk saw: requests a second, latencies in milliseconds."""

    rps: float
    p50_ms: float
    p99_ms: float
    requests: int
    errors: dict[str, int]

    @property
    def failed(self) -> str:
        """Why it does not count; nothing if it does."""
        wrong = ", ".join(f"{count} {kind}" for kind, count in self.errors.items() if count)
        if wrong:
            return f"{wrong} errors in {self.requests} requests"
        return "" if self.requests else "no answer in time"


def require_wrk() -> None:
    if not shutil.which("wrk"):
        raise SystemExit("wrk generates the load and is not here: apt-get install wrk")


def write_bodies(folder: Path, written: str, asked: list[Rows]) -> Path:
    """Write a file for each body, as the generator reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    _, write = WRITTEN[written]
    for number, X in enumerate(asked, 1):
        (folder / str(number)).write_bytes(write(np.atleast_2d(X)))
    return folder


def drive(url: str, bodies: Path, written: str, clients: int, seconds: int) -> Measurement:
    """Load one address for some seconds.

    Raises
    ------
    Unavailable
        wrk does not end, or says nothing.
    """
    content_type, _ = WRITTEN[written]
    count = sum(1 for _ in bodies.iterdir())
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={TIMEOUT_S}s"]
    command += ["-s", str(SCRIPT), url, "--", str(bodies), str(count), content_type]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=seconds + 30
        )
    except subprocess.TimeoutExpired as exc:
        raise Unavailable("wrk did not end in time") from exc
    return parsed(done.stdout, done.stderr)


def parsed(output: str, problem: str = "") -> Measurement:
    """Read the line that the script wrote; wrk's own lines vary."""
    line = next((line for line in output.splitlines() if line.startswith("result {")), None)
    if line is None:
        raise Unavailable(f"wrk gave no result: {(problem or output).strip()[-200:] or 'silence'}")
    said = json.loads(line.removeprefix("result "))
    return Measurement(
        rps=said["requests"] / (said["duration_us"] / 1e6),
        p50_ms=said["p50_us"] / 1e3,
        p99_ms=said["p99_us"] / 1e3,
        requests=said["requests"],
        errors=said["errors"],
    )
