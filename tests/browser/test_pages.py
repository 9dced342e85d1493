"""Each page opens, has a title, is accessible, and makes no request to another host."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, violations

pytestmark = pytest.mark.xdist_group("browser")

PAGES = [
    ("/", 200, "Models and tasks over HTTP"),
    ("/tasks/", 200, "Tasks"),
    ("/tasks/2", 200, "cook"),
    ("/tasks/4000", 404, "Task"),
    ("/tasks/?done=maybe", 400, "Tasks"),
    ("/tasks/?format=api", 200, "Tasks"),
    ("/tasks/2?format=api", 200, "cook"),
    ("/predict", 200, "Predict with iris"),
    ("/predict/table", 200, "Predict a table with iris"),
    ("/models/", 200, "Models"),
    ("/models/iris/", 200, "iris"),
    ("/models/iris/versions/", 200, "Versions of iris"),
    ("/models/iris/versions/1", 200, "iris, version 1"),
    ("/auth/login/", 200, "Sign in"),
    ("/schema/", 200, "API reference"),
    ("/guide/", 200, "Guide"),
    ("/guide/?search=roll+back", 200, "Guide"),
    ("/guide/models", 200, "Models and versions"),
    ("/nope", 404, "Not found"),
]


@pytest.mark.parametrize(("address", "status", "heading"), PAGES)
def test_a_page_opens_and_keeps_nobody_out(page, site, address, status, heading):
    assert page.goto(address).status == status
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert violations(page) == {}
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    assert violations(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    assert [link for link in links if not link.startswith(f"{site.url}/")] == []


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


def test_the_pages_of_the_admin_open(page, admin):
    page.goto("/admin/")
    expect(page).to_have_title("Sign in | mlsite")
    assert violations(page) == {}
    for address in ("", "tasks/task/", "tasks/task/add/", "predictor/modelversion/1/change/"):
        assert admin.goto(f"/admin/{address}").status == 200


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
    expect(admin.get_by_text("Artifact: The file is neither a skops")).to_be_visible()
    assert posts.count("POST") == 1
    assert violations(admin) == {}


def test_the_docs_try_a_prediction_out_under_the_policy(page):
    page.goto("/docs/")
    predict = page.locator("#operations-predict-predict")
    predict.locator(".opblock-summary-control").click()
    predict.get_by_role("button", name="Try it out").click()
    predict.get_by_role("textbox").last.fill('{"X1": "61.1", "X2": "17.3"}')
    predict.get_by_role("button", name="Execute").click()
    answer = predict.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_have_text("200")
    expect(answer.locator(".highlight-code code").first).to_contain_text('"prediction": 2')


def test_the_docs_can_be_read_by_everybody_but_for_what_swagger_ui_fixes_itself(page):
    page.emulate_media(color_scheme="dark")
    page.goto("/docs/")
    expect(page.locator("html.dark-mode #operations-predict-predict")).to_be_visible()
    # Its headings begin at the third level, its information lies outside its own main landmark,
    # and each of its rows is a button that holds others.
    assert violations(page).keys() == {"heading-order", "nested-interactive", "region"}
