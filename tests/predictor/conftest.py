"""Uploaded files: valid files and rejected files."""

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from predictor.core import save
from predictor.core.compiler import batch_safety, crossover
from tests.predictor.core.onnx_files import regressor


@pytest.fixture(scope="session")
def regression():
    """An estimator that is not bundled."""
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 2.0]])
    return LinearRegression().fit(X, X @ [2.0, 3.0] + 1.0)


@pytest.fixture(scope="session")
def brought(tmp_path_factory, regression):
    """A file with it, one of ONNX that is read sooner, and others that are refused."""
    place = tmp_path_factory.mktemp("brought")
    save(regression, place / "sums.skops")
    (place / "sums.onnx").write_bytes(regressor([2.0, 3.0], 1.0))
    whole = (place / "sums.skops").read_bytes()
    (place / "empty.skops").write_bytes(b"")
    (place / "cut.skops").write_bytes(whole[: len(whole) // 2])
    (place / "pickled.skops").write_bytes(pickle.dumps(Marks(place / "has run")))
    return place


@pytest.fixture
def untimed(monkeypatch):
    """Make every compiled estimator, and every batch, the faster one, so that all of them run."""
    for module in (crossover, batch_safety):
        monkeypatch.setattr(module, "time_alternately", lambda _: [1.0, 2.0])


class Marks:
    """Leaves a mark if it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (open, (str(self.mark), "w"))
