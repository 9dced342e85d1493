"""Versions over HTTP: registration, cards, predictions and changes of state."""

import json
import re
import zipfile
from contextlib import ExitStack

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from sklearn.metrics import r2_score

from predictor import registry
from predictor.isolation import messages
from predictor.isolation.supervisor_client import SupervisorClient
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.registry import storage
from predictor.runtime.store import get_store
from tests.predictor.fitted import states
from tests.serving import ROOT

ROW = {"X1": 5.9, "X2": 3.0}
OLD_VERSIONS = ROOT / "tests" / "data" / "old_versions"


@pytest.fixture
def three(iris, register):
    """Three versions of iris; the first one is live."""
    register()
    register()


def upload(client, url, path, **fields):
    artifact = SimpleUploadedFile(path.name, path.read_bytes())
    return client.post(url, {"artifact": artifact, **fields}, format="multipart")


def test_a_page_registers_the_same_upload_once_and_promotes_nothing(
    staff_api, admin_client, models_dir, brought
):
    url, browser = "/models/sums/versions/", {"HTTP_ACCEPT": "text/html"}
    file = brought / "sums.skops"
    assert upload(staff_api, url, file).status_code == 201
    page = staff_api.get(url, **browser).content.decode()
    assert 'name="promote"' not in page
    key = re.search(r'name="form_key" value="([^"]{20,})"', page)[1]

    def submit(key, **fields):
        """The address of the version to which the form leads."""
        artifact = SimpleUploadedFile(file.name, file.read_bytes())
        fields = {"artifact": artifact, "form_key": key, **fields}
        return staff_api.post(url, fields, format="multipart", **browser)["Location"]

    sample = SimpleUploadedFile("sample.csv", b"a,b\n1,2\n")
    assert [
        submit(key),
        submit(key),  # again
        submit(key, note="After going back."),
        submit(key, sample=sample),
        submit("the key of another page"),
        submit(""),
        submit(""),  # without a key, as other sites may send it
    ] == [f"/models/sums/versions/{number}" for number in (2, 2, 3, 4, 5, 6, 7)]
    assert registry.live_versions() == {}
    page = staff_api.get("/models/sums/versions/2", **browser).content.decode()
    assert "Version 2 is registered. It is ready." in page
    assert "Findings of the registration" in page
    assert 'href="/models/sums/promote?version=2">Make live</a>' in page


def test_the_admin_registers_the_same_upload_once(admin_client, models_dir, brought):
    url, file = "/admin/predictor/modelversion/add/", brought / "sums.skops"
    page = admin_client.get(url).content.decode()
    key = re.search(r'name="form_key" value="([^"]{20,})"', page)[1]
    assert 'name="promote"' not in page
    for _ in range(2):
        artifact = SimpleUploadedFile(file.name, file.read_bytes())
        form = {"model": "sums", "artifact": artifact, "form_key": key}
        assert admin_client.post(url, form).status_code == 302
    assert ModelVersion.objects.count() == 1


def test_no_more_than_two_files_are_inspected_at_once(staff_api, models_dir, brought, admin_client):
    url, path = "/models/sums/versions/", brought / "sums.skops"
    with ExitStack() as stack:
        stack.enter_context(storage.staging())
        assert upload(staff_api, url, path).status_code == 201
        stack.enter_context(storage.staging())
        response = upload(staff_api, url, path)
        detail = "2 models are inspected already. Try again in a moment."
        assert (response.status_code, response.json()) == (503, {"detail": detail})
        assert response["Retry-After"] == "1"
        form = {"model": "sums", "artifact": SimpleUploadedFile(path.name, path.read_bytes())}
        page = admin_client.post("/admin/predictor/modelversion/add/", form)
        assert (page.status_code, detail in page.content.decode()) == (200, True)
    assert upload(staff_api, url, path).status_code == 201


def test_a_staging_directory_of_an_ended_process_takes_no_place(models_dir, staff_api, brought):
    for name in ("a", "b"):
        (models_dir / f"{storage.STAGED}{name}").mkdir(parents=True)
    response = upload(staff_api, "/models/sums/versions/", brought / "sums.skops")
    assert response.status_code == 201


def test_an_upload_creates_a_model_that_predicts(staff_api, models_dir, brought, regression):
    fields = {"metrics": '{"r2": 0.93}', "columns": "", "note": "two sums", "promote": "true"}
    response = upload(staff_api, "/models/sums/versions/", brought / "sums.skops", **fields)
    version = response.json()
    assert response.status_code == 201, version
    assert response["Location"] == "http://testserver/models/sums/versions/1"
    row = ModelVersion.objects.get()
    assert version == {
        "model": "sums",
        "version": 1,
        "state": "live",
        "created_at": version["created_at"],
        "purged_at": None,
        "inputs": [
            {
                "name": name,
                "description": "",
                "dtype": "float64",
                "required": True,
                "nullable": False,
                "range": None,
                "example": None,
            }
            for name in ("x0", "x1")
        ],
        "outputs": ["predict"],
        "classes": None,
        "class_names": {},
        "metrics": {"r2": 0.93},
        "evaluation": {},
        "estimator": "LinearRegression",
        "format": "skops",
        "sha256": row.sha256,
        "size": (brought / "sums.skops").stat().st_size,
        "fitted_with": row.fitted_with,
        "engines": row.engines,
        "use_compiled": True,
        "source": "upload of sums.skops",
        "notes": "two sums",
    }
    assert staff_api.get(response["Location"]).json() == version
    answer = staff_api.post("/models/sums/predict", [{"x0": 7, "x1": 0.5}])
    assert answer.json() == {"predictions": regression.predict([[7, 0.5]]).tolist()}
    assert list(Event.objects.values_list("kind", "by")) == [
        ("registration", "sam"),
        ("promotion", "sam"),
    ]


def test_an_upload_describes_the_model_and_its_columns(staff_api, models_dir, brought):
    url, path = "/models/sums/versions/", brought / "sums.skops"
    fields = {"description": "Sums.", "columns": '{"x1": "second number"}', "promote": "true"}
    version = upload(staff_api, url, path, **fields).json()
    assert [column["description"] for column in version["inputs"]] == ["", "second number"]
    assert staff_api.get("/models/sums/").json()["description"] == "Sums."
    version = upload(staff_api, url, path, columns='{"a": "first", "b": "second"}').json()
    assert [(c["name"], c["description"]) for c in version["inputs"]] == [
        ("a", "first"),
        ("b", "second"),
    ]
    assert staff_api.get("/models/sums/").json()["description"] == "Sums."
    row = {"a": 7, "b": 0.5}
    assert staff_api.post("/models/sums/versions/2/predict", row).status_code == 200
    upload(staff_api, url, path, description="Sums of two numbers.")
    assert staff_api.get("/models/sums/").json()["description"] == "Sums of two numbers."


def test_a_sample_adds_dtypes_and_ranges_to_the_columns(staff_api, iris, brought):
    sample = SimpleUploadedFile("sample.csv", b"x0,x1\n1,2\n3,-4\n")
    response = upload(
        staff_api, "/models/sums/versions", brought / "sums.skops", sample=sample, promote="false"
    )
    assert response.status_code == 201
    assert [(c["range"], c["example"]) for c in response.json()["inputs"]] == [
        ([1.0, 3.0], 1.0),
        ([-4.0, 2.0], 2.0),
    ]
    assert response.json()["inputs"][1]["counts"] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert states("sums") == {1: "ready"}


TEST_DATA = b"total,x1,x0\n1,0,0\n3.5,0,1\n4,1,0\n9,2,1\n"


def test_test_data_evaluates_the_version(staff_api, models_dir, brought, regression, admin_client):
    test = SimpleUploadedFile("test.csv", TEST_DATA)
    fields = {"test": test, "target": "total", "metrics": '{"r2": 0.5, "weeks": 3}'}
    response = upload(staff_api, "/models/sums/versions/", brought / "sums.skops", **fields)
    assert response.status_code == 201, response.json()
    card = staff_api.get("/models/sums/versions/1/").json()
    evaluation = card["evaluation"]
    y, predicted = [1, 3.5, 4, 9], regression.predict([[0, 0], [1, 0], [0, 1], [1, 2]])
    assert [evaluation[name] for name in ("task", "target", "n_rows")] == [
        "regression",
        ["total"],
        4,
    ]
    assert evaluation["metrics"]["r2"]["value"] == pytest.approx(r2_score(y, predicted))
    mean_absolute_error = evaluation["metrics"]["mean_absolute_error"]["value"]
    assert mean_absolute_error == pytest.approx(0.125)
    assert evaluation["importance"]["metric"] == "r2"
    assert sum(count for *_, count in evaluation["predicted_values"]["cells"]) == 4
    rmse = evaluation["metrics"]["root_mean_squared_error"]["value"]
    assert card["metrics"] == {
        "r2": 0.5,  # the upload states it
        "weeks": 3,
        "mean_absolute_error": mean_absolute_error,
        "root_mean_squared_error": rmse,
    }
    page = admin_client.get(
        f"/admin/predictor/modelversion/{ModelVersion.objects.get().pk}/change/"
    ).content.decode()
    assert '<a href="/models/sums/versions/1">4 rows of test data</a>' in page
    page = staff_api.get("/models/sums/versions/1/", HTTP_ACCEPT="text/html").content.decode()
    assert '<h2 id="evaluation">Evaluation</h2>' in page
    written = json.loads((models_dir / "sums" / "1" / "card.json").read_text())
    assert written["evaluation"] == ModelVersion.objects.get().evaluation == evaluation


def test_wrong_test_data_registers_nothing(staff_api, models_dir, brought, admin_client):
    url, path = "/models/sums/versions/", brought / "sums.skops"
    test = SimpleUploadedFile("test.csv", TEST_DATA.replace(b"9,2", b"9,two"))
    response = upload(staff_api, url, path, test=test, target="total")
    sentence = (
        "The test data cannot be read. x1: Row at index 3: Expected a number; got a string that is "
        "not a finite number."
    )
    assert (response.status_code, response.json()) == (400, {"test": [sentence]})
    response = upload(staff_api, url, path, target="total")
    sentence = "target needs test: test data, and the name of its column to predict."
    assert (response.status_code, response.json()) == (400, {"test": [sentence]})
    form = {
        "model": "sums",
        "artifact": SimpleUploadedFile(path.name, path.read_bytes()),
        "test": SimpleUploadedFile("test.csv", TEST_DATA),
    }
    page = admin_client.post("/admin/predictor/modelversion/add/", form)
    assert "test needs target: test data, and the name" in page.content.decode()
    assert not RegisteredModel.objects.exists()


def test_an_upload_may_allow_another_version_of_scikit_learn(
    staff_api, admin_client, models_dir, tmp_path
):
    old = tmp_path / "tree.skops"
    with zipfile.ZipFile(OLD_VERSIONS / "1.7.zip") as archive:
        old.write_bytes(archive.read(old.name))
    response = upload(staff_api, "/models/tree/versions/", old)
    assert response.status_code == 400
    assert "an upload the field allow_version" in response.json()["artifact"][0]
    response = upload(staff_api, "/models/tree/versions/", old, allow_version="true")
    assert response.status_code == 201
    assert response.json()["notes"].startswith("Fitted with scikit-learn 1.7.2, run by ")
    form = {"model": "tree", "artifact": SimpleUploadedFile(old.name, old.read_bytes())}
    admin_client.post("/admin/predictor/modelversion/add/", form | {"allow_version": "on"})
    assert states("tree") == {1: "ready", 2: "ready"}


REFUSED = {
    "empty.skops": "The submitted file is empty.",
    "cut.skops": "The file is not a complete zip archive.",
    "pickled.skops": (
        "Pickles can execute code. Save the model with predictor.core.save instead. "
        "Only a command on the server reads pickles: `register NAME FILE --allow-pickle`."
    ),
}


@pytest.mark.parametrize(("name", "sentence"), REFUSED.items())
def test_a_file_that_is_not_a_model_is_rejected_and_leaves_nothing(
    staff_api, iris, models_dir, brought, name, sentence
):
    response = upload(staff_api, "/models/churn/versions/", brought / name)
    assert (response.status_code, response.json()) == (400, {"artifact": [sentence]})
    assert not (brought / "has run").exists()
    assert not ModelVersion.objects.filter(model__name="churn").exists()
    assert sorted(entry.name for entry in models_dir.iterdir()) == [".lock", "iris"]
    assert staff_api.post("/predict", ROW).status_code == 200


FIELDS = [
    *("artifact", "sample", "test", "target", "metrics", "description", "columns", "class_names"),
    *("note", "promote", "allow_version"),
]
NO_METRICS = 'Expected JSON, such as {"accuracy": 0.93}.'
NUMBER = "The metric accuracy must be a finite number."
WRONG_FIELDS = [
    ({"metrics": "[1]"}, {"metrics": ['Expected an object such as {"accuracy": 0.93}.']}),
    ({"metrics": "{"}, {"metrics": [NO_METRICS]}),
    ({"metrics": '{"accuracy": "good"}'}, {"metrics": [NUMBER]}),
    ({"metrics": '{"accuracy": 1' + "0" * 400 + "}"}, {"metrics": [NUMBER]}),
    (
        {"metrics": '{"a\\u0000": 1}'},
        {"metrics": ["The name of a metric has 1 to 64 printable characters."]},
    ),
    (
        {"metrics": json.dumps({f"m{n}": n for n in range(1001)})},
        {"metrics": ["There are at most 100 metrics; got 1,001."]},
    ),
    ({"metrics": '{"accuracy": NaN}'}, {"metrics": [NO_METRICS]}),
    ({"columns": "[1]"}, {"columns": ['Expected an object such as {"name": "text"}.']}),
    (
        {"columns": '{"bmi": "Body mass index"}'},
        {"columns": ["The model has no column bmi. Its columns are x0, x1."]},
    ),
    ({"columns": '{"x0": 1}'}, {"columns": ["The column 'x0' needs a text; got 1."]}),
    (
        {"columns": '{"x0": ""}'},
        {"columns": ["The text of the column 'x0' needs 1 to 1000 characters."]},
    ),
    (
        {"class_names": '{"0": "setosa"}'},
        {"class_names": ["The model has no class 0. It has no classes."]},
    ),
    (
        {"sample": "rows.csv"},
        {
            "sample": [
                "Expected a file; got a text. With curl, write @ before the path of the file."
            ]
        },
    ),
    ({"artifact": ""}, {"artifact": ["No file was submitted."]}),
    ({"promote": "perhaps"}, {"promote": ["Must be true or false."]}),
    (
        {"promot": "true"},
        {
            "promot": [
                f"Unknown field; an upload takes {', '.join(FIELDS)}.",
            ]
        },
    ),
]


@pytest.mark.parametrize(("fields", "errors"), WRONG_FIELDS)
def test_the_fields_of_an_upload_are_validated(staff_api, iris, brought, fields, errors):
    response = upload(staff_api, "/models/churn/versions/", brought / "sums.skops", **fields)
    assert (response.status_code, response.json()) == (400, errors)


def test_an_upload_needs_an_artifact_in_a_multipart_body(staff_api, iris):
    response = staff_api.post("/models/iris/versions/", {"note": "a"}, format="multipart")
    assert (response.status_code, response.json()) == (
        400,
        {"artifact": ["No file was submitted."]},
    )
    assert staff_api.post("/models/iris/versions/", {"note": "a"}).status_code == 415


def test_an_inspection_that_takes_too_long_is_reported(staff_api, iris, brought, monkeypatch):
    monkeypatch.setattr("predictor.isolation.sandbox.TIME_S", 0.01)
    ours, theirs = messages.pair()
    monkeypatch.setattr(SupervisorClient, "start_job", lambda *_arguments: ours)
    with theirs:  # nothing is sent
        response = upload(staff_api, "/models/churn/versions/", brought / "sums.skops")
    assert response.status_code == 400
    assert response.json() == {"artifact": ["Reading the file took more than 0.01 seconds."]}
    assert states("churn") == {}


def test_the_versions_are_a_list_like_that_of_the_card(api, three):
    versions = api.get("/models/iris/versions/").json()
    assert [(v["version"], v["state"]) for v in versions] == [
        (1, "live"),
        (2, "ready"),
        (3, "ready"),
    ]
    assert versions == api.get("/models/iris/").json()["versions"]


NO_MODEL = {"detail": "There is no model nope."}
NO_VERSION = {"detail": "iris has no version 9."}
NOT_THERE = [
    ("get", "/models/nope/versions/", None, NO_MODEL),
    ("get", "/models/nope/versions/1/", None, NO_MODEL),
    ("get", "/models/iris/versions/9/", None, NO_VERSION),
    ("get", "/models/iris/versions/9/predict", None, NO_VERSION),
    ("post", "/models/iris/versions/9/predict", ROW, NO_VERSION),
    ("post", "/models/iris/versions/0/predict", ROW, {"detail": "iris has no version 0."}),
    ("post", "/models/iris/promote", {"version": 9}, NO_VERSION),
    ("post", "/models/iris/retire", {"version": 9}, NO_VERSION),
    ("post", "/models/nope/promote", {"version": 1}, NO_MODEL),
    ("post", "/models/nope/retire", {"version": 1}, NO_MODEL),
    ("post", "/models/nope/rollback", {}, NO_MODEL),
    ("post", "/models/nope/unpublish", {}, NO_MODEL),
    ("post", "/models/iris/purge", {"version": 9}, NO_VERSION),
]


@pytest.mark.parametrize(("method", "url", "body", "answer"), NOT_THERE)
def test_an_unknown_model_or_version_is_a_404(staff_api, iris, method, url, body, answer):
    response = getattr(staff_api, method)(url, body)
    assert (response.status_code, response.json()) == (404, answer)


WRONG_VERSIONS = [
    ({}, "This field is required."),
    ({"version": "first"}, "A valid integer is required."),
    ({"version": 1.5}, "A valid integer is required."),
    ({"version": True}, "A valid integer is required."),
    ({"version": None}, "This field may not be null."),
    ({"version": 0}, "Ensure this value is greater than or equal to 1."),
    ({"version": 10**9}, "Ensure this value is less than or equal to 999999999."),
]


@pytest.mark.parametrize(("body", "sentence"), WRONG_VERSIONS)
@pytest.mark.parametrize("change", ["promote", "retire", "purge"])
def test_a_version_must_be_a_number(staff_api, iris, change, body, sentence):
    response = staff_api.post(f"/models/iris/{change}", body)
    assert (response.status_code, response.json()) == (400, {"version": [sentence]})


def test_a_version_predicts_by_its_number_live_or_not(api, three, iris):
    for number in (1, 2):
        response = api.post(f"/models/iris/versions/{number}/predict?outputs=predict_proba", ROW)
        assert response["X-Model-Version"] == str(number)
        probabilities = response.json()["probabilities"]
        expected = iris.predict_proba([[5.9, 3.0]])[0]
        assert list(probabilities.values()) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert api.post("/predict", ROW)["X-Model-Version"] == "1"


def test_the_live_version_predicts_by_its_number_without_a_query(
    api, iris, django_assert_num_queries
):
    with django_assert_num_queries(0):
        assert api.post("/models/iris/versions/1/predict", ROW).status_code == 200


def test_a_get_of_a_versions_predictions_is_that_version(api, three):
    answer = api.get("/models/iris/versions/2/predict").json()
    assert answer == api.get("/models/iris/versions/2/").json()


def test_promotion_and_rollback(staff_api, three):
    def answering():
        return staff_api.post("/predict", ROW)["X-Model-Version"]

    for url, body, live in [
        ("/models/iris/promote", {"version": 3, "why": "better"}, 3),
        ("/models/iris/promote/", {"version": 2}, 2),
        ("/models/iris/rollback", {}, 3),
        ("/models/iris/rollback", None, 1),
        ("/models/iris/promote", {"version": 2}, 2),
        ("/models/iris/reset", {}, 1),
    ]:
        response = staff_api.post(url, body)
        assert response.status_code == 200, response.json()
        assert response.json() == staff_api.get("/models/iris/").json()
        assert (response.json()["live_version"], answering()) == (live, str(live))
    why = Event.objects.filter(kind="promotion", by="sam").values_list("why", flat=True)
    assert list(why) == ["better", "", ""]


def test_a_rollback_without_an_earlier_live_version_is_a_conflict(staff_api, three):
    response = staff_api.post("/models/iris/rollback")
    assert (response.status_code, response.json()) == (
        409,
        {"detail": "iris has no earlier live version to roll back to."},
    )


def test_an_unpublished_model_says_so_until_a_version_is_live_again(staff_api, iris, register):
    registry.promote(register("churn"))
    unpublished = "iris has no live version. Promote a version, or predict with one by its number."
    for _ in range(2):  # a repetition changes nothing
        response = staff_api.post("/models/iris/unpublish", {"why": "a mistake"})
        assert response.status_code == 200
        assert response.json() == staff_api.get("/models/iris/").json()
        assert (response.json()["live_version"], response.json()["outputs"]) == (None, [])
    assert states() == {1: "ready"}
    for url in ("/predict", "/models/iris/predict"):
        response = staff_api.post(url, ROW)
        assert (response.status_code, response.json()) == (404, {"detail": unpublished})
        assert staff_api.get(url).json()["live_version"] is None
    assert staff_api.post("/models/iris/versions/1/predict", ROW).status_code == 200
    assert staff_api.get("/v2/health/ready").status_code == 200
    assert staff_api.post("/models/churn/predict", ROW).status_code == 200
    assert staff_api.post("/models/iris/rollback").json()["live_version"] == 1
    assert staff_api.post("/predict", ROW).status_code == 200
    events = Event.objects.filter(kind="unpublishing")
    assert list(events.values_list("by", "why")) == [("sam", "a mistake")]


def test_a_retired_version_is_neither_promoted_nor_called(staff_api, three):
    url = "/models/iris/versions/2/predict"
    assert staff_api.post(url, ROW).status_code == 200
    response = staff_api.post("/models/iris/retire", {"version": 2})
    assert response.status_code == 200
    assert states() == {1: "live", 2: "retired", 3: "ready"}
    retired = {"detail": "Version 2 of iris is retired."}
    for again, body in ((url, ROW), ("/models/iris/promote", {"version": 2})):
        response = staff_api.post(again, body)
        assert (response.status_code, response.json()) == (409, retired)
    assert staff_api.get(url).json() == retired
    assert staff_api.get("/models/iris/versions/2/").json()["state"] == "retired"


def test_a_purged_version_says_so_and_does_not_come_back(staff_api, three, models_dir):
    response = staff_api.post("/models/iris/purge", {"version": 2})
    assert (response.status_code, response.json()) == (
        409,
        {
            "detail": "Version 2 of iris is ready. Only the files of a retired version can be "
            "deleted."
        },
    )
    assert staff_api.post("/models/iris/versions/2/predict", ROW).status_code == 200
    staff_api.post("/models/iris/retire", {"version": 2})
    response = staff_api.post("/models/iris/purge", {"version": 2, "why": "disk space"})
    assert (response.status_code, response.json()) == (200, staff_api.get("/models/iris/").json())
    first, second, _ = response.json()["versions"]
    assert (first["purged_at"], second["state"]) == (None, "retired")
    assert second["purged_at"] == staff_api.get("/models/iris/versions/2/").json()["purged_at"]
    assert second["purged_at"].endswith("Z")
    assert not (models_dir / "iris" / "2" / "model.skops").exists()
    purged = {"detail": "Version 2 of iris is retired and purged: its file is deleted."}
    url = "/models/iris/versions/2/predict"
    for again, body in ((url, ROW), ("/models/iris/promote", {"version": 2})):
        response = staff_api.post(again, body)
        assert (response.status_code, response.json()) == (409, purged)
    assert staff_api.get(url).json() == purged
    for change in ("retire", "purge"):  # both are done already
        assert staff_api.post(f"/models/iris/{change}", {"version": 2}).status_code == 200
    event = Event.objects.get(kind="purge")
    assert (event.by, event.why, event.from_version.version) == ("sam", "disk space", 2)


def test_the_live_version_cannot_be_retired(staff_api, three):
    response = staff_api.post("/models/iris/retire", {"version": 1})
    assert (response.status_code, response.json()) == (
        409,
        {"detail": "Version 1 of iris is live. Promote another version first, or unpublish it."},
    )


def test_a_version_that_cannot_be_loaded_is_not_promoted(staff_api, three, models_dir):
    (models_dir / "iris" / "2" / "model.skops").write_bytes(b"not what it was")
    sentence = "iris/2/model.skops is not the file that was registered: its SHA-256 differs."
    for url, body in (
        ("/models/iris/promote", {"version": 2}),
        ("/models/iris/versions/2/predict", ROW),
    ):
        response = staff_api.post(url, body)
        assert (response.status_code, response.json()) == (503, {"detail": sentence})
    assert states()[1] == "live"


def test_an_upload_in_a_browser_leads_to_the_page_of_its_version(staff_api, iris, brought):
    page = {"HTTP_ACCEPT": "text/html"}
    with (brought / "sums.onnx").open("rb") as artifact:
        fields = {"artifact": artifact, "metrics": "", "columns": "", "class_names": ""}
        response = staff_api.post("/models/sums/versions/", fields, format="multipart", **page)
    assert (response.status_code, response["Location"]) == (303, "/models/sums/versions/1")
    text = staff_api.get(response["Location"], **page).content.decode()
    assert "Version 1 is registered. It is ready." in text
    assert "<li>The version has no metrics, so its quality cannot be compared.</li>" in text
    with (brought / "pickled.skops").open("rb") as artifact:
        fields = {"artifact": artifact}
        response = staff_api.post("/models/sums/versions/", fields, format="multipart", **page)
    assert response.status_code == 400
    assert "<li>Artifact: Pickles can execute code." in response.content.decode()


CHANGES = ["promote", "rollback", "reset", "unpublish", "retire", "purge", "versions/"]


@pytest.mark.parametrize("change", CHANGES)
def test_only_staff_changes_versions(api, django_user_model, three, change):
    body = {"version": 2}
    assert api.post(f"/models/iris/{change}", body, format="multipart").status_code == 401
    user = django_user_model.objects.create_user("ann", password="a long pass phrase")
    api.force_login(user)
    assert api.post(f"/models/iris/{change}", body, format="multipart").status_code == 403
    assert states() == {1: "live", 2: "ready", 3: "ready"}


def test_a_broken_live_version_leaves_the_old_one_and_the_card_says_so(
    staff_api, three, models_dir, caplog
):
    registry.promote(registry.version("iris", 2))
    (models_dir / "iris" / "2" / "model.skops").write_bytes(b"not what it was")
    get_store().refresh()
    assert staff_api.post("/predict", ROW)["X-Model-Version"] == "1"
    card = staff_api.get("/models/iris/").json()
    problem = (
        "iris/2/model.skops is not the file that was registered: its SHA-256 differs. "
        "Version 1 is served instead."
    )
    assert (card["live_version"], card["problem"]) == (2, problem)
    assert [r.message for r in caplog.records if r.levelname == "ERROR"] == [f"iris: {problem}"]
    assert staff_api.get("/v2/health/ready").status_code == 200
    assert staff_api.post("/models/iris/rollback").json()["live_version"] == 1
    assert "problem" not in staff_api.get("/models/iris/").json()


def test_one_model_that_cannot_be_loaded_leaves_the_others(staff_api, three, models_dir, register):
    registry.promote(register("churn"))
    (models_dir / "churn" / "1" / "model.skops").write_bytes(b"not what it was")
    get_store().refresh()
    assert staff_api.post("/predict", ROW).status_code == 200
    response = staff_api.post("/models/churn/predict", ROW)
    assert response.status_code == 503
    assert json.loads(response.content)["detail"].startswith("churn/1/model.skops is not the file")
    assert staff_api.get("/v2/health/ready").status_code == 503


@pytest.mark.parametrize("place", ["versions/", "versions/2/", "versions/2/predict", "promote"])
def test_a_browser_gets_a_page(staff_api, three, place):
    response = staff_api.get(f"/models/iris/{place}", HTTP_ACCEPT="text/html")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
