"""Rows outside the ranges and categories of the sample."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeRegressor

from predictor.core.columns import Column
from predictor.core.range_check import find_out_of_range, format_header
from predictor.core.signature import Signature
from predictor.core.signature_inference import infer_signature

INSIDE, OUTSIDE = {"X1": 5.1, "X2": 3.5}, {"X1": 61.1, "X2": "17.3"}
WIDE = "Expected a number from 4.3 to 7.9, as in the sample; got 61.1."
TALL = "Expected a number from 2 to 4.4, as in the sample; got 17.3."


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (OUTSIDE, {"X1": [WIDE], "X2": [TALL]}),
        ([INSIDE, OUTSIDE | {"X2": 3}], {"X1": [f"Row at index 1: {WIDE}"]}),
    ],
)
@pytest.mark.usefixtures("iris")
def test_refuse_names_the_columns(api, body, answer):
    response = api.post("/predict?range=refuse", body)
    assert (response.status_code, response.json()) == (400, answer)


@pytest.mark.usefixtures("iris")
def test_refuse_answers_rows_inside(api):
    response = api.post("/predict?range=refuse", [INSIDE, {"X1": 4.3, "X2": 4.4}])
    assert (response.status_code, response.json()) == (200, {"predictions": [0, 0]})


@pytest.mark.parametrize(
    ("query", "body", "header"),
    [
        ("range=report", OUTSIDE, "X1, X2"),
        ("range=report&outputs=predict", [INSIDE, OUTSIDE | {"X1": 5}], "X2"),
        ("range=report", INSIDE, None),
        ("range=refuse", INSIDE, None),
        ("", OUTSIDE, None),
    ],
)
@pytest.mark.usefixtures("iris")
def test_report_names_the_columns_in_a_header(api, query, body, header):
    response = api.post(f"/predict?{query}", body)
    assert response.status_code == 200
    assert response.json() == api.post("/predict", body).json()
    assert response.headers.get("X-Out-Of-Range") == header


@pytest.mark.usefixtures("iris")
def test_an_unknown_action_is_a_400(api):
    response = api.post("/predict?range=warn", INSIDE)
    sentence = "Expected refuse or report; got warn."
    assert (response.status_code, response.json()) == (400, {"range": [sentence]})


@pytest.mark.usefixtures("iris")
def test_the_page_always_shows_a_notice(api):
    page = {"format": "multipart", "headers": {"Accept": "text/html"}}
    notice = "These values are outside the sample of the model"
    outside = api.post("/predict", {"X1": "61.1", "X2": "3"}, **page).content.decode()
    assert notice in outside
    assert f"X1: {WIDE}" in outside
    assert notice not in api.post("/predict", {"X1": "5.1", "X2": "3"}, **page).content.decode()


COLUMNS = (
    Column("age", range=(18.0, 90.0), nullable=True),
    Column("city", dtype="object", kind="string", categories=("Oslo", "Bergen"), nullable=True),
    Column("note", dtype="object", kind="string"),
)


@pytest.mark.parametrize("container", ["array", "frame"])
def test_categories_and_missing_values(container):
    signature = Signature(COLUMNS, ("predict",), container=container)
    rows = [
        {"age": None, "city": None, "note": ""},
        {"age": 17, "city": "Paris", "note": "x"},
        {"age": 90, "city": "Oslo", "note": "y"},
    ]
    found = find_out_of_range(COLUMNS, signature.parse_rows(rows).X, is_single=False)
    assert list(found) == ["age", "city"]
    assert found["city"] == [
        "Row at index 1: Expected one of Oslo, Bergen, as in the sample; got Paris."
    ]


@pytest.mark.parametrize("container", ["array", "frame", "sparse"])
def test_numbers_are_rounded_like_the_sample(container):
    top = float(np.float32(5.1))
    columns = (Column("a", dtype="float32", range=(0.0, top)), Column("b", dtype="float32"))
    signature = Signature(columns, ("predict",), container=container)
    X = signature.parse_rows([{"a": 5.1, "b": 1}, {"a": 5.2, "b": 1}]).X
    (sentence,) = find_out_of_range(columns, X, is_single=False)["a"]
    assert sentence.startswith("Row at index 1: ")


BIG = 2**53


@pytest.mark.parametrize("container", ["array", "frame"])
@pytest.mark.parametrize("with_gap", [True, False])
def test_integers_beyond_2_53_are_compared_exactly(container, with_gap):
    sample = pd.DataFrame({"id": [BIG + 1, BIG + 3]})
    signature = infer_signature(DecisionTreeRegressor().fit(sample, [0, 1]), sample=sample)
    assert signature.columns[0].range == (BIG + 1, BIG + 3)
    signature = replace(signature, container=container)
    rows = [{"id": n} for n in (BIG, BIG + 1, BIG + 3, BIG + 4)] + [{"id": None}] * with_gap
    X = signature.parse_rows(rows).X
    expected = f"Expected a number from {BIG + 1} to {BIG + 3}, as in the sample"
    assert find_out_of_range(signature.columns, X, is_single=False) == {
        "id": [
            f"Row at index 0: {expected}; got {BIG}.",
            f"Row at index 3: {expected}; got {BIG + 4}.",
        ]
    }


def test_the_header_is_encoded_and_bounded():
    assert format_header(["a b", "größe,\n"]) == "a%20b, gr%C3%B6%C3%9Fe%2C%0A"
    long = format_header([f"column_{n}" for n in range(10_000)])
    assert len(long) < 2100
    assert long.endswith(", ...")
