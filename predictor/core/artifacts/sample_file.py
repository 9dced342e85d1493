"""Sample files with rows of X."""

from pathlib import Path
from typing import Any

from predictor.core.errors import ArtifactError
from predictor.core.input_builders import FRAME, SPARSE, VECTOR


def read_sample(path: Path, container: str) -> Any:
    """Return the rows in a .csv or .npz file.

    Parameters
    ----------
    path : Path
        A CSV file with a header; or a NumPy archive that holds one array, an array named X, or a
        sparse matrix written by `scipy.sparse.save_npz`.
    container : {"array", "frame", "sparse", "vector"}
        The container of the estimator's X.

    Raises
    ------
    ArtifactError
        The file has another suffix; it cannot be read; it does not say which array is X.
    """
    try:
        if path.suffix == ".npz":
            return _read_npz(path)
        if path.suffix == ".csv":
            return _read_csv(path, container)
    except (ValueError, OSError, KeyError) as exc:  # errors of pandas, NumPy and SciPy
        raise ArtifactError(f"The sample cannot be read: {exc}") from exc
    raise ArtifactError("A sample is a .csv or an .npz file.")


def _read_npz(path: Path) -> Any:
    import numpy as np
    from scipy import sparse

    with np.load(path, allow_pickle=False) as arrays:
        names = arrays.files
        if "indptr" in names:
            return sparse.load_npz(path)
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


def _read_csv(path: Path, container: str) -> Any:
    import pandas as pd

    frame = pd.read_csv(path)
    if container == FRAME:
        return frame
    if container == VECTOR:
        return frame.iloc[:, 0].to_list()
    if container == SPARSE:
        from scipy import sparse

        return sparse.csr_matrix(frame.to_numpy())
    return frame.to_numpy()
