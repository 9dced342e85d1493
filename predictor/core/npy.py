"""Reading of the .npy format without trust in its header."""

import math
import re
from typing import Any

import numpy as np
from numpy.lib import format as npy

from predictor.core.errors import ArtifactError

# The bytes of the header's length and the encoding of the header, by magic string.
VERSIONS = {
    npy.magic(1, 0): (2, "latin-1"),
    npy.magic(2, 0): (4, "latin-1"),
    npy.magic(3, 0): (4, "utf-8"),
}

# The text that `numpy.save` writes. NumPy parses it with `ast`, which fails at random if several
# threads use it: "AST constructor recursion depth mismatch", a fault of Python 3.11.
TYPE = r"'[<>|][biufcOSUVMm]\d{0,9}(?:\[\d{0,9}\w{1,7}\])?'"
FIELD = rf"\('([^'\\]*)', ({TYPE})\)"
LENGTH = r"\d{1,19}"
HEADER = re.compile(
    rf"{{'descr': (?P<descr>{TYPE}|\[{FIELD}(?:, {FIELD})*\]), "
    r"'fortran_order': (?P<is_fortran>False|True), "
    rf"'shape': \((?P<shape>|{LENGTH},|{LENGTH}(?:, {LENGTH})+)\), }} *\n",
    re.ASCII,
)

DAMAGED = "An array in the file has a damaged header."
SIZE = "The size of an array in the file differs from its header."


def parse_npy(data: bytes) -> Any:
    """Return a read-only array over .npy data. Reject objects, and a size unlike the header's.

    A type may be a record, but not a record of records or of arrays.
    """
    header, start = _split(data)
    dtype = _parse_dtype(header["descr"])
    if dtype.hasobject:
        raise ArtifactError("An array in the file contains pickled objects.")
    shape = tuple(int(length) for length in re.findall(LENGTH, header["shape"]))
    is_fortran = header["is_fortran"] == "True"
    try:
        array = np.ndarray(shape, dtype, data, start, order="F" if is_fortran else "C")
    except (TypeError, ValueError) as exc:
        raise ArtifactError(SIZE) from exc
    if array.nbytes != len(data) - start or (array.nbytes == 0 and math.prod(shape) > len(data)):
        raise ArtifactError(SIZE)
    return array


def _split(data: bytes) -> tuple[re.Match[str], int]:
    """Return the header and the index of the first byte after it."""
    magic = data[: npy.MAGIC_LEN]
    if magic not in VERSIONS:
        raise ArtifactError(DAMAGED)
    n_bytes, encoding = VERSIONS[magic]
    start = npy.MAGIC_LEN + n_bytes
    end = start + int.from_bytes(data[npy.MAGIC_LEN : start], "little")
    try:
        header = HEADER.fullmatch(data[start:end].decode(encoding))
    except UnicodeDecodeError as exc:
        raise ArtifactError(DAMAGED) from exc
    if header is None:
        raise ArtifactError(DAMAGED)
    return header, end


def _parse_dtype(descr: str) -> Any:
    fields = re.findall(FIELD, descr)
    try:
        if not fields:
            return np.dtype(descr.strip("'"))
        return npy.descr_to_dtype([(name, type_.strip("'")) for name, type_ in fields])
    except (TypeError, ValueError) as exc:
        raise ArtifactError(DAMAGED) from exc
