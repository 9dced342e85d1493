"""Reading of the .npy format without trust in its header."""

import io
import math
from typing import Any

import numpy as np
from numpy.lib import format as npy

from predictor.core.errors import ArtifactError

HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def parse_npy(data: bytes) -> Any:
    """Return a read-only array over .npy data. Reject objects, and a size unlike the header's."""
    file = io.BytesIO(data)
    try:
        shape, is_fortran, dtype = HEADERS[npy.read_magic(file)](file)
    except Exception as exc:
        raise ArtifactError("An array in the file has a damaged header.") from exc
    if dtype.hasobject:
        raise ArtifactError("An array in the file contains pickled objects.")
    size = math.prod(shape)
    if (
        any(length < 0 for length in shape)
        or len(data) - file.tell() != size * dtype.itemsize
        or (dtype.itemsize == 0 and size > len(data))
    ):
        raise ArtifactError("The size of an array in the file differs from its header.")
    return np.ndarray(shape, dtype, data, file.tell(), order="F" if is_fortran else "C")
