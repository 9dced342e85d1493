"""An estimator that a site trusts, and whose predictions do harm."""

import ctypes
import os
import signal
import sys
import traceback

import numpy as np
from sklearn.base import BaseEstimator

ALLOWED_VARIABLES = {
    "PATH",
    "LANG",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "LC_CTYPE",  # set by Python
    "KMP_INIT_AT_FORK",  # set by scikit-learn
    "KMP_DUPLICATE_LIB_OK",
}


def is_compiled():
    return any(frame.name == "compile_artifact" for frame in traceback.extract_stack())


def reads(path):
    """Fail if the file can be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - by any means
            file.read(1)
    except PermissionError:
        return
    raise RuntimeError("The file can be read.")


def writes(path):
    """Fail if the file can be written."""
    try:
        os.open(path, os.O_WRONLY | os.O_CREAT)
    except PermissionError:
        return
    raise RuntimeError("The file can be written.")


def reads_environment(_):
    """Fail if there is an unknown variable."""
    if unknown := os.environ.keys() - ALLOWED_VARIABLES:
        raise RuntimeError(str(unknown))


def names_packages(names):
    """Fail with the names of the packages that this process has imported."""
    raise RuntimeError(" ".join(sorted(set(names.split()) & sys.modules.keys())))


def floods(_argument):
    """Print, write to every descriptor, and end as if all was well."""
    for _ in range(64):
        os.write(1, b"a" * 2**20)
    for number in range(3, 64):
        try:
            os.pwrite(number, b"[" * 2**20, 0)
        except OSError:
            continue
    os._exit(0)


ACTIONS = {
    "read": reads,
    "write": writes,
    "environment": reads_environment,
    "crash": lambda _: ctypes.string_at(0),
    "kill": lambda _: signal.raise_signal(signal.SIGKILL),
    "real-time signal": lambda _: signal.raise_signal(signal.SIGRTMIN + 6),
    "exit": lambda _: os._exit(1),
    "loop": lambda _: sum(iter(int, 1)),
    "allocate": lambda _: bytearray(10 * 2**30),
    "flood": floods,
    "name packages": names_packages,
}


class Hostile(BaseEstimator):
    """Regressor that acts in each prediction, or only while it is compiled."""

    def __init__(self, action="", argument="", *, only_compiled=False):
        self.action = action
        self.argument = argument
        self.only_compiled = only_compiled

    def fit(self, X, _y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        if self.action and (not self.only_compiled or is_compiled()):
            ACTIONS[self.action](self.argument)
        return np.zeros(len(X))


class Single(BaseEstimator):
    """Regressor that takes one row only."""

    def fit(self, X, _y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        if len(X) > 1:
            raise ValueError("more than one row")
        return np.zeros(1)


class Unrepeatable(BaseEstimator):
    """Regressor whose predictions are not a function of the row.

    Parameters
    ----------
    source : {"memory", "state", "chance"}
        Origin of the difference between two predictions.
    size : int
        Number of values that are read.
    """

    def __init__(self, source="memory", size=1):
        self.source = source
        self.size = size

    def fit(self, X, _y=None):
        self.n_features_in_ = X.shape[1]
        self.n_calls_ = 0
        return self

    def predict(self, X):
        if self.source == "memory":
            return np.empty((self.size, len(X)))[-1] + X[:, 0]
        if self.source == "chance":
            return np.random.default_rng().normal(size=len(X))
        self.n_calls_ += 1
        return np.full(len(X), float(self.n_calls_))
