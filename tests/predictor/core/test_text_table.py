"""Rows of a table as text."""

import pytest

from predictor.core import text_table
from predictor.core.columns import Column
from predictor.core.errors import InvalidInput
from predictor.core.text_table import flatten, read_table, write_csv

COLUMNS = (
    Column("width"),
    Column("open", kind="boolean", nullable=True),
    Column("size", kind="integer", dtype="int64", categories=(1, 2), rejects_unknown=True),
    Column("city", kind="string"),
    Column("unused", required=False),
)
HEADER = "width,open,size,city,note\n"


def test_a_table_gives_rows_and_the_lines_of_refused_rows():
    text = (
        "\ufeff"
        + HEADER
        + '0.5,True,1,"a\nb",x\n\n,false,2,c,\n2,,2,c,\n1,,3,c,\n1,true\n1, false,2,,y\n'
    )
    table = read_table(text, COLUMNS)
    assert table.rows == [
        [0.5, True, 1, "a\nb", 0.0],
        [2.0, None, 2, "c", 0.0],
        [1.0, False, 2, "", 0.0],
    ]
    assert table.extra_names == ["note"]
    assert [(refused.line, refused.problem) for refused in table.refused] == [
        (5, "No value in width."),
        (7, "size: Expected one of 1, 2; got another value."),
        (8, "Expected 5 cells; got 2."),
    ]
    outputs = flatten({"predictions": ["u", "v", "w"], "probabilities": [{"a": 0.25}] * 3})
    assert write_csv(table, outputs).splitlines()[1:] == [
        '0.5,True,1,"a',
        'b",x,u,0.25,',
        ",false,2,c,,,,No value in width.",
        "2,,2,c,,v,0.25,",
        '1,,3,c,,,,"size: Expected one of 1, 2; got another value."',
        "1,true,,,,,,Expected 5 cells; got 2.",
        "1,false,2,,y,w,0.25,",
    ]
    assert write_csv(table, outputs).startswith(
        "width,open,size,city,note,predictions,probabilities a,problem\n"
    )


def test_texts_of_a_model_are_no_formulas():
    column = Column("=1+1", categories=("a",), rejects_unknown=True, kind="string", dtype="str")
    table = read_table("=1+1\na\na\na\na\n=b\n", [column])
    labels = ["=HYPERLINK(1)", "@a", "-1", "ok"]
    assert write_csv(table, {"predictions": labels}).splitlines() == [
        "=1+1,predictions,problem",
        "a,'=HYPERLINK(1),",
        "a,'@a,",
        "a,-1,",
        "a,ok,",
        "=b,,'=1+1: Expected one of a; got another value.",
    ]


@pytest.mark.parametrize("cell", ["0,5", "-1,5", "1,234.5", "1,234,567"])
def test_a_number_with_a_comma_gets_a_hint(cell):
    table = read_table(f"width;open;size;city\n{cell};;1;a\n{cell}x;;1;a\n", COLUMNS)
    problem = "width: Expected a number; got a string that is not a finite number."
    assert [refused.problem for refused in table.refused] == [
        f"{problem} Write numbers without a comma, such as 1234.5.",
        problem,
    ]


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_cells_of_a_spreadsheet_and_other_delimiters_are_read(delimiter):
    text = "city;width;size;open\r\na,b;1,5e0;1;true\r\n".replace(";", delimiter)
    table = read_table(text.replace("1,5e0", "1.5"), COLUMNS)
    assert table.rows == [[1.5, True, 1, "a,b", 0.0]]
    assert flatten({"transformed": [[1.0, 2.0]]}) == {
        "transformed 0": [1.0],
        "transformed 1": [2.0],
    }
    assert flatten({"predictions": []}) == {"predictions": []}
    several = {"probabilities": [[{"a": 0.25, "b": 0.75}, {"c": 1.0}]]}
    assert flatten(several) == {
        "probabilities 0 a": [0.25],
        "probabilities 0 b": [0.75],
        "probabilities 1 c": [1.0],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The table is empty. Its first line must have the names of the columns."),
        (HEADER, "The table has a header, but no rows."),
        (
            "width,city\n1,a\n",
            "The table lacks the columns open, size. Its header is: width, city.",
        ),
        (
            "width,width,open,size,city\n1,1,,1,a\n",
            "The table has these columns more than once: width.",
        ),
        (
            HEADER + '1,,1,"a,x\n',
            "Line 2 of the table cannot be read: unexpected end of data.",
        ),
        (HEADER + "1,,1,a,\n" * 4, "The table has more than 3 rows. Send them in parts."),
    ],
)
def test_an_invalid_table_says_why(monkeypatch, text, message):
    monkeypatch.setattr(text_table, "MAX_ROWS", 3)
    with pytest.raises(InvalidInput) as refusal:
        read_table(text, COLUMNS)
    assert str(refusal.value) == message


def test_a_table_with_too_many_columns_says_so():
    with pytest.raises(InvalidInput) as refusal:
        read_table("x" + ",x" * 100_000, COLUMNS)
    assert str(refusal.value) == "The table has 100,001 columns; at most 100,000 are allowed."
