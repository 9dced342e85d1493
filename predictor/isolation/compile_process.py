"""Compilation in a child process, so that its failure does not prevent a registration."""

import json
import os
import select
import signal
import time
from contextlib import suppress
from typing import Any, NoReturn

from predictor.core.compiler.compile import Compilation, compile_, not_compiled
from predictor.core.signature import Signature

# Share of the inspection's time limit within which the compilation must end.
TIME_SHARE = 0.8

CHUNK_BYTES = 1 << 20


def compile_in_fork(
    deadline: float, estimator: Any, signature: Signature, sample: Any, *, enabled: bool = True
) -> Compilation:
    """Compile an estimator in a fork of this process; see `compile.compile_`.

    Parameters
    ----------
    deadline : float
        Time of `time.monotonic` at which the fork is killed.
    estimator : estimator
    signature : Signature
    sample : array or DataFrame, optional
    enabled : bool
    """
    reading, writing = os.pipe()
    start = time.monotonic()
    child = os.fork()
    if not child:
        os.close(reading)
        _compile(writing, estimator, signature, sample, enabled=enabled)
    os.close(writing)
    output = _read(reading, deadline)
    os.close(reading)
    if output is None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if output is None:
        return not_compiled(
            f"The compilation took more than {time.monotonic() - start:.0f} seconds."
        )
    if status or not output:
        return not_compiled("The compilation crashed or exceeded its memory limit.")
    report, _, data = output.partition(b"\n")
    return Compilation(json.loads(report), data)


def _compile(
    writing: int, estimator: Any, signature: Signature, sample: Any, *, enabled: bool
) -> NoReturn:
    """Compile in the fork, and exit without flushing or closing the files of the parent."""
    code = 1
    try:
        compilation = compile_(estimator, signature, sample, enabled=enabled)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(compilation.report).encode() + b"\n")
            pipe.write(compilation.data)
        code = 0
    finally:
        os._exit(code)


def _read(reading: int, deadline: float) -> bytes | None:
    """Return the bytes from a pipe until it is closed; None after the deadline."""
    chunks: list[bytes] = []
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([reading], [], [], left)[0]:
            continue
        chunk = os.read(reading, CHUNK_BYTES)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    return None
