import json

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.core import json_matrix
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.json_matrix import CHUNK_BYTES, MAX_COLUMNS, MatrixParser
from predictor.core.row_parser import RowParser

COLUMNS = (Column("a"), Column("größe in cm"), Column("c", nullable=True))
NAMES = [column.name for column in COLUMNS]

numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
odd = st.one_of(st.none(), st.booleans(), st.text(max_size=3), st.lists(st.integers(), max_size=1))
rows = st.fixed_dictionaries(dict.fromkeys(NAMES, numbers))
values = st.one_of(numbers, numbers, numbers, odd)
odd_rows = st.dictionaries(st.sampled_from([*NAMES, "d"]), values)


def read(text, columns=COLUMNS):
    return MatrixParser(columns).parse(text.encode())


some_rows = st.one_of(rows, rows, rows, odd_rows)


@given(
    st.one_of(some_rows, st.lists(some_rows, min_size=1, max_size=4)),
    st.sampled_from([",", ", ", " ,\n"]),
    st.sampled_from([1, 80, CHUNK_BYTES]),
)
def test_the_matrix_equals_the_result_of_the_row_parser(data, comma, chunk):
    body = json.dumps(data, separators=(comma, ":")).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_matrix, "CHUNK_BYTES", chunk)
        X = MatrixParser(COLUMNS).parse(body)
    try:
        expected = RowParser(COLUMNS).parse(orjson.loads(body), lambda: json.loads(body))
    except InvalidInput:
        expected = None
    if X is not None:
        np.testing.assert_array_equal(X, expected, strict=True)
        assert X.flags.writeable  # there are estimators that refuse others
    rows = [data] if isinstance(data, dict) else data
    is_numeric = all(row.keys() == set(NAMES) for row in rows) and all(
        type(row[name]) in (int, float) and abs(row[name]) < 2**53 for row in rows for name in NAMES
    )
    assert X is not None or not is_numeric


def test_accepted_missing_values_are_nan():
    X = read('[{"a":1,"größe in cm":2.5,"c":null},{"c":3,"a":4,"gr\\u00f6\\u00dfe in cm":5}]')
    np.testing.assert_array_equal(X, [[1, 2.5, np.nan], [4, 5, 3]])
    X = read('{"a":1,"größe in cm":2.5,"c":null}')
    np.testing.assert_array_equal(X, [[1, 2.5, np.nan]], strict=True)
    np.testing.assert_array_equal(read('{"a":null}', [Column("a", nullable=True)]), [[np.nan]])


def test_missing_values_may_be_anywhere_among_many_rows():
    rows = [{"a": n, "größe in cm": -n, "c": n if n % 700 else None} for n in range(2000)]
    X = read(json.dumps(rows))
    expected = [[n, -n, n if n % 700 else np.nan] for n in range(2000)]
    np.testing.assert_array_equal(X, np.array(expected, dtype=float), strict=True)


@pytest.mark.parametrize("end", ["", "]]", "],", "}]", ",]", ",1]", '] {"a":1}', ',{"a":1}]'])
@pytest.mark.parametrize("chunk", [1, CHUNK_BYTES])
def test_a_body_that_is_not_a_list_of_rows_is_left_to_the_row_parser(monkeypatch, chunk, end):
    monkeypatch.setattr(json_matrix, "CHUNK_BYTES", chunk)
    row = '{"a":1,"größe in cm":2,"c":3}'
    assert read(f"[{row},{row},{row}{end}") is None


@pytest.mark.parametrize("space", ["\x0b", "\x0c", "\u00a0"])
@pytest.mark.parametrize("chunk", [1, CHUNK_BYTES])
def test_only_the_white_space_of_json_separates_rows(monkeypatch, chunk, space):
    monkeypatch.setattr(json_matrix, "CHUNK_BYTES", chunk)
    row = '{"a":1,"größe in cm":2,"c":3}'
    for between in (f"{space},", f",{space}"):
        assert read(f"[{row}{between}{row}]") is None


def test_a_name_that_looks_like_the_end_of_a_row_is_a_name(monkeypatch):
    columns = (Column("a"), Column("}, {"))
    text = '[{"a":1,"}, {":2},{"a":3,"}, {":4}]'
    np.testing.assert_array_equal(read(text, columns), [[1, 2], [3, 4]])
    monkeypatch.setattr(json_matrix, "CHUNK_BYTES", 1)
    assert read(text, columns) is None


def test_the_last_value_of_a_repeated_key_counts():
    row = '{"a":1,"größe in cm":2,"c":3,"a":4}'
    for text in (row, f"[{row}]"):
        np.testing.assert_array_equal(read(text), [[4, 2, 3]])
        np.testing.assert_array_equal(RowParser(COLUMNS).parse(orjson.loads(text)), [[4, 2, 3]])


@pytest.mark.parametrize(
    "value",
    [
        "true",
        '"1"',
        "null",
        "[1]",
        "{}",
        "1e999",
        "NaN",
        "Infinity",
        "01",
        "1.",
        "+1",
        "0x1",
        "",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1e19",
    ],
)
def test_a_value_that_may_not_be_a_valid_number_is_left_to_the_row_parser(value):
    row = f'{{"a":{value},"größe in cm":1,"c":1}}'
    assert read(row) is None
    assert read(f"[{row}]") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[[1]]",
        "[null]",
        "[{}]",
        "[{",
        '[{"a":1,"größe in cm":1,"c":1}',
        "[" * 2000,
        '[{"a":1,"größe in cm":1,"c":1}] x',
        '[{"a":1,"größe in cm":1,"c":1},[]]',
        '{"a":1,"größe in cm":1,"c":1',
        '{"a":1,"größe in cm":1,"c":1} x',
        '{"a":1,"größe in cm":1,"c":1,"d":1}',
        '{"a":1,"größe in cm":1}',
    ],
)
def test_a_body_that_may_not_be_a_list_of_rows_is_left_to_the_row_parser(text):
    assert read(text) is None


def test_a_key_that_is_not_utf8_is_left_to_the_row_parser():
    assert MatrixParser(COLUMNS).parse(b'[{"\xff":1}]') is None
    assert MatrixParser(COLUMNS).parse(b'{"\xff":1}') is None


def test_unsupported_columns_are_left_to_the_row_parser():
    assert read('[{"say \\"a\\"":1}]', [Column('say "a"')]) is None
    assert read('[{"a":1}]', [Column("a", kind="integer")]) is None
    many = [Column(f"x{position}") for position in range(MAX_COLUMNS + 1)]
    row = {column.name: 1 for column in many}
    assert read(json.dumps([row]), many) is None
    row.popitem()
    assert read(json.dumps([row]), many[:-1]) is not None
