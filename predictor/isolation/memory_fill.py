"""Content of memory that a process allocates, so that a trial run can notice who reads it."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from predictor.isolation.libc import LIBC

# Option of mallopt(3). C libraries other than glibc ignore it, or have no such function.
M_PERTURB = -6

# NumPy and glibc keep this number of freed blocks of each of these sizes, and do not fill them.
KEPT_BLOCKS = 7
NUMPY_SIZES = (*range(1, 16), *range(16, 1025, 8))
GLIBC_SIZES = range(24, 1033, 16)

# Size of the arrays that an estimator uses up first.
SMALL = 128


@contextmanager
def filled_memory(byte: int) -> Iterator[None]:
    """Fill the free memory of this process, and all that it allocates in the block, with a byte.

    Filling takes time: a buffer of 16 MB that is hardly used costs milliseconds.

    Parameters
    ----------
    byte : int
        Less than 255. Freed memory is filled with the complement.
    """
    _perturb(byte ^ 0xFF)
    try:
        _fill_free_memory(byte)
        yield
    finally:
        _perturb(0)


def _perturb(byte: int) -> None:
    """Let glibc fill freed memory with a byte, and new memory with its complement; 0 ends it."""
    if hasattr(LIBC, "mallopt"):
        LIBC.mallopt(M_PERTURB, byte)


def _fill_free_memory(byte: int) -> None:
    LIBC.malloc.restype = ctypes.c_void_p
    blocks = [(LIBC.malloc(size), size) for size in GLIBC_SIZES for _ in range(KEPT_BLOCKS)]
    for block, size in blocks:
        ctypes.memset(block, byte, size)
        LIBC.free(ctypes.c_void_p(block))
    fill_arrays(byte)


def fill_arrays(byte: int, largest: int = NUMPY_SIZES[-1]) -> None:
    """Fill the freed arrays that NumPy keeps, up to a size, with a byte."""
    content = np.full(largest, byte, np.uint8)
    parts = [content[:size] for size in NUMPY_SIZES if size <= largest]
    arrays = [part.copy() for part in parts for _ in range(KEPT_BLOCKS)]
    del arrays
