"""Calls of the kernel for which Python has no function."""

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: int | bytes | None) -> int:
    """Return the result of a system call, or raise its OSError; see syscall(2)."""
    return _checked(LIBC.syscall(ctypes.c_long(number), *map(_word, arguments)))


def prctl(option: int, *arguments: int | bytes) -> int:
    """Return the result of prctl(2), or raise its OSError."""
    words = [*arguments, 0, 0, 0, 0][:4]  # the kernel refuses some options with other words
    return _checked(LIBC.prctl(ctypes.c_int(option), *map(_word, words)))


def drop_capabilities() -> None:
    """Drop all capabilities of this thread; see capset(2)."""
    version_3 = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _checked(LIBC.capset(version_3, (ctypes.c_uint32 * 6)()))


def _word(argument: int | bytes | None) -> ctypes.c_ulong | ctypes.c_char_p:
    if isinstance(argument, int):
        return ctypes.c_ulong(argument)
    return ctypes.c_char_p(argument)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
