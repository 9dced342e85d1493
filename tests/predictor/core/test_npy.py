"""Tests for the reader of .npy data, against NumPy's own."""

import gc
import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from predictor.core.errors import ArtifactError
from predictor.core.npy import parse_npy

DAMAGED = "An array in the file has a damaged header."
SIZE = "The size of an array in the file differs from its header."

SCALARS = st.one_of(
    numpy_st.boolean_dtypes(),
    numpy_st.integer_dtypes(endianness="?"),
    numpy_st.unsigned_integer_dtypes(endianness="?"),
    numpy_st.floating_dtypes(endianness="?", sizes=(16, 32, 64, 128)),
    numpy_st.complex_number_dtypes(endianness="?"),
    numpy_st.byte_string_dtypes(endianness="?"),
    numpy_st.unicode_string_dtypes(endianness="?"),
    numpy_st.datetime64_dtypes(endianness="?"),
    numpy_st.timedelta64_dtypes(endianness="?"),
)
NAMES = st.text(st.characters(exclude_characters="'\\", categories=("L", "N", "P")), min_size=1)
RECORDS = st.builds(
    np.dtype,
    st.lists(st.tuples(NAMES, SCALARS), min_size=1, max_size=5, unique_by=lambda field: field[0]),
    align=st.booleans(),
)
SHAPES = numpy_st.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"


@st.composite
def arrays(draw):
    dtype, shape = draw(SCALARS | RECORDS), draw(SHAPES)
    size = int(np.prod(shape)) * dtype.itemsize
    data = bytearray(draw(st.binary(min_size=size, max_size=size)))
    return np.ndarray(shape, dtype, data, order=draw(st.sampled_from("CF")))


def columns(array):
    """Return the bytes of the fields, without those between them, which have no value."""
    return [array[name].tobytes() for name in array.dtype.names or [...]]


def save(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version, allow_pickle=False)
    return file.getvalue()


def npy(header, data=bytes(16), version=1):
    """Return .npy data with a header that NumPy may not write."""
    text = header.encode() + b"\n"
    return (
        np.lib.format.magic(version, 0)
        + len(text).to_bytes(2 * min(version, 2), "little")
        + text
        + data
    )


@given(arrays(), st.sampled_from([None, (1, 0), (2, 0), (3, 0)]))
@pytest.mark.filterwarnings("ignore:Stored array in format")
def test_an_array_is_read_as_numpy_reads_it(array, version):
    try:
        data = save(array, version)
    except UnicodeEncodeError:
        data = save(array, (3, 0))
    parsed, loaded = parse_npy(data), np.load(io.BytesIO(data))
    assert parsed.dtype == loaded.dtype
    assert parsed.shape == loaded.shape
    assert columns(parsed) == columns(loaded)
    assert parsed.flags.f_contiguous == loaded.flags.f_contiguous
    assert parsed.flags.c_contiguous == loaded.flags.c_contiguous
    assert not parsed.flags.writeable


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_header_by_hand_is_read(version):
    assert parse_npy(npy(HEADER, version=version)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", DAMAGED),
        (b"\x93NUMPY", DAMAGED),
        (npy(HEADER, version=4), DAMAGED),
        (npy(HEADER)[:20], DAMAGED),
        (npy(HEADER)[:-17], DAMAGED),
        (npy("{'shape': (2,), 'descr': '<f8', 'fortran_order': False, }"), DAMAGED),
        (npy(HEADER.replace("False", "0")), DAMAGED),
        (npy(HEADER.replace("<f8", "<f3")), DAMAGED),
        (npy(HEADER.replace("<f8", "<U999999999")), DAMAGED),
        (npy(HEADER.replace("<f8", "<M8[century]")), DAMAGED),
        (npy(HEADER.replace("<f8", "f8,f8")), DAMAGED),
        (npy(HEADER.replace("'<f8'", "[]")), DAMAGED),
        (npy(HEADER.replace("'<f8'", "[('a', '<f8'), ('a', '<f8')]")), DAMAGED),
        (npy(HEADER.replace("'<f8'", "[('a', '<f4', (2,))]")), DAMAGED),
        (npy(HEADER.replace("'<f8'", "[" * 10_000)), DAMAGED),
        (npy(HEADER.replace("'<f8'", "__import__('os')")), DAMAGED),
        (npy(HEADER.replace("2,", "-2,")), DAMAGED),
        (npy(HEADER.replace("2,", "2")), DAMAGED),
        (npy(HEADER.replace("2,", f"{10**20},")), DAMAGED),
        (npy(HEADER.replace("2,", "٢,"), version=3), DAMAGED),
        (npy("\udcff".encode("utf-8", "surrogatepass").decode("latin-1"), version=3), DAMAGED),
        (npy(HEADER.replace("2,", "3,")), SIZE),
        (npy(HEADER.replace("2,", "1,")), SIZE),
        (npy(HEADER.replace("2,", f"{10**19 - 1},")), SIZE),
        (npy(HEADER.replace("2,", ", ".join("1" * 65))), SIZE),
        (npy(HEADER.replace("<f8", "<U0").replace("2,", f"{10**18}, {10**18}"), b""), SIZE),
        (npy(HEADER.replace("2,", f"0, {10**18}, {10**18}"), b""), SIZE),
        (npy(HEADER.replace("<f8", "|O")), "An array in the file contains pickled objects."),
        (
            npy(HEADER.replace("'<f8'", "[('a', '|O')]")),
            "An array in the file contains pickled objects.",
        ),
    ],
)
def test_hostile_data_is_refused(data, message):
    with pytest.raises(ArtifactError) as info:
        parse_npy(data)
    assert str(info.value) == message


@given(st.binary(max_size=40), st.integers(0, 120), st.integers(0, 3))
def test_damaged_data_is_refused_or_read(inserted, place, n_removed):
    data = npy(HEADER)
    damaged = data[:place] + inserted + data[place + n_removed :]
    with suppress(ArtifactError):
        assert parse_npy(damaged).nbytes <= len(damaged)


def test_reading_is_reentrant():
    """Garbage collection can run during a read; a finalizer or another thread may read then."""
    data = save(np.zeros(3, dtype=[("a", "<i8"), ("b", "<f8")]))

    def read(*_args):
        assert parse_npy(data).size == 3

    thresholds = gc.get_threshold()
    gc.callbacks.append(read)
    gc.set_threshold(1)
    try:
        for _ in range(20):
            read()
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(read)
