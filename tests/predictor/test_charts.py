"""Charts of an evaluation: SVG without scripts and styles, with every number in a table."""

import re
from xml.etree import ElementTree as ET

import pytest
from django.template.loader import render_to_string

from predictor.core.columns import Column
from predictor.core.variation import Variation
from predictor.templatetags.charts import Scale, short_number
from predictor.templatetags.class_names import prediction_words

PROBA = "predict_proba"

CLASSIFICATION = {
    "task": "classification",
    "target": ["species"],
    "n_rows": 1234,
    "metrics": {
        "accuracy": {"value": 0.75, "low": 0.5, "high": 0.875},
        "log_loss": {"value": 0.123456, "low": None, "high": None},
    },
    "confusion_matrix": {"labels": [0, "<b>"], "counts": [[3, 1], [0, 4]]},
    "roc_curves": [{"label": "<b>", "fpr": [0, 0.25, 1], "tpr": [0, 0.5, 1]}],
    "calibration_curves": [
        {"label": 0, "predicted": [0.125, 0.875], "observed": [0, 1], "counts": [7, 1]},
        {"label": "<b>", "predicted": [0.5], "observed": [0.25], "counts": [8]},
    ],
    "importance": {
        "metric": "accuracy",
        "n_rows": 8,
        "n_repeats": 5,
        "mean": [0.125, 0.5],
        "std": [0.0625, 0.25],
    },
    "notes": ["A note."],
}
REGRESSION = {
    "task": "regression",
    "target": ["a", "b"],
    "n_rows": 3,
    "metrics": {"r2": {"value": -1234567.0, "low": -2e6, "high": 0.5}},
    "predicted_values": {"edges": [-1.0, 0.0, 1.0], "cells": [[0, 0, 1], [1, 0, 2]]},
}
COLUMNS = [{"name": "width"}, {"name": "length <cm>"}]


def render(name, **context):
    """Return the root of a template as XML, after checks that hold for every chart."""
    text = render_to_string(f"predictor/{name}.html", context)
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", text)
    root = ET.fromstring(f"<body>{text}</body>")  # noqa: S314 - a template wrote it
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for svg in root.iter("svg"):
        label = svg.get("aria-label") or svg.get("aria-labelledby")
        assert svg.get("aria-hidden") == "true" or (svg.get("role") == "img" and label)
        assert set((svg.get("aria-labelledby") or "").split()) <= set(ids)
    return root


def cells(root):
    """Return the rows of all tables as lists of texts."""
    return [
        [" ".join("".join(cell.itertext()).split()) for cell in row]
        for table in root.iter("table")
        for row in table.iter("tr")
    ]


def test_a_classification_is_drawn_with_its_numbers():
    root = render(
        "evaluation", evaluation=CLASSIFICATION, columns=COLUMNS, class_names={"0": "setosa"}
    )
    assert cells(root) == [
        ["Metric", "Value", "95 % interval"],
        ["Accuracy", "0.75", "0.5 to 0.875"],
        ["Log loss", "0.1235", "\N{EN DASH}"],
        ["True class", "0 setosa", "<b>"],
        ["0 setosa", "3", "1"],
        ["<b>", "0", "4"],
        ["Class", "False positive rate", "True positive rate"],
        ["<b>", "0", "0"],
        ["<b>", "0.25", "0.5"],
        ["<b>", "1", "1"],
        ["Class", "Predicted probability", "Observed share", "Rows"],
        ["0", "0.125", "0", "7"],
        ["0", "0.875", "1", "1"],
        ["<b>", "0.5", "0.25", "8"],
        ["Column", "Fall of accuracy", ""],
        ["length <cm>", "0.500 ± 0.250", ""],
        ["width", "0.125 ± 0.063", ""],
    ]
    (roc, *_) = root.iter("polyline")
    assert roc.get("points") == "56.0,226.0 124.0,118.0 328.0,10.0"
    assert "A note." in [element.text for element in root.iter("p")]
    longest, shortest = (bar for bar in root.iter("rect") if bar.get("class") == "chart-bar")
    assert float(longest.get("width")) == pytest.approx(4 * float(shortest.get("width")), abs=0.05)


def test_a_regression_is_drawn_with_its_numbers():
    root = render("evaluation", evaluation=REGRESSION, columns=COLUMNS)
    assert cells(root) == [
        ["Metric", "Value", "95 % interval"],
        ["R²", "-1234567", "-2000000 to 0.5"],
        ["True value", "Predicted value", "Rows"],
        ["-1 to 0", "-1 to 0", "1"],
        ["0 to 1", "-1 to 0", "2"],
    ]
    squares = [each for each in root.iter("rect") if each.get("class") == "chart-cell"]
    assert [(each.get("x"), each.get("y")) for each in squares] == [
        ("56.0", "118.0"),
        ("192.0", "118.0"),
    ]
    assert squares[1].get("fill-opacity") == "1.0"


def test_more_lines_than_colours_are_in_the_table_only():
    curves = [{"label": n, "fpr": [0, 1], "tpr": [0, 1]} for n in range(8)]
    root = render("evaluation", evaluation=REGRESSION | {"roc_curves": curves}, columns=COLUMNS)
    assert len(list(root.iter("polyline"))) == 6
    assert [row for row in cells(root) if row == ["7", "0", "0"]] == [["7", "0", "0"]]
    notes = [element.text for element in root.iter("p")]
    assert "The chart shows the first 6 of 8 classes; the table has all." in notes


def test_the_values_of_a_sample_are_drawn_beside_their_column_with_their_numbers():
    columns = [
        {"name": "a b", "range": [0.0, 1.0], "categories": None, "counts": [1, 0, 3, 4]},
        {"name": "city", "range": None, "categories": ["<i>", "Oslo"], "counts": [0, 5]},
        {"name": "open", "range": None, "counts": [2, 6]},
        {"name": "text", "range": None, "counts": None},
    ]
    root = render("columns", columns=columns, has_counts=True)
    rows = root.find(".//tbody").findall("tr")
    assert [len(list(row.iter("rect"))) for row in rows] == [4, 2, 2, 0]
    assert [line for row in rows for line in cells(row)] == [
        ["Value", "Rows"],
        ["0 to 0.25", "1"],
        ["0.25 to 0.5", "0"],
        ["0.5 to 0.75", "3"],
        ["0.75 to 1", "4"],
        ["Value", "Rows"],
        ["<i>", "0"],
        ["Oslo", "5"],
        ["Value", "Rows"],
        ["false", "2"],
        ["true", "6"],
    ]
    label = rows[0].find(".//svg").get("aria-label")
    assert label.startswith(
        "Distribution of a b: 4 bars, the first for 0 to 0.25, the last for 0.75 to 1."
    )
    heights = [float(bar.get("height")) for bar in root.iter("rect")][:4]
    assert heights == pytest.approx([10, 0, 30, 40])


def test_predictions_by_the_values_of_a_column_are_drawn_with_their_numbers():
    column = Column("length <cm>")
    numbers = Variation(column, [1.0, 2.0, 4.0], {"0": [0, 0.5, 1], "<b>": [1, 0.5, 0]}, PROBA)
    root = render("variation", variation=numbers, class_names={"0": "setosa"})
    first, second = root.iter("polyline")
    assert first.get("points") == "56.0,226.0 146.67,118.0 328.0,10.0"
    assert second.get("points") == "56.0,10.0 146.67,118.0 328.0,226.0"
    table = [
        ["length <cm>", "0 setosa", "<b>"],
        ["1", "0", "1"],
        ["2", "0.5", "0.5"],
        ["4", "1", "0"],
    ]
    assert cells(root) == table
    texts = numbers._replace(column=Column("city", kind="string"), values=["a", "b", "c"])
    root = render("variation", variation=texts, class_names={"0": "setosa"})
    assert list(root.iter("polyline")) == []
    assert cells(root)[1:] == [["a", "0", "1"], ["b", "0.5", "0.5"], ["c", "1", "0"]]


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-3, 47, ["0", "10", "20", "30", "40"]),
        (1e-7, 4e-7, ["1e-07", "2e-07", "3e-07", "4e-07"]),
        (1.3e5, 6.1e5, ["200k", "300k", "400k", "500k", "600k"]),
        (-2.5e6, 1e6, ["-2e+06", "-1e+06", "0", "1e+06"]),
    ],
)
def test_the_labels_of_an_axis_are_round(low, high, labels):
    assert [label for _, label in Scale(low, high, 0, 100).list_ticks()] == labels


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.12345, "0.1235"),
        (13647.19, "13647"),
        (-9999.7, "-10000"),
        (2e9, "2e+09"),
        (1234567, "1234567"),
        (float("nan"), "nan"),
        ("a", "a"),
    ],
)
def test_a_number_is_short_and_has_its_digits_before_the_point(number, text):
    assert short_number(number) == text


def test_the_page_of_a_version_shows_its_evaluation(api, iris):
    page = api.get("/models/iris/versions/1/", HTTP_ACCEPT="text/html").content.decode()
    assert 'href="/static/predictor/charts.css"' in page
    assert 'aria-label="Distribution of X1: ' in page
    assert 'id="evaluation"' not in page  # registered without test data


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (1.0, "The prediction is <b>leaves</b> (class 1.0)."),
        (True, "The prediction is <b>yes</b> (class True)."),
        (2.5, "The prediction is <b>2.5</b>."),
        (123456.7, "The prediction is about <b>123457</b>."),
        (999999.7, "The prediction is about <b>1000000</b>."),
        (1234567.8, "The prediction is about <b>1234568</b>."),
        (2e9, "The prediction is <b>2e+09</b>."),
    ],
)
def test_a_prediction_is_said_with_the_name_of_its_class(label, words):
    assert prediction_words({"1.0": "leaves", "true": "yes"}, label) == words
