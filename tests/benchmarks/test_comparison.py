import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from comparison import bodies, peers
from comparison.cells import Cell
from comparison.environments import Unavailable
from comparison.figures import Figures, Ratio
from comparison.load import parsed
from comparison.report import markdown, ratios, table
from comparison.servers import Server

NO_ERRORS = {"connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0}
TITLES = {"ours": "this project", "fastapi": "FastAPI", "flask": "Flask"}


def output(**said):
    """What wrk prints, with the line of the script among its own."""
    result = {"requests": 2000, "duration_us": 2_000_000, "p50_us": 900, "p99_us": 4200} | said
    line = json.dumps({"errors": NO_ERRORS} | result)
    return f"Running 2s test @ http://127.0.0.1:1/\n  2000 requests in 2.00s\n\nresult {line}\n"


def cell(server, rps, scenario="row@16", failed=""):
    return Cell("logistic", scenario, server, rps, [1.0] * len(rps), [2.0] * len(rps), failed)


@pytest.fixture
def figures():
    return Figures(
        [
            cell("ours", [300.0, 400.0, 200.0]),
            cell("fastapi", [100.0, 100.0, 100.0]),
            cell("flask", [50.0, 0.0, 50.0], failed="no answer in time"),
            cell("ours", [30.0, 30.0, 30.0], "rows"),
            cell("fastapi", [10.0, 10.0, 10.0], "rows"),
            cell("fastapi", [60.0, 60.0, 60.0], "best"),
        ]
    )


def test_the_line_of_the_script_is_found_among_those_of_wrk():
    measured = parsed(output())
    assert (measured.rps, measured.p50_ms, measured.p99_ms) == (1000, 0.9, 4.2)
    assert measured.failed == ""


@pytest.mark.parametrize(
    ("said", "failed"),
    [
        ({"errors": NO_ERRORS | {"status": 3}}, "3 status errors in 2000 requests"),
        (
            {"errors": NO_ERRORS | {"read": 1, "timeout": 2}},
            "1 read, 2 timeout errors in 2000 requests",
        ),
        ({"requests": 0}, "no answer in time"),
    ],
)
def test_errors_are_failures(said, failed):
    assert parsed(output(**said)).failed == failed


@pytest.mark.parametrize(
    ("printed", "problem", "why"),
    [
        ("", "unable to connect to 127.0.0.1:1", "unable to connect to 127.0.0.1:1"),
        ("Usage: wrk", "", "Usage: wrk"),
        ("", "", "silence"),
    ],
)
def test_no_line_of_the_script_is_told(printed, problem, why):
    with pytest.raises(Unavailable, match=re.escape(f"wrk gave no result: {why}")):
        parsed(printed, problem)


def test_a_ratio_is_the_median_of_the_rounds_ratios(figures):
    assert figures.ratio("logistic", "row@16", "fastapi") == Ratio(3.0, 2.0, 4.0)


def test_there_is_no_ratio_to_what_failed(figures):
    assert figures.ratio("logistic", "row@16", "flask") is None


def test_whoever_has_no_better_body_is_compared_by_its_json(figures):
    assert figures.ratio("logistic", "best", "fastapi") == Ratio(0.5, 0.5, 0.5)


def test_a_table_is_markdown():
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_the_ratios_have_a_line_for_each_model_and_question(figures):
    assert ratios(figures, TITLES).splitlines()[2:] == [
        "| logistic | one row, 16 clients | **3.00** (2.00 to 4.00) | failed |",
        "| logistic | 1,000 rows, JSON | **3.00** (3.00 to 3.00) |  |",
        "| logistic | 1,000 rows, best body | **0.50** (0.50 to 0.50) |  |",
    ]


def test_the_page_names_versions_failures_and_why(figures):
    run = {
        "command": "make bench",
        "made_at": "2026-11-22",
        "machine": "2 cores",
        "method": "3 rounds.",
        "peers": {
            name: {"title": title, "what": "as it is", "versions": {name: "1.2"}}
            for name, title in TITLES.items()
        },
        "failures": [
            {"server": "BentoML", "model": "", "reason": "not installed: no such version"},
            {"server": "flask", "model": "forest", "reason": "/predict answers 500: oh"},
        ],
    }
    page = markdown(run, figures)
    assert "| FastAPI | as it is | fastapi 1.2 |" in page
    assert "| Flask | failed: no answer in time |" in page
    assert "- BentoML, all models: not installed: no such version" in page
    assert "- Flask, forest: /predict answers 500: oh" in page


def test_every_peer_is_described_whole_and_pinned():
    found = peers.every()
    assert found[0].name == "ours"
    assert {peer.folder.name for peer in found} >= {"fastapi", "mlserver", "bentoml", "litserve"}
    for peer in found:
        assert peer.bodies.keys() <= {"row", "rows", "best"}
        assert {body.written for body in peer.bodies.values()} <= bodies.WRITTEN.keys()
        assert {body.answered for body in peer.bodies.values()} <= bodies.ANSWERED.keys()
        if peer.requirements.exists():
            lines = peer.requirements.read_text().splitlines()
            assert [line for line in lines if "==" not in line] == []
            assert "scikit-learn==1.9.1" in lines


def test_peers_are_chosen_by_family_and_always_with_ours():
    assert [peer.name for peer in peers.chosen(["litserve", "floors"])] == [
        "ours",
        "litserve",
        "litserve-batching",
        "bare_drf",
        "bare_wsgi",
    ]
    with pytest.raises(SystemExit, match=r"No such peer: tornado\."):
        peers.chosen(["tornado"])


def test_rows_are_written_in_each_ones_way():
    X = np.array([[1.5, -2.0], [0.25, 4.0]])
    written = {name: write(X) for name, (_, write) in bodies.WRITTEN.items()}
    assert json.loads(written["object"]) == {"x0": 1.5, "x1": -2.0}
    assert json.loads(written["objects"]) == [{"x0": 1.5, "x1": -2.0}, {"x0": 0.25, "x1": 4.0}]
    assert json.loads(written["rows"]) == {"rows": [[1.5, -2.0], [0.25, 4.0]]}
    assert json.loads(written["tensor"])["inputs"][0]["data"] == [1.5, -2.0, 0.25, 4.0]
    assert np.frombuffer(written["binary"]).tolist() == [1.5, -2.0, 0.25, 4.0]


def test_a_server_that_ends_at_its_start_says_why(tmp_path):
    peer = peers.Peer(
        name="broken",
        title="broken",
        what="",
        folder=tmp_path,
        packages=(),
        command=("{bin}/python", "-c", "raise SystemExit('the port is cursed')"),
        default_command=(),
        ready="/ready",
        bodies={},
    )

    server = Server(peer, Path(sys.executable), tmp_path / "model", tmp_path / "home")
    with pytest.raises(Unavailable, match="it ended at its start: the port is cursed"):
        server.wait()
    server.stop()
