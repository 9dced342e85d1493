"""Child processes for the tests of the confinement, also as on older kernels."""

import errno
import json
import os
import select
import signal
import sys
import traceback
from contextlib import contextmanager, suppress

from predictor.isolation import confinement, landlock, libc, seccomp

TIMEOUT_S = 60

NO_LANDLOCK = (
    "Landlock is not available: the process of a model can read all files that its user can read."
)
NO_SECCOMP = (
    "The seccomp filter is not available: the process of a model can start processes, signal "
    "processes of its user, and use the network."
)


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


def refuse(number, code, argument=None):
    """Let a system call fail, if its first argument has this value, as an older kernel would."""
    libc.prctl(confinement.PR_SET_NO_NEW_PRIVS, 1)
    instruction = seccomp._instruction
    condition = [
        instruction(seccomp.LOAD, seccomp._argument(0)),
        instruction(seccomp.JUMP_IF_EQUAL, argument or 0, 0, 1),
    ]
    refusal = [
        *(condition if argument is not None else []),
        instruction(seccomp.RETURN, seccomp.ERROR | code),
    ]
    program = b"".join(
        [
            instruction(seccomp.LOAD, seccomp.NUMBER),
            instruction(seccomp.JUMP_IF_EQUAL, number, 0, len(refusal)),
            *refusal,
            instruction(seccomp.RETURN, seccomp.ALLOW),
        ]
    )
    seccomp.install_program(program)


def without_landlock():
    refuse(landlock.CREATE_RULESET, errno.ENOSYS)


def without_seccomp():
    prctl = seccomp.get_numbers(seccomp.CHECKED, os.uname().machine)["prctl"]
    refuse(prctl, errno.EINVAL, seccomp.PR_SET_SECCOMP)
