"""Nodes of plain data: bytes, arrays, scalars, sparse matrices and random generators."""

from functools import partial
from typing import Any

import numpy as np

from predictor.core import times
from predictor.core.artifacts.skops import zip_archive
from predictor.core.artifacts.skops.reader import Node, Reader, ReadNode, import_name
from predictor.core.artifacts.skops.writer import WriteNode, Writer, make_node
from predictor.core.errors import ArtifactError
from predictor.core.npy import parse_npy

# Kinds of numbers that no response contains. No fitted estimator needs them.
UNSUPPORTED_NUMBERS = (np.complexfloating, np.longdouble)

# Columns of pandas (2 and 3) and polars, which are written as lists or arrays.
INDEXES = ("pandas.Index", "pandas.core.indexes.base.Index")
COLUMNS = (
    *("pandas.Series", "pandas.core.series.Series", "polars.series.series.Series"),
    *("pandas.api.extensions.ExtensionArray", "pandas.core.arrays.base.ExtensionArray"),
)
# Times in arrays of objects, such as the categories of an encoder of times with a time zone.
TIMESTAMPS = ("pandas.Timestamp", "pandas._libs.tslibs.timestamps.Timestamp")
# Missing values, which are written like functions.
MISSING_VALUES = {
    "NA": ("pandas.api.typing.NAType", "pandas._libs.missing.NAType"),
    "NaT": ("pandas.api.typing.NaTType", "pandas._libs.tslibs.nattype.NaTType"),
}

BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


def _parse_numbers(data: bytes) -> Any:
    array = parse_npy(data)
    if any(np.issubdtype(array.dtype, kind) for kind in UNSUPPORTED_NUMBERS):
        raise ArtifactError(
            f"An array in the file has the type {array.dtype}. Use float64 for all numbers."
        )
    return array


def _read_array(reader: Reader, node: Node) -> Any:
    """Return an array or a scalar. The items of an array of objects are nodes."""
    if node["type"] == "numpy":
        array = _parse_numbers(reader.read_member(node)).copy(order="K")
        kind = import_name(node)
        return array if kind is np.ndarray else kind(array)
    items = reader.read_items(node)
    if len(reader.read(node["shape"])) != 1:
        return np.array(items, dtype="O")
    array = np.empty(len(items), dtype="O")
    for place, item in enumerate(items):  # `array[:] = items` would unpack items that are lists
        array[place] = item
    return array


def _write_array(writer: Writer, value: Any) -> Node:
    """Return the node of an array or a scalar. The items of an array of objects are nodes."""
    if value.dtype == object and not value.ndim:
        raise ValueError("an array of objects has no dimension.")
    if value.dtype == object:
        items = writer.write_items(value.tolist())
        shape = writer.write(value.shape)
        return make_node(type(value), "NdArrayNode", content=items, type="json", shape=shape)
    name = writer.write_member(value, "npy", lambda file: np.save(file, value, allow_pickle=False))
    return make_node(type(value), "NdArrayNode", type="numpy", file=name)


def _read_masked(reader: Reader, node: Node) -> Any:
    data, mask = reader.read_parts(node, "data", "mask")
    if not isinstance(data, np.ndarray):
        raise TypeError("The data of a masked array is not an array.")
    return np.ma.MaskedArray(data, mask)


def _write_masked(writer: Writer, value: Any) -> Node:
    content = writer.write_parts(data=value.data, mask=value.mask)
    return make_node(type(value), "MaskedArrayNode", content=content)


def _write_dtype(writer: Writer, value: Any) -> Node:
    return make_node(np.dtype, "DTypeNode", content=writer.write(np.ndarray(0, dtype=value)))


def _read_sparse(reader: Reader, node: Node) -> Any:
    """Return a sparse matrix from the members that `scipy.sparse.save_npz` writes."""
    from scipy.sparse import csr_array, csr_matrix

    with zip_archive.open_archive(reader.read_member(node)) as archive:
        reader.count_bytes(sum(member.file_size for member in archive.infolist()))
        members = {
            name.removesuffix(".npy"): _parse_numbers(zip_archive.read(archive, name)).copy()
            for name in archive.namelist()
        }
    if (name := members["format"].item().decode()) != "csr":
        raise ArtifactError(
            f"A sparse matrix in the file has the format {name}; estimators use csr."
        )
    parts = (members["data"], members["indices"], members["indptr"])
    return (csr_array if "_is_array" in members else csr_matrix)(parts, members["shape"])


def _write_sparse(writer: Writer, value: Any) -> Node:
    from scipy.sparse import save_npz

    name = writer.write_member(value, "npz", lambda file: save_npz(file, value))
    return make_node(type(value), "SparseMatrixNode", type="scipy", file=name)


def _read_random_state(reader: Reader, node: Node) -> Any:
    state = np.random.RandomState()
    state.set_state(reader.read(node["content"]))
    return state


def _write_random_state(writer: Writer, value: Any) -> Node:
    state = writer.write(value.get_state(legacy=False))
    return make_node(type(value), "RandomStateNode", content=state)


def _read_generator(reader: Reader, node: Node) -> Any:
    state, seeds = reader.read_parts(node, "bit_generator", "seed_seq")
    if (name := state["bit_generator"]) not in BIT_GENERATORS:
        raise ArtifactError("A random generator in the file has an unknown bit generator.")
    bits = getattr(np.random, name)(np.random.SeedSequence(**seeds))
    bits.state = state
    return np.random.Generator(bits)


def _write_generator(writer: Writer, value: Any) -> Node:
    bits = value.bit_generator
    content = writer.write_parts(bit_generator=bits.state, seed_seq=bits.seed_seq.state)
    return make_node(type(value), "RandomGeneratorNode", content=content)


def _read_timestamp(reader: Reader, node: Node) -> Any:
    import pandas as pd

    count, dtype = reader.read(node["content"])
    unit, zone = times.read_dtype(dtype)
    timestamp = pd.DatetimeIndex(np.array([count], dtype=f"datetime64[{unit}]"))[0]
    return timestamp.tz_localize("UTC").tz_convert(times.get_zone(zone)) if zone else timestamp


def _write_timestamp(writer: Writer, value: Any) -> Node:
    """Return the node of a time: its count since 1970 in UTC, and the dtype of its column."""
    count, dtype = times.read_timestamp(value)
    times.read_dtype(dtype)  # rejects a zone that has no name
    content = writer.write([count, dtype])
    return {
        "__class__": "Timestamp",
        "__module__": "pandas",
        "__loader__": "TimestampNode",
        "content": content,
    }


def _write_missing_value(name: str, _writer: Writer, _value: Any) -> Node:
    return {"__class__": name, "__module__": "pandas", "__loader__": "FunctionNode"}


def _write_bytes(loader: str, writer: Writer, value: Any) -> Node:
    name = writer.write_member(value, "bin", lambda file: file.write(value))
    return make_node(type(value), loader, file=name)


READERS: dict[str, ReadNode] = {
    "BytesNode": Reader.read_member,
    "BytearrayNode": lambda reader, node: bytearray(reader.read_member(node)),
    "NdArrayNode": _read_array,
    "MaskedArrayNode": _read_masked,
    "DTypeNode": lambda reader, node: reader.read(node["content"]).dtype,
    "SparseMatrixNode": _read_sparse,
    "TimestampNode": _read_timestamp,
    "RandomStateNode": _read_random_state,
    "RandomGeneratorNode": _read_generator,
}
WRITERS: dict[str, WriteNode] = {
    "builtins.bytes": partial(_write_bytes, "BytesNode"),
    "builtins.bytearray": partial(_write_bytes, "BytearrayNode"),
    "numpy.generic": _write_array,
    "numpy.ndarray": _write_array,
    "numpy.ma.MaskedArray": _write_masked,
    "numpy.ma.core.MaskedArray": _write_masked,  # of NumPy 1
    "numpy.dtype": _write_dtype,
    "numpy.random.mtrand.RandomState": _write_random_state,
    "numpy.random._generator.Generator": _write_generator,
    "scipy.sparse._matrix.spmatrix": _write_sparse,
    "scipy.sparse._base.sparray": _write_sparse,
    **dict.fromkeys(INDEXES, lambda writer, value: writer.write(value.to_list())),
    **dict.fromkeys(COLUMNS, lambda writer, value: writer.write(value.to_numpy())),
    **dict.fromkeys(TIMESTAMPS, _write_timestamp),
    **{
        kind: partial(_write_missing_value, name)
        for name, kinds in MISSING_VALUES.items()
        for kind in kinds
    },
}
