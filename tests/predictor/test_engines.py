"""Compiled estimators over HTTP: on the card, beside the artifact, switched, lost, built again."""

import json
import os
import signal
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

from predictor import registry
from predictor.core import artifacts, save
from predictor.core.columns import Column
from predictor.core.compiler.compile import compile_
from predictor.core.errors import ArtifactError, Conflict
from predictor.isolation.supervisor import MAX_DEATHS
from predictor.models import ModelVersion
from predictor.recipes import Fitted
from predictor.registry import storage
from predictor.runtime.store import get_store, load
from tests.predictor.fitted import register as register_fitted
from tests.serving import until

ROW = {"X1": 5.9, "X2": 3.0}
METHODS = ["predict", "predict_proba", "decision_function"]


@pytest.fixture
def row(iris):
    return registry.version("iris", 1)


def engine():
    """The engine for a row of iris in this process, after it has followed the registry."""
    get_store().refresh()
    return get_store().get("iris").engine_name(1)


def compiled_files(models_dir):
    return [path.name for path in sorted((models_dir / "iris" / "1").glob("compiled-*"))]


def test_the_card_says_what_runs_each_method_with_the_proof_and_the_times(api, row, models_dir):
    card = api.get("/models/iris/versions/1/").json()
    engines = card["engines"]
    assert (engines["engine"], engines["reason"]) == ("numpy", "")
    assert card["use_compiled"] is True
    assert list(engines["methods"]) == METHODS
    for found in engines["methods"].values():
        assert found["reason"] == ""
        assert found["one"] == "numpy"
        assert found["rows_tried"] > 500
        assert 0 <= found["difference"] < 1e-9
        assert list(found["microseconds"]) == ["1", "256", "1024"]
    assert compiled_files(models_dir) == [f"compiled-{row.compiled[:16]}.npz"]
    on_disk = json.loads((models_dir / "iris" / "1" / "card.json").read_text())
    assert on_disk["engines"] == row.engines


@pytest.fixture
def near(models_dir, db):
    """A live model that stays with scikit-learn, loaded."""
    X = np.arange(20.0).reshape(-1, 1)
    fitted = Fitted(KNeighborsRegressor(p=3).fit(X, X[:, 0]), X, (Column("x0"),), "", {})
    registry.promote(register_fitted("near", fitted))
    get_store().refresh()
    return get_store().get("near")


def test_what_is_not_compiled_says_why(api, near):
    engines = api.get("/models/near/versions/1/").json()["engines"]
    assert engines["engine"] == "scikit-learn"
    assert engines["reason"] == "Neighbours by the metric minkowski are not compiled."
    assert engines["methods"] == {}
    assert registry.version("near", 1).compiled == ""
    assert api.post("/models/near/predict", {"x0": 3.2}).json() == {"prediction": 3.0}
    assert (engines["joined"], engines["alone"]) == (True, "")


def test_a_version_whose_process_keeps_dying_is_out_of_service_and_its_card_says_why(
    api, near, settings
):
    settings.ESTIMATOR_MEMORY_BYTES = 2**32 + 1  # a process that no other test needs
    get_store()._live.clear()
    get_store().refresh()
    near, statuses = get_store().get("near"), []
    for _ in range(MAX_DEATHS):
        process = near.engine.connections.idle[-1].pid
        os.kill(process, signal.SIGKILL)
        until(lambda process=process: not is_running(process), "the end of the process")
        response = api.post("/models/near/predict", {"x0": 4})
        statuses.append(response.status_code)
    assert statuses == [200] * (MAX_DEATHS - 1) + [503]
    reason = f"Its estimator process ended {MAX_DEATHS} times within 60 seconds."
    assert response.json() == {"detail": reason}
    assert api.get("/models/near/").json()["problem"] == reason


@pytest.mark.parametrize("engines", ["compiled", "scikit-learn"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.write_bytes(b"not what was registered"), "its SHA-256 differs."),
        (lambda path: path.unlink(), "cannot be read: No such file or directory."),
    ],
    ids=["changed", "missing"],
)
def test_a_version_with_another_artifact_is_not_loaded(
    row, models_dir, settings, engines, damage, reason
):
    settings.ENGINES = engines
    settings.ESTIMATOR_MEMORY_BYTES = 2**32 + 2  # a process that no other test needs
    damage(models_dir / "iris" / "1" / "model.skops")
    with pytest.raises(ArtifactError, match=reason):
        load("iris", 1)


def is_running(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_joined_requests_are_counted(api, near):
    joined = 'predictor_joined_requests_count{model="near",version="1"}'
    assert api.post("/models/near/predict", {"x0": 4}).status_code == 200
    lines = api.get("/metrics").content.decode().splitlines()
    (count,) = [float(line.split()[-1]) for line in lines if line.startswith(joined)]
    assert count >= 1


def test_a_file_that_is_registered_is_compiled_in_a_process_of_its_own(
    api, models_dir, db, tmp_path
):
    X = np.arange(40.0).reshape(-1, 2)
    estimator = DecisionTreeRegressor().fit(X, X[:, 0])
    path = tmp_path / "steps.skops"
    save(estimator, path, X)
    call_command("register", "steps", str(path), promote=True, verbosity=0)
    get_store().refresh()
    assert get_store().get("steps").engine_name(1) == "onnxruntime"
    answer = api.post("/models/steps/predict", [{"x0": 7, "x1": 9.5}])
    assert answer.json() == {"predictions": estimator.predict([[7, 9.5]]).tolist()}


def test_staff_switches_the_compiled_estimator_off_and_on(api, staff_api, row, iris):
    expected = iris.predict_proba([[5.9, 3.0]])[0].tolist()
    address, why = f"/admin/predictor/modelversion/{row.pk}/", {"why": "to compare"}
    assert engine() == "numpy"
    page = staff_api.get(f"{address}change/").content.decode()
    assert "Use scikit-learn alone" in page
    assert "any number of rows" in page
    assert staff_api.post(f"{address}switch/", why, format="multipart").status_code == 302
    assert engine() == "scikit-learn"
    assert api.get("/models/iris/versions/1/").json()["use_compiled"] is False
    answer = api.post("/predict?outputs=predict_proba", ROW).json()["probabilities"]
    assert list(answer.values()) == expected
    assert "is switched off" in staff_api.get(f"{address}change/").content.decode()
    assert staff_api.post(f"{address}switch/", why, format="multipart").status_code == 302
    assert engine() == "numpy"


def test_who_may_not_manage_models_may_not_switch(api, row):
    assert api.post(f"/admin/predictor/modelversion/{row.pk}/switch/").status_code == 302
    assert registry.version("iris", 1).use_compiled is True


def test_the_command_switches_too(row, capsys):
    call_command("compile", "iris", "1", use_compiled=False)
    assert engine() == "scikit-learn"
    call_command("compile", "iris", use_compiled=True)
    assert engine() == "numpy"
    assert capsys.readouterr().out == (
        "iris 1: estimator process. The compiled estimator (numpy) is switched off.\n"
        "iris 1: numpy\n"
    )


def test_a_compiled_estimator_that_is_lost_is_not_missed_and_is_built_again(
    api, row, models_dir, caplog
):
    before = row.compiled
    [name] = compiled_files(models_dir)
    for damage in ("unlink", "write_bytes"):
        path = models_dir / "iris" / "1" / name
        path.unlink() if damage == "unlink" else path.write_bytes(b"PK")
        get_store()._live.clear()
        assert engine() == "scikit-learn"
        assert api.post("/predict", ROW).json() == {"prediction": 2}
        assert "its compiled estimator is unusable" in caplog.text
        assert [version.version for version in registry.compile_stale()] == [1]
        assert engine() == "numpy"
        [name] = compiled_files(models_dir)
        assert list(registry.compile_stale()) == []
    assert registry.version("iris", 1).compiled != before


def test_a_compiled_estimator_that_is_lost_is_built_again_when_its_version_goes_live(
    row, fitted, models_dir
):
    second = register_fitted("iris", fitted)
    [path] = (models_dir / "iris" / "2").glob("compiled-*.npz")
    path.unlink()
    assert registry.promote(second).compiled != path.stem
    assert engine() == "numpy"
    assert len(list((models_dir / "iris" / "2").glob("compiled-*.npz"))) == 1


def test_a_promotion_succeeds_while_as_many_models_as_allowed_are_inspected(
    row, fitted, models_dir, caplog
):
    """The version is live by then, so the estimator runs it."""
    second = register_fitted("iris", fitted)
    [path] = (models_dir / "iris" / "2").glob("compiled-*.npz")
    path.unlink()
    with ExitStack() as uploads:
        for _ in range(storage.MAX_STAGED):
            uploads.enter_context(storage.staging())
        registry.promote(second)
    assert registry.live_versions() == {"iris": 2}
    assert engine() == "scikit-learn"
    assert "iris 2 cannot be compiled: 2 models are inspected already." in caplog.text
    assert [version.version for version in registry.compile_stale()] == [2]
    assert engine() == "numpy"


def test_what_cannot_be_compiled_keeps_no_other_version_from_it(row, fitted, models_dir, caplog):
    registry.promote(register_fitted("other", fitted))
    ModelVersion.objects.update(engines={}, compiled="")
    (models_dir / "iris" / "1" / "model.skops").write_bytes(b"not a model")
    assert [str(version.model) for version in registry.compile_stale()] == ["other"]
    assert caplog.messages[-1] == (
        "iris 1 cannot be compiled: iris/1/model.skops is not the file that was "
        "registered: its SHA-256 differs."
    )


def test_what_other_versions_compiled_is_not_used_until_it_is_built_again(row, caplog):
    older = row.engines | {"built_with": row.engines["built_with"] | {"scikit-learn": "1.0"}}
    ModelVersion.objects.filter(pk=row.pk).update(engines=older)
    get_store()._live.clear()
    assert engine() == "scikit-learn"
    assert "was compiled with other software versions" in caplog.text
    call_command("compile")
    assert engine() == "numpy"


def test_a_version_from_before_engines_is_served_and_compiled_when_told(row, capsys):
    ModelVersion.objects.filter(pk=row.pk).update(engines={}, compiled="")
    assert engine() == "scikit-learn"
    call_command("compile", "iris")
    assert capsys.readouterr().out == f"iris 1: numpy for {', '.join(METHODS)}\n"
    assert engine() == "numpy"


def test_engines_are_switched_off_for_all_by_a_setting(settings, db, models_dir, fitted):
    settings.ENGINES = "scikit-learn"
    registry.promote(register_fitted("iris", fitted))
    assert engine() == "scikit-learn"
    told = registry.version("iris", 1).engines
    assert (told["engine"], told["reason"]) == ("scikit-learn", "Compiling is switched off.")
    assert (
        get_store().get("iris").engine.connections.options.is_batch_safe
    )  # requests are joined all the same
    with pytest.raises(Conflict, match="ENGINES is scikit-learn, so no version is compiled"):
        registry.recompile_version(registry.version("iris", 1))
    assert list(registry.compile_stale()) == []
    settings.ENGINES = "compiled"
    assert [version.engines["engine"] for version in registry.compile_stale()] == ["numpy"]


def test_the_same_is_compiled_of_what_was_saved_and_loaded(iris, fitted, tmp_path):
    path = tmp_path / "iris.skops"
    signature = save(fitted.estimator, path, fitted.X, columns=fitted.columns).signature
    own, again = (
        compile_(estimator, signature, fitted.X).report["methods"]
        for estimator in (fitted.estimator, artifacts.load(path))
    )
    assert {name: found["difference"] for name, found in own.items()} == {
        name: found["difference"] for name, found in again.items()
    }
