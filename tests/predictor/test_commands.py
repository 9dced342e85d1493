"""The registry's commands: their output, and their errors as sentences."""

import json
import shutil
from importlib.metadata import version as installed

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from mlsite.command_line import program
from predictor import registry
from predictor.core.model_name import NAME_RULE
from predictor.models import ModelVersion
from predictor.registry import storage
from predictor.runtime import store
from tests.serving import ROOT, python


@pytest.fixture
def run(capsys, db, models_dir):
    """Run a command, and return its output."""

    def run(*arguments):
        capsys.readouterr()
        call_command(*map(str, arguments))
        return capsys.readouterr().out

    return run


@pytest.fixture
def three(run, register):
    """Three versions of iris, the second one live."""
    for _ in range(3):
        register()
    registry.promote(registry.version("iris", 1))
    registry.promote(registry.version("iris", 2))


def test_a_file_is_registered_and_promoted(run, brought, settings):
    output = run(
        *("register", "sums", brought / "sums.onnx", "--promote"),
        *("--metric", "r2=0.93", "--metric", "rows=4", "--note", "two sums"),
        *("--description", "Sums of two numbers."),
    )
    row = '{"x0": 0.0, "x1": 0.0}'
    curl = f"""curl -H "Content-Type: application/json" -X POST -d '{row}' http://localhost:8000"""
    assert output.splitlines() == [
        "Registered version 1 of sums.",
        "Estimator: OnnxRegressor",
        "File: onnx",
        "Columns: x0, x1",
        "Outputs: predict",
        "Engine: estimator process. OnnxRegressor is not compiled.",
        "two sums",
        "Version 1 of sums is live.",
        f"{curl}/models/sums/predict",
    ]
    _, *output = run("register", "sums", brought / "sums.skops").splitlines()
    assert output == [
        "Estimator: LinearRegression",
        f"File: skops, fitted with scikit-learn {installed('scikit-learn')}",
        "Columns: x0, x1",
        "Outputs: predict",
        "Engine: numpy",
        "Version 2 of sums is ready.",
        "Version 1 is live. To make this version live: promote sums 2",
        f"{curl}/models/sums/versions/2/predict",
    ]
    settings.PUBLIC_URL = "https://models.example.org/"
    *_, command = run("register", "sums", brought / "sums.skops").splitlines()
    assert command.endswith(" https://models.example.org/models/sums/versions/3/predict")
    version = ModelVersion.objects.get(version=1)
    assert version.metrics == {"r2": 0.93, "rows": 4}
    assert (version.notes, version.source) == ("two sums", "file sums.onnx")
    assert version.model.description == "Sums of two numbers."


def test_each_change_says_what_is_live(run, three):
    assert run("promote", "iris", 3, "--why", "better") == "Version 3 of iris is live.\n"
    assert run("rollback", "iris") == "Version 2 of iris is live.\n"
    assert run("reset", "iris") == "Version 1 of iris is live.\n"
    assert run("retire", "iris", 3) == "Version 3 of iris is retired.\n"
    assert run("purge", "iris", 3) == "The files of version 3 of iris are deleted.\n"
    assert run("models").splitlines()[3].split()[:5] == ["iris", "3", "retired", "skops", "purged"]
    unpublished = "iris has no live version.\n"
    assert run("unpublish", "iris") == f"Version 1 of iris is ready.\n{unpublished}"
    assert run("unpublish", "iris") == unpublished


def test_the_models_are_a_table(run, three):
    heading, *lines = run("models").splitlines()
    assert heading.split() == [
        *("MODEL", "VERSION", "STATE", "FORMAT", "BYTES", "REGISTERED", "METRICS")
    ]
    assert [line.split()[:4] for line in lines] == [
        ["iris", "1", "ready", "skops"],
        ["iris", "2", "live", "skops"],
        ["iris", "3", "ready", "skops"],
    ]
    assert len({line.index("accuracy 0.76") for line in lines}) == 1


def test_verify_looks_at_every_artifact(run, three):
    assert run("verify") == "iris/1 is unchanged.\niris/2 is unchanged.\niris/3 is unchanged.\n"


def test_verify_reports_all_that_is_wrong_and_repairs_nothing(run, three, models_dir, capsys):
    (models_dir / "iris" / "1" / "model.skops").write_bytes(b"something else")
    shutil.rmtree(models_dir / "iris" / "3")
    with pytest.raises(CommandError, match=r"2 of 3 artifacts are missing or have changed\."):
        run("verify")
    assert capsys.readouterr().out == (
        "iris/1/model.skops is not the file that was registered: its SHA-256 differs.\n"
        "iris/2 is unchanged.\n"
        "iris/3/model.skops cannot be read: No such file or directory.\n"
    )
    assert not (models_dir / "iris" / "3").exists()


ERRORS = [
    ("promote iris x", "A version is a number from 1; got 'x'."),
    (f"promote iris {'9' * 5000}", f"A version is a number from 1; got '{'9' * 5000}'."),
    ("promote iris 9", "iris has no version 9."),
    ("promote nope 1", "There is no model nope."),
    ("promote irsi 1", "There is no model irsi. Did you mean iris?"),
    (f"promote {'iris' * 5000} 1", f"There is no model {'iris' * 5000}."),
    ("retire iris 2", "Version 2 of iris is live. Promote another version first, or unpublish it."),
    ("purge iris 2", "Version 2 of iris is live. Only the files of a retired version can be"),
    ("rollback nope", "There is no model nope."),
    ("reset nope", "There is no model nope."),
    ("unpublish nope", "There is no model nope."),
    ("train nope", "There is no model nope."),
    ("register iris nowhere.skops", "There is no file nowhere.skops."),
    ("register iris manage.py --sample nowhere.csv", "There is no file nowhere.csv."),
    ("register iris manage.py --test nowhere.csv", "There is no file nowhere.csv."),
    ("register iris manage.py --test manage.py", "test needs target: test data, and the name"),
    ("register Iris manage.py", "'Iris' is not a model name. Use at most 64 lowercase letters"),
    ("register iris manage.py", "The file is neither a skops file nor an ONNX file."),
    ("register iris manage.py --metric a", "--metric takes NAME=NUMBER, such as accuracy=0.93"),
    ("register iris manage.py --metric a=nan", "The metric a must be a finite number."),
]


@pytest.mark.parametrize(("command", "sentence"), ERRORS)
def test_what_cannot_be_done_is_a_sentence(run, three, monkeypatch, command, sentence):
    monkeypatch.chdir(ROOT)
    with pytest.raises(CommandError) as error:
        run(*command.split())
    assert str(error.value).startswith(sentence)
    assert ModelVersion.objects.count() == 3


# One process for all, because an imported module stays imported.
WITHOUT_DATABASE = """
import sys
from django.core.management import execute_from_command_line
for command in sys.argv[1:]:
    try:
        execute_from_command_line(["manage.py", *command.split()])
    except SystemExit as end:
        print(command, end.code, sorted({"sklearn", "skops", "scipy"} & sys.modules.keys()))
"""


def test_a_database_that_is_missing_is_a_sentence_and_imports_no_scikit_learn(tmp_path):
    commands = ["models", "verify", "rollback iris", "sync"]
    settings = {"DJANGO_SETTINGS_MODULE": "mlsite.settings"}
    done = python(tmp_path, "-c", WITHOUT_DATABASE, *commands, **settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{command} 1 []" for command in commands]
    sentences = done.stderr.splitlines()
    assert len(sentences) == len(commands)
    for sentence in sentences:
        assert sentence.startswith("CommandError: The registry cannot be read (no such table")


@pytest.fixture
def lost(run, three, models_dir, tmp_path):
    """MODELS_DIR after its database was lost: three versions of iris."""
    kept = tmp_path / "kept"
    shutil.move(models_dir, kept)
    return kept


def test_sync_registers_what_a_lost_database_knew(run, lost, settings):
    """The rows of the first database are still there, under the name iris; these are new."""
    shutil.copytree(lost / "iris", settings.MODELS_DIR / "iris-again")
    known = {}
    for version in ModelVersion.objects.all():
        known[version.version] = (version.sha256, version.signature, version.metrics)
    assert run("sync") == (
        "Registered version 1 of iris-again.\n"
        "Registered version 2 of iris-again.\n"
        "Registered version 3 of iris-again.\n"
        "iris-again has no live version. To make one live: promote iris-again VERSION\n"
    )
    again = ModelVersion.objects.filter(model__name="iris-again")
    assert {v.version: (v.sha256, v.signature, v.metrics) for v in again} == known
    assert {v.state for v in again} == {"ready"}
    registry.promote(registry.version("iris-again", 2))
    assert run("sync") == "Every version in MODELS_DIR is registered.\n"


def test_sync_registers_no_purged_version_of_a_lost_database(run, three, models_dir):
    registry.retire(registry.version("iris", 3))
    registry.purge(registry.version("iris", 3))
    shutil.copytree(models_dir / "iris", models_dir / "again")
    assert run("sync").splitlines()[:2] == [
        "Registered version 1 of again.",
        "Registered version 2 of again.",
    ]
    assert ModelVersion.objects.filter(model__name="again").count() == 2
    assert storage.numbers("again") == [1, 2, 3]  # the next version is the fourth


def test_sync_registers_a_file_that_was_put_there_by_hand(run, brought, models_dir):
    place = models_dir / "sums" / "4"
    place.mkdir(parents=True)
    shutil.copy(brought / "sums.skops", place / "anything.skops")
    assert run("sync").startswith("Registered version 4 of sums.\n")
    card = json.loads((place / "card.json").read_text())
    assert (card["artifact"], card["version"]) == ("anything.skops", 4)
    model = store.load("sums", 4)
    assert model.engine_name(1) == "numpy"
    assert model.infer(np.ones((1, 2)), ["predict"])["predict"].tolist() == pytest.approx([6.0])


def test_sync_leaves_alone_what_is_no_version_and_says_why(run, brought, models_dir, capsys, lost):
    cards = {
        "changed": {},
        "odd": {"signature": [1]},
        "outside": {"artifact": "../2/model.skops"},
        "overrated": {"evaluation": {"task": "winning"}},
        "poor": {"sha256": None},
    }
    for name, card in cards.items():
        shutil.copytree(lost / "iris" / "1", models_dir / name / "1")
        path = models_dir / name / "1" / "card.json"
        known = json.loads(path.read_text()) | card
        path.write_text(json.dumps({k: v for k, v in known.items() if v is not None}))
    (models_dir / "changed" / "1" / "model.skops").write_bytes(b"something else")
    (models_dir / "empty" / "1").mkdir(parents=True)
    (models_dir / "Wrong" / "1").mkdir(parents=True)
    (models_dir / "file").mkdir()
    (models_dir / "file" / "1").touch()
    (models_dir / "damaged" / "1").mkdir(parents=True)
    shutil.copy(brought / "pickled.skops", models_dir / "damaged" / "1")
    with pytest.raises(CommandError, match=r"9 versions could not be registered\."):
        run("sync")
    assert capsys.readouterr().out.splitlines()[:9] == [
        f"Skipped Wrong/1: 'Wrong' is not a model name. {NAME_RULE}",
        "Skipped changed/1: The SHA-256 of model.skops differs from its card.",
        (
            "Skipped damaged/1: Pickles can execute code. Save the model with predictor.core.save "
            "instead. Only a command on the server reads pickles: `register NAME FILE "
            "--allow-pickle`."
        ),
        "Skipped empty/1: Expected one file, or one file and card.json.",
        "Skipped file/1: Not a directory.",
        "Skipped odd/1: card.json has a value of the wrong type.",
        "Skipped outside/1: card.json has a value of the wrong type.",
        (
            "Skipped overrated/1: The evaluation is invalid: Invalid enum value 'winning' - at "
            "`$.task`."
        ),
        "Skipped poor/1: card.json lacks sha256.",
    ]
    assert not ModelVersion.objects.exclude(model__name="iris").exists()
    assert not (brought / "has run").exists()


def test_a_start_leaves_the_default_model_unpublished(run, three):
    registry.unpublish("iris")
    _, *said = run("prepare").splitlines()
    assert said == [f"iris is unpublished: /predict answers 404. Run: {program()} rollback iris"]
    assert registry.live_versions() == {}


def test_a_start_without_its_database_takes_what_lies_in_models(run, register, models_dir):
    empty = transaction.savepoint()
    for _ in range(3):
        register()
    transaction.savepoint_rollback(empty)  # the files stay
    shutil.copytree(models_dir / "iris" / "3", models_dir / "sums" / "1")
    password, *said = run("prepare").splitlines()
    assert password.startswith("Made the user admin with the password ")
    assert said == [
        "Registered version 1 of iris.",
        "Registered version 2 of iris.",
        "Registered version 3 of iris.",
        "Registered version 1 of sums.",
        "Version 3 of iris is live.",
        f"sums has no live version. Run: {program()} promote sums VERSION",
    ]
    assert registry.version("iris", 3).compiled  # as it went live
