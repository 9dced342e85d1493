"""Sample files with rows of X."""

import io
from pathlib import PurePath
from typing import Any

from predictor.core.coercion import MAX_EXACT_INTEGER, InvalidValue
from predictor.core.columns import Column, check_n_columns
from predictor.core.csv_table import find_values, read_texts
from predictor.core.errors import ArtifactError
from predictor.core.input_builders import ARRAY, FRAME, SPARSE, VECTOR, InputBuilder, build_series
from predictor.core.signature import Signature


def read_sample(data: bytes, name: str, signature: Signature) -> Any:
    """Return the rows in a .csv or .npz file.

    A CSV file states no types. Columns whose type the signature states are read as this type; the
    types of other columns are those that pandas infers, with float64 for integers.

    Parameters
    ----------
    data : bytes
        The content of a CSV file with a header; or of a NumPy archive that holds one array, an
        array named X, or a sparse matrix written by `scipy.sparse.save_npz`.
    name : str
        The name of the file.
    signature : Signature
        The signature of the estimator, as far as it is known without the sample.

    Raises
    ------
    ArtifactError
        The file has another suffix; it cannot be read; it has too many columns; it does not say
        which array is X.
    """
    suffix = PurePath(name).suffix
    try:
        if suffix == ".npz":
            sample = _read_npz(data)
            check_n_columns(sample.shape[1] if sample.ndim > 1 else 1)
            return sample
        if suffix == ".csv":
            return _read_csv(data, signature)
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


def _read_csv(data: bytes, signature: Signature) -> Any:
    texts, frame = read_texts(data)
    gaps = frame.isna()
    # A CSV file writes 1.0 as 1 too.
    integer_names = [name for name, values in frame.items() if values.dtype.kind == "i"]
    exact_names = [name for name in integer_names if (frame[name].abs() <= MAX_EXACT_INTEGER).all()]
    frame = frame.astype(dict.fromkeys(exact_names, "float64"))
    container, columns = signature.container, signature.columns
    names = signature.names if container == FRAME else list(frame.columns)
    stated = {
        name: _parse_column(column, texts[name].to_list(), gaps[name].to_list())
        for name, column in zip(names, columns, strict=False)
        if column.has_stated_type and name in frame
    }
    if container == VECTOR:
        values = stated.get(names[0], frame[names[0]].to_list())
        return ["" if value is None else value for value in values]
    if container == ARRAY and len(stated) == len(columns) == len(names):
        return InputBuilder(container, columns).build(list(stated.values()))
    for name, column in zip(names, columns, strict=False):
        if name in stated:
            frame[name] = build_series(column, stated[name])
    if container == FRAME:
        return frame
    if container == SPARSE:
        from scipy import sparse

        return sparse.csr_matrix(frame.to_numpy())
    return frame.to_numpy()


def _parse_column(column: Column, texts: list[str], gaps: list[bool]) -> list[Any]:
    """Return the values of a column of a CSV file; see `predictor.core.csv_table`."""
    values: list[Any] = []
    for row, text in enumerate(find_values(column, texts, gaps)):
        try:
            values.append(None if text is None else column.coerce(text))
        except InvalidValue as exc:
            raise ArtifactError(
                f"The sample cannot be read. In the column {column.name}, the row at index {row} "
                f"has {exc}; expected {column.accepted_text}."
            ) from exc
    return values
