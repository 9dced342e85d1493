"""Example rows and the predictions for other values of a column."""

import pytest

from predictor.api.row_form import build_row_form, choose_row, to_json_row
from predictor.core.columns import Column
from predictor.core.example_rows import draw_row, list_values
from predictor.core.signature import Signature

COLUMNS = (
    Column("width", range=(2.0, 4.4), counts=(0,) * 9 + (7,), example=3.5),
    Column("rooms", kind="integer", dtype="int64", range=(1.0, 6.0), example=2),
    Column("open", kind="boolean", dtype="bool", counts=(0, 5), example=False, nullable=True),
    Column("city", kind="string", categories=("Bergen", "Oslo"), counts=(0, 3), nullable=True),
    Column(
        "at",
        kind="datetime",
        dtype="datetime64[s]",
        range=("2024-01-01T00:00:00", "2024-03-01T00:00:00"),
        example="2024-01-01T00:00:00",
    ),
    Column("day", kind="datetime", dtype="datetime64[D]", example="2024-01-05T00:00:00"),
    Column("name", kind="string", example="x"),
    Column("unused", required=False),
)
SIGNATURE = Signature(COLUMNS, ("predict",), container="frame")


def test_an_example_row_follows_the_sample_and_is_valid():
    rows = [draw_row(SIGNATURE, seed) for seed in range(20)]
    for row in rows:
        assert list(row) == [column.name for column in COLUMNS if column.required]
        assert 4.16 <= row["width"] <= 4.4
        assert row["rooms"] in range(1, 7)
        assert (row["open"], row["city"], row["name"]) == (True, "Oslo", "x")
        assert "2024-01-01" <= row["at"] <= "2024-03-01"
    SIGNATURE.parse_rows(rows)
    assert draw_row(SIGNATURE, 3) == rows[3]
    assert len({row["at"] for row in rows}) == 20


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("width", [2.0, 3.2, 4.4]),
        ("rooms", [1, 4, 6]),
        ("open", [False, True]),
        ("city", ["Bergen", "Oslo"]),
        ("at", ["2024-01-01T00:00:00", "2024-01-31T00:00:00", "2024-03-01T00:00:00"]),
        ("name", []),
    ],
)
def test_the_values_of_a_column_span_its_range(name, values):
    (column,) = (column for column in COLUMNS if column.name == name)
    assert list_values(column, 3) == values


def test_each_column_has_an_input_of_its_own():
    form = build_row_form(SIGNATURE, choose_row(SIGNATURE, None))()
    fields = {name: type(field).__name__ for name, field in form.fields.items()}
    assert fields == {
        "width": "FloatField",
        "rooms": "IntegerField",
        "open": "ChoiceField",
        "city": "CharField",
        "at": "DateTimeField",
        "day": "DateField",
        "name": "CharField",
    }
    assert form.data == {
        "width": 3.5,
        "rooms": 2,
        "open": "false",
        "city": "Bergen",
        "at": "2024-01-01T00:00:00",
        "day": "2024-01-05",
        "name": "x",
    }
    assert form.fields["city"].style["suggestions"] == ("Bergen", "Oslo")
    assert form.fields["open"].style["empty_label"] == "missing"
    texts = {name: str(value) for name, value in form.data.items()} | {"city": None}
    assert to_json_row(texts, COLUMNS) == form.data | {"open": False, "city": None}
    assert choose_row(SIGNATURE, "none") == {}
    assert choose_row(SIGNATURE, "7") == draw_row(SIGNATURE, 7)
