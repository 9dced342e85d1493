"""A prediction, by hand."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.chromium import tab_to

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize(
    ("who", "address"), [("page", "/predict"), ("visitor", "/models/iris/predict")]
)
def test_the_form_shows_the_prediction_and_keeps_the_row(request, who, address):
    page = request.getfixturevalue(who)
    page.goto(address)
    page.get_by_label("X1", exact=True).fill("61.1")
    page.get_by_label("X2", exact=True).fill("17.30")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The prediction is virginica (class 2).")
    expect(page.get_by_label("X1", exact=True)).to_have_value("61.1")
    expect(page.get_by_label("X2", exact=True)).to_have_value("17.30")
    expect(page.get_by_label("X1", exact=True)).to_have_accessible_description(
        "Expected a number from 4.3 to 7.9, as in the sample; got 61.1. "
        "Sepal length (cm); seen from 4.3 to 7.9."
    )
    expect(page.get_by_role("img", name="Probability by X1")).to_be_visible()
    assert violations(page) == {}


def test_a_row_is_predicted_with_the_keyboard_alone(page):
    page.goto("/predict")
    for name, value in (("X1", "61.1"), ("X2", "17.3")):
        tab_to(page, page.get_by_label(name, exact=True))
        page.keyboard.press("Control+A")
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The prediction is virginica (class 2).")


def test_each_column_has_its_own_described_input(page):
    page.goto("/predict")
    for name, example, said in (
        ("X1", "5.1", "Sepal length (cm); seen from 4.3 to 7.9."),
        ("X2", "3.5", "Sepal width (cm); seen from 2 to 4.4."),
    ):
        field = page.get_by_label(name, exact=True)
        expect(field).to_have_value(example)
        expect(field).to_have_accessible_description(said)
        expect(field).to_have_attribute("type", "number")
        expect(field).to_have_attribute("step", "any")
        expect(field).to_have_attribute("required", "")


def test_a_refused_row_says_why_at_the_column_and_keeps_the_rest(page):
    page.goto("/predict")
    page.get_by_label("X1", exact=True).fill("99999999999999999999")
    page.get_by_label("X2", exact=True).fill("")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("X1", exact=True)).to_have_value("99999999999999999999")
    expect(page.get_by_label("X1", exact=True)).to_have_accessible_description(
        "Expected a number; got an integer beyond 64 bits. Sepal length (cm); seen from 4.3 to 7.9."
    )
    expect(page.get_by_label("X2", exact=True)).to_have_accessible_description(
        "This column is missing. Sepal width (cm); seen from 2 to 4.4."
    )
    assert violations(page) == {}
    page.get_by_label("X1", exact=True).fill("61.1")
    page.get_by_label("X2", exact=True).fill("17.3")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The prediction is virginica (class 2).")


def test_the_form_offers_outputs_examples_and_another_column_without_javascript(plain_page):
    page = plain_page
    page.goto("/predict?outputs=predict,decision_function")
    expect(page.get_by_label("predict_proba").first).not_to_be_checked()
    page.get_by_label("decision_function").first.uncheck()
    page.get_by_label("predict_proba").first.check()
    page.get_by_label("Also vary").select_option("X2")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_role("status").get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("status").locator("dt")).to_have_count(0)
    expect(page.get_by_role("img", name="Probability by X2")).to_be_visible()
    page.get_by_text("The same request with curl").click()
    expect(page.get_by_text("curl -H")).to_contain_text('"X1": 5.1, "X2": 3.5')
    page.get_by_role("link", name="Another example").click()
    width = page.get_by_label("X1", exact=True).input_value()
    assert width != "5.1"
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_role("status")).not_to_contain_text("unreliable")
    expect(page.get_by_label("X1", exact=True)).to_have_value(width)
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_label("X1", exact=True)).to_have_value("")


def test_many_rows_go_as_raw_data(page):
    page.goto("/predict")
    page.get_by_text("One or many rows as JSON").click()
    content = page.get_by_label("Content")
    content.fill('[{"X1": 61.1,  "X2": 17.3}, {"X1": 5.1, "X2": 3.5}]')
    page.get_by_role("button", name="Predict rows").click()
    expect(page.get_by_role("status").get_by_role("row")).to_have_text(
        ["row predictions", "0 2 virginica", "1 0 setosa"], use_inner_text=True
    )
    assert violations(page) == {}
    page.get_by_text("Response as JSON").click()
    expect(page.locator("pre")).to_contain_text('"predictions": [ 2, 0 ]')
    expect(content).to_have_value('[{"X1": 61.1,  "X2": 17.3}, {"X1": 5.1, "X2": 3.5}]')
    page.get_by_role("link", name="JSON", exact=True).click()
    content.fill("not JSON")
    page.get_by_role("button", name="POST").click()
    expect(page.get_by_role("alert")).to_contain_text("The body is not JSON")
    expect(content).to_have_value("not JSON")
    assert violations(page) == {}
    page.get_by_role("link", name="Page", exact=True).click()
    expect(page.get_by_label("X1", exact=True)).to_have_value("5.1")


def test_a_table_is_predicted_with_the_keyboard_alone(page):
    page.goto("/predict")
    tab_to(page, page.locator("summary", has_text="Many rows as a table"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Paste a table"))
    page.keyboard.insert_text("X1,X2\n5.1,3.5\n7,3")
    tab_to(page, page.get_by_role("button", name="Show predictions"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("2 of 2 rows predicted.")


def test_a_table_is_predicted_and_downloaded_without_javascript(plain_page):
    page = plain_page
    page.goto("/predict")
    page.get_by_text("Many rows as a table").click()
    page.get_by_label("Paste a table").fill("X1\tX2\tid\n5.1\t3.5\ta\nx\t3\tb\n7\t3\tc")
    page.get_by_role("button", name="Show predictions").click()
    expect(page.get_by_role("status")).to_contain_text("2 of 3 rows predicted.")
    expect(page.get_by_role("status")).to_contain_text("does not use the column id.")
    expect(page.get_by_role("region", name="1 refused row")).to_contain_text(
        "Line 3, x, 3, b: X1: Expected a number; got a string that is not a finite number."
    )
    cells = page.get_by_role("group", name="Predictions by row").get_by_role("row").last
    expect(cells).to_have_text(
        re.compile(r"^4\s*2\s*virginica\s*0.0088\d*\s*0.41\d*\s*0.57\d*\s*7\s*3\s*c$")
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    assert download.value.suggested_filename == "iris-1-predictions.csv"
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == (
        "X1,X2,id,predictions,probabilities 0,probabilities 1,probabilities 2,problem"
    )
    assert lines[2].startswith("x,3,b,,,,,X1: Expected a number")
