import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from comparison import bodies, peers
from comparison.cells import Accuracy, Cell
from comparison.environments import Unavailable
from comparison.figures import Figures, Ratio
from comparison.floors import FLOORS, STOCK, Run, floors
from comparison.load import parse
from comparison.report import markdown, ratios
from comparison.scripts import Result, table
from comparison.servers import Server
from comparison.verification import compare_labels, compare_probabilities
from sklearn.dummy import DummyClassifier

NO_ERRORS = {"connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0}
TITLES = {"mlsite": "this project", "fastapi": "FastAPI", "flask": "Flask"}


def wrk_output(**changes):
    result = {"requests": 2000, "duration_us": 2_000_000, "p50_us": 900, "p99_us": 4200} | changes
    line = json.dumps({"errors": NO_ERRORS} | result)
    return f"Running 2s test @ http://127.0.0.1:1/\n  2000 requests in 2.00s\n\nresult {line}\n"


def cell(server, rps, scenario="row@16", failed="", model="logistic"):
    return Cell(model, scenario, server, rps, [1.0] * len(rps), [2.0] * len(rps), failed)


@pytest.fixture
def figures():
    return Figures(
        [
            cell("mlsite", [300.0, 400.0, 200.0]),
            cell("fastapi", [100.0, 100.0, 100.0]),
            cell("flask", [50.0, 0.0, 50.0], failed="no response in time"),
            cell("mlsite", [30.0, 30.0, 30.0], "rows"),
            cell("fastapi", [10.0, 10.0, 10.0], "rows"),
            cell("fastapi", [60.0, 60.0, 60.0], "best"),
        ]
    )


def test_the_result_line_is_found_among_those_of_wrk():
    measurement = parse(wrk_output())
    assert (measurement.rps, measurement.p50_ms, measurement.p99_ms) == (1000, 0.9, 4.2)
    assert measurement.failed == ""


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"errors": NO_ERRORS | {"status": 3}}, "3 status errors in 2000 requests"),
        (
            {"errors": NO_ERRORS | {"read": 1, "timeout": 2}},
            "1 read, 2 timeout errors in 2000 requests",
        ),
        ({"requests": 0}, "no response in time"),
    ],
)
def test_errors_fail_a_measurement(changes, failed):
    assert parse(wrk_output(**changes)).failed == failed


@pytest.mark.parametrize(
    ("output", "errors", "reason"),
    [
        ("", "unable to connect to 127.0.0.1:1", "unable to connect to 127.0.0.1:1"),
        ("Usage: wrk", "", "Usage: wrk"),
        ("", "", "no output"),
    ],
)
def test_a_missing_result_line_is_reported(output, errors, reason):
    with pytest.raises(Unavailable, match=re.escape(f"wrk printed no result: {reason}")):
        parse(output, errors)


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds(figures):
    assert figures.ratio("logistic", "row@16", "fastapi") == Ratio(3.0, 2.0, 4.0)


def test_a_failed_server_has_no_ratio(figures):
    assert figures.ratio("logistic", "row@16", "flask") is None


def test_a_server_without_a_better_batch_body_is_compared_with_json(figures):
    assert figures.ratio("logistic", "best", "fastapi") == Ratio(0.5, 0.5, 0.5)


def test_a_table_is_markdown():
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_the_ratios_of_a_model_have_a_line_for_each_server(figures):
    assert ratios(figures, "logistic", TITLES).splitlines()[2:] == [
        "| FastAPI | **3.00** (2.00 to 4.00) | **3.00** (3.00 to 3.00) | **0.50** (0.50 to 0.50) |",
        "| Flask | failed |  |  |",
    ]


def lines_of_floors(cells, scripts=None, accuracy=()):
    titles = {peer.name: peer.title for peer in peers.load_all()}
    run = Run(Figures(cells), titles, scripts or {}, [*accuracy])
    return [line.strip("| ").split(" | ") for line in floors(run).splitlines()[2:]]


def test_a_floor_is_not_measured_without_figures():
    assert [line[2:] for line in lines_of_floors([])] == [["not measured"]] * len(FLOORS)


def test_a_floor_holds_if_the_ratio_reaches_it():
    cells = [cell("mlsite", [6000.0] * 3), cell("mosec", [4000.0] * 3), cell("fastapi", [1600.0])]
    cells[2].rps *= 3
    mosec, _, fastapi, *_ = lines_of_floors(cells)
    assert mosec[1:] == ["at least 1.5x", "**1.50x** (6,000 vs 4,000 requests/s)", "yes"]
    assert fastapi[1:] == ["at least 4x", "**3.75x** (6,000 vs 1,600 requests/s)", "**no**"]


def test_a_floor_against_several_servers_is_the_ratio_to_the_fastest_with_the_worst_model():
    cells = [
        cell("mlsite", [6000.0]),
        cell("bentoml", [1000.0]),
        cell("litserve", [2000.0]),
        cell("mlsite", [4000.0], model="boosting"),
        cell("mlserver-batching", [1600.0], model="boosting"),
        cell("mlsite", [100.0], model="uncompiled"),
        cell("mlserver", [200.0], model="uncompiled"),
    ]
    assert [line[1:] for line in lines_of_floors(cells) if "every compiled model" in line[0]] == [
        [
            "at least 2x",
            "**2.50x** (4,000 vs 1,600 requests/s; boosting, MLServer, batching)",
            "yes",
        ]
    ]


def test_batches_are_compared_with_exact_servers():
    cells = [
        cell("mlsite", [400.0], "rows", model="forest"),
        cell("mlserver", [200.0], "rows", model="forest"),
        cell("fastapi_onnx", [500.0], "rows", model="forest"),
    ]
    accuracy = [Accuracy("fastapi_onnx", "forest", 6e-7)]
    lines = lines_of_floors(cells, accuracy=accuracy)
    assert [line[1:] for line in lines if "1,000 rows" in line[0]] == [
        ["at least 1.2x", "**2.00x** (400 vs 200 requests/s)", "yes"]
    ]


def test_the_stock_path_has_a_floor_of_its_own():
    cells = [cell("mlsite", [9000.0]), cell(STOCK, [1000.0]), cell("drf", [800.0])]
    assert [line[1:] for line in lines_of_floors(cells) if "FAST_PATH" in line[0]] == [
        ["at least 1.5x", "**1.25x** (1,000 vs 800 requests/s)", "**no**"]
    ]


def test_a_server_with_other_probabilities_is_named():
    cells = [
        cell("mlsite", [6500.0], model="forest"),
        cell("fastapi_onnx", [5000.0], model="forest"),
    ]
    accuracy = [Accuracy("mlsite", "forest", 1e-16), Accuracy("fastapi_onnx", "forest", 0.01)]
    lines = lines_of_floors(cells, accuracy=accuracy)
    assert [line[1:] for line in lines if "ONNX Runtime" in line[0]] == [
        [
            "at least 1.3x",
            "**1.30x** (6,500 vs 5,000 requests/s; its probabilities differ by up to 1e-02)",
            "yes",
        ]
    ]


def test_the_floors_of_scripts_are_upper_limits():
    scripts = {
        "disturbed": Result("", [], [], 2.01, "12.1 vs 6.0 ms"),
        "tasks_paging": Result("", [], [], 1.4, "7 vs 5 ms"),
        "pages": Result("", [], [], 120.3, "`/tasks/`"),
        "isolation": Result("", [], [], 151, "151 µs"),
        "memory": Result("", [], [], 60.4, "150 vs 90 MB"),
    }
    assert [line[1:] for line in lines_of_floors([], scripts)[-5:]] == [
        ["at most 2x", "**2.01x** (12.1 vs 6.0 ms)", "**no**"],
        ["at most 2x", "**1.40x** (7 vs 5 ms)", "yes"],
        ["at most 200 ms", "**120.3 ms** (`/tasks/`)", "yes"],
        ["at most 200 µs", "**151.0 µs** (151 µs)", "yes"],
        ["at most 60 MB", "**60.4 MB** (150 vs 90 MB)", "**no**"],
    ]


@pytest.fixture
def run():
    return {
        "command": "make bench",
        "made_at": "2026-11-22",
        "machine": "2 cores",
        "method": "3 rounds.",
        "default": False,
        "peers": {
            name: {"title": title, "description": "as usual", "versions": {name: "1.2"}}
            for name, title in TITLES.items()
        },
        "failures": [
            {"server": "BentoML", "model": "", "reason": "not installed: no such version"},
            {"server": "flask", "model": "forest", "reason": "/predict returned 500: oh"},
        ],
        "accuracy": [],
        "scripts": {
            "memory": {
                "title": "Memory",
                "head": ["workers", "memory"],
                "rows": [["1", "90 MB"]],
                "value": 40.0,
                "explanation": "130 vs 90 MB",
            }
        },
    }


def test_the_page_starts_with_the_floors(run, figures):
    lines = markdown(run, figures).splitlines()
    assert lines[:3] == [
        "# Speed of this project and of other servers",
        "",
        "| measurement | required | measured | holds |",
    ]
    assert lines[3 + len(FLOORS)].endswith("at most 60 MB | **40.0 MB** (130 vs 90 MB) | yes |")


def test_quick_starts_have_no_floors(run, figures):
    assert "| holds |" not in markdown(run | {"default": True}, figures)


def test_the_page_contains_scripts_versions_and_reasons_of_failures(run, figures):
    page = markdown(run, figures)
    assert "**Memory**\n\n| workers | memory |\n| --- | --- |\n| 1 | 90 MB |" in page
    assert "| FastAPI | as usual | fastapi 1.2 |" in page
    assert "| Flask | failed: no response in time |" in page
    assert "- BentoML, all models: not installed: no such version" in page
    assert "- Flask, forest: /predict returned 500: oh" in page


def test_every_peer_is_described_completely_and_pinned():
    every = peers.load_all()
    assert [peer.name for peer in every[:2]] == ["mlsite", STOCK]
    for peer in every:
        assert peer.bodies.keys() <= {"row", "rows", "best", "probabilities"}
        assert {body.request for body in peer.bodies.values()} <= bodies.REQUESTS.keys()
        assert {body.response for body in peer.bodies.values()} <= bodies.RESPONSES.keys()
        if peer.requirements.exists():
            lines = peer.requirements.read_text().splitlines()
            assert [line for line in lines if "==" not in line] == []
            assert [line for line in lines if line.startswith("scikit-learn==1.9.1")]


def test_peers_are_selected_by_folder_and_always_with_this_project():
    assert [peer.name for peer in peers.select(["litserve", "bare"])] == [
        "mlsite",
        "litserve",
        "litserve-batching",
        "bare_drf",
        "bare_wsgi",
    ]
    with pytest.raises(SystemExit, match=r"Unknown peers: tornado\."):
        peers.select(["tornado"])


def test_an_optional_peer_must_be_named():
    assert "ray_serve" not in {peer.name for peer in peers.select(None)}
    assert [peer.name for peer in peers.select(["ray_serve"])] == ["mlsite", "ray_serve"]


def test_every_peer_has_its_own_encoding_of_rows():
    X = np.array([[1.5, -2.0], [0.25, 4.0]])
    content = {name: encode(X) for name, (_, encode) in bodies.REQUESTS.items()}
    assert json.loads(content["object"]) == {"x0": 1.5, "x1": -2.0}
    assert json.loads(content["objects"]) == [{"x0": 1.5, "x1": -2.0}, {"x0": 0.25, "x1": 4.0}]
    assert json.loads(content["rows"]) == {"rows": [[1.5, -2.0], [0.25, 4.0]]}
    assert json.loads(content["inputs"]) == {"inputs": [[1.5, -2.0], [0.25, 4.0]]}
    assert json.loads(content["tensor"])["inputs"][0]["data"] == [1.5, -2.0, 0.25, 4.0]
    assert np.frombuffer(content["binary"]).tolist() == [1.5, -2.0, 0.25, 4.0]


def test_labels_must_equal_those_of_the_estimator():
    requests = [np.array([[1.0]]), np.array([[-1.0], [2.0]])]
    estimator = DummyClassifier(strategy="constant", constant=1).fit([[0.0], [0.0]], [0, 1])
    compare_labels("/predict", [[1], [1, 1]], requests, estimator)
    for responses in ([[1], [1, 0]], [[1], [1]]):
        with pytest.raises(Unavailable, match=r"/predict returned . labels for 2 rows"):
            compare_labels("/predict", responses, requests, estimator)


def test_probabilities_may_differ_by_the_tolerance_of_the_peer():
    expected = np.array([[0.25, 0.75]])
    assert compare_probabilities([[0.2499, 0.7501]], expected, 0.001) == pytest.approx(1e-4)
    with pytest.raises(Unavailable, match="differ by 1e-04; 1e-09 is allowed"):
        compare_probabilities([[0.2499, 0.7501]], expected, 1e-9)


def test_a_server_that_ends_while_starting_reports_its_last_line(tmp_path):
    peer = peers.Peer(
        name="broken",
        title="broken",
        description="",
        folder=tmp_path,
        packages=(),
        command=("{bin}/python", "-c", "raise SystemExit('the port is cursed')"),
        default_command=(),
        ready="/ready",
        bodies={},
    )

    server = Server(peer, Path(sys.executable), tmp_path / "model", tmp_path / "home")
    with pytest.raises(Unavailable, match="it ended while starting: the port is cursed"):
        server.wait()
    server.stop()
