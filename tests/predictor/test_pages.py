"""HTML pages of models for all kinds of signatures."""

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import FunctionTransformer

from predictor import registry
from predictor.api import model_page
from predictor.core.signature import Column
from predictor.models import ModelVersion
from predictor.recipes import Fitted
from predictor.registry import registration, storage
from predictor.runtime.store import get_store
from tests.browser_requests import BROWSER
from tests.predictor.fitted import register as register_fitted
from tests.predictor.fitted import write


def serve_odd(fitted, columns):
    odd = Fitted(fitted.estimator, fitted.X, columns, "Odd.", {"accuracy": 0.5})
    registry.promote(register_fitted("odd", odd))
    get_store().refresh()


def test_a_column_of_any_name_and_meaning_is_an_input(api, iris, fitted):
    columns = [Column("sepal length (cm)", "<b>bold</b> & long"), Column('a"b/c')]
    serve_odd(fitted, columns)
    page = api.get("/models/odd/predict", **BROWSER).content.decode()
    assert 'name="sepal length (cm)"' in page
    assert 'name="a&quot;b/c"' in page
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; long" in page
    ids = re.findall(r'<input id="(field-[^"]*)"', page)
    assert ids == ["field-sepal%20length%20%28cm%29", "field-a%22b%2Fc"]
    for each in ids:
        assert f'<label for="{each}"' in page
        assert f'aria-describedby="{each}-help"' in page
        assert f'id="{each}-help"' in page


@pytest.mark.parametrize(("n_columns", "length"), [(2000, 5), (200, 1000)])
def test_pages_of_a_wide_model_are_short(api, iris, n_columns, length):
    X = np.random.default_rng(0).normal(size=(50, n_columns))
    y = np.arange(50) % 3
    columns = [Column(f"{n}".ljust(length, "<")) for n in range(n_columns)]
    wide = Fitted(GaussianNB().fit(X, y), X, columns, "")
    registry.promote(register_fitted("wide", wide))
    get_store().refresh()
    paths = ("", "/versions/1", "/predict", "/predict?example=1", "/predict/table")
    pages = {path: api.get(f"/models/wide{path}", **BROWSER).content for path in paths}
    assert {path: len(page) for path, page in pages.items() if len(page) > 150_000} == {}
    assert f"The page shows the first 100 of {n_columns} columns." in pages[""].decode()
    assert f"The model has {n_columns} columns, too many" in pages["/predict"].decode()
    row = {column.name: 0.5 for column in columns}
    answer = api.post("/models/wide/predict", row, **BROWSER)
    assert (answer.status_code, b"The prediction is" in answer.content) == (200, True)


def test_class_names_are_on_pages_escaped_and_not_in_predictions(api, iris, fitted):
    columns = [Column("a"), Column("b")]
    odd = Fitted(fitted.estimator, fitted.X, columns, "", class_names={0: "<b>bold</b>"})
    registry.promote(register_fitted("odd", odd))
    get_store().refresh()
    name = '<span class="class-name">&lt;b&gt;bold&lt;/b&gt;</span>'
    assert f"<code>0</code> {name}" in api.get("/models/odd/", **BROWSER).content.decode()
    row, url = {"a": 5.1, "b": 3.5}, "/models/odd/predict?outputs=predict,predict_proba"
    page = api.post(url, row, **BROWSER).content.decode()
    assert "The prediction is <b>&lt;b&gt;bold&lt;/b&gt;</b> (class 0)." in page
    assert f'<th scope="row">0 {name}' in page
    answer = api.post(url, row).json()
    assert (answer["prediction"], list(answer["probabilities"])) == (0, ["0", "1", "2"])
    assert api.get("/models/odd/").json()["class_names"] == {"0": "<b>bold</b>"}


def test_a_model_without_a_live_version_offers_no_prediction(api, iris):
    ModelVersion.objects.update(state=ModelVersion.State.READY)
    get_store().refresh()
    for address in ("/models/iris/", "/models/", "/"):
        response = api.get(address, **BROWSER)
        assert response.status_code == 200
        assert b"Try iris" not in response.content
    response = api.get("/models/iris/predict", **BROWSER)
    assert response.status_code == 200
    assert b"<textarea" not in response.content


def test_the_pages_of_an_unpublished_model_say_so(staff_api, iris):
    notice = b"iris has no live version."
    addresses = ("/models/iris", "/models/iris/predict", "/predict")
    for address in addresses:
        assert notice not in staff_api.get(address, **BROWSER).content
    response = staff_api.post("/models/iris/unpublish", {}, **BROWSER)
    assert (response.status_code, response["Location"]) == (303, "/models/iris")
    assert b"No version is live any more." in staff_api.get("/models/iris", **BROWSER).content
    for address in addresses:
        assert notice in staff_api.get(address, **BROWSER).content
    response = staff_api.post("/predict", {}, **BROWSER)
    assert (response.status_code, notice in response.content) == (404, True)
    assert b"no live version" in staff_api.get("/models/", **BROWSER).content


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_model_has_a_page_without_a_form(api, iris, method):
    response = getattr(api, method)("/models/nope/predict", {}, **BROWSER)
    assert response.status_code == 404
    assert b"There is no model nope" in response.content
    assert b"<textarea" not in response.content


def test_a_body_of_another_type_is_a_page_too(api, iris):
    response = api.post("/predict", "X1=1", content_type="text/plain", **BROWSER)
    assert response.status_code == 415
    assert b"Unsupported media type" in response.content


def test_a_form_of_a_signed_in_user_is_read(staff, client, iris):
    client.force_login(staff)
    response = client.post("/predict", {"X1": "61.1", "X2": "17.3"})
    assert (response.status_code, response.json()) == (200, {"prediction": 2})


def test_an_empty_input_is_a_missing_column(client, iris):
    response = client.post("/predict", {"X1": "61.1", "X2": ""})
    assert response.status_code == 400
    assert response.json() == {"X2": ["This column is missing."]}


@pytest.mark.parametrize("column", ["items", "detail", "keys"])
def test_a_column_may_have_the_name_of_a_python_method(api, iris, fitted, column):
    columns = [Column(column), Column("X2")]
    serve_odd(fitted, columns)
    response = api.post("/models/odd/predict", {"X2": ""}, format="multipart", **BROWSER)
    assert response.status_code == 400
    assert b"This column is missing." in response.content


def raw_data(response):
    """The text in the box of raw data."""
    box = r'<textarea name="_content"[^>]*>\n(.*?)</textarea>'
    return unescape(re.search(box, response.content.decode(), re.DOTALL)[1])


def cells(response):
    """The table of an answer to many rows, as text."""
    table = re.search(r'<section class="answer".*?</section>', response.content.decode(), re.DOTALL)
    rows = re.findall("<tr>(.*?)</tr>", table[0], re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)\s*</t[hd]>", row, re.DOTALL) for row in rows]


def post_raw(api, text, address="/predict"):
    return api.post(address, text, content_type="application/json", **BROWSER)


@pytest.mark.parametrize("address", ["/predict", "/predict/table"])
def test_a_form_that_cannot_be_parsed_is_refused_on_a_page(api, iris, address):
    for query in ("", "?why=1"):
        response = api.post(address + query, "--b", content_type="multipart/form-data", **BROWSER)
        assert (query, response.status_code) == (query, 400)


def test_a_deeply_nested_row_is_refused_on_a_page(api, iris):
    for depth in (100, 500, 900, 1000):
        response = post_raw(api, '{"X1": ' + "[" * depth + "]" * depth + ', "X2": 1}')
        assert (depth, response.status_code) == (depth, 400)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"X1": "61.1",   "X2": 17.30}', 200),
        ('[{"X1": 61.1, "X2": 17.3},\n {"X1": 5.1, "X2": 3.5}]', 200),
        ('{"X1": 61.1, "X3": "</textarea>"}', 400),
        ("5", 400),
        ("not <JSON> \u00e9", 400),
    ],
)
def test_raw_data_stays_as_it_was_typed_in_the_open_tab(api, iris, text, status):
    response = post_raw(api, text)
    assert response.status_code == status
    assert raw_data(response) == text
    assert re.search(rb"<details open>\s*<summary>One or many rows", response.content)


def test_a_row_from_the_form_is_the_raw_data_too(api, iris):
    response = api.post("/predict", {"X1": "61.1", "X2": "17.30"}, format="multipart", **BROWSER)
    assert json.loads(raw_data(response)) == {"X1": "61.1", "X2": "17.30"}
    assert re.search(rb"<details>\s*<summary>One or many rows", response.content)


def test_the_predictions_of_many_rows_are_a_table(api, iris):
    rows = json.dumps([{"X1": 61.1, "X2": 17.3}, {"X1": 5.1, "X2": 3.5}])
    assert cells(post_raw(api, rows)) == [
        ["row", "predictions"],
        ["0", '2 <span class="class-name">virginica</span>'],
        ["1", '0 <span class="class-name">setosa</span>'],
    ]
    both = cells(post_raw(api, rows, "/predict?outputs=predict,predict_proba"))
    assert both[0] == ["row", "predictions", "probabilities"]
    assert '<b>2</b> <span class="class-name">virginica</span> 0.510' in both[1][2]
    assert cells(post_raw(api, "[]")) == [["row", "predictions"], ["No rows."]]


@pytest.fixture
def two_outputs(iris, fitted):
    """A classifier of two outputs whose classes have names, and its labels."""
    y = np.stack([fitted.X[:, 0] > 5.5, fitted.X[:, 1] > 3], axis=1).astype(int)
    estimator = MultiOutputClassifier(LogisticRegression()).fit(fitted.X, y)
    columns = [Column("a"), Column("b")]
    names = {0: "small", 1: "large"}
    both = Fitted(estimator, fitted.X, columns, "", class_names=names)
    registry.promote(register_fitted("both", both))
    get_store().refresh()
    return estimator


def test_the_prediction_of_several_outputs_is_in_words_for_each(api, two_outputs):
    row = [6.5, 2.5]
    url = "/models/both/predict?outputs=predict,predict_proba"
    page = api.post(url, {"a": row[0], "b": row[1]}, **BROWSER).content.decode()
    answer = re.search(r'<section class="answer".*?</section>', page, re.DOTALL)[0]
    first, second = re.split("<h2>Output [01]</h2>", answer)[1:]
    shares = [each[0, 1] for each in two_outputs.predict_proba([row])]
    assert two_outputs.predict([row]).tolist() == [[1, 0]]
    for text, (label, name), share in zip(
        (first, second), [(1, "large"), (0, "small")], shares, strict=True
    ):
        assert f"The prediction is <b>{name}</b> (class {label})." in text
        assert f'<span class="class-name">large</span></th><td>{share:.3f}</td>' in text


def test_several_outputs_have_the_names_of_their_targets(api, two_outputs, fitted):
    both = Fitted(two_outputs, fitted.X, [Column("a"), Column("b")], "")
    with storage.staging() as staged:
        inspection, origin = write(both, staged)
        evaluated = replace(inspection, evaluation={"target": ["long <leaf>", "wide leaf"]})
        registration.admit("both", staged, evaluated, origin)
    address = "/models/both/versions/2/predict"
    page = api.post(address, {"a": 6.5, "b": 2.5}, **BROWSER).content.decode()
    assert re.findall("<h2>(.*?)</h2>", page) == ["long &lt;leaf&gt;", "wide leaf"]


def test_many_rows_of_several_outputs_are_columns_of_numbers(api, two_outputs):
    rows = json.dumps([{"a": 6.5, "b": 2.5}, {"a": 4.5, "b": 3.5}])
    table = cells(post_raw(api, rows, "/models/both/predict?outputs=predict,predict_proba"))
    assert table[0] == [
        "row",
        *("predictions 0", "predictions 1"),
        *("probabilities 0 0", "probabilities 0 1", "probabilities 1 0", "probabilities 1 1"),
    ]
    large, small = (f'<span class="class-name">{name}</span>' for name in ("large", "small"))
    assert [row[1:3] for row in table[1:]] == [
        [f"1 {large}", f"0 {small}"],
        [f"0 {small}", f"1 {large}"],
    ]


def test_many_rows_or_outputs_are_shortened(api, iris, fitted):
    y = np.arange(25) * fitted.X[:, :1]
    many = Fitted(LinearRegression().fit(fitted.X, y), fitted.X, [Column("a"), Column("b")], "")
    registry.promote(register_fitted("many", many))
    get_store().refresh()
    page = api.post("/models/many/predict", {"a": 2, "b": 3}, **BROWSER).content.decode()
    assert page.count("<h2>Output ") == 20
    assert "The page shows the first 20 of 25 outputs." in page
    page = post_raw(api, json.dumps(100 * [{"a": 2, "b": 3}]), "/models/many/predict")
    assert "The table shows the first 40 of 100 rows." in page.content.decode()


def test_the_page_shows_infinities_and_nan_as_json_does(api, iris):
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    log = Fitted(FunctionTransformer(np.log).fit(X), X, [Column("a"), Column("b")], "Log.", {})
    registry.promote(register_fitted("log", log))
    get_store().refresh()
    with np.errstate(all="ignore"):
        page = post_raw(api, '{"a": 0, "b": -1}', "/models/log/predict").content.decode()
        table = cells(post_raw(api, '[{"a": 0, "b": 1}]', "/models/log/predict"))
    assert "<dd>[&quot;-Infinity&quot;, null]" in page
    assert list(map(unescape, table[1])) == ["0", '["-Infinity", 0.0]']


def test_the_table_shows_the_first_hundred_rows(api, iris):
    response = post_raw(api, json.dumps([{"X1": 5.1, "X2": 3.5}] * 150))
    assert cells(response)[-1] == ["99", '0 <span class="class-name">setosa</span>']
    assert b"The table shows the first 100 of 150 rows." in response.content


# Tables


@pytest.mark.parametrize("name", ["_outputs", "table"])
def test_only_the_table_may_be_a_file(api, iris, name):
    fields = {"table": "X1,X2\n1,2", name: SimpleUploadedFile("a.csv", b"a")}
    for headers in ({}, BROWSER):
        response = api.post("/predict/table", fields, format="multipart", **headers)
        assert response.status_code == 400
        assert f"{name} is a file. Send its value as a text." in response.content.decode()


def test_a_table_is_json_for_programs(api, iris):
    file = SimpleUploadedFile("rows.csv", b"X1,X2\n5.1,3.5\n,3\n")
    response = api.post("/models/iris/predict/table", {"file": file}, format="multipart")
    assert (response.status_code, response.json()) == (
        200,
        {
            "columns": {"predictions": [0]},
            "n_rows": 2,
            "extra_columns": [],
            "refused": [{"line": 3, "problem": "No value in X1."}],
        },
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            b"",
            "There is no table. Paste rows with a header (field table), or choose a CSV file",
        ),
        (b"X1\n1", "The table lacks the columns X2. Its header is: X1."),
        (b"\xff", "The file is not UTF-8 text. Save the table as CSV in UTF-8."),
        (b"X1,X2\n1,\n", "1 refused row"),
    ],
)
def test_a_table_that_cannot_be_predicted_is_a_page_that_says_so(api, iris, data, sentence):
    data = {"file": SimpleUploadedFile("rows.csv", data)} if data else {"table": " "}
    address = "/models/iris/versions/1/predict/table"
    page = api.post(address, data, format="multipart", **BROWSER).content.decode()
    assert sentence in page
    assert "Download as CSV" in page


def test_a_table_has_the_requested_outputs(api, iris):
    for address, form in [
        ("/predict/table?outputs=predict,decision_function", {}),
        ("/predict/table", {"_outputs": ["predict", "decision_function"]}),
    ]:
        response = api.post(address, form | {"table": "X1,X2\n5.1,3.5"}, format="multipart")
        assert list(response.json()["columns"]) == [
            "predictions",
            "decisions 0",
            "decisions 1",
            "decisions 2",
        ]


@pytest.mark.parametrize(
    ("query", "field", "problem"),
    [
        ("", "outputs", "Unknown field; a table takes file, table, _outputs, _download."),
        (
            "?range=report",
            "range",
            "No such query parameter; the parameters are outputs, format.",
        ),
    ],
)
def test_an_unknown_option_of_a_table_is_a_400(api, iris, query, field, problem):
    form = {"table": "X1,X2\n5.1,3.5", **({} if query else {field: "predict"})}
    response = api.post(f"/predict/table{query}", form, format="multipart")
    assert (response.status_code, response.json()) == (400, {field: [problem]})


@pytest.mark.parametrize("cell", ["4.5", "é"])
@pytest.mark.parametrize("is_file", [False, True])
def test_a_long_table_does_not_stay_in_the_form(api, iris, cell, is_file):
    table = "X1,X2,other\n" + f"5.1,3.5,{cell}\n" * 4000
    form = {"file": SimpleUploadedFile("rows.csv", table.encode())} if is_file else {"table": table}
    response = api.post("/predict/table", form, format="multipart", **BROWSER)
    page = response.content.decode()
    assert "4000 of 4000 rows predicted." in page
    assert "The table is too long to stay in the form." in page
    assert "5.1,3.5" not in page
    assert len(page) < 20_000


def test_the_json_tab_of_a_table_has_the_options(api, iris):
    page = api.get("/predict/table?format=api", **BROWSER).content.decode()
    assert ">OPTIONS</button>" in page
    assert "<textarea" not in page


def test_a_table_counts_lines_shows_refused_cells_and_names_classes(api, iris):
    table = "X1,X2\n5.1,3.5\n\nwide,3\n61.1,17.3\n"
    page = api.post("/predict/table", {"table": table}, format="multipart", **BROWSER)
    text = page.content.decode()
    assert "<li>Line 4, <code>wide, 3</code>: X1: Expected a number;" in text
    rows = re.findall(r'<tr><th scope="row">(\d+)</th><td><b>(\d)</b> (.*?)</td>', text)
    assert rows == [
        ("2", "0", '<span class="class-name">setosa</span>'),
        ("5", "2", '<span class="class-name">virginica</span>'),
    ]


# Models and versions


@pytest.mark.parametrize("media_type", ["application/json", "text/csv"])
def test_a_table_of_another_media_type_is_refused_on_a_page(api, iris, media_type):
    response = api.post("/predict/table", "{}", content_type=media_type, **BROWSER)
    assert response.status_code == 415
    assert "Unsupported media type" in response.content.decode()


def test_the_pages_of_a_model_lead_its_managers_to_each_change(api, staff_api, iris, register):
    links = (
        '<a class="btn btn-default" href="/models/iris/versions#upload">Upload a version</a>',
        '<a class="btn btn-default" href="/models/iris/rollback">Roll back to version 1</a>',
        '<a class="btn btn-default" href="/models/iris/reset">Reset to version 1</a>',
    )
    registry.promote(register())
    page = api.get("/models/iris", **BROWSER).content.decode()
    assert not any(link in page for link in links)
    page = staff_api.get("/models/iris", **BROWSER).content.decode()
    assert 'href="/models/iris/unpublish">Take offline</a>' in page
    assert [link in page for link in links] == [True, True, False]  # a reset would do the same
    registry.promote(register())
    page = staff_api.get("/models/iris", **BROWSER).content.decode()
    assert "Roll back to version 2" in page
    assert links[2] in page
    registry.retire(registry.version("iris", 1))
    for number, verb in ((1, "purge"), (2, "promote"), (2, "retire")):
        address = f"/models/iris/versions/{number}"
        link = f'href="/models/iris/{verb}?version={number}"'
        assert link in staff_api.get(address, **BROWSER).content.decode()
        assert link not in api.get(address, **BROWSER).content.decode()
    upload = 'href="/admin/predictor/modelversion/add/">Upload a model</a>'
    assert upload in staff_api.get("/models/", **BROWSER).content.decode()
    assert upload not in api.get("/models/", **BROWSER).content.decode()


@pytest.mark.parametrize("address", ["/models/iris/", "/models/iris/versions/1"])
def test_the_code_of_a_closed_site_says_where_its_token_comes_from(
    staff_api, iris, settings, address
):
    sentence = (
        '<code>TOKEN</code> is the token of a user. <a href="/auth/account/">Your account</a>'
    )
    assert sentence not in staff_api.get(address, **BROWSER).content.decode()
    settings.API_ACCESS = "token"
    page = staff_api.get(address, **BROWSER).content.decode()
    assert sentence in page
    assert "Bearer {TOKEN}" in page


def test_the_page_of_all_versions_is_a_table_with_an_upload_for_managers(
    api, staff_api, iris, register, monkeypatch
):
    page = staff_api.get("/models/iris/versions/", **BROWSER).content.decode()
    assert '<a href="/models/iris/versions/1">1</a>' in page
    assert "standard deviation of accuracy 0.0611" in page
    assert '<h2 id="upload">Upload a version</h2>' in page
    assert ">null<" not in re.sub(r"\s", "", page)
    page = api.get("/models/iris/versions/", **BROWSER).content.decode()
    assert '<a href="/models/iris/versions/1">1</a>' in page
    assert "Upload a version" not in page
    monkeypatch.setattr(model_page, "MAX_LISTED_VERSIONS", 1)
    register()
    page = api.get("/models/iris/versions/", **BROWSER).content.decode()
    assert "The table shows the newest 1 of 2 versions. The JSON has all." in page


def test_the_engine_of_a_version_that_is_not_compiled_is_an_estimator_process(api, iris):
    engines = {"engine": "scikit-learn", "reason": "It is not compiled.", "methods": {}}
    ModelVersion.objects.update(compiled="", engines=engines)
    for address in ("/models/iris/", "/models/iris/versions/"):
        page = api.get(address, **BROWSER).content.decode()
        assert '<td data-label="Engine">estimator process</td>' in page
    page = api.get("/models/iris/versions/1/", **BROWSER).content.decode()
    assert "<dt>Engine</dt><dd>estimator process</dd>" in page
    assert "<li>Engine: estimator process. It is not compiled.</li>" in page


def test_a_setting_switches_the_compiled_estimators_off(api, staff_api, iris, settings):
    settings.ENGINES = "scikit-learn"
    page = api.get("/models/iris/versions/1/", **BROWSER).content.decode()
    assert "<dt>Engine</dt><dd>estimator process</dd>" in page
    version = ModelVersion.objects.get()
    page = staff_api.get(f"/admin/predictor/modelversion/{version.pk}/change/").content.decode()
    assert "estimator process. The compiled estimator (numpy) is switched off." in page


def test_the_page_of_a_model_explains_it(api, staff_api, staff, iris, register):
    registry.promote(register(), by=staff, why="better <b>")
    get_store().refresh()
    page = api.get("/models/iris/", **BROWSER).content.decode()
    for text in (
        '<dd><a href="/models/iris/versions/2">version 2</a></dd>',
        "<dd>OneVsRestClassifier</dd>",
        "requests.post",
        "http://testserver/models/iris/predict",
        'aria-label="Distribution of X1: ',
        "<b>LogisticRegression</b> <code>estimator</code>",
        "<dt>solver</dt><dd>&#x27;liblinear&#x27;</dd>",
        "Metrics by version",
    ):
        assert text in page
    assert "History" not in page  # names of users
    page = staff_api.get("/models/iris/", **BROWSER).content.decode()
    assert "<td>Promotion</td>" in page
    assert '<td data-label="Version">1 to 2</td>' in page
    assert ">better &lt;b&gt;</td>" in page
    staff_api.post("/models/iris/unpublish", {}, **BROWSER)
    page = staff_api.get("/models/iris/", **BROWSER).content.decode()
    assert "Make a version live" in page
    assert '<a class="btn btn-default" href="/models/iris/versions/2">Version 2</a>' in page


def test_the_page_of_a_version_explains_it_too(api, staff_api, staff, iris, register):
    registry.promote(register(), by=staff, why="better")
    register()
    page = api.get("/models/iris/versions/2", **BROWSER).content.decode()
    for text in (
        '<p class="lead-text">Species of an iris from its sepals.',
        "<code>predict_proba</code>",
        '<code>0</code> <span class="class-name">setosa</span>',
        "Metrics by version",
    ):
        assert text in page
    assert "History" not in page  # names of users
    page = staff_api.get("/models/iris/versions/2", **BROWSER).content.decode()
    assert re.findall(r'<td data-label="Version">(.*?)</td>', page) == ["1 to 2", "2"]


def test_the_page_of_a_version_compares_it_with_another(api, iris, register):
    register("iris", recipe="penguins")
    page = api.get("/models/iris/versions/2/?compare=1", **BROWSER).content.decode()
    assert "Comparison with version 1" in page
    assert '<th scope="row">Accuracy</th><td>0.9913</td><td>0.76</td>' in page
    assert "Pipeline of ColumnTransformer, LogisticRegression</td><td>OneVsRestClassifier" in page
    assert "<li>Only in this version: island.</li>" in page
    assert "LogisticRegression estimator: solver</th><td>default</td><td>&#x27;lib" in page
    assert "http://testserver/models/iris/versions/2/predict" in page
    assert '<span aria-current="page">Version 2</span>' in page
    for address in ("/models/iris/versions/2/?compare=2", "/models/iris/versions/2/?compare=9"):
        page = api.get(address, **BROWSER).content.decode()
        assert "There is no such other version." in page
    assert "Comparison with" not in api.get("/models/iris/versions/2/", **BROWSER).content.decode()
    register("iris", recipe="penguins")
    for query, selected in (("", "1"), ("?compare=3", "3")):
        page = api.get(f"/models/iris/versions/2/{query}", **BROWSER).content.decode()
        assert f"<option selected>{selected}</option>" in page
        assert page.count("<option") == 2


# Changes by staff


def test_the_findings_about_a_version_are_on_the_page_that_makes_it_live(staff_api, iris, register):
    new = register()
    notes, evaluation = "From a dump.\nSecond line.", {"notes": ["A class is rare."], "n_rows": 9}
    signature = {**new.signature, "class_names": {"0": "setosa"}, "methods": ["predict"]}
    ModelVersion.objects.bulk_create(
        [
            ModelVersion(
                model=new.model,
                version=3,
                artifact=new.artifact,
                format=new.format,
                sha256=new.sha256,
                size=new.size,
                signature=signature,
                notes=notes,
                evaluation=evaluation,
            )
        ]
    )
    registry.promote(new)
    page = staff_api.get("/models/iris/promote?version=3", **BROWSER).content.decode()
    for text in (
        '<th scope="col">Version 2, live now</th><th scope="col">Version 3</th>',
        '<th scope="row">Accuracy</th><td>0.76</td><td>\N{EN DASH}</td>',
        "<li>The version has no metrics, so its quality cannot be compared.</li>",
        "<li>A class is rare.</li>",
        "<li>Outputs are no longer available: decision_function, predict_proba.</li>",
        "<li>Classes no longer have names: 1, 2.</li>",
        "<h2>Notes of version 3</h2>",
        "<li>From a dump.</li><li>Second line.</li>",
    ):
        assert text in page
    assert re.search(r'<input id="field-version" name="version"[^>]* readonly[^>]* value="3"', page)
    for change in ("rollback", "reset"):
        page = staff_api.get(f"/models/iris/{change}", **BROWSER).content.decode()
        assert 'Version 2, live now</th><th scope="col">Version 1</th>' in page
        assert (
            "<p>There are no warnings, and clients need not change. Compare the metrics above.</p>"
            in page
        )


def test_the_pages_of_changes_offer_the_versions_that_they_can_concern(staff_api, iris, register):
    register()
    registry.retire(register())
    offered = {"promote": ["2"], "retire": ["2"], "purge": ["3"], "unpublish": []}
    for change, numbers in offered.items():
        page = staff_api.get(f"/models/iris/{change}", **BROWSER).content.decode()
        assert re.findall(r'href="\?version=(\d+)"', page) == numbers
        assert "Before you go on" not in page
    for number in (1, 3, 9):  # the live version, a retired one, and none
        page = staff_api.get(f"/models/iris/promote?version={number}", **BROWSER).content.decode()
        assert "Before you go on" not in page


def test_a_change_redirects_a_browser_to_the_card_with_one_message(staff_api, iris):
    response = staff_api.post("/models/iris/reset", **BROWSER)
    assert (response.status_code, response["Location"]) == (303, "/models/iris")
    notice = b"Version 1 is live."
    assert notice in staff_api.get("/models/iris", **BROWSER).content
    assert notice not in staff_api.get("/models/iris", **BROWSER).content
    assert staff_api.post("/models/iris/reset").json()["live_version"] == 1


def test_the_page_of_a_retired_and_of_a_purged_version_says_so(staff_api, iris, register):
    registry.promote(register())
    staff_api.post("/models/iris/retire", {"version": 1}, **BROWSER)
    page = staff_api.get("/models/iris", **BROWSER).content
    assert (b"Version 1 is retired." in page, b"file deleted" in page) == (True, False)
    staff_api.post("/models/iris/purge", {"version": 1}, **BROWSER)
    page = staff_api.get("/models/iris", **BROWSER).content
    assert b"The files of version 1 are deleted." in page
    assert b"retired</span> file deleted" in page


CHANGES = {
    "train": ("Train iris", "Train and make live"),
    "promote": ("Make a version of iris live", "Make live"),
    "promote?version=1": ("Make version 1 of iris live", "Make live"),
    "rollback": ("Roll iris back to an earlier version", "Roll back"),
    "reset": ("Reset iris to version 1", "Reset"),
    "unpublish": ("Take iris offline", "Take offline"),
    "retire?version=1": ("Retire version 1 of iris", "Retire"),
    "purge?version=1": ("Delete the files of version 1 of iris", "Delete the files"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_address_of_a_change_opens_as_its_form(staff_api, iris, change):
    heading, button = CHANGES[change]
    address = f"/models/iris/{change}"
    response = staff_api.get(address, **BROWSER)
    page = response.content.decode()
    assert response.status_code == staff_api.head(address, **BROWSER).status_code == 200
    assert f"<h1>{heading}</h1>" in page
    assert f'<button class="btn btn-primary">{button}</button>' in page
    response = staff_api.get(address)
    detail = 'Method "GET" not allowed. Allowed: POST.'
    assert (response.status_code, response.json()) == (405, {"detail": detail})
    tab = staff_api.get(address, {"format": "api"}, **BROWSER)
    assert (tab.status_code, detail in unescape(tab.content.decode())) == (405, True)
    assert b"not allowed" in staff_api.put(address, **BROWSER).content


def test_the_heading_of_a_rollback_names_the_version(staff_api, iris, register):
    registry.promote(register())
    page = staff_api.get("/models/iris/rollback", **BROWSER).content.decode()
    assert "<h1>Roll iris back to version 1</h1>" in page


def test_only_a_model_that_exists_or_can_be_trained_has_forms_of_changes(staff_api, models_dir):
    for change in ("train", "promote", "unpublish"):
        assert staff_api.get(f"/models/nope/{change}", **BROWSER).status_code == 404
    assert staff_api.get("/models/penguins/promote", **BROWSER).status_code == 404
    assert staff_api.get("/models/penguins/train", **BROWSER).status_code == 200
