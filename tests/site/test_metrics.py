"""The metrics of several processes, one of which dies."""

import os
import re
import signal

from tests.serving import Site, until

PREDICT = (
    "curl -H 'Content-Type: application/json' "
    """-d '{"X1":"61.1", "X2":"17.3"}' http://localhost:8000/predict"""
)
REQUESTS = (
    r'^predictor_prediction_requests_total\{model="iris",protocol="rows",status="200",.*?\} (\S+)$'
)


def counted(site):
    found = re.search(REQUESTS, site.get("/metrics")[1].decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def serving(site):
    """The processes that say which version they serve."""
    told = site.get("/metrics")[1].decode()
    return {
        int(pid)
        for pid in re.findall(r'^predictor_live_version\{.*pid="(\d+)"\}', told, re.MULTILINE)
    }


def test_counts_are_of_all_processes_and_outlive_one_of_them(home):
    with Site(home, "--workers", "2") as site:
        until(lambda: serving(site) == set(site.workers()), "both workers")
        for _ in range(12):
            assert site.curl(PREDICT)[0] == 200
        # The fast path counts its requests a moment later.
        until(lambda: counted(site) == 12, "12 requests")
        dead, kept = site.workers()
        os.kill(dead, signal.SIGKILL)
        until(lambda: dead not in site.workers() and len(site.workers()) == 2, "another worker")
        until(lambda: serving(site) == set(site.workers()), "the new worker's metrics")
        assert kept in site.workers()
        assert counted(site) == 12
        assert site.curl(PREDICT)[0] == 200
        until(lambda: counted(site) == 13, "13 requests")
