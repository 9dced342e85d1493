"""Requests that go together, over a network: each client gets its own rows' answer."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.serving import Site

CLIENTS, REQUESTS = 16, 320
# Some that are not answered as the others are: a page, a visitor with a session, a refused row.
HEADERS = {7: {"Accept": "text/html"}, 11: {"Cookie": "sessionid=nobody"}}
REFUSED = 13


@pytest.fixture
def site(home):
    """One whose only worker leaves everything to scikit-learn."""
    with Site(home, "--workers", "1", ENGINES="scikit-learn") as site:
        yield site


def calls_and_requests(site):
    """The number of calls of the estimator, and of the requests that they answered."""
    families = text_string_to_metric_families(site.get("/metrics")[1].decode())
    samples = {one.name: one.value for family in families for one in family.samples}
    return {what: samples[f"predictor_joined_requests_{what}"] for what in ("count", "sum")}


def test_everybody_gets_their_own_answer(site, fitted):
    rng = np.random.default_rng(0)
    X = rng.uniform(fitted.X.min(axis=0), fitted.X.max(axis=0), (REQUESTS, 2))

    def ask(number):
        row = dict(zip(("X1", "X2"), X[number].tolist(), strict=True))
        if number % CLIENTS == REFUSED:
            row["X3"] = 1.0
        headers = {"Content-Type": "application/json"} | HEADERS.get(number % CLIENTS, {})
        path = "/predict?outputs=predict_proba"
        return site.ask("POST", path, json.dumps(row), **headers)

    before = calls_and_requests(site)
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(ask, range(REQUESTS)))
    expected = fitted.estimator.predict_proba(X)
    for number, (status, headers, body) in enumerate(answers):
        kind = number % CLIENTS
        assert status == (400 if kind == REFUSED else 200)
        if headers["Content-Type"] == "application/json" and status == 200:
            given = json.loads(body)["probabilities"].values()
            assert np.allclose(list(given), expected[number], 1e-9, 1e-12)
        else:
            assert kind in (7, REFUSED)

    # A page makes a second call for its curve, unless the first has taken long.
    curves = sum(b'id="variation"' in body for _, _, body in answers)
    predicted = REQUESTS * (CLIENTS - 1) / CLIENTS + curves
    assert calls_and_requests(site)["sum"] - before["sum"] == predicted
    assert calls_and_requests(site)["count"] - before["count"] < predicted
