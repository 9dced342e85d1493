"""The setting TRUSTED_TYPES, with the example of its page."""

import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from predictor.core import artifacts, save
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.isolation.sandbox import Upload, inspect_file
from tests.predictor.isolation.test_inspection import run_in_forks
from tests.serving import ROOT

PAGE = (ROOT / "docs" / "custom-types.md").read_text()
MODULE, NOTEBOOK = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NOT_ALLOWED = (
    "contains types or functions that are not allowed: shop.Clip. Only if you trust their code: "
    "add them to the server's setting TRUSTED_TYPES, and to `trusted_types` of save and publish."
)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The variables of the notebook of the page, in the directory with its files."""
    directory = tmp_path_factory.mktemp("example")
    (directory / "shop.py").write_text(MODULE)
    variables = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        patch.syspath_prepend(directory)
        exec(NOTEBOOK, variables)  # noqa: S102 - the code of the page
        yield variables
    del sys.modules["shop"]


def test_the_example_is_registered_and_loaded_with_the_setting(example, settings, tmp_path):
    path = Path("wine.skops")
    with pytest.raises(InvalidInput, match=re.escape(NOT_ALLOWED)):
        inspect_file(Upload(path), tmp_path, run_in_forks)
    with pytest.raises(ArtifactError, match=re.escape(NOT_ALLOWED)):
        artifacts.load(path)
    settings.TRUSTED_TYPES = ["shop.Clip"]
    assert inspect_file(Upload(path), tmp_path, run_in_forks).format == "skops"
    loaded = artifacts.load(path, trusted=settings.TRUSTED_TYPES)
    model, X = example["model"], example["X"]
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_a_notebook_names_the_type(example):
    with pytest.raises(ArtifactError, match=re.escape(NOT_ALLOWED)):
        save(example["model"], "other.skops", sample=example["X"])


def test_a_pickle_with_a_trusted_type_is_converted(example, settings, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(example["model"]))
    upload = Upload(path, allow_pickle=True)
    sentence = "The pickle contains shop.Clip, which is not allowed. Only if you trust their code"
    with pytest.raises(InvalidInput, match=sentence):
        inspect_file(upload, tmp_path, run_in_forks)
    settings.TRUSTED_TYPES = ["shop.Clip"]
    assert inspect_file(upload, tmp_path, run_in_forks).format == "skops"


@pytest.mark.usefixtures("example")
def test_a_trusted_type_that_cannot_be_imported_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "shop", None)
    with pytest.raises(ArtifactError) as refusal:
        artifacts.load(Path("wine.skops"), trusted=["shop.Clip"])
    assert str(refusal.value).endswith(
        "shop.Clip cannot be imported. The server must be able to import every name in "
        "TRUSTED_TYPES."
    )
    monkeypatch.undo()


def test_a_class_of_the_notebook_itself_must_move_to_a_module(example, monkeypatch):
    monkeypatch.setattr(example["Clip"], "__module__", "__main__")
    sentence = (
        "__main__.Clip. Move those of __main__ to a module that the server can import. "
        "Only if you trust their code: add them to the server's setting TRUSTED_TYPES"
    )
    with pytest.raises(ArtifactError, match=re.escape(sentence)):
        save(example["model"], "other.skops", sample=example["X"])
