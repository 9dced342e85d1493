"""Content of memory that a process allocates, so that a trial run can notice who reads it."""

import ctypes

import numpy as np

from predictor.isolation.libc import LIBC

# Option of mallopt(3). C libraries other than glibc ignore it, or have no such function.
M_PERTURB = -6

# NumPy and glibc keep this number of freed blocks of each of these sizes, and do not fill them.
KEPT_BLOCKS = 7
NUMPY_SIZES = (*range(1, 16), *range(16, 1025, 8))
GLIBC_SIZES = range(24, 1033, 16)

# Size of the blocks that an estimator uses up first.
SMALL = 128


def fill_memory(byte: int) -> None:
    """Fill the free memory of this process, and all that it allocates later, with a byte.

    Parameters
    ----------
    byte : int
        Less than 255. Freed memory is filled with the complement.
    """
    if hasattr(LIBC, "mallopt"):
        LIBC.mallopt(M_PERTURB, byte ^ 0xFF)
    fill_blocks(byte)


def fill_blocks(byte: int, largest: int = GLIBC_SIZES[-1]) -> None:
    """Fill the freed blocks that NumPy and glibc keep, up to a size, with a byte."""
    sizes = [size for size in NUMPY_SIZES if size <= largest]
    arrays = [np.full(size, byte, np.uint8) for size in sizes for _ in range(KEPT_BLOCKS)]
    del arrays
    LIBC.malloc.restype = ctypes.c_void_p
    sizes = [size for size in GLIBC_SIZES if size <= largest]
    blocks = [(LIBC.malloc(size), size) for size in sizes for _ in range(KEPT_BLOCKS)]
    for block, size in blocks:
        ctypes.memset(block, byte, size)
        LIBC.free(ctypes.c_void_p(block))
