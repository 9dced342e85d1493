"""Messages over Unix stream sockets: a JSON header, raw arrays, and open descriptors.

A message is a prefix, the header, and the arrays. Every part starts at a multiple of `ALIGNMENT`,
so that the receiver can use the arrays where they lie.
"""

import errno
import math
import os
import socket
import struct
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:  # the supervisor starts without NumPy
    import numpy.typing as npt

ALIGNMENT = 16
PREFIX = struct.Struct("<QQ")  # lengths of the header and of the arrays

# One call receives a small message completely.
CHUNK_BYTES = 2**16
# Largest message. The rows of the longest accepted body are smaller.
MAX_BYTES = 2**30
# Longest text of another process that is shown.
MAX_TEXT_LENGTH = 4000
# A call of the kernel takes at most 1,024 buffers.
MAX_BUFFERS = 1000


# Exceptions after the time of `limit_waits`.
TIMEOUTS = (BlockingIOError, TimeoutError)


class MalformedMessage(Exception):
    """A message does not follow the format."""


class Message(NamedTuple):
    """A received message."""

    header: dict[str, Any]
    body: memoryview  # the raw arrays


def pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def limit_waits(connection: socket.socket, timeout_s: float) -> None:
    """Let every call that sends or receives fail with BlockingIOError after some seconds.

    In contrast to `settimeout`, the socket stays in blocking mode, which saves a system call.
    """
    timeval = struct.pack("ll", int(timeout_s), int(timeout_s % 1 * 1e6))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)


def dump(header: dict[str, Any], arrays: "Sequence[npt.NDArray[Any]]" = ()) -> list[Any]:
    """Return a message as buffers for `send`."""
    encoded = orjson.dumps(header)
    encoded += b" " * (-len(encoded) % ALIGNMENT)
    if not arrays:
        return [PREFIX.pack(len(encoded), 0) + encoded]
    buffers, length = [], 0
    for array in arrays:
        padding = -array.nbytes % ALIGNMENT
        buffers += [array.reshape(-1).view("u1").data, bytes(padding)]
        length += array.nbytes + padding
    return [PREFIX.pack(len(encoded), length) + encoded, *buffers]


def send(
    connection: socket.socket, buffers: Sequence[Any], descriptors: Sequence[int] = ()
) -> None:
    """Send a message completely.

    Raises
    ------
    ConnectionError
        The other process has closed the socket.
    BlockingIOError
        See `limit_waits`.
    """
    views: list[memoryview] = [memoryview(buffer) for buffer in buffers if len(buffer)]
    while views:
        if descriptors:
            n_sent = socket.send_fds(connection, views[:MAX_BUFFERS], list(descriptors))
            descriptors = ()
        else:
            n_sent = connection.sendmsg(views[:MAX_BUFFERS])
        while views and n_sent >= views[0].nbytes:
            n_sent -= views.pop(0).nbytes
        if n_sent:
            views[0] = views[0][n_sent:]


def receive(
    connection: socket.socket,
    *,
    first_bytes: int = CHUNK_BYTES,
    max_bytes: int = MAX_BYTES,
    max_header_bytes: int = MAX_BYTES,
    deadline: float = math.inf,
) -> Message:
    """Receive one message.

    Parameters
    ----------
    connection : socket
    first_bytes : int
        Number of bytes to receive at first: `PREFIX.size` if another message can follow.
    max_bytes : int
        Largest message.
    max_header_bytes : int
        Largest header.
    deadline : float
        Time of `time.monotonic` after which no further part is received.

    Raises
    ------
    ConnectionError
        The other process has closed the socket, before the message or in the middle of it.
    MalformedMessage
        The message does not follow the format, or is too long.
    BlockingIOError
        See `limit_waits`.
    TimeoutError
        The deadline has passed.
    """
    first = connection.recv(first_bytes)
    return _receive_rest(connection, first, max_bytes, max_header_bytes, deadline)


def receive_with_descriptors(connection: socket.socket, most: int) -> tuple[Message, list[int]]:
    """Receive one message, and the descriptors that came with it. The caller must close them.

    Raises
    ------
    OSError
        This process may not have as many descriptors. For other errors, see `receive`.
    """
    first, descriptors, flags, _ = socket.recv_fds(connection, CHUNK_BYTES, most)
    try:
        message = _receive_rest(connection, first, MAX_BYTES, MAX_BYTES, math.inf)
    except BaseException:
        _close(descriptors)
        raise
    if flags & socket.MSG_CTRUNC:
        _close(descriptors)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    return message, descriptors


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _receive_rest(
    connection: socket.socket,
    first: bytes,
    max_bytes: int,
    max_header_bytes: int,
    deadline: float,
) -> Message:
    """Return a message of which the first bytes were received."""
    if len(first) < PREFIX.size:
        raise ConnectionResetError
    header_length, body_length = PREFIX.unpack_from(first)
    length = header_length + body_length
    position = len(first) - PREFIX.size
    if length > max_bytes or header_length > max_header_bytes or position > length:
        raise MalformedMessage
    if position == length:
        return _parse(bytearray(first[PREFIX.size :]), header_length)
    data = bytearray(length)
    view = memoryview(data)
    view[:position] = first[PREFIX.size :]
    while position < length:
        if time.monotonic() > deadline:
            raise TimeoutError
        received = connection.recv_into(view[position:])
        if not received:
            raise ConnectionResetError
        position += received
    return _parse(data, header_length)


def _parse(data: bytearray, header_length: int) -> Message:
    try:
        header = orjson.loads(data[:header_length])
    except orjson.JSONDecodeError as exc:
        raise MalformedMessage from exc
    if type(header) is not dict:
        raise MalformedMessage
    return Message(header, memoryview(data)[header_length:])


def printable(text: str) -> str:
    """Return a text without control characters, of which no line can look like a log record."""
    lines = text[:MAX_TEXT_LENGTH].splitlines()
    shown = ("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    return "\n    ".join(shown)
