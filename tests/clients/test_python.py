"""A client that openapi-python-client generates calls every operation of a running site."""

import importlib
import json
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from predictor.api.json_schema import row_schema
from predictor.core.columns import Column
from predictor.core.signature import Signature
from tests.serving import ROOT, START_S

pytestmark = pytest.mark.xdist_group("clients")

PAGE = (ROOT / "docs" / "clients.md").read_text()
PACKAGE = "site_client"


@pytest.fixture(scope="module")
def generated(site, token, tmp_path_factory):
    """The package that the documented command makes from the site's schema."""
    home = tmp_path_factory.mktemp("python")
    (command,) = re.findall("^openapi-python-client (.*)", PAGE, re.MULTILINE)
    generate(home, *shlex.split(command.replace("http://localhost:8000", site.url)))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(home)
        yield importlib.import_module(PACKAGE)


def generate(home, *options):
    tools = Path(sys.executable).parent  # ruff, which formats the package
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *options, "--fail-on-warning"],
        cwd=home,
        env=os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=START_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Operations:
    """The functions of the generated package, by the id of the operation."""

    def __init__(self, client):
        self.client = client
        self.called = set()
        api = importlib.import_module(f"{PACKAGE}.api")
        found = pkgutil.walk_packages(api.__path__, f"{api.__name__}.")
        self.modules = {
            module.name.rpartition(".")[2]: module.name for module in found if not module.ispkg
        }

    def respond(self, operation, *arguments, status=200, **options):
        """Call an operation, and return its response."""
        self.called.add(operation)
        module = importlib.import_module(self.modules[operation])
        response = module.sync_detailed(*arguments, client=self.client, **options)
        assert response.status_code == status, (operation, response.content)
        return response

    def __call__(self, operation, *arguments, **options):
        """Call an operation, and return the parsed content."""
        return self.respond(operation, *arguments, **options).parsed


@pytest.fixture(scope="module")
def models(generated):
    return importlib.import_module(f"{PACKAGE}.models")


@pytest.fixture(scope="module")
def types(generated):
    return importlib.import_module(f"{PACKAGE}.types")


@pytest.fixture(scope="module")
def call(generated, site, token):
    with generated.AuthenticatedClient(base_url=site.url, token=token) as client:
        yield Operations(client)


def test_it_calls_every_operation(call, models, types, artifact, operations):
    call_tasks(call, models)
    call_predictions(call, models)
    call_models(call, models, types, artifact)
    call_site(call)
    assert call.called == call.modules.keys() == set(operations.values())


def call_tasks(call, models):
    new = models.TaskRequest(title="Read a book", due_at=None, priority=models.PriorityEnum(3))
    task = call("tasks_create", body=new, idempotency_key="python", status=201)
    again = call("tasks_create", body=new, idempotency_key="python", status=201)
    assert (again.id, again.due_at, again.priority) == (task.id, None, 3)
    due_at = datetime(2030, 1, 31, 12, tzinfo=UTC)
    several = [models.TaskRequest(title="One"), models.TaskRequest(title="Two", due_at=due_at)]
    assert [t.title for t in call("tasks_create", body=several, status=201)] == ["One", "Two"]

    ordering = models.TasksListOrdering("-due_at")
    query = {"search": "o", "done": False, "ordering": ordering, "page_size": 1}
    page = call("tasks_list", **query)
    assert [t.due_at for t in page.results] == [due_at]
    (cursor,) = parse_qs(urlsplit(page.next_).query)["cursor"]
    assert call("tasks_list", **query, cursor=cursor).results[0].id != page.results[0].id
    days = {"due_after": datetime(2029, 1, 1), "due_before": datetime(2031, 1, 1, tzinfo=UTC)}  # noqa: DTZ001 - naive times are in UTC
    due = call("tasks_list", **days, priority=models.TasksListPriority(2))
    assert {t.due_at for t in due.results} == {due_at}

    etag = call.respond("tasks_retrieve", task.id).headers["ETag"]
    call("tasks_retrieve", task.id, if_none_match=etag, status=304)
    read = call("tasks_retrieve", task.id)
    read_back = models.PatchedTaskRequest.from_dict(read.to_dict())
    assert call("tasks_update", task.id, body=read_back, if_match=etag).due_at is None
    done = call("tasks_update", task.id, body=models.PatchedTaskRequest(done=True))
    assert (done.title, done.completed_at is None) == ("Read a book", False)
    change = models.PatchedTaskRequest(done=False, due_at=None)
    call("tasks_partial_update", task.id, body=change, if_match=etag, status=412)
    assert call("tasks_partial_update", task.id, body=change).completed_at is None
    call("tasks_destroy", task.id, status=204)
    assert call("tasks_clear", updated_since=task.created_at).deleted >= 2


def call_predictions(call, models):
    row = models.IrisRow(x1="61.1", x2=17.3)
    both = [models.PredictOutputsItem("predict"), models.PredictOutputsItem("predict_proba")]
    answer = call("predict", body=row, outputs=both)
    assert answer.prediction == 2
    assert list(answer.probabilities.additional_properties) == ["0", "1", "2"]
    rows = [models.IrisRow(5.1, 3.5), models.IrisRow(6.3, 3.3)]
    assert call("predict", body=rows).predictions == [0, 2]
    assert call("predict", body=rows, outputs=both[1:]).probabilities[0]["0"] > 0.5
    refused = call("predict", body=row, range_=models.PredictRange.REFUSE, status=400)
    assert set(refused.additional_properties) == {"X1", "X2"}
    reported = call.respond("predict", body=row, range_=models.PredictRange.REPORT)
    assert reported.headers["X-Out-Of-Range"] == "X1, X2"

    island = models.PenguinsRowIslandType0.DREAM
    penguin = models.PenguinsRow(island, 46.5, 17.9, 192, body_mass_g=None, sex=None)
    assert call("model_predict", "penguins", body=penguin).prediction == "Chinstrap"
    assert call("version_predict", "iris", 1, body=rows).predictions == [0, 2]

    assert call("predict_card").inputs[0].name == "X1"
    assert call("model_predict_card", "penguins").name == "penguins"
    assert call("version_predict_card", "iris", 1).version == 1


def call_models(call, models, types, artifact):
    assert [card.name for card in call("models")] == ["iris", "penguins"]
    before = call("model", "iris").live_version
    version = call("train", "iris", body=models.TrainRequest()).live_version
    assert version > before
    assert call("model_version", "iris", version).estimator == "OneVsRestClassifier"
    reason = models.ReasonRequest(why="a test")
    assert call("rollback", "iris", body=reason).live_version == before
    choice = models.VersionChoiceRequest(version=version, why="a test")
    assert call("promote", "iris", body=choice).live_version == version
    assert call("reset", "iris").live_version == 1
    call("retire", "iris", body=choice)
    assert call("promote", "iris", body=choice, status=409).detail.startswith("Version ")
    call("purge", "iris", body=choice)
    assert call("unpublish", "iris").live_version is None
    assert call("rollback", "iris").live_version == 1

    upload = models.UploadRequest(
        artifact=types.File(BytesIO(artifact), "m.skops"),
        metrics=models.UploadRequestMetrics.from_dict({"accuracy": 0.93}),
        note="a test",
        allow_version=True,
    )
    uploaded = call("register", "iris", body=upload, status=201)
    assert uploaded.metrics["accuracy"] == 0.93
    assert call("model_versions", "iris")[-1].version == uploaded.version


def call_site(call):
    assert call("home")["status"] == "alive"
    assert call("hello", "1") == "Hello_world 1"
    assert "predictor_" in call("metrics")
    assert "scikit-learn" in call("software").additional_properties
    assert call("live").live is call("ready").ready is True


def test_the_documented_example_predicts(generated, site, capsys):
    (example,) = re.findall("```python\n(.*?)```", PAGE, re.DOTALL)
    exec(example.replace("http://localhost:8000", site.url), {})  # noqa: S102 - the example itself
    assert capsys.readouterr().out == "[0, 2]\n"


# Names in the generated code of a row, and others that a generator could trip on.
NAMES = (
    *("d", "D_", "cls", "cast", "to_dict", "toDict", "from_dict", "field_dict", "src_dict"),
    *("self", "data", "dict", "Any", "unset", "T", "additional_properties", "additional_keys"),
    *("prop", "prop_name", "copy", "keys", "get", "items", "class", "None", "datetime", "isoparse"),
    *("json", "types", "1st", "größe", "__init__", "row", "a b", "%", "N0Row", "n0_row"),
)
OTHERS = (
    Column("x", nullable=True),
    Column("at", kind="datetime", dtype="datetime64[ns, UTC]", nullable=True),
    Column("choice", kind="string", categories=("a", "b"), rejects_unknown=True, nullable=True),
)


def test_a_row_can_have_columns_of_any_name(tmp_path, monkeypatch):
    rows = {
        f"N{n}Row": row_schema(Signature((Column(name, kind="string"), *OTHERS), ("predict",)))
        for n, name in enumerate(NAMES)
    }
    schema = {
        "openapi": "3.1.0",
        "info": {"title": "", "version": "1"},
        "paths": {f"/{name}": make_path(f"#/components/schemas/{name}") for name in rows},
        "components": {"schemas": rows},
    }
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    generate(
        tmp_path, "generate", "--path", "schema.json", "--meta", "none", "--output-path", "rows"
    )
    monkeypatch.syspath_prepend(tmp_path)
    models = importlib.import_module("rows.models")
    for n, name in enumerate(NAMES):
        row = {name: "a", "x": 2.5, "at": "2026-01-31T12:00:00+00:00", "choice": "b"}
        assert getattr(models, f"N{n}Row").from_dict(row).to_dict() == row


def make_path(row):
    content = {"application/json": {"schema": {"$ref": row}}}
    return {
        "post": {"requestBody": {"content": content}, "responses": {"200": {"description": ""}}}
    }
