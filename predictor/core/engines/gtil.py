"""Treelite's general tree inference library, called without its Python package.

The package costs a fifth of a second to import and tens of microseconds to call. Few rows are
predicted with the interpreter's lock held: letting go of it for microseconds invites a switch.

References
----------
Treelite, "C API" and "General Tree Inference Library", https://treelite.readthedocs.io.
"""

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Sums of leaves, before any link; one thread, for threads are the server's.
CONFIG = b'{"predict_type": "raw", "nthread": 1}'

# Up to so many rows the interpreter's lock is kept.
FEW = 16


class TreesError(Exception):
    """What the library says of a model that it does not take."""


class Trees:
    """An ensemble of trees.

    Parameters
    ----------
    serialised : bytes
        As Treelite writes it.

    Raises
    ------
    TreesError
        They are no ensemble.
    """

    def __init__(self, serialised: bytes) -> None:
        self.model = ctypes.c_void_p()
        self.config = ctypes.c_void_p()
        self.keeping, self.releasing = _libraries()
        length = ctypes.c_size_t(len(serialised))
        _check(
            self.keeping.TreeliteDeserializeModelFromBytes(
                serialised, length, ctypes.byref(self.model)
            )
        )
        _check(self.keeping.TreeliteGTILParseConfig(CONFIG, ctypes.byref(self.config)))
        self.shape = self._shape()

    def __call__(self, X: Array) -> Array:
        """Return the sums of leaves.

        Parameters
        ----------
        X : array of shape (n_samples, n_features), float64

        Returns
        -------
        sums : array of shape (n_samples, n_targets, most_classes), float64
        """
        X = np.ascontiguousarray(X)
        rows = len(X)
        sums = np.zeros((rows, *self.shape))
        library = self.keeping if rows <= FEW else self.releasing
        _check(
            library.TreeliteGTILPredict(
                self.model,
                X.__array_interface__["data"][0],
                b"float64",
                rows,
                sums.__array_interface__["data"][0],
                self.config,
            )
        )
        return sums

    def __del__(self) -> None:
        if self.config.value:
            self.keeping.TreeliteGTILDeleteConfig(self.config)
        if self.model.value:
            self.keeping.TreeliteFreeModel(self.model)

    def _shape(self) -> tuple[int, ...]:
        shape, dimensions = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
        pointers = ctypes.byref(shape), ctypes.byref(dimensions)
        rows = ctypes.c_uint64(1)
        _check(self.keeping.TreeliteGTILGetOutputShape(self.model, rows, self.config, *pointers))
        return tuple(shape[position] for position in range(1, dimensions.value))


@cache
def _libraries() -> tuple[ctypes.PyDLL, ctypes.CDLL]:
    """Return the library twice: called with the interpreter's lock, and without."""
    package = find_spec("treelite")
    if package is None or package.origin is None:
        raise TreesError("Treelite is not installed.")
    path = str(Path(package.origin).parent / "lib" / "libtreelite.so")
    both = ctypes.PyDLL(path), ctypes.CDLL(path)
    pointer, number = ctypes.c_void_p, ctypes.c_uint64
    for library in both:
        library.TreeliteGetLastError.restype = ctypes.c_char_p
        library.TreeliteGTILPredict.argtypes = [
            pointer,
            pointer,
            ctypes.c_char_p,
            number,
            pointer,
            pointer,
        ]
    return both


def _check(code: int) -> None:
    if code:
        raise TreesError(_libraries()[0].TreeliteGetLastError().decode())
