"""Compiling in a process of its own: whatever it takes or breaks, the model is registered."""

import json
import os
import select
import signal
import time
from contextlib import suppress
from typing import Any, NoReturn

from predictor.core.compiler.compile import Compilation, compile_, not_compiled
from predictor.core.signature import Signature

# The part of the time for reading a file within which it has to be compiled.
SHARE = 0.8

CHUNK = 1 << 20


def compiled(
    deadline: float, estimator: Any, signature: Signature, sample: Any, *, enabled: bool = True
) -> Compilation:
    """Compile an estimator in a fork of this process; see `compiling.compile_`.

    Parameters
    ----------
    deadline : float
        The time, as `time.monotonic` tells it, at which the fork is given up.
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
    said = _read(reading, deadline)
    os.close(reading)
    if said is None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if said is None:
        return not_compiled(f"Compiling it took more than {time.monotonic() - start:.0f} seconds.")
    if status or not said:
        return not_compiled("Compiling it crashed, or took more memory than it may.")
    report, _, data = said.partition(b"\n")
    return Compilation(json.loads(report), data)


def _compile(
    writing: int, estimator: Any, signature: Signature, sample: Any, *, enabled: bool
) -> NoReturn:
    """Compile in the fork, and end it: nothing of the parent's is flushed or closed."""
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
    """Return what comes through a pipe until it is closed; None if the time is up before."""
    chunks: list[bytes] = []
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([reading], [], [], left)[0]:
            continue
        chunk = os.read(reading, CHUNK)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    return None
