"""Promotions while clients predict: no request fails, and none gets another version's answer."""

import http.client
import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Barrier, BrokenBarrierError

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.neighbors import NearestCentroid

from predictor.core import save
from tests.serving import START_S, Site

pytestmark = pytest.mark.xdist_group("promotion")

CLIENTS = 16
PROMOTED = [2, 1] * 10
PATH = "/models/iris/predict?outputs=predict,predict_proba"
JSON = {"Content-Type": "application/json"}


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


@pytest.fixture
def site(home, fast_path, fitted, centroids):
    """A site with that estimator as version 2 of iris, which is not live.

    Its registration imports scikit-learn, before there are clients.
    """
    file = home / "centroids.skops"
    save(centroids, file, fitted.X, columns=fitted.columns)
    with Site(home, "--workers", "2", FAST_PATH=fast_path) as site:
        upload = f"curl -u admin:{site.password()} -F artifact=@{file}"
        status, _, body = site.curl(f"{upload} http://localhost:8000/models/iris/versions/")
        assert status == 201, body
        yield site


@pytest.mark.parametrize("fast_path", ["true", "false"])
def test_every_response_is_of_the_version_that_it_names(site, fitted, centroids):
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
                promote(site, version)
    assert [client.exception() for client in running] == [None] * CLIENTS

    estimators = {1: fitted.estimator, 2: centroids}
    of_each = [estimator.predict_proba(X.reshape(-1, 2)) for estimator in estimators.values()]
    assert not np.isclose(*of_each).all(axis=1).any()  # no row hides which version answered
    for client in clients:
        assert {body for status, _, body in client.answers if status != 200} == set()
        assert client.versions == [1, *PROMOTED]
        for _, version, body in client.answers:
            compare(json.loads(body), estimators[version], client.X)


def engine_of(site, version):
    return json.loads(site.get(f"/models/iris/versions/{version}/")[1])["engines"]["engine"]


def promote(site, version):
    user = b64encode(f"admin:{site.password()}".encode()).decode()
    authorization = {"Authorization": f"Basic {user}"}
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
