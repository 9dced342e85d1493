"""Every page of the site, for the tests of its accessibility and for the screenshots."""

from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

STAFF, VISITOR = "admin", "pat"
PASSWORD = "a long pass phrase"

TASKS = "/admin/tasks/task/"
MODELS = "/admin/predictor/registeredmodel/"
VERSIONS = "/admin/predictor/modelversion/"

# Variables and settings of a site that can show all of the pages.
VARIABLES = {
    "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
    "MAX_BODY_BYTES": "100000",
}
TABLES = {
    "iris": "X1,X2,flower\n5.1,3.5,a\nwide,3,b\n7,3,c",
    "penguins": (
        "island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,tag\n"
        "Torgersen,39.1,18.7,181,3750,male,N1A1\n"
        "Dream,49.5,19,200,3800,male,N22A2\n"
        "Biscoe,46.2,14.5,209,heavy,female,N33A1\n"
        "Biscoe,50,16.3,230,5700,male,N31A2\n"
    ),
}


class Page(NamedTuple):
    """A page, and the way to it.

    Attributes
    ----------
    name : str
        Name of its picture; empty for a page without a picture.
    address : str
        `{model}` is the name of a model with two versions or more. One of them is live, and one
        waits for its promotion.
    heading : str
        Its heading on the site of the tests.
    status : int, optional
        Status of the response at the address, before the steps.
    user : str, optional
        Name of the user who is signed in.
    steps : callable, optional
        Takes the tab at that address and the name of the model, and leads to the page.
    """

    name: str
    address: str
    heading: str
    status: int = 200
    user: str | None = None
    steps: Callable[[Tab, str], None] | None = None


CHANGE = """() => fetch(location, {
    method: "PATCH",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({description: "From both stations, by Friday."}),
}).then(response => response.ok || Promise.reject(response.status))"""


def send_old_form(tab, _model):
    """Change the task of the form elsewhere, and then save the form."""
    tab.evaluate(CHANGE)
    tab.get_by_label("Description").fill("From the northern station only.")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("alert")).to_contain_text("Nothing was saved.")


def ask_before_clearing(tab, _model):
    tab.get_by_text("Delete these tasks…").click()


def predict(tab, _model):
    tab.get_by_label("Also vary").select_option(index=2)
    tab.get_by_role("button", name="Predict", exact=True).click()
    expect(tab.get_by_role("status")).to_contain_text("The prediction is")


def predict_table(tab, model):
    tab.get_by_label("Paste a table").fill(TABLES[model])
    tab.get_by_role("button", name="Show predictions").click()
    expect(tab.get_by_role("status")).to_contain_text("rows predicted")


def send_too_much(tab, _model):
    tab.get_by_label("Content").evaluate(
        "(field, length) => (field.value = ' '.repeat(length))", int(VARIABLES["MAX_BODY_BYTES"])
    )
    tab.get_by_role("button", name="POST").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Too large")


def choose_version(tab, _model):
    tab.get_by_role("main").get_by_role("link", name="Version").first.click()
    expect(tab.get_by_role("heading", name="Before you go on")).to_be_visible()


def ask_before_promoting(tab, _model):
    tab.locator("#result_list tbody a").last.click()
    tab.get_by_role("link", name="Make live").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("live?")


PAGES = [
    Page("home", "/", "Models and tasks over HTTP"),
    Page("tasks", "/tasks/", "Tasks"),
    Page("", "/tasks/?format=api", "Tasks"),
    Page("clear", "/tasks/?done=false", "Tasks", steps=ask_before_clearing),
    Page("task", "/tasks/2", "cook"),
    Page("", "/tasks/2?format=api", "cook"),
    Page("", "/tasks/4000", "Task", 404),
    Page("models", "/models/", "Models"),
    Page("model", "/models/{model}/", "iris"),
    Page("version", "/models/{model}/versions/2", "iris, version 2"),
    Page("comparison", "/models/{model}/versions/2?compare=1", "iris, version 2"),
    Page("versions", "/models/{model}/versions/", "Versions of iris", user=STAFF),
    Page("", "/models/{model}/", "iris", user=STAFF),
    Page(
        "promotion",
        "/models/{model}/promote",
        "Make version 2 of iris live",
        user=STAFF,
        steps=choose_version,
    ),
    Page("", "/software/", "Software"),
    Page("", "/models/{model}/predict", "Predict with iris"),
    Page("prediction", "/models/{model}/predict", "Predict with iris", steps=predict),
    Page(
        "table", "/models/{model}/predict/table", "Predict a table with iris", steps=predict_table
    ),
    Page("guide", "/guide/", "Guide"),
    Page("guide-page", "/guide/models", "Models and versions"),
    Page("search", "/guide/?search=roll+back", "Guide"),
    Page("schema", "/schema/", "API reference"),
    Page("account", "/auth/account/", "Account of admin", user=STAFF),
    Page("sign-in", "/auth/login/", "Sign in"),
    Page("", "/models/{model}/train", "Train iris", user=STAFF),
    Page("400", "/tasks/?done=maybe", "Tasks", 400),
    Page("403", "/models/{model}/train", "Train iris", 403, VISITOR),
    Page("404", "/nope", "Not found", 404),
    Page("413", "/predict?format=api", "Too large", steps=send_too_much),
    Page("429", "/locked-out", "Too many attempts", 429),
    Page("500", "/failing", "The server failed", 500),
    Page("503", "/without-database", "Not available now", 503),
    Page("admin-sign-in", "/admin/", "Sign in"),
    Page("admin", "/admin/", "Site administration", user=STAFF),
    Page("admin-tasks", TASKS, "Select task to change", user=STAFF),
    Page("admin-task", f"{TASKS}2/change/", "Change task", user=STAFF),
    Page("admin-models", MODELS, "Select registered model to change", user=STAFF),
    Page("", f"{MODELS}1/change/", "Change registered model", user=STAFF),
    Page("admin-versions", VERSIONS, "Select model version to view", user=STAFF),
    Page("admin-version", f"{VERSIONS}1/change/", "View model version", user=STAFF),
    Page(
        "admin-promotion",
        f"{VERSIONS}?state__exact=ready",
        "Make version 2 of iris live?",
        user=STAFF,
        steps=ask_before_promoting,
    ),
    Page("admin-upload", f"{VERSIONS}add/", "Upload a version", user=STAFF),
    Page("", "/admin/tasks/", "Tasks administration", user=STAFF),
    Page("", f"{TASKS}2/delete/", "Delete", user=STAFF),
    Page("", f"{TASKS}2/history/", "Change history: cook", user=STAFF),
    Page("", "/admin/predictor/event/", "Select event to view", user=STAFF),
    Page("", "/admin/auth/user/", "Select user to change", user=STAFF),
    Page("", "/admin/auth/user/1/password/", "Change password: admin", user=STAFF),
    Page("", "/admin/mlsite/signinfailures/", "Select failed logins to view", user=STAFF),
    Page("", "/admin/mlsite/token/", "Select token to change", user=STAFF),
    Page("", "/admin/mlsite/token/add/", "Add token", user=STAFF),
    Page("conflict", "/tasks/1", "buy", steps=send_old_form),
]
