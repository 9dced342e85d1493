"""Run of a function in a confined fork of this process."""

import math
import os
import select
import signal
import time
import traceback
from collections.abc import Callable, Collection

from predictor.isolation.confinement import confine


def run(  # noqa: PLR0913 - the limits of the fork
    step: Callable[[], None],
    *,
    keep: Collection[int],
    memory_bytes: int,
    cpu_seconds: int,
    deadline: float = math.inf,
    owner: int | None = None,
) -> int | None:
    """Run a function in a confined fork, and return its exit code.

    The code is the negative number of the signal that killed the fork, as in `subprocess`.

    Parameters
    ----------
    step : callable
    keep, memory_bytes, cpu_seconds
        See `confinement.confine`. Standard error stays open.
    deadline : float
        Time of `time.monotonic` at which the fork is killed. The code is None then.
    owner : int, optional
        Descriptor of a socket. If the other process closes it, the fork is killed as well.
    """
    parent = os.getpid()
    reading, writing = os.pipe()  # closed by the end of the fork
    child = os.fork()
    if not child:
        code = 1
        try:
            confine(
                keep=(*keep, 2, writing),
                memory_bytes=memory_bytes,
                cpu_seconds=cpu_seconds,
                parent=parent,
            )
            step()
            code = 0
        except SystemExit as exc:
            code = int(exc.code or 0)
        except BaseException:  # noqa: BLE001 - the fork must not return to the caller
            os.write(2, traceback.format_exc().encode())  # `sys.stderr` may be another file
        finally:
            os._exit(code)
    os.close(writing)
    wait_s = None if deadline == math.inf else max(0, deadline - time.monotonic())
    watched = [reading] if owner is None else [reading, owner]
    is_late = reading not in select.select(watched, [], [], wait_s)[0]
    os.close(reading)
    # Otherwise the fork has ended, and keeps its exit code, or a hostile file has closed the pipe.
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return None if is_late else os.waitstatus_to_exitcode(status)
