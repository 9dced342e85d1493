"""Mutated files of fitted estimators: rejected, or served by a pure function of each row.

`make robustness` makes 50,000 mutations, `make acceptance` about a hundred. To repeat one of them,
set `ROBUSTNESS_SEED` and `ROBUSTNESS_ONLY`, the number of the mutation.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path
from pprint import pformat
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import orjson
import pytest

from predictor.core import engines
from predictor.core.compiled import serialization
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.compiler.row_generator import random_rows
from predictor.core.engines.batching import slice_result
from predictor.core.errors import ArtifactError, EstimatorFailed, InvalidInput
from predictor.core.lazy_frame import slice_rows
from predictor.core.model import Model
from predictor.core.signature import Signature
from predictor.core.tolerance import Unequal, compare
from predictor.isolation import reports
from predictor.isolation.client import RemoteEngine
from predictor.isolation.connections import ConnectionPool
from predictor.isolation.job import REJECTED
from predictor.isolation.options import Options
from predictor.isolation.replies import RemoteTraceback
from predictor.isolation.supervisor_client import SupervisorClient
from tests.predictor import zoo
from tests.predictor.core import onnx_files
from tests.predictor.test_zoo import NOT_SERVED
from tests.robustness import mutations
from tests.robustness.inspection import OTHER_MODULES, paths_of

N_MUTATIONS = int(os.environ.get("ROBUSTNESS_MUTATIONS", "100"))
SEED = int(os.environ.get("ROBUSTNESS_SEED", "1"))
ONLY = os.environ.get("ROBUSTNESS_ONLY")
NUMBERS = range(N_MUTATIONS) if ONLY is None else [int(ONLY)]

# Number of files that are inspected and served together, and are on the disk at once.
FILES_PER_RUN = 1000

# Estimators of the short run: small, of different kinds, and compiled in a moment. A longer run
# mutates all estimators of the zoo.
QUICK = (
    *("LogisticRegression", "DecisionTreeClassifier", "KNeighborsClassifier", "PolynomialFeatures"),
    *("text, counted", "sparse rows, support vectors", "array of strings", "gaps, imputed"),
)
IS_QUICK = N_MUTATIONS < 1000

COMPILED = (
    *("LogisticRegression", "RandomForestClassifier", "HistGradientBoostingClassifier"),
    *("IsolationForest", "KNeighborsClassifier", "MLPClassifier", "table, logistic"),
    *("XGBoost, two classes", "XGBoost, gaps", "LightGBM, two classes"),
)

# Estimators whose results are random, or are if a parameter has another valid value.
RANDOM = {"BernoulliRBM", "DummyClassifier", "IterativeImputer"}

ONNX_SHARE = 0.1
ONNX_FILES = [
    onnx_files.classifier([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]], [0.0, 0.5, -0.5], ["a", "b", "c"]),
    onnx_files.regressor([1.0, -2.0, 0.5], 3.0),
    onnx_files.tree(1),
]

# Names of types that do not exist, in modules that the supervisor then imports once for all
# estimator processes.
PRELOADED = [f"{module}.none" for module in OTHER_MODULES]

N_ROWS = 6
ROW_OPTIONS = ({}, {"out_of_range": True}, {"missing": True})
TIME_LIMIT_S = 5
MEMORY_BYTES = 4 * 2**30

SECRET = "secret"
ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / name for name in ("mlsite", "predictor", "tasks", "tests")]


class Rejecting:
    """A fallback that rejects all rows."""

    failure = ""

    def run(self, _methods, _X):
        raise InvalidInput("No row is accepted.")


class NoObserver:
    def called(self, n_requests):
        pass

    def queued(self, n_requests):
        pass


@pytest.fixture(scope="module")
def supervisor():
    client = SupervisorClient()
    yield client
    client.close()


def names_of_estimators():
    """The names of the cases that can be served, and whose results are not random."""
    excluded = NOT_SERVED.keys() | RANDOM
    return sorted(name for name in zoo.CASES if name.partition("-")[0] not in excluded)


def make_file(number, names):
    """The bytes of a mutated file, and the name of its estimator."""
    rng = mutations.make_random(SEED, number)
    if rng.random() < ONNX_SHARE:
        model = onnx.ModelProto.FromString(rng.choice(ONNX_FILES))
        return mutations.mutate_onnx(model, rng), "onnx"
    for _ in names:
        name = rng.choice(names)
        with suppress(ArtifactError):  # this configuration cannot be served
            return mutations.mutate_skops(zoo.saved(name)[0], rng), name
    raise AssertionError("no estimator can be saved")


def inspect(directory):
    """Inspect all files of a directory, in processes that it starts."""
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    with (directory / "stderr").open("wb") as errors:
        subprocess.run(
            [sys.executable, "-m", "tests.robustness.inspection", directory],
            cwd=ROOT,
            env=dict.fromkeys(variables, "1") | {"PATH": os.environ["PATH"]},
            stderr=errors,
            check=True,
        )


def load(upload, outcome, supervisor):
    """The model of an accepted file, as a worker loads it, and whether rows share calls."""
    artifact, compiled, report = paths_of(upload)
    description, report = reports.parse(report.read_bytes(), outcome["engines"])
    options = Options(
        sha256=hashlib.sha256(artifact.read_bytes()).hexdigest(),
        signature=json.dumps(description.signature),
        trusted=PRELOADED,
        allow_version=False,
        is_batch_safe=bool(report.get("joined")),
        memory_bytes=MEMORY_BYTES,
        time_limit_s=TIME_LIMIT_S,
    )
    signature = Signature.from_json(description.signature)
    connections = ConnectionPool(artifact, options, supervisor)
    engine = RemoteEngine(signature, connections, NoObserver())
    if compiled.stat().st_size and outcome["engines"] is None:
        with suppress(ArtifactError):  # a worker runs the estimator then
            engine = engines.load_compiled(compiled.read_bytes(), engine, signature)
    in_batches = not report.get("alone", "").startswith("Predictions change")
    return Model("mutated", 1, signature, engine), in_batches


def request(model, X):
    """The results for rows, or the reason why there are none, after the kind of the outcome."""
    try:
        results = dict(model.infer(X, model.signature.methods))
    except InvalidInput as exc:
        return "rejected", str(exc)
    except EstimatorFailed as exc:
        # Other failures can depend on the limits of a process.
        is_raised = isinstance(exc.__cause__, RemoteTraceback)
        return ("raised", str(exc)) if is_raised else ("failed", "")
    except ArtifactError:
        return "failed", ""
    orjson.dumps(model.signature.encode_response(results, is_single=False))
    return "results", results


def difference(first, second):
    """The difference between two outcomes for the same row; empty if they are equal."""
    if "failed" in (first[0], second[0]):
        return ""  # counted as a failure
    if first[0] != second[0] or first[0] != "results":
        return "" if first == second else f"{first} / {second}"
    try:
        compare(*({name: comparable(name, v) for name, v in r.items()} for _, r in (first, second)))
    except Unequal as exc:
        return str(exc)
    return ""


def comparable(method, values):
    """A result for one row: NaN in objects as text, and a transformed row in one dimension."""
    if isinstance(values, list):
        return values
    if values.dtype == object:
        return np.array([str(value) for value in values.flat])
    return values.ravel() if method == "transform" else values


def rows_of(X):
    return [slice_rows(X, slice(n, n + 1)) for n in range(X.shape[0])]


def serve(model, *, in_batches):
    """Request rows in several orders; return the outcomes and the differences between them."""
    rng = np.random.default_rng(0)
    signature = model.signature
    rows = [signature.build_example()]
    for options in ROW_OPTIONS:
        rows += rows_of(random_rows(signature, N_ROWS // 3, rng, **options))
    outcomes = [request(model, row) for row in rows]
    again = [request(model, row) for row in reversed(rows)][::-1]
    pairs = list(zip(outcomes, again, strict=True))
    X = random_rows(signature, N_ROWS, rng)
    alone = [request(model, row) for row in rows_of(X)]
    kind, batch = request(model, X)
    if kind == "results" and in_batches:
        pairs += [
            (own, (kind, {name: slice_result(v, n, n + 1) for name, v in batch.items()}))
            for n, own in enumerate(alone)
        ]
    problems = {difference(*pair) for pair in pairs}
    if kind == "rejected" and in_batches and all(each[0] == "results" for each in alone):
        problems.add(f"Only the batch is rejected: {batch}")
    return [*outcomes, *alone, (kind, "")], sorted(problems - {""})


def attack(upload, outcome, supervisor, counts):
    """Serve a file that was inspected; yield the faults."""
    if outcome["code"]:
        # A file is also rejected if a signal ends the process of its inspection.
        counts["rejected" if outcome["code"] == REJECTED else "killed at the inspection"] += 1
        if outcome["code"] > 0 and outcome["code"] != REJECTED:
            yield f"the inspection ends with exit code {outcome['code']}"
        return
    try:
        model, in_batches = load(upload, outcome, supervisor)
    except ArtifactError:  # a value of its report cannot be stored
        counts["rejected"] += 1
        return
    outcomes, problems = serve(model, in_batches=in_batches)
    counts["served"] += 1
    counts["compiled"] += isinstance(model.engine, engines.CompiledEngine)
    kinds = Counter(kind for kind, _ in outcomes)
    counts.update(f"served with {kind} rows" for kind in kinds)
    yield from problems
    # Some rows may exceed the limits of a process, such as the size of a reply.
    if outcomes[0][0] == "failed":
        yield "the example row, which the inspection has run, ends the process"


@cache
def compiled(name):
    """A compiled estimator of the zoo as bytes, and its signature."""
    _, signature = zoo.saved(name)
    estimator = convert(zoo.fitted(name)[0])
    return serialization.dumps(estimator, dict.fromkeys(signature.shared_methods)), signature


@pytest.mark.filterwarnings("ignore")  # NumPy warns of overflows
def test_no_mutated_compiled_estimator_ends_a_worker(record_testsuite_property):
    counts = Counter()
    for number in NUMBERS:
        rng = mutations.make_random(SEED, number)
        data, signature = compiled(rng.choice(COMPILED))
        try:
            engine = engines.load_compiled(
                mutations.mutate_compiled(data, rng), Rejecting(), signature
            )
        except ArtifactError:
            counts["rejected"] += 1
            continue
        counts["loaded"] += 1
        random = np.random.default_rng(0)
        batches = [random_rows(signature, N_ROWS, random, **options) for options in ROW_OPTIONS]
        for X in (signature.build_example(), *batches):
            with suppress(InvalidInput):  # the fallback rejects all rows
                results = engine.run(signature.shared_methods, X)
                orjson.dumps(signature.encode_response(results, is_single=False))
    record_testsuite_property("mutations of compiled estimators", dict(counts))
    assert min(counts["rejected"], counts["loaded"]) > len(NUMBERS) / 10 or ONLY


def snapshot(directories):
    """The files in directories, with their times and sizes."""
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_size)
        for directory in directories
        for path in directory.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }


def run(numbers, names, directory, supervisor, counts):
    """Make files, inspect and serve them; return the faults of each."""
    uploads = {}
    for number in numbers:
        data, name = make_file(number, names)
        upload = directory / f"{number:06}.upload"
        upload.write_bytes(data)
        uploads[upload] = f"{number}: {name}"
    inspect(directory)
    faults = {}
    for upload, name in uploads.items():
        outcome = json.loads(upload.with_suffix(".outcome").read_text())
        faults[name] = list(attack(upload, outcome, supervisor, counts))
    return {name: found for name, found in faults.items() if found}


@pytest.mark.acceptance
def test_no_mutated_file_harms_the_server(supervisor, tmp_path, record_testsuite_property, capsys):
    names = QUICK if IS_QUICK else names_of_estimators()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / SECRET).write_text(SECRET)
    before = snapshot([outside, *SOURCES])
    counts, faults = Counter(), {}
    for start in range(0, len(NUMBERS), FILES_PER_RUN):
        numbers = NUMBERS[start : start + FILES_PER_RUN]
        with TemporaryDirectory(dir=tmp_path) as directory:
            faults |= run(numbers, names, Path(directory), supervisor, counts)
        if not IS_QUICK:
            with capsys.disabled():
                sys.stdout.write(f"{numbers[-1] + 1} mutations, faults: {pformat(faults)}\n")
    record_testsuite_property("mutations", dict(sorted(counts.items())))
    assert snapshot([outside, *SOURCES]) == before
    assert not faults, pformat(faults)
    assert counts["served"] > len(NUMBERS) / 10 or ONLY
