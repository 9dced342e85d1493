"""Differences between two versions, and code that sends a row."""

import ast
import json

import pytest

from predictor.core.comparison import compare_columns, find_differences, pair
from predictor.core.snippets import list_snippets


def test_properties_are_side_by_side():
    first, second = {"a": 1, "b": 2}, {"b": 2, "c": 3}
    assert pair(first, second) == [("a", 1, None), ("b", 2, 2), ("c", None, 3)]
    assert find_differences(first, second) == [("a", 1, None), ("c", None, 3)]


def test_changed_columns_are_named():
    first = [{"name": "a", "dtype": "float64", "nullable": True}, {"name": "b", "dtype": "str"}]
    second = [{"name": "a", "dtype": "int64", "nullable": False}, {"name": "c", "dtype": "str"}]
    assert compare_columns(first, second) == [
        "Only in this version: b.",
        "Only in the other version: c.",
        "Changed in a: type, missing values.",
    ]
    assert compare_columns(first, first) == []


@pytest.mark.parametrize("needs_token", [False, True])
def test_a_snippet_sends_the_row(needs_token):
    row = {"it's": None, "open": True, "n": 1.5}
    url = "https://example.com/predict"
    curl, python, javascript = list_snippets(url, row, needs_token=needs_token)
    assert (curl.language, python.language, javascript.language) == ("curl", "Python", "JavaScript")
    (call,) = (node for node in ast.walk(ast.parse(python.code)) if is_post(node))
    assert ast.literal_eval(call.args[0]) == url
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    assert ast.literal_eval(keywords["json"]) == row
    assert ("headers" in keywords) == needs_token
    assert f"JSON.stringify({json.dumps(row)})" in javascript.code
    assert all(("TOKEN" in code) == needs_token for _, code in (curl, python, javascript))


def is_post(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "requests.post"
