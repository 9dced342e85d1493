"""Sample files with rows of X."""

import io
from pathlib import PurePath
from typing import Any

from predictor.core.errors import ArtifactError
from predictor.core.input_builders import FRAME, SPARSE, VECTOR


def read_sample(data: bytes, name: str, container: str) -> Any:
    """Return the rows in a .csv or .npz file.

    Parameters
    ----------
    data : bytes
        The content of a CSV file with a header; or of a NumPy archive that holds one array, an
        array named X, or a sparse matrix written by `scipy.sparse.save_npz`.
    name : str
        The name of the file.
    container : {"array", "frame", "sparse", "vector"}
        The container of the estimator's X.

    Raises
    ------
    ArtifactError
        The file has another suffix; it cannot be read; it does not say which array is X.
    """
    suffix = PurePath(name).suffix
    try:
        if suffix == ".npz":
            return _read_npz(data)
        if suffix == ".csv":
            return _read_csv(data, container)
    except (ValueError, OSError, KeyError) as exc:  # errors of pandas, NumPy and SciPy
        raise ArtifactError(f"The sample cannot be read: {exc}") from exc
    raise ArtifactError("A sample is a .csv or an .npz file.")


def _read_npz(data: bytes) -> Any:
    import numpy as np
    from scipy import sparse

    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        names = arrays.files
        if "indptr" in names:
            return sparse.load_npz(io.BytesIO(data))
        if "X" not in names and len(names) != 1:
            raise ArtifactError(
                f"A sample is one array, or an array named X; the file holds {', '.join(names)}."
            )
        name = "X" if "X" in names else names[0]
        try:
            return arrays[name]
        except ValueError as exc:  # NumPy's message names an option that the client cannot set
            raise ArtifactError(
                f"The array {name} of the sample holds Python objects. Save numbers or strings."
            ) from exc


def _read_csv(data: bytes, container: str) -> Any:
    import pandas as pd

    frame = pd.read_csv(io.BytesIO(data))
    if container == FRAME:
        return frame
    if container == VECTOR:
        return frame.iloc[:, 0].to_list()
    if container == SPARSE:
        from scipy import sparse

        return sparse.csr_matrix(frame.to_numpy())
    return frame.to_numpy()
