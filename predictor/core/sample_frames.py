"""Conversion of samples of other libraries to the objects that the server builds."""

from collections.abc import Mapping
from typing import Any

from predictor.core.errors import ArtifactError

# The nullable dtypes of pandas for those of pyarrow, which the server need not have.
INTEGERS = {f"int{bits}": f"Int{bits}" for bits in (8, 16, 32, 64)}
NULLABLE_DTYPES = {
    **INTEGERS,
    **{f"u{arrow}": f"U{nullable}" for arrow, nullable in INTEGERS.items()},
    "float": "Float32",
    "double": "Float64",
    "bool": "boolean",
    "string": "string",
    "large_string": "string",
}
ARROW_SUFFIX = "[pyarrow]"


def convert_sample(sample: Any) -> Any:
    """Return a sample as a DataFrame or Series of pandas, an array, a sparse matrix or a list.

    Parameters
    ----------
    sample : object
        Also a table or a column of polars or pyarrow.

    Raises
    ------
    ArtifactError
        The sample is something else; polars needs pyarrow to convert it.
    """
    if hasattr(sample, "to_pandas"):  # of polars or pyarrow
        try:
            sample = sample.to_pandas()
        except ModuleNotFoundError as exc:
            raise ArtifactError(
                f"The sample cannot be converted: {exc} Or convert it to pandas or NumPy yourself."
            ) from exc
    is_sized = hasattr(sample, "__len__") or hasattr(sample, "tocsc")
    if not is_sized or isinstance(sample, (str, bytes, Mapping)):
        raise ArtifactError(
            "A sample is a DataFrame, an array, a sparse matrix or a list of strings; got a "
            f"{type(sample).__name__}."
        )
    if not hasattr(sample, "columns"):
        return sample
    changes = {
        name: nullable
        for name, dtype in sample.dtypes.items()
        if (nullable := _get_nullable_dtype(str(dtype)))
    }
    return sample.astype(changes) if changes else sample


def _get_nullable_dtype(dtype: str) -> str | None:
    """Return the nullable dtype for a dtype of pyarrow; None for other dtypes."""
    if not dtype.endswith(ARROW_SUFFIX):
        return None
    name = dtype.removesuffix(ARROW_SUFFIX)
    return "category" if name.startswith("dictionary<") else NULLABLE_DTYPES.get(name)
