"""Each page opens, has a title, is accessible, and makes no request to another host."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import PHONE
from tests.browser.pages import PAGES, STAFF, VISITOR
from tests.serving import ROOT

INSPECTION_MS = 30_000  # generous: the machine may be busy

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("browser")]

FIXTURES = {None: "page", STAFF: "admin", VISITOR: "visitor"}
NAMES = [f"{number}-{page.address}" for number, page in enumerate(PAGES)]


@pytest.mark.parametrize("shown", PAGES, ids=NAMES)
def test_a_page_opens_and_keeps_nobody_out(request, site, shown):
    tab = request.getfixturevalue(FIXTURES[shown.user])
    assert tab.goto(shown.address.format(model="iris")).status == shown.status
    if shown.steps:
        shown.steps(tab, "iris")
    expect(tab.get_by_role("heading", level=1)).to_have_text(shown.heading)
    assert violations(tab) == {}
    tab.set_viewport_size(PHONE)
    tab.emulate_media(color_scheme="dark")
    assert violations(tab) == {}
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    links = tab.evaluate("[...document.links].map(link => link.href)")
    assert [link for link in links if not link.startswith(f"{site.url}/")] == []


def test_pale_texts_are_found_once_for_those_that_look_alike(page):
    page.goto("/software/")
    page.evaluate("""() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("td { color: silver !important }");
        document.adoptedStyleSheets.push(sheet);
    }""")
    found = violations(page)
    assert found.keys() == {"color-contrast"}
    assert 0 < len(found["color-contrast"]) < page.locator("td").count()


def test_the_documentation_shows_a_picture_of_each_page():
    names = {f"{page.name}.webp" for page in PAGES if page.name}
    assert {path.name for path in (ROOT / "docs" / "screenshots").iterdir()} == names
    text = (ROOT / "docs" / "pages.md").read_text()
    assert set(re.findall(r"\(screenshots/(.*?)\)", text)) == names


def test_every_page_leads_to_the_others(page):
    page.goto("/nope")
    for name, address in {
        "mlsite": "/",
        "Predict": "/predict",
        "Models": "/models",
        "Tasks": "/tasks",
        "Guide": "/guide",
        "API docs": "/docs",
        "Admin": "/admin/",
    }.items():
        link = page.get_by_role("banner").get_by_role("link", name=name, exact=True)
        expect(link).to_have_attribute("href", address)


def test_home_shows_what_is_served(page):
    page.goto("/")
    iris = page.get_by_role("row", name="iris")
    expect(iris).to_contain_text("Species of an iris from its sepals")
    expect(iris).to_contain_text("setosa, versicolor, virginica")
    expect(iris).to_contain_text("version 1")
    expect(iris).to_contain_text("accuracy 0.")
    first_steps = page.get_by_role("region", name="First steps")
    expect(first_steps).to_contain_text("/predict")
    iris.get_by_role("link", name="Try iris").click()
    expect(page).to_have_url("/models/iris/predict")


def test_the_pages_of_hello_are_plain_text(page):
    page.goto("/1")
    expect(page.locator("body")).to_have_text("Hello_world 1")


def test_a_page_leads_to_its_json(page):
    page.goto("/models/iris/")
    page.get_by_role("link", name="JSON", exact=True).click()
    expect(page.get_by_text("HTTP 200 OK")).to_be_visible()
    page.get_by_role("link", name="GET as json").click()
    assert json.loads(page.locator("pre").inner_text())["name"] == "iris"


@pytest.mark.parametrize("address", ["user/1/change/", "group/add/"])
def test_permissions_are_chosen_in_the_two_lists_of_django(admin, address):
    admin.goto(f"/admin/auth/{address}")
    expect(admin.locator(".selector-chosen").first).to_be_visible()
    for scheme in ("light", "dark"):
        admin.emulate_media(color_scheme=scheme)
        # A script of Django gives a name to an icon that has no role.
        assert violations(admin).keys() == {"aria-prohibited-attr"}


def test_an_upload_shows_its_progress_and_the_reason_of_a_refusal(admin, tmp_path):
    file = tmp_path / "model.skops"
    file.write_bytes(b"no model")
    admin.goto("/admin/predictor/modelversion/add/")
    admin.get_by_label("Model:").fill("Flowers")
    admin.get_by_label("Artifact:").set_input_files(file)
    admin.get_by_role("button", name="Upload").click()
    expect(admin.locator(".errorlist")).to_contain_text("'Flowers' is not a model name.")
    expect(admin).to_have_url("/admin/predictor/modelversion/add/")
    expect(admin.locator(".upload-progress")).to_be_hidden()


def test_an_upload_on_the_page_of_a_model_is_sent_once(admin, tmp_path):
    file = tmp_path / "model.skops"
    file.write_bytes(b"no model")
    admin.goto("/models/iris/")
    admin.get_by_role("link", name="Upload a version").click()
    admin.get_by_label("Artifact").set_input_files(file)
    posts = []
    admin.on("request", lambda request: posts.append(request.method))
    admin.get_by_role("button", name="Upload").dblclick()
    refusal = admin.get_by_text("Artifact: The file is neither a skops")
    expect(refusal).to_be_visible(timeout=INSPECTION_MS)
    assert posts.count("POST") == 1
    assert violations(admin) == {}


# Parts of Swagger UI that no style sheet can correct. Its headings begin at the third level, its
# information lies outside its main landmark, each of its rows is a button with buttons inside, its
# inputs have no labels, and its scrolled examples cannot be reached with the keyboard.
SWAGGER_UI = {
    "heading-order",
    "label",
    "nested-interactive",
    "region",
    "scrollable-region-focusable",
    "select-name",
}


def test_the_docs_try_a_prediction_out_under_the_policy(page):
    page.goto("/docs/")
    predict = page.locator("#operations-predict-predict")
    predict.locator(".opblock-summary-control").click()
    expect(predict.locator("pre").first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page).keys() <= SWAGGER_UI
    predict.get_by_role("button", name="Try it out").click()
    predict.get_by_role("textbox").last.fill('{"X1": "61.1", "X2": "17.3"}')
    predict.get_by_role("button", name="Execute").click()
    answer = predict.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_have_text("200")
    expect(answer.locator(".highlight-code code").first).to_contain_text('"prediction": 2')
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, "#operations-predict-predict").keys() <= SWAGGER_UI
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
