"""Child processes for the tests of the confinement."""

import json
import os
import select
import signal
import sys
import traceback
from contextlib import contextmanager, suppress

TIMEOUT_S = 60


@contextmanager
def forked(work):
    """A fork that runs `work(channel)`; yields its process id and the other end of the channel."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.close(reading)
        code = 1
        try:
            work(writing)
            code = 0
        except BaseException:  # noqa: BLE001 - the process must not return to the tests
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    try:
        yield child, reading
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def receive(reading):
    """The bytes of a channel until it is closed."""
    chunks = []
    while True:
        assert select.select([reading], [], [], TIMEOUT_S)[0], "the process does not end"
        if not (chunk := os.read(reading, 2**16)):
            return b"".join(chunks)
        chunks.append(chunk)


def outcome(attempt, prepare=lambda _channel: None):
    """The result of `attempt()` in a fork after `prepare(channel)`, or the name of its error."""

    def work(channel):
        prepare(channel)
        try:
            result = attempt()
        except (OSError, MemoryError, ValueError) as exc:
            result = type(exc).__name__
        os.write(channel, json.dumps(result).encode())

    with forked(work) as (_, reading):
        return json.loads(receive(reading))
