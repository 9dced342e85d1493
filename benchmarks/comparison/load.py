"""The load generator wrk, and the parser of its output."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from comparison.bodies import REQUESTS, Rows
from comparison.environments import Unavailable

SCRIPT = Path(__file__).with_name("load.lua")
TIMEOUT_S = 5  # of one request


@dataclass(frozen=True)
class Measurement:
    """Result of one run of wrk: requests per second, latencies in milliseconds."""

    rps: float
    p50_ms: float
    p99_ms: float
    requests: int
    errors: dict[str, int]

    @property
    def failed(self) -> str:
        """Reason why the measurement is invalid; empty if it is valid."""
        errors = ", ".join(f"{count} {kind}" for kind, count in self.errors.items() if count)
        if errors:
            return f"{errors} errors in {self.requests} requests"
        return "" if self.requests else "no response in time"


def require_wrk() -> None:
    if not shutil.which("wrk"):
        raise SystemExit("wrk generates the load and is not installed. Run: apt-get install wrk")


def write_bodies(folder: Path, request: str, inputs: list[Rows]) -> Path:
    """Write a file for each body, as the load generator reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    _, encode = REQUESTS[request]
    for number, X in enumerate(inputs, 1):
        (folder / str(number)).write_bytes(encode(X))
    return folder


def drive(url: str, bodies: Path, request: str, clients: int, seconds: int) -> Measurement:
    """Send the bodies to a URL for a number of seconds.

    Raises
    ------
    Unavailable
        wrk does not end, or prints no result.
    """
    content_type, _ = REQUESTS[request]
    count = sum(1 for _ in bodies.iterdir())
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={TIMEOUT_S}s"]
    command += ["-s", str(SCRIPT), url, "--", str(bodies), str(count), content_type]
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=seconds + 30
        )
    except subprocess.TimeoutExpired as exc:
        raise Unavailable("wrk did not end in time") from exc
    return parse(process.stdout, process.stderr)


def parse(output: str, errors: str = "") -> Measurement:
    """Parse the line that the script wrote; wrk's own lines vary."""
    line = next((line for line in output.splitlines() if line.startswith("result {")), None)
    if line is None:
        last_words = (errors or output).strip()[-200:]
        raise Unavailable(f"wrk printed no result: {last_words or 'no output'}")
    result = json.loads(line.removeprefix("result "))
    return Measurement(
        rps=result["requests"] / (result["duration_us"] / 1e6),
        p50_ms=result["p50_us"] / 1e3,
        p99_ms=result["p99_us"] / 1e3,
        requests=result["requests"],
        errors=result["errors"],
    )
