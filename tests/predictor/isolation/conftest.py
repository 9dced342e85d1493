"""Estimator processes of one supervisor, which all tests of a process share."""

import hashlib
import itertools
import json
import threading

import numpy as np
import pytest

from predictor.core.artifacts.skops import model_file
from predictor.core.signature import Column, Signature
from predictor.isolation.client import RemoteEngine
from predictor.isolation.connections import ConnectionPool
from predictor.isolation.options import Options
from predictor.isolation.supervisor_client import get_supervisor
from tests.predictor.isolation.faults import PREDICT, Faulty

FAULTY = f"{Faulty.__module__}.{Faulty.__qualname__}"
SIGNATURE = Signature((Column("a"), Column("b")), PREDICT)
MEMORY_BYTES = itertools.count(2**32, 2**20)


class Counts:
    """An observer that keeps the counts."""

    def __init__(self):
        self.batches = []
        self.waiting = [0]
        self._changing = threading.Lock()

    def called(self, n_requests):
        with self._changing:
            self.batches.append(n_requests)

    def queued(self, n_requests):
        self.waiting.append(n_requests)


@pytest.fixture(scope="session")
def supervisor():
    """The supervisor of this process, which has imported scikit-learn for other tests as well."""
    return get_supervisor()


@pytest.fixture(scope="session")
def artifact(tmp_path_factory):
    """The file of an estimator that can fail in many ways."""
    path = tmp_path_factory.mktemp("faulty") / "faulty" / "1" / "model.skops"
    path.parent.mkdir(parents=True)
    path.write_bytes(model_file.dumps(Faulty().fit(np.zeros((2, 2))), {}))
    return path


@pytest.fixture
def options(artifact):
    """Options of a version of its own: no other test counts the deaths of its process."""

    def options(path=artifact, signature=SIGNATURE, **others):
        defaults = {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "signature": json.dumps(signature.to_json()),
            "trusted": [FAULTY],
            "allow_version": True,
            "is_batch_safe": True,
            "memory_bytes": next(MEMORY_BYTES),
            "time_limit_s": 20,
        }
        return Options(**(defaults | others))

    return options


@pytest.fixture
def make_engine(supervisor, artifact, options):
    """A function that returns an engine, whose `counts` are those of its observer."""

    def make_engine(path=artifact, signature=SIGNATURE, **others):
        counts = Counts()
        described = options(path, signature, **others)
        engine = RemoteEngine(signature, ConnectionPool(path, described, supervisor), counts)
        engine.counts = counts
        return engine

    return make_engine


@pytest.fixture
def engine(make_engine):
    return make_engine()
