"""Pages of a site with many models, versions and tasks: their weight and their queries."""

import re
from itertools import count

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.naive_bayes import GaussianNB

from predictor import registry
from predictor.core.columns import Column
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.recipes import Fitted
from predictor.runtime.store import get_store
from tasks.models import Task
from tests.browser_requests import BROWSER
from tests.predictor.fitted import register

MAX_BYTES = 150_000
NUMBERS = count(1)

PAGES = [
    "/",
    "/?search=iris",
    "/models/",
    "/models/?format=api",
    "/models/iris/",
    "/models/iris/?format=api",
    "/models/iris/versions/",
    "/models/iris/versions/1/?compare=2",
    "/predict",
    "/schema/",
    "/schema/?format=api",
    "/tasks/",
    "/tasks/?format=api",
    "/tasks/?page_size=1000",
    "/tasks/?search=7&overdue=true",
    "/auth/account/",
    "/admin/",
    "/admin/tasks/task/",
    "/admin/predictor/registeredmodel/",
    "/admin/predictor/modelversion/",
    "/admin/predictor/modelversion/?model__id__exact=1",
    "/admin/predictor/event/",
]


def copy(version, model, number):
    fields = [field.attname for field in ModelVersion._meta.concrete_fields]
    state = "live" if number == 1 else "ready"
    changes = {"id": None, "model_id": model.pk, "version": number, "state": state}
    return ModelVersion(**{name: getattr(version, name) for name in fields} | changes)


@pytest.fixture
def grow(iris):
    """Add models with two versions and their events, versions of iris, and tasks."""
    version = ModelVersion.objects.get()

    def grow(n_models, n_versions, n_tasks):
        models = RegisteredModel.objects.bulk_create(
            RegisteredModel(name=f"iris-{next(NUMBERS)}", description="A copy.")
            for _ in range(n_models)
        )
        last = version.model.versions.count()
        copies = [copy(version, model, number) for model in models for number in (1, 2)]
        copies += [copy(version, version.model, last + n) for n in range(1, n_versions + 1)]
        Event.objects.bulk_create(
            Event(model=each.model, kind="registration", to_version=each)
            for each in ModelVersion.objects.bulk_create(copies)
        )
        now = timezone.now()
        Task.objects.bulk_create(
            Task(title=f"Task {n}", due_at=now, created_at=now, updated_at=now)
            for n in range(n_tasks)
        )

    return grow


def measure(client):
    """The number of queries and the weight of each page, at its second request."""
    figures = {}
    for url in PAGES:
        client.get(url, **BROWSER)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url, **BROWSER)
        assert response.status_code == 200, url
        figures[url] = (len(queries), len(response.content))
    return figures


def test_pages_of_a_large_site_take_no_more_queries_and_have_a_limited_weight(admin_client, grow):
    grow(60, 5, 150)
    small = measure(admin_client)
    grow(140, 45, 850)
    large = measure(admin_client)
    assert {url: n for url, (n, _) in large.items()} == {url: n for url, (n, _) in small.items()}
    assert {url: size for url, (_, size) in large.items() if size > MAX_BYTES} == {}


@pytest.fixture
def wide(iris):
    """Models with 500 columns, outputs and classes, and the columns of each."""
    rng = np.random.default_rng(0)
    n = 500
    many, few = rng.normal(size=(30, n)), rng.normal(size=(2 * n, 2))
    labels = np.repeat([f"class number {number}" for number in range(n)], 2)
    columns = [Column(f"expression_of_gene_{number}", "Expression") for number in range(n)]
    for name, estimator, X, names in (
        ("columns", Ridge().fit(many, rng.normal(size=30)), many, columns),
        ("outputs", LinearRegression().fit(few, rng.normal(size=(2 * n, n))), few, columns[:2]),
        ("classes", GaussianNB().fit(few, labels), few, columns[:2]),
    ):
        registry.promote(register(name, Fitted(estimator, X, names, "Wide.")))
    get_store().refresh()
    names = [column.name for column in columns]
    return {"columns": names, "outputs": names[:2], "classes": names[:2]}


def test_pages_of_a_model_with_many_columns_outputs_or_classes_are_cut(api, admin_client, wide):
    pages = {}

    def open_page(name, response):
        assert response.status_code == 200, name
        pages[name] = response.content.decode()

    for model, columns in wide.items():
        row = dict.fromkeys(columns, 0.25)
        table = "\n".join([",".join(columns), *[",".join(["0.25"] * len(columns))] * 30])
        outputs = ["predict", *["predict_proba"] * (model == "classes")]
        home, predict = f"/models/{model}/", f"/models/{model}/predict"
        for name, url in {
            "model": home,
            "version": f"{home}versions/1",
            "form": predict,
            "JSON tab": f"{predict}?format=api",
            "form for a table": f"{predict}/table",
            "reference": f"/schema/?model={model}",
        }.items():
            open_page(f"{model}: {name}", api.get(url, **BROWSER))
        for name, rows in (("row", row), ("rows", [row] * 30)):
            answer = api.post(f"{predict}?outputs={','.join(outputs)}", rows, **BROWSER)
            open_page(f"{model}: {name}", answer)
        form = {"table": table, "_outputs": outputs}
        answer = api.post(f"{predict}/table", form, format="multipart", **BROWSER)
        open_page(f"{model}: table", answer)
        version = ModelVersion.objects.get(model__name=model)
        url = f"/admin/predictor/modelversion/{version.pk}/change/"
        open_page(f"{model}: admin", admin_client.get(url))
    assert {name: len(page) for name, page in pages.items() if len(page) > MAX_BYTES} == {}
    assert 'name="expression_of_gene_0"' not in pages["columns: form"]
    for name, sentence in {
        "columns: admin": "The first 100 of 500 columns.",
        "classes: admin": "class number 115 and 480 more",
        "columns: model": "The page shows the first 100 of 500 columns. The JSON has all.",
        "columns: form": "The model has 500 columns, too many for a form with an input for each.",
        "columns: reference": "The table has the first 100 of 500. The JSON has all.",
        "columns: row": "The prediction is",
        "columns: rows": "The text is too long to stay in the form.",
        "columns: table": "The table shows 1 of 1 outputs and 50 of 500 columns.",
        "classes: model": "and others, 500 in all",
        "classes: row": "Only the 20 of 500 classes with the largest numbers are shown.",
        "classes: rows": "The table shows the first 100 of 501 columns.",
    }.items():
        assert sentence in pages[name], name


def test_json_lists_all_models_in_as_many_queries(api, grow, django_assert_num_queries):
    grow(200, 0, 0)
    with django_assert_num_queries(2):
        cards = api.get("/models/").json()
    assert len(cards) == 201
    assert [len(card["versions"]) for card in cards] == [1] + 200 * [2]


@pytest.mark.parametrize("url", ["/", "/models/"])
def test_a_list_of_models_has_pages(api, grow, url):
    grow(60, 0, 0)

    def read(query):
        """The number of models, the numbers of the linked pages, and the range."""
        page = api.get(f"{url}{query}", **BROWSER).content.decode()
        links = re.findall(r'page=(\d+)[^"]*" rel="(prev|next)"', page)
        return page.count('href="/models/iris'), links, "Models 51 to 61 of 61." in page

    per_model = 2  # a link to the model, and one to its form
    assert read("") == (25 * per_model, [("2", "next")], False)
    assert read("?page=2") == (25 * per_model, [("1", "prev"), ("3", "next")], False)
    assert read("?page=3") == (11 * per_model, [("2", "prev")], True)
    assert read("?page=99") == read("?page=x&page=3") == read("?page=3")
    assert read("?page=x") == read("?page=1")
    assert read("?search=IRIS-&page=3")[0] == 10 * per_model
    assert read("?search=a+copy&page=3")[0] == 10 * per_model


def test_the_json_tab_of_a_list_says_that_it_is_a_part(api, grow):
    sentence = b"The page shows a part of the list. A program receives all of it."
    assert sentence not in api.get("/models/?format=api", **BROWSER).content
    grow(60, 0, 0)
    assert sentence in api.get("/models/?format=api", **BROWSER).content
    assert sentence not in api.get("/?format=api", **BROWSER).content


def test_the_json_tab_of_the_models_names_the_models_that_it_shows(api, grow):
    grow(60, 0, 0)
    page = api.get("/models/?format=api&page=2", **BROWSER).content.decode()
    assert "Models 26 to 50 of 61." in page
    assert re.findall(r'href="[^"]*format=api&amp;page=(\d)" rel="(prev|next)"', page) == [
        ("1", "prev"),
        ("3", "next"),
    ]
    assert "Models 1 to" not in api.get("/?format=api", **BROWSER).content.decode()


def test_a_search_limits_the_json_too(api, grow):
    grow(3, 0, 0)
    names = [card["name"] for card in api.get("/models/?search=A%20COPY").json()]
    assert len(names) == 3
    assert "iris" not in names
    assert b"No model matches." in api.get("/models/?search=nothing", **BROWSER).content


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (201 * "a", "search takes at most 200 characters."),
        ("a%00b", "search takes no null characters."),  # PostgreSQL refuses them
    ],
)
def test_an_invalid_search_is_refused(api, iris, text, sentence):
    for url in ("/", "/models/"):
        response = api.get(f"{url}?search={text}", **BROWSER)
        assert response.status_code == 400
        assert sentence in response.content.decode()


def test_a_long_response_is_cut_on_its_page(api, iris):
    page = api.get("/schema/?format=api", **BROWSER).content.decode()
    assert "The page shows the first 60,000 characters of the response." in page
    assert "The page shows" not in api.get("/models/iris/?format=api", **BROWSER).content.decode()
