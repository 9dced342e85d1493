"""The registry in the admin: its pages, its buttons, and their effects."""

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from predictor import registry
from predictor.admin import model_filter
from predictor.core.signature import Signature
from predictor.models import Event, ModelVersion, RegisteredModel
from predictor.registry.promotion import find_differences, find_facts

MODELS = "/admin/predictor/registeredmodel/"
VERSIONS = "/admin/predictor/modelversion/"
EVENTS = "/admin/predictor/event/"


@pytest.fixture
def three(iris, register):
    """Three versions of iris: the second one live after the first, the third one retired."""
    register()
    registry.promote(registry.version("iris", 2))
    registry.retire(register())


@pytest.fixture
def pk(three):
    """The key of a version by its number."""
    return {version.version: version.pk for version in ModelVersion.objects.all()}


def page(client, url):
    response = client.get(url)
    assert response.status_code == 200, response
    return response.content.decode()


def test_the_list_of_models_shows_what_is_live(admin_client, three):
    text = page(admin_client, MODELS)
    assert '<td class="field-live_version">2</td>' in text
    assert '<td class="field-quality">accuracy 0.76</td>' in text
    assert '<td class="field-version_count">3</td>' in text
    assert "addlink" not in text.partition('id="content"')[2]


def test_versions_are_compared_metric_by_metric(admin_client, three):
    text = page(admin_client, f"{VERSIONS}?model__id__exact={RegisteredModel.objects.get().pk}")
    assert text.count('<td class="field-metric">0.76</td>') == 3
    assert "Standard deviation of accuracy" in text
    assert 'value="delete_selected"' not in text
    text = page(admin_client, VERSIONS)
    assert text.count('<td class="field-main_metric">accuracy 0.76</td>') == 3
    assert "Standard deviation of accuracy" not in text


def test_times_have_the_label_utc(admin_client, three):
    for url in (VERSIONS, f"{VERSIONS}{ModelVersion.objects.first().pk}/change/", EVENTS):
        assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d\sUTC", page(admin_client, url))


@pytest.mark.parametrize("model", ["x", "9" * 30, "9" * 5000])
def test_a_filter_by_no_model_shows_no_version(admin_client, three, model, monkeypatch):
    assert "field-metric" not in page(admin_client, f"{VERSIONS}?model__id__exact={model}")
    monkeypatch.setattr(model_filter, "MAX_CHOICES", 0)
    text = page(admin_client, f"{VERSIONS}?model__id__exact={model}")
    assert "0 model versions" in text


def test_the_filter_offers_all_models_or_only_the_chosen_one(admin_client, three, monkeypatch):
    pk = RegisteredModel.objects.get().pk
    wine = RegisteredModel.objects.create(name="wine")
    for url in (VERSIONS, EVENTS):
        assert f"?model__id__exact={wine.pk}" in page(admin_client, url)
    monkeypatch.setattr(model_filter, "MAX_CHOICES", 1)
    for url in (VERSIONS, EVENTS):
        assert "?model__id__exact=" not in page(admin_client, url)
        chosen = page(admin_client, f"{url}?model__id__exact={pk}")
        assert f"?model__id__exact={pk}" in chosen
        assert f"?model__id__exact={wine.pk}" not in chosen
    assert "wine" not in page(admin_client, f"{EVENTS}?q=iris").partition("result_list")[2]


OFFERED = {1: ["promote", "retire"], 2: [], 3: ["purge"]}


@pytest.mark.parametrize("number", OFFERED)
def test_a_version_offers_what_can_be_done_to_it(admin_client, pk, number):
    text = page(admin_client, f"{VERSIONS}{pk[number]}/change/")
    offered = [v for v in ("promote", "retire", "purge") if f"{VERSIONS}{pk[number]}/{v}/" in text]
    assert offered == OFFERED[number]
    assert 'name="_save"' not in text
    assert "deletelink" not in text


def test_a_model_offers_the_ways_back_that_there_are(admin_client, three):
    model = RegisteredModel.objects.get()
    text = page(admin_client, f"{MODELS}{model.pk}/change/")
    assert "Roll back to version 1" in text
    assert "Reset to version 1" in text
    assert "Take offline" in text
    registry.rollback("iris")
    text = page(admin_client, f"{MODELS}{model.pk}/change/")
    assert "Roll back" not in text
    assert "Reset to" not in text


def test_a_promotion_is_asked_for_and_recorded(admin_client, api, pk):
    url = f"{VERSIONS}{pk[1]}/promote/"
    text = page(admin_client, url)
    assert "Make version 1 of iris live?" in text
    assert "Version 2, live now</th>" in text
    assert '<th scope="row">Accuracy</th><td>0.76</td><td>0.76</td>' in text
    assert f'<a href="{VERSIONS}">Model versions</a>' in text
    assert registry.live_versions() == {"iris": 2}
    response = admin_client.post(url, {"why": "it was better"}, follow=True)
    assert "Version 1 of iris is live." in response.content.decode()
    assert registry.live_versions() == {"iris": 1}
    event = Event.objects.last()
    assert (event.kind, event.by, event.why) == ("promotion", "admin", "it was better")
    assert api.post("/predict", {"X1": 1, "X2": 1})["X-Model-Version"] == "1"


def test_the_differences_are_stated_before_a_promotion(iris, penguins):
    new, live = (ModelVersion.objects.get(model__name=name) for name in ("penguins", "iris"))
    new.fitted_with, new.any_version, new.metrics = {"scikit-learn": "1.5.2"}, True, {}
    facts = find_facts(new)
    assert [fact.partition(" ")[2][:30] for fact in facts] == [
        "version has no metrics, so its",
        "was fitted with scikit-learn 1",
    ]
    new.fitted_with, new.compiled = live.fitted_with, ""
    new.engines = {"reason": "SVC is not compiled."}
    assert find_facts(new)[1:] == ["Engine: estimator process. SVC is not compiled."]
    names = sorted(Signature.from_json(new.signature).names)
    assert find_differences(live, new) == [
        f"Clients must send new columns: {', '.join(names)}.",
        "Clients must no longer send columns: X1, X2.",
        "The classes differ: 0, 1, 2 in version 1; Adelie, Chinstrap, Gentoo in version 1.",
    ]
    assert find_differences(live, live) == []
    new.signature, new.evaluation, live.evaluation = live.signature, {"n_rows": 1200}, {"n_rows": 9}
    (sentence,) = find_differences(live, new)
    assert sentence.startswith("The versions were evaluated on different test data (9 and 1,200 ")
    described = Signature.from_json(live.signature).columns
    new.evaluation, new.signature = (
        {},
        live.signature
        | {"columns": [column.to_json() | {"description": ""} for column in described]},
    )
    assert find_differences(live, new) == ["Columns are no longer described: X1, X2."]


CHANGES_OF_A_COLUMN = [
    ({"dtype": "int64"}, ["Columns have another type: X1."]),
    ({"nullable": True}, []),
    ({"categories": (1, 2)}, []),
    (
        {"categories": (1, 2), "rejects_unknown": True},
        ["Columns reject values that they accepted: X1."],
    ),
]


@pytest.mark.parametrize(("change", "differences"), CHANGES_OF_A_COLUMN)
def test_the_stricter_columns_are_stated_before_a_promotion(iris, change, differences):
    live, new = ModelVersion.objects.get(), ModelVersion.objects.get()
    first, second = Signature.from_json(live.signature).columns
    columns = [replace(first, **change).to_json(), second.to_json()]
    new.signature = live.signature | {"columns": columns}
    assert find_differences(live, new) == differences
    if change.get("nullable"):
        assert find_differences(new, live) == ["Columns no longer accept missing values: X1."]


def test_more_or_fewer_categories_are_told_apart(iris):
    few, many = ModelVersion.objects.get(), ModelVersion.objects.get()
    first, second = Signature.from_json(few.signature).columns
    for version, categories in ((few, (1, 2)), (many, (1, 2, 3))):
        column = replace(first, categories=categories, rejects_unknown=True)
        version.signature = few.signature | {"columns": [column.to_json(), second.to_json()]}
    assert find_differences(few, many) == []
    assert find_differences(many, few) == ["Columns reject values that they accepted: X1."]


def test_a_version_is_shown_as_tables(admin_client, pk):
    text = page(admin_client, f"{VERSIONS}{pk[1]}/change/")
    assert '<tr><th scope="row">accuracy</th><td>0.76</td></tr>' in text
    assert "Sepal length (cm)" in text
    assert "scikit-learn 1." in text
    for json in ("{&quot;", "null", "None"):
        assert json not in text.partition('id="content"')[2]


def test_a_retirement_is_asked_for(admin_client, pk):
    url = f"{VERSIONS}{pk[1]}/retire/"
    assert "This cannot be undone." in page(admin_client, url)
    admin_client.post(url, {"why": ""})
    assert ModelVersion.objects.get(version=1).state == "retired"


def test_a_purge_is_asked_for_and_the_version_says_so(admin_client, pk, models_dir):
    url = f"{VERSIONS}{pk[3]}/purge/"
    assert "The model file is deleted." in page(admin_client, url)
    response = admin_client.post(url, {"why": "disk space"}, follow=True)
    text = response.content.decode()
    assert "The files of version 3 of iris are deleted." in text
    assert "field-purged_at" in text
    assert url not in text
    assert not (models_dir / "iris" / "3" / "model.skops").exists()
    event = Event.objects.last()
    assert (event.kind, event.by, event.why) == ("purge", "admin", "disk space")


@pytest.mark.parametrize(("verb", "kind"), [("rollback", "rollback"), ("reset", "reset")])
def test_a_way_back_is_asked_for(admin_client, three, verb, kind):
    url = f"{MODELS}{RegisteredModel.objects.get().pk}/{verb}/"
    assert "to version 1?" in page(admin_client, url)
    admin_client.post(url, {"why": ""})
    assert registry.live_versions() == {"iris": 1}
    assert Event.objects.last().kind == kind


def test_unpublishing_is_asked_for_and_can_be_reversed(admin_client, api, three):
    pk = RegisteredModel.objects.get().pk
    url = f"{MODELS}{pk}/unpublish/"
    assert "A rollback makes the version live again." in page(admin_client, url)
    assert registry.live_versions() == {"iris": 2}
    response = admin_client.post(url, {"why": "a mistake"}, follow=True)
    text = response.content.decode()
    assert "No version of iris is live." in text
    assert f"{MODELS}{pk}/unpublish/" not in text
    assert "Roll back to version 2" in text
    event = Event.objects.last()
    assert (event.kind, event.by, event.why) == ("unpublishing", "admin", "a mistake")
    assert api.post("/predict", {"X1": 1, "X2": 1}).status_code == 404


def test_what_has_become_impossible_meanwhile_is_told(admin_client, pk):
    response = admin_client.post(f"{VERSIONS}{pk[2]}/retire/", {"why": ""}, follow=True)
    text = response.content.decode()
    assert "Version 2 of iris is live. Promote another version first, or unpublish it." in text


def test_an_upload_registers_a_version(admin_client, three, brought):
    text = page(admin_client, f"{VERSIONS}add/")
    assert "Fitted estimator" in text
    assert "null" not in text.partition('id="content"')[2]
    artifact = SimpleUploadedFile("sums.onnx", (brought / "sums.onnx").read_bytes())
    form = {"model": "sums", "artifact": artifact, "metrics": '{"r2": 1}'}
    response = admin_client.post(f"{VERSIONS}add/", form, follow=True)
    assert "Version 1 of sums is registered." in response.content.decode()
    assert "Make live" in response.content.decode()
    assert registry.live_versions() == {"iris": 2}
    assert Event.objects.last().by == "admin"


def test_an_upload_that_is_refused_says_why_beside_its_field(admin_client, three, brought):
    artifact = SimpleUploadedFile("pickled.skops", (brought / "pickled.skops").read_bytes())
    form = {"model": "sums", "artifact": artifact}
    text = admin_client.post(f"{VERSIONS}add/", form).content.decode()
    assert "Pickles can execute code." in text
    assert not (brought / "has run").exists()
    assert not RegisteredModel.objects.filter(name="sums").exists()


def test_only_the_description_of_a_model_is_edited(admin_client, three):
    model = RegisteredModel.objects.get()
    admin_client.post(f"{MODELS}{model.pk}/change/", {"description": "Flowers.", "name": "other"})
    model.refresh_from_db()
    assert (model.name, model.description) == ("iris", "Flowers.")


def test_a_version_is_not_saved_as_a_new_one(admin_client, pk):
    url = f"{VERSIONS}{pk[1]}/change/"
    assert admin_client.post(url, {"_saveasnew": "1"}).status_code == 403


def test_the_record_is_read_only(admin_client, three):
    text = page(admin_client, EVENTS)
    assert "Promotion" in text
    assert "addlink" not in text.partition('id="content"')[2]
    event = Event.objects.first()
    assert 'name="_save"' not in page(admin_client, f"{EVENTS}{event.pk}/change/")
    for url in (f"{EVENTS}add/", f"{EVENTS}{event.pk}/delete/", f"{MODELS}add/"):
        assert admin_client.get(url).status_code == 403


def test_who_may_only_look_is_offered_nothing(client, staff, pk):
    looking = Permission.objects.filter(codename__startswith="view_")
    staff.user_permissions.set(looking)
    client.force_login(staff)
    model = RegisteredModel.objects.get()
    assert "Roll back" not in page(client, f"{MODELS}{model.pk}/change/")
    assert "/promote/" not in page(client, f"{VERSIONS}{pk[1]}/change/")
    for url in (
        f"{VERSIONS}{pk[1]}/promote/",
        f"{VERSIONS}{pk[1]}/retire/",
        f"{VERSIONS}{pk[3]}/purge/",
        f"{MODELS}{model.pk}/rollback/",
        f"{MODELS}{model.pk}/unpublish/",
        f"{VERSIONS}add/",
    ):
        assert client.get(url).status_code == 403
        assert client.post(url, {"why": ""}).status_code == 403
    assert registry.live_versions() == {"iris": 2}


@pytest.mark.parametrize(
    "url", [f"{VERSIONS}999/promote/", f"{VERSIONS}999/retire/", f"{MODELS}999/unpublish/"]
)
def test_what_is_not_there_is_a_404(admin_client, three, url):
    assert admin_client.get(url).status_code == 404
