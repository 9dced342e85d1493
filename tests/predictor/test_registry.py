"""The registry: live versions, recovery, and the log of changes."""

import json
import shutil
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from predictor import registry
from predictor.core.errors import ArtifactError, Conflict, InvalidInput, ModelNotFound
from predictor.models import Event, ModelVersion, RegisteredModel
from tests.predictor.fitted import register as register_fitted


@pytest.fixture
def versions(register):
    """Three versions of iris, none of them live."""
    return [register() for _ in range(3)]


def states():
    return list(ModelVersion.objects.order_by("version").values_list("state", flat=True))


def live():
    return registry.live_versions().get("iris")


def record():
    """The log of changes without registrations: kind, old version, new version."""
    events = Event.objects.exclude(kind="registration").order_by("pk")
    return list(events.values_list("kind", "from_version__version", "to_version__version"))


def test_versions_are_numbered_from_1_and_ready(versions):
    assert [version.version for version in versions] == [1, 2, 3]
    assert states() == ["ready", "ready", "ready"]


def test_a_registration_is_recorded_with_who_and_where_from(versions, staff, fitted):
    register_fitted("iris", fitted, by=staff)
    first, *_, last = Event.objects.order_by("pk")
    assert (first.kind, first.by, first.from_version, first.to_version) == (
        "registration",
        "",
        None,
        versions[0],
    )
    assert (last.by, last.why, last.to_version.version) == ("sam", "training", 4)


def test_a_user_who_is_deleted_meanwhile_registers_nothing(versions, staff, fitted, models_dir):
    type(staff).objects.filter(pk=staff.pk).delete()
    with pytest.raises(Conflict, match="The user sam was deleted during the registration"):
        register_fitted("iris", fitted, by=staff)
    assert states() == ["ready", "ready", "ready"]
    assert names(models_dir / "iris") == ["1", "2", "3"]


def test_a_version_says_what_it_is(versions, models_dir):
    version = ModelVersion.objects.get(version=1)
    artifact = models_dir / "iris" / "1" / "model.skops"
    assert (version.format, version.artifact) == ("skops", "model.skops")
    assert version.size == artifact.stat().st_size
    assert set(version.fitted_with) == {"python", "scikit-learn", "numpy"}
    card = json.loads((models_dir / "iris" / "1" / "card.json").read_text())
    assert card["sha256"] == version.sha256
    assert card["signature"] == version.signature
    assert card["name"] == "iris"


def test_promoting_makes_a_version_live_and_the_other_ready(versions, staff):
    registry.promote(versions[0])
    registry.promote(versions[2], by=staff, why="better")
    assert states() == ["ready", "ready", "live"]
    assert record() == [("promotion", None, 1), ("promotion", 1, 3)]
    assert (Event.objects.last().by, Event.objects.last().why) == ("sam", "better")


def test_promoting_what_is_live_changes_nothing_and_records_nothing(versions):
    registry.promote(versions[0])
    registry.promote(versions[0])
    assert record() == [("promotion", None, 1)]


def do(name, step):
    """Do one step, such as "promote 2" or "rollback", and return the live version."""
    verb, _, number = step.partition(" ")
    try:
        if number:
            getattr(registry, verb)(registry.version(name, int(number)))
        else:
            getattr(registry, verb)(name)
    except Conflict:
        return 409
    return registry.live_versions().get(name)


STORIES = {
    "promote 1, promote 2, promote 3, rollback, rollback, rollback": [1, 2, 3, 2, 1, 409],
    "promote 1, promote 2, promote 1, promote 3, rollback, rollback, rollback, rollback": [
        *(1, 2, 1, 3),
        *(1, 2, 1, 409),
    ],
    "promote 1, promote 2, promote 3, retire 2, rollback, rollback": [1, 2, 3, 3, 1, 409],
    "promote 1, promote 2, rollback, promote 3, rollback, rollback": [1, 2, 1, 3, 1, 409],
    "promote 1, promote 3, reset, rollback, rollback, rollback": [1, 3, 1, 3, 1, 409],
    "promote 2, reset, reset, rollback, rollback": [2, 1, 1, 2, 409],
    "rollback, promote 1, rollback": [409, 1, 409],
    "promote 3, retire 1, reset, retire 2": [3, 3, 2, 409],
    "retire 1, promote 1, retire 1": [None, 409, None],
    "promote 1, unpublish, rollback, rollback": [1, None, 1, 409],
    "promote 1, promote 2, unpublish, rollback, rollback": [1, 2, None, 2, 1],
    "promote 1, promote 2, unpublish, promote 3, rollback": [1, 2, None, 3, 2],
    "promote 1, promote 2, unpublish, retire 2, rollback": [1, 2, None, None, 1],
    "promote 2, unpublish, reset, rollback": [2, None, 1, 2],
    "promote 1, unpublish, retire 1, rollback": [1, None, None, 409],
}


@pytest.mark.parametrize(("story", "lives"), STORIES.items())
def test_what_is_live_after_each_step(versions, story, lives):
    assert [do("iris", step) for step in story.split(", ")] == lives
    assert states().count("live") <= 1


def test_unpublishing_is_recorded_once_and_what_was_live_is_ready(versions, staff):
    assert registry.unpublish("iris") is None
    registry.promote(versions[0])
    assert registry.unpublish("iris", by=staff, why="a mistake") == versions[0]
    assert registry.unpublish("iris") is None
    assert states() == ["ready", "ready", "ready"]
    assert record() == [("promotion", None, 1), ("unpublishing", 1, None)]
    assert (Event.objects.last().by, Event.objects.last().why) == ("sam", "a mistake")


def test_a_model_is_unpublished_until_a_version_is_live_again(versions):
    seen = []
    for step in ("retire 3", "promote 1", "unpublish", "retire 2", "rollback", "unpublish"):
        do("iris", step)
        seen.append(registry.is_unpublished(registry.find("iris")))
    assert seen == [False, False, True, True, False, True]


def test_a_reset_with_every_version_retired_is_a_conflict(versions):
    for version in versions:
        registry.retire(version)
    with pytest.raises(Conflict, match="iris has no version that is not retired"):
        registry.reset("iris")
    assert record() == [("retirement", 1, None), ("retirement", 2, None), ("retirement", 3, None)]


def test_the_artifact_of_a_retired_version_stays(versions, models_dir):
    registry.retire(versions[0])
    assert (models_dir / "iris" / "1" / "model.skops").exists()


@pytest.fixture
def purged(versions, models_dir):
    """The directory of version 1, which is retired and purged."""
    registry.retire(versions[0])
    registry.purge(versions[0])
    return models_dir / "iris" / "1"


def names(directory):
    return sorted(entry.name for entry in directory.iterdir())


def test_a_purge_deletes_the_files_and_keeps_the_row_and_the_card(versions, purged, staff):
    version = ModelVersion.objects.get(version=1)
    assert (version.state, version.purged_at is not None) == ("retired", True)
    assert names(purged) == [".purged", "card.json"]
    assert record() == [("retirement", 1, None), ("purge", 1, None)]
    registry.purge(versions[0], by=staff)  # a repetition changes nothing
    assert ModelVersion.objects.get(version=1).purged_at == version.purged_at
    assert record() == [("retirement", 1, None), ("purge", 1, None)]
    assert [problem for _, problem in registry.verify()] == ["", ""]


def test_the_number_of_a_purged_version_is_not_used_again(register, models_dir):
    registry.promote(register())
    registry.retire(register())
    registry.purge(registry.version("iris", 2))
    assert register().version == 3


@pytest.mark.parametrize("change", ["promote 1", "purge 2", "purge 3"])
def test_a_purged_version_stays_so_and_others_are_not_purged(versions, purged, change):
    registry.promote(versions[1])
    only_retired = "Only the files of a retired version can be deleted."
    sentences = {
        "promote 1": "Version 1 of iris is retired and purged: its file is deleted.",
        "purge 2": f"Version 2 of iris is live. {only_retired}",
        "purge 3": f"Version 3 of iris is ready. {only_retired}",
    }
    verb, number = change.split()
    with pytest.raises(Conflict) as conflict:
        getattr(registry, verb)(registry.version("iris", int(number)))
    assert str(conflict.value) == sentences[change]
    assert states() == ["retired", "live", "ready"]


@pytest.mark.parametrize("end", ["exists", "touch"])
@pytest.mark.parametrize("completion", ["purge", "register", "sync"])
def test_an_interrupted_purge_is_completed(
    versions, models_dir, register, monkeypatch, end, completion
):
    """The process ends after the row is committed, before or after the files are deleted."""
    directory = models_dir / "iris" / "1"
    registry.retire(versions[0])
    with monkeypatch.context() as patch:
        patch.setattr(type(directory), end, interrupt)
        with pytest.raises(KeyboardInterrupt):
            registry.purge(versions[0])
    assert ModelVersion.objects.get(version=1).purged_at is not None
    assert ".purged" not in names(directory)
    with pytest.raises(Conflict, match="Version 1 of iris is retired and purged"):
        registry.callable_version("iris", 1)
    if completion == "purge":
        registry.purge(versions[0])
    elif completion == "register":
        register()
    else:
        sentence = "Deleted the files of iris/1, left by an interrupted purge."
        assert list(registry.sync()) == [(sentence, True)]
    assert names(directory) == [".purged", "card.json"]
    assert list(registry.sync()) == []


def interrupt(*_arguments):
    raise KeyboardInterrupt


def test_files_that_cannot_be_deleted_are_reported_and_block_no_registration(versions, monkeypatch):
    def is_forbidden(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    registry.retire(versions[0])
    monkeypatch.setattr("pathlib.Path.unlink", is_forbidden)
    with pytest.raises(ArtifactError) as failure:
        registry.purge(versions[0])
    assert str(failure.value) == (
        "The files of version 1 of iris cannot be deleted: Permission denied. Repeat the purge "
        "when they can."
    )
    sentence = "The files of iris/1 cannot be deleted: Permission denied."
    assert list(registry.sync()) == [(sentence, True)]


def test_a_purge_without_a_directory_is_only_recorded(versions, models_dir):
    registry.retire(versions[0])
    shutil.rmtree(models_dir / "iris" / "1")
    registry.purge(versions[0])
    assert record()[-1] == ("purge", 1, None)
    assert list(registry.sync()) == []


def test_a_version_that_is_retired_while_it_is_compiled_gets_no_files(
    versions, models_dir, monkeypatch
):
    def compile_file(*_arguments, **_options):
        registry.retire(versions[0])
        registry.purge(versions[0])
        return SimpleNamespace(engines={}, compiled="0" * 64)

    monkeypatch.setattr("predictor.isolation.sandbox.compile_file", compile_file)
    with pytest.raises(Conflict, match="is retired and purged"):
        registry.recompile_version(versions[0])
    assert names(models_dir / "iris" / "1") == [".purged", "card.json"]


def test_a_retired_version_is_not_compiled(versions):
    registry.retire(versions[0])
    registry.purge(versions[0])
    with pytest.raises(Conflict, match="is retired and purged"):
        registry.recompile_version(registry.version("iris", 1))


@pytest.mark.parametrize(
    "change", [registry.rollback, registry.reset, registry.unpublish, registry.find]
)
def test_a_model_that_is_not_there_has_nothing_to_change(db, change):
    with pytest.raises(ModelNotFound, match=r"There is no model nope\."):
        change("nope")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("model-0123", " Did you mean model-123?"),
        ("modle-123", " Did you mean model-123?"),
        ("xodel-123", " Did you mean model-123?"),
        ("nope", ""),
        ("model-123" * 20, ""),
    ],
)
def test_the_most_similar_of_many_models_is_suggested(
    db, name, hint, django_assert_max_num_queries
):
    RegisteredModel.objects.bulk_create(RegisteredModel(name=f"model-{n:03}") for n in range(300))
    with django_assert_max_num_queries(2), pytest.raises(ModelNotFound) as error:
        registry.find(name)
    assert error.value.hint == hint


@pytest.mark.parametrize("change", ["promote 2", "rollback", "reset"])
def test_a_version_whose_file_has_changed_is_not_made_live(versions, models_dir, change):
    for number in (1, 2, 3):
        registry.promote(registry.version("iris", number))
    for number in (1, 2):
        (models_dir / "iris" / str(number) / "model.skops").write_bytes(b"something else")
    with pytest.raises(ArtifactError, match="is not the file that was registered"):
        do("iris", change)
    assert live() == 3


@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [
        ({"accuracy": float("nan")}, "The metric accuracy must be a finite number."),
        ({"accuracy": True}, "The metric accuracy must be a finite number."),
        ({"accuracy": "0.9"}, "The metric accuracy must be a finite number."),
        ({"": 1}, "The name of a metric has 1 to 64 printable characters."),
    ],
)
def test_a_metric_is_a_finite_number_with_a_name(metrics, sentence):
    from predictor.registry.registration import check_metrics

    with pytest.raises(InvalidInput) as refused:
        check_metrics(metrics)
    assert refused.value.columns == {"metrics": [sentence]}


def row(**fields):
    model = RegisteredModel.objects.get(name="iris")
    facts = {"model": model, "version": 9, "sha256": "a" * 64, "size": 1, "signature": {}}
    return ModelVersion(**facts | fields)


WRONG_ROWS = {
    "two of one version": lambda: row(version=1).save(),
    "version 0": lambda: row(version=0).save(),
    "an unknown state": lambda: row(state="odd").save(),
    "no SHA-256": lambda: row(sha256="A" * 64).save(),
    "an empty artifact": lambda: row(size=0).save(),
    "two live versions": lambda: ModelVersion.objects.update(state="live"),
    "a name that fits no address": lambda: RegisteredModel.objects.create(name="../etc"),
    "an artifact that changes": lambda: ModelVersion.objects.update(sha256="b" * 64),
    "a class that changes": lambda: ModelVersion.objects.update(estimator="SVC"),
    "parts that change": lambda: ModelVersion.objects.update(parts=[]),
    "a version that is deleted": lambda: ModelVersion.objects.all()._raw_delete("default"),
    "a record that changes": lambda: Event.objects.update(why="another reason"),
    "a record that is deleted": lambda: Event.objects.all().delete(),
    "a live version retired": lambda: ModelVersion.objects.filter(version=1).update(
        state="retired"
    ),
    "a retired version brought back": lambda: ModelVersion.objects.filter(version=3).update(
        state="ready"
    ),
    "an unknown kind of event": lambda: event(kind="odd", to_version=2),
    "a promotion of nothing": lambda: event(kind="promotion", from_version=1),
    "a promotion to itself": lambda: event(kind="promotion", from_version=1, to_version=1),
    "a retirement to something": lambda: event(kind="retirement", from_version=2, to_version=1),
    "an unpublishing of nothing": lambda: event(kind="unpublishing"),
    "an unpublishing to something": lambda: event(
        kind="unpublishing", from_version=2, to_version=1
    ),
    "a purged version that is not retired": lambda: ModelVersion.objects.filter(version=2).update(
        purged_at=timezone.now()
    ),
    "a purge of nothing": lambda: event(kind="purge"),
    "a second registration": lambda: event(kind="registration", to_version=2),
    "a second retirement": lambda: event(kind="retirement", from_version=3),
    "an event of another model": lambda: event(
        kind="promotion", to_version=2, model=RegisteredModel.objects.create(name="other")
    ),
}


def event(kind, model=None, **numbers):
    named = {name: registry.version("iris", number) for name, number in numbers.items()}
    Event.objects.create(kind=kind, model=model or registry.find("iris"), **named)


@pytest.mark.parametrize("write", WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_the_database_holds_what_must_hold_whoever_writes(versions, write):
    registry.promote(versions[0])
    registry.retire(versions[2])
    with pytest.raises(IntegrityError), transaction.atomic():
        write()


def test_the_record_outlives_its_users(versions, staff):
    registry.promote(versions[0], by=staff)
    staff.delete()
    assert Event.objects.last().by == "sam"


def test_every_artifact_is_verified(versions, models_dir):
    (models_dir / "iris" / "2" / "model.skops").unlink()
    registry.retire(versions[2])
    problems = {version.version: problem for version, problem in registry.verify()}
    assert problems == {
        1: "",
        2: "iris/2/model.skops cannot be read: No such file or directory.",
        3: "",
    }
