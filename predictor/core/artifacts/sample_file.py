"""Rows of X in a file, as the estimator takes them."""

from pathlib import Path
from typing import Any

from predictor.core.errors import ArtifactError
from predictor.core.input_builders import FRAME, SPARSE, VECTOR


def read_sample(path: Path, container: str) -> Any:
    """Return the rows in a .csv or .npz file.

    Parameters
    ----------
    path : Path
        A CSV file with a header, or a NumPy archive: of one array, of one named X among others, or
        as `scipy.sparse.save_npz` writes it.
    container : {"array", "frame", "sparse", "vector"}
        What the estimator takes.

    Raises
    ------
    ArtifactError
        The file is neither, or cannot be read.
    """
    try:
        if path.suffix == ".npz":
            return _archived(path)
        if path.suffix == ".csv":
            return _tabular(path, container)
    except (ValueError, OSError, KeyError) as exc:  # as pandas, NumPy and SciPy refuse files
        raise ArtifactError(f"The sample cannot be read: {exc}") from exc
    raise ArtifactError("A sample is a .csv or an .npz file.")


def _archived(path: Path) -> Any:
    import numpy as np
    from scipy import sparse

    with np.load(path, allow_pickle=False) as arrays:
        names = arrays.files
        if "indptr" in names:
            return sparse.load_npz(path)
        if "X" not in names and len(names) != 1:
            raise ArtifactError(
                f"A sample is one array, or one named X; the file holds {', '.join(names)}."
            )
        chosen = "X" if "X" in names else names[0]
        try:
            return arrays[chosen]
        except ValueError as exc:  # NumPy's words for it name an option that nobody has here
            raise ArtifactError(f"The array {chosen} of the sample holds objects.") from exc


def _tabular(path: Path, container: str) -> Any:
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
