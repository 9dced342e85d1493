"""Cards, training and reset: versions come, go live, and come back."""

import pytest
from django.core.management import CommandError, call_command

from predictor import registry
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.models import ModelVersion
from tests.predictor.fitted import register as register_fitted
from tests.predictor.fitted import states


def test_the_card_has_the_inputs_and_outputs_of_the_model(api, iris):
    card = api.get("/models/iris/").json()
    (version,) = card.pop("versions")
    accuracy = card["metrics"]["accuracy"]
    assert card == {
        "name": "iris",
        "description": "Species of an iris from its sepals. "
        "One-vs-rest logistic regression, fitted on all 150 flowers; the accuracy is the mean of "
        "a ten-fold cross-validation.",
        "live_version": 1,
        "inputs": [
            {
                "name": "X1",
                "description": "Sepal length (cm)",
                "dtype": "float64",
                "required": True,
                "nullable": False,
                "range": [4.3, 7.9],
                "example": 5.1,
                "counts": [9, 23, 14, 27, 16, 26, 18, 6, 5, 6],
            },
            {
                "name": "X2",
                "description": "Sepal width (cm)",
                "dtype": "float64",
                "required": True,
                "nullable": False,
                "range": [2.0, 4.4],
                "example": 3.5,
                "counts": [4, 7, 22, 24, 37, 31, 10, 11, 2, 2],
            },
        ],
        "outputs": ["predict", "predict_proba", "decision_function"],
        "classes": [0, 1, 2],
        "class_names": {"0": "setosa", "1": "versicolor", "2": "virginica"},
        "metrics": version["metrics"],
    }
    assert 0.7 < accuracy < 0.85
    assert (version["version"], version["state"]) == (1, "live")


def test_the_list_holds_every_card(api, iris):
    assert api.get("/models").json() == [api.get("/models/iris").json()]


@pytest.mark.parametrize("url", ["/models/nope/", "/models/Iris/", "/models/../iris/"])
def test_an_unknown_model_is_a_404(api, iris, url):
    response = api.get(url)
    assert response.status_code == 404
    assert list(response.json()) == ["detail"]


def test_training_makes_a_new_version_live_at_once(staff_api, iris):
    response = staff_api.post("/models/iris/train", {})
    assert response.status_code == 200
    assert response.json()["live_version"] == 2
    assert response.json() == staff_api.get("/models/iris/").json()
    assert states() == {1: "ready", 2: "live"}
    assert staff_api.post("/predict", {"X1": 1, "X2": 1})["X-Model-Version"] == "2"


def test_training_if_missing_does_not_change_a_live_model(staff_api, iris):
    response = staff_api.post("/models/iris/train", {"if_missing": True})
    assert response.status_code == 200
    assert states() == {1: "live"}


def test_training_if_missing_trains_a_missing_model(staff_api, models_dir):
    response = staff_api.post("/models/iris/train", {"if_missing": True})
    assert response.status_code == 200
    assert states() == {1: "live"}


@pytest.mark.parametrize("options", [{"if_missing": "yes"}, {"if_missing": 1}, {"if_mising": True}])
def test_training_rejects_other_options(staff_api, iris, options):
    response = staff_api.post("/models/iris/train", options)
    assert response.status_code == 400
    assert list(response.json()) == list(options)
    assert states() == {1: "live"}


def test_reset_returns_to_the_lowest_version_that_is_not_retired(staff_api, iris):
    for _ in range(2):
        staff_api.post("/models/iris/train", {})
    registry.retire(registry.version("iris", 1))
    response = staff_api.post("/models/iris/reset")
    assert response.status_code == 200
    assert response.json()["live_version"] == 2
    assert states() == {1: "retired", 2: "live", 3: "ready"}
    assert staff_api.post("/predict", {"X1": 1, "X2": 1})["X-Model-Version"] == "2"


def test_reset_without_a_version_to_return_to_is_a_conflict(staff_api, register):
    registry.retire(register())
    response = staff_api.post("/models/iris/reset")
    assert response.status_code == 409
    assert response.json() == {"detail": "iris has no version that is not retired."}


def test_reset_of_an_unknown_model_is_a_404(staff_api, iris):
    assert staff_api.post("/models/nope/reset").json() == {"detail": "There is no model nope."}


def test_a_model_without_a_recipe_is_not_trained(staff_api, iris, register):
    register("churn")
    response = staff_api.post("/models/churn/train", {})
    assert response.status_code == 409
    assert response.json()["detail"].startswith("churn is not a bundled model.")


@pytest.mark.parametrize("url", ["/models/iris/train", "/models/iris/reset"])
def test_only_staff_changes_a_model(api, django_user_model, iris, url):
    assert api.post(url, {}).status_code == 401
    user = django_user_model.objects.create_user("ann", password="a long pass phrase")
    api.force_login(user)
    assert api.post(url, {}).status_code == 403
    assert states() == {1: "live"}


def test_staff_may_use_http_basic_as_curl_does(api, staff, iris):
    api.credentials(HTTP_AUTHORIZATION="Basic c2FtOmEgbG9uZyBwYXNzIHBocmFzZQ==")
    assert api.post("/models/iris/train", {}).status_code == 200
    assert ModelVersion.objects.get(version=2).created_by == staff


def test_the_train_command_says_what_it_did(capsys, db, models_dir):
    call_command("train", "iris")
    assert capsys.readouterr().out.startswith("Version 1 of iris is live (accuracy 0.7")
    call_command("train", "iris", "--if-missing")
    assert capsys.readouterr().out == "Version 1 of iris is live already.\n"
    with pytest.raises(CommandError, match="There is no model nope"):
        call_command("train", "nope")


def test_a_registration_that_fails_leaves_nothing(models_dir, db, fitted, monkeypatch):
    def full_disk(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    sentence = r"The version cannot be written: No space left on device\."
    with pytest.raises(ArtifactError, match=sentence):
        register_fitted("iris", fitted)
    assert not ModelVersion.objects.exists()
    assert [entry.name for entry in models_dir.iterdir()] == [".lock"]


def test_a_lost_database_never_overwrites_an_artifact(models_dir, db, fitted):
    artifact = models_dir / "iris" / "1" / "model.skops"
    artifact.parent.mkdir(parents=True)
    artifact.write_bytes(b"what the lost database knew")
    assert register_fitted("iris", fitted).version == 2
    assert artifact.read_bytes() == b"what the lost database knew"


def test_a_name_that_does_not_fit_a_url_is_rejected(models_dir, db, fitted):
    with pytest.raises(InvalidInput, match=r"'\.\./etc' is not a model name. Use at most"):
        register_fitted("../etc", fitted)
    assert not models_dir.exists()
