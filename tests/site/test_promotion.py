"""Promotions while clients predict: no request fails, and none gets another version's answer."""

import http.client
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Barrier, BrokenBarrierError

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.neighbors import NearestCentroid

from predictor.core import artifacts
from tests.serving import START_S, Site, python

pytestmark = pytest.mark.xdist_group("promotion")

CLIENTS = 16
PROMOTED = [1, 2] * 10
PATH = "/models/iris/predict?outputs=predict,predict_proba"
JSON = {"Content-Type": "application/json"}

# Both commands in one process, because its start is most of their time.
PREPARE = """
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "register", "iris", sys.argv[1], "--promote"])
execute_from_command_line(["manage.py", "token", "admin", "--name", "promotion"])
"""


class Client:
    """A client that predicts the same rows repeatedly, over one connection.

    `answers` holds the distinct responses as (status, version, body). `versions` holds the
    versions in the order in which they answered.
    """

    def __init__(self, site, X, *, is_single):
        rows = [dict(zip(("X1", "X2"), row, strict=True)) for row in X.tolist()]
        self.site, self.X = site, X
        self.body = json.dumps(rows[0] if is_single else rows)
        self.answers, self.versions = set(), []

    def run(self, rounds):
        """Predict without a pause in every round, until the version of the round answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=START_S)
        with closing(connection):
            connection.connect()
            connection.auto_open = False  # without reconnecting, a lost connection is a failure
            self.predict(connection)
            for version in PROMOTED:
                rounds.wait()
                while self.predict(connection) != version:
                    assert not rounds.broken, f"version {version} has not answered"

    def predict(self, connection):
        connection.request("POST", PATH, self.body, JSON)
        response = connection.getresponse()
        version = int(response.headers.get("X-Model-Version", 0))
        self.answers.add((response.status, version, response.read()))
        if self.versions[-1:] != [version]:
            self.versions.append(version)
        return version


@pytest.fixture(scope="module")
def centroids(fitted):
    """An estimator that is not compiled, fitted on the rows of the default model."""
    return NearestCentroid().fit(fitted.X, load_iris().target)


@pytest.fixture(scope="module")
def registered(prepared, fitted, centroids, tmp_path_factory):
    """The files of a site with that estimator as version 2 of iris, and a token of its admin.

    Version 2 is live. A start then imports scikit-learn before there are clients.
    """
    home = shutil.copytree(prepared, tmp_path_factory.mktemp("promotion") / "home")
    artifacts.save(centroids, home / "centroids.skops", fitted.X, columns=fitted.columns)
    settings = {"DJANGO_SETTINGS_MODULE": "mlsite.settings"}
    done = python(home, "-c", PREPARE, str(home / "centroids.skops"), **settings)
    assert done.returncode == 0, done.stderr
    return home, done.stdout.split()[-1]


@pytest.fixture
def site(registered, fast_path, tmp_path):
    home = shutil.copytree(registered[0], tmp_path / "home")
    with Site(home, "--workers", "2", FAST_PATH=fast_path) as site:
        yield site


@pytest.mark.parametrize("fast_path", ["true", "false"])
def test_every_response_is_of_the_version_that_it_names(site, registered, fitted, centroids):
    assert [engine_of(site, version) for version in (1, 2)] == ["numpy", "scikit-learn"]
    rng = np.random.default_rng(0)
    X = rng.uniform(fitted.X.min(axis=0), fitted.X.max(axis=0), (CLIENTS, 3, 2))
    clients = [Client(site, X[n], is_single=n % 2 == 0) for n in range(CLIENTS)]
    rounds = Barrier(CLIENTS + 1, timeout=START_S)
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(client.run, rounds) for client in clients]
        with suppress(BrokenBarrierError):
            for version in PROMOTED:
                rounds.wait()
                promote(site, registered[1], version)
    assert [client.exception() for client in running] == [None] * CLIENTS

    estimators = {1: fitted.estimator, 2: centroids}
    of_each = [estimator.predict_proba(X.reshape(-1, 2)) for estimator in estimators.values()]
    assert not np.isclose(*of_each).all(axis=1).any()  # no row hides which version answered
    for client in clients:
        assert {body for status, _, body in client.answers if status != 200} == set()
        assert client.versions == [2, *PROMOTED]
        for _, version, body in client.answers:
            compare(json.loads(body), estimators[version], client.X)


def engine_of(site, version):
    return json.loads(site.get(f"/models/iris/versions/{version}/")[1])["engines"]["engine"]


def promote(site, token, version):
    authorization = {"Authorization": f"Bearer {token}"}
    body = json.dumps({"version": version})
    status, _, answer = site.ask("POST", "/models/iris/promote", body, **JSON, **authorization)
    assert (status, json.loads(answer)["live_version"]) == (200, version)


def compare(answer, estimator, X):
    """Assert that an answer is the estimator's: for the first row, or for all of them."""
    if "prediction" in answer:
        answer = {
            "predictions": [answer["prediction"]],
            "probabilities": [answer["probabilities"]],
        }
        X = X[:1]
    assert answer["predictions"] == estimator.predict(X).tolist()
    probabilities = [list(row.values()) for row in answer["probabilities"]]
    assert np.allclose(probabilities, estimator.predict_proba(X), rtol=1e-9, atol=1e-12)
