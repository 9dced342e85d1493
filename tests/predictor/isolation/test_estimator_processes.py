"""Estimator processes: results, batches, and faults that end at the request that causes them."""

import errno
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import BayesianRidge, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from mlsite.server.parent import listen
from predictor.core import save
from predictor.core.engines.concurrency_limit import MAX_SLOW_REQUESTS
from predictor.core.errors import ArtifactError, Busy, EstimatorFailed, InvalidInput
from predictor.isolation import messages, packing, sandbox, seccomp, supervisor_client
from predictor.isolation.job import Job
from predictor.isolation.supervisor import MAX_DEATHS, NO_RESOURCES
from tests.predictor.isolation.faults import CODES, PREDICT, RESULTS, faulty, good
from tests.predictor.isolation.processes import forked, outcome, refuse
from tests.serving import ROOT, children, until

BOUND_S = 60

# Flags of `clone` in `os.fork`: CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID and SIGCHLD.
FORK_FLAGS = 0x1200011


@pytest.fixture
def pool():
    with ThreadPoolExecutor(MAX_SLOW_REQUESTS + 2) as pool:
        yield pool


def predict(engine, X):
    return engine.run(PREDICT, X)["predict"].tolist()


def process_of(engine):
    """The id of the process that ran the last request."""
    return engine.connections.idle[-1].pid


def is_alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - a file of the kernel
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def stopped(pid):
    """A process that does not run until the context ends."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


# Results


def tables():
    X = pd.DataFrame({"size": [1.5, np.nan, 3.0] * 5, "plan": ["a", "b", None] * 5})
    y = [0, 1, 0] * 5
    encoder = make_column_transformer((OneHotEncoder(), ["plan"]), sparse_threshold=0)
    yield "frame", make_pipeline(encoder, LogisticRegression()).fit(X, y), X
    yield (
        "category",
        make_pipeline(encoder, LogisticRegression()).fit(X.astype({"plan": "category"}), y),
        X.astype({"plan": "category"}),
    )
    kept = FunctionTransformer(feature_names_out="one-to-one").fit(X[["plan"]])
    yield "frame result", kept.set_output(transform="pandas"), X[["plan"]]
    numbers = np.arange(30.0).reshape(-1, 2)
    yield "array", KNeighborsClassifier(2, p=3).fit(numbers, y), numbers
    names = np.array(["yes", "no", "no"] * 5)
    yield "strings", KNeighborsClassifier(2).fit(numbers, names), numbers
    yield "float32", KNeighborsClassifier(2).fit(numbers.astype("f4"), y), numbers.astype("f4")
    several = MultiOutputClassifier(LogisticRegression()).fit(numbers, np.column_stack([y, names]))
    yield "outputs", several, numbers
    texts = ["one two", "two", "three"] * 5
    yield "texts", make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, y), texts
    yield "sparse result", CountVectorizer().fit(texts), texts


@pytest.mark.parametrize(
    ("estimator", "X"), [pytest.param(*row[1:], id=row[0]) for row in tables()]
)
def test_results_are_those_of_the_estimator(make_engine, tmp_path, estimator, X):
    path = tmp_path / "model.skops"
    signature = save(estimator, path, X).signature
    columns = {name: X[name] for name in X} if hasattr(X, "columns") else None
    if columns is None:
        table = np.asarray(X).reshape(len(X), -1).T
        columns = dict(zip(signature.names, table, strict=True))
    rows = pd.DataFrame(columns)
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    engine = make_engine(path, signature)
    parsed = signature.parse_rows(records).X
    results = engine.run(signature.methods, parsed)
    expected = {name: getattr(estimator, name)(X) for name in signature.methods}
    bodies = [
        orjson.dumps(signature.encode_response(values, is_single=False))
        for values in (results, expected)
    ]
    assert bodies[0] == bodies[1]
    assert results.engine_name == "scikit-learn"
    single = signature.parse_rows(records[0]).X
    assert list(engine.run(signature.methods, single)) == list(signature.methods)


def test_a_number_beyond_float32_is_rejected_with_its_column(make_engine, tmp_path):
    X = pd.DataFrame({"a": np.arange(6, dtype="f4"), "b": np.arange(6, dtype="f4")})
    path = tmp_path / "model.skops"
    signature = save(KNeighborsClassifier(2).fit(X, [0, 1] * 3), path, X).signature
    engine = make_engine(path, signature)
    with pytest.raises(InvalidInput) as rejection:
        engine.run(PREDICT, signature.parse_rows({"a": 1e39, "b": 0}).X)
    assert rejection.value.columns == {
        "a": ["Expected a number; got a number too large for 32 bits."]
    }


def test_large_requests_arrive_complete(engine):
    X = np.random.default_rng(0).uniform(size=(200_000, 2))
    assert np.array_equal(engine.run(PREDICT, X)["predict"], X.sum(axis=1))


def test_arrays_keep_their_order_and_type():
    for array in (
        np.arange(6).reshape(2, 3).T,
        np.zeros((0, 3), "f4"),
        np.array([True, False]),
        np.array(["a", "bcd"]),
        np.array([[None, "a"], [1.5, float("inf")]], dtype=object),
    ):
        arrays = []
        description = packing.pack(array, arrays)
        body = bytearray(b"".join(map(bytes, messages.dump({}, arrays)[1:])))
        unpacked = packing.Unpacker(body).unpack(description)
        assert unpacked.tolist() == array.tolist()
        assert (unpacked.dtype, unpacked.shape) == (array.dtype, array.shape)
        assert unpacked.flags.f_contiguous == array.flags.f_contiguous
        assert unpacked.flags.writeable


# Batches


def connect(engine, n):
    """Sockets of the engine's process."""
    connections = []
    artifact = engine.connections.artifact
    for _ in range(n):
        connection, _ = engine.connections.supervisor.connect(artifact, engine.connections.options)
        messages.limit_waits(connection, BOUND_S)
        connections.append(connection)
    return connections


def send(connection, X, methods=PREDICT, *, is_retried=False):
    arrays = []
    header = {"methods": methods, "X": packing.pack(X, arrays), "is_retried": is_retried}
    messages.send(connection, messages.dump(header, arrays))


def reply(connection):
    message = messages.receive(connection, first_bytes=messages.PREFIX.size)
    return messages.receive(connection) if "started" in message.header else message


def replies(engine, requests):
    """The headers of the replies to requests that arrive while the process is stopped."""
    predict(engine, good(0.0))
    connections = connect(engine, len(requests))
    with stopped(process_of(engine)):
        for connection, (X, options) in zip(connections, requests, strict=True):
            send(connection, X, **options)
    received = list(map(reply, connections))
    for connection in connections:
        connection.close()
    return received


def sums(received):
    return [
        packing.Unpacker(body).unpack(header["results"]["predict"]).tolist()
        if "results" in header
        else header
        for header, body in received
    ]


def sizes(received):
    return [header["batch"] for header, _ in received if header.get("batch")]


def test_requests_of_many_sockets_that_arrive_during_a_call_form_one_batch(engine):
    received = replies(engine, [(good(float(n)), {}) for n in range(20)])
    assert sums(received) == [[n + 1.0] for n in range(20)]
    assert sizes(received) == [20]


def test_a_batch_has_a_largest_number_of_rows(engine):
    many = np.ones((60, 2))
    received = replies(engine, [(many, {}) for _ in range(20)])
    assert sums(received) == [[2.0] * 60] * 20
    assert sorted(sizes(received)) == [3, 17]


def test_requests_with_many_rows_and_retried_requests_are_not_batched(engine):
    many = (np.ones((65, 2)), {})
    received = replies(engine, [(good(1.0), {}), many, (good(2.0), {"is_retried": True}), many])
    assert sizes(received) == [1, 1, 1, 1]


def test_methods_on_request_get_a_call_of_their_own(make_engine, tmp_path):
    X = np.arange(20.0).reshape(10, 2)
    path = tmp_path / "model.skops"
    estimator = BayesianRidge().fit(X, X[:, 0])
    engine = make_engine(path, save(estimator, path, X).signature)
    methods = ("predict", "predict_std")
    requests = [(X[:1], {"methods": methods}), (X[1:2], {"methods": methods})]
    assert sizes(replies(engine, requests)) == [1, 1]
    results = engine.run(methods, X)
    np.testing.assert_array_equal(results["predict_std"], estimator.predict(X, return_std=True)[1])


def test_a_version_that_is_not_batch_safe_gets_one_request_at_a_time(make_engine):
    received = replies(make_engine(is_batch_safe=False), [(good(1.0), {}), (good(2.0), {})])
    assert sums(received) == [[2.0], [3.0]]
    assert sizes(received) == [1, 1]


def test_the_rejected_request_of_a_batch_is_identified(engine):
    requests = [(good(float(n)), {}) for n in range(8)]
    requests[5] = (faulty("reject"), {})
    received = sums(replies(engine, requests))
    assert received.pop(5) == {
        "invalid": "The model rejects these rows: X is negative.",
        "columns": {},
    }
    assert received == [[n + 1.0] for n in (0, 1, 2, 3, 4, 6, 7)]


def test_a_request_that_waits_longer_than_a_call_may_take_is_refused(make_engine):
    engine = make_engine(time_limit_s=2, is_batch_safe=False)
    received = replies(engine, [(faulty("wait", second), {}) for second in (0.0, 1.0, 2.0)])
    assert sizes(received) == [1, 1]
    assert [header for header, _ in received if "busy" in header] == [
        {"busy": "The estimator has no time for these rows."}
    ]


def test_requests_of_many_threads_are_counted(engine):
    rows = [good(float(n)) for n in range(200)]
    with ThreadPoolExecutor(32) as pool:
        results = list(pool.map(lambda X: predict(engine, X), rows, timeout=BOUND_S))
    assert results == [[n + 1.0] for n in range(200)]
    assert sum(engine.counts.batches) == 200
    assert engine.counts.waiting[-1] == 0


def test_one_request_more_than_may_wait_is_refused(engine, pool):
    predict(engine, good(0.0))
    with stopped(process_of(engine)):
        waiting = [pool.submit(predict, engine, good(float(n))) for n in range(MAX_SLOW_REQUESTS)]
        until(lambda: engine.counts.waiting[-1] == MAX_SLOW_REQUESTS, "a full queue", BOUND_S)
        with pytest.raises(Busy, match=f"^{MAX_SLOW_REQUESTS} slow requests run or wait already"):
            predict(engine, good(1.0))
    results = [future.result(BOUND_S) for future in waiting]
    assert results == [[n + 1.0] for n in range(MAX_SLOW_REQUESTS)]


# Faults

ENDED = (EstimatorFailed, "The estimator's process ended while it handled these rows.")
TOO_SLOW = (EstimatorFailed, "The estimator exceeded its time limit of 2 s.")
EXPECTED = {
    "loop": TOO_SLOW,
    "match_slowly": TOO_SLOW,
    "end": ENDED,
    "crash": ENDED,
    "leave": ENDED,
    "send_half": ENDED,
    "send_garbage": ENDED,
    "allocate": (Busy, "These rows exceed ESTIMATOR_MEMORY_BYTES."),
    "reject": (InvalidInput, "The model rejects these rows: X is negative."),
    "fail": (EstimatorFailed, "The model raises an exception for these rows."),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_fault_fails_only_its_own_request(make_engine, pool, name):
    engine, neighbour = make_engine(time_limit_s=2), make_engine()
    exception, message = EXPECTED[name]
    predict(neighbour, good(0.0))
    process = process_of(neighbour)
    before = [pool.submit(predict, engine, good(float(n))) for n in range(5)]
    fault = pool.submit(predict, engine, faulty(name))
    with pytest.raises(exception, match=message):
        fault.result(BOUND_S)
    assert predict(engine, good(7.0)) == [8.0]
    for number, future in enumerate(before):
        # A request in the same call as one that exceeds the time limit is not repeated.
        if exception is not EstimatorFailed or message != TOO_SLOW[1] or not future.exception():
            assert future.result(BOUND_S) == [number + 1.0]
    assert predict(neighbour, good(1.0)) == [2.0]
    assert process_of(neighbour) == process


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_that_does_not_follow_from_the_signature_is_refused(engine, name):
    with pytest.raises(EstimatorFailed):
        predict(engine, faulty(name))
    assert predict(engine, good(1.0)) == [2.0]


def test_an_exception_of_the_estimator_is_logged_and_cannot_forge_records(engine, caplog):
    with pytest.raises(EstimatorFailed):
        predict(engine, faulty("fail"))
    (record,) = caplog.records
    first, *lines = record.getMessage().splitlines()
    assert first.endswith(" for these rows. Traceback (most recent call last):")
    assert lines[-1] == "    TypeError: unexpected?[31m"
    assert all(line.startswith("    ") for line in lines)


def test_much_output_goes_nowhere(engine, capfd):
    assert predict(engine, faulty("print_much", 100.0)) == [pytest.approx(94.0)]
    assert len(capfd.readouterr().out) < 1000


def test_a_process_that_stops_to_respond_is_replaced(make_engine):
    engine = make_engine(time_limit_s=0.5)
    assert predict(engine, good(1.0)) == [2.0]
    process = process_of(engine)
    with pytest.raises(EstimatorFailed, match="exceeded its time limit"):
        predict(engine, faulty("send_nothing"))
    assert not is_alive(process)
    assert predict(engine, good(1.0)) == [2.0]


def test_a_process_that_accepts_no_connections_is_replaced(make_engine):
    engine, other = make_engine(), make_engine()
    other.connections.options = engine.connections.options
    code = CODES["refuse_connections"]
    assert predict(engine, faulty("refuse_connections", 100.0)) == [100.0 + code]
    process = process_of(engine)
    assert predict(other, good(1.0)) == [2.0]
    assert not is_alive(process)
    assert predict(engine, good(1.0)) == [2.0]


@pytest.mark.parametrize("name", ["send_long_header", "send_long_values"])
def test_a_reply_with_much_json_is_refused_before_it_is_parsed(engine, name):
    """Python would parse it for many seconds, in which no other thread runs."""
    predict(engine, good(1.0))
    start = time.thread_time()
    with pytest.raises(EstimatorFailed, match="ended while it handled these rows"):
        predict(engine, faulty(name))
    assert time.thread_time() - start < 2
    assert predict(engine, good(1.0)) == [2.0]


def test_a_request_in_a_batch_with_rows_that_end_the_process_is_repeated(engine, pool):
    predict(engine, good(0.0))
    with stopped(process_of(engine)):
        rows = [good(float(n)) for n in range(6)]
        futures = [pool.submit(predict, engine, X) for X in [*rows, faulty("crash")]]
        until(lambda: engine.counts.waiting[-1] == 7, "seven requests", BOUND_S)
    *others, fault = futures
    assert [future.result(BOUND_S) for future in others] == [[n + 1.0] for n in range(6)]
    with pytest.raises(EstimatorFailed):
        fault.result(BOUND_S)


def test_rows_that_ended_the_process_do_not_reach_the_next_one(engine):
    with pytest.raises(EstimatorFailed, match="ended while it handled these rows"):
        predict(engine, faulty("end"))
    predict(engine, good(1.0))
    process = process_of(engine)
    with pytest.raises(EstimatorFailed, match="ended while it handled these rows"):
        predict(engine, faulty("end"))
    assert predict(engine, good(1.0)) == [2.0]
    assert process_of(engine) == process


def test_a_version_whose_process_ends_again_and_again_is_out_of_service(make_engine):
    engine, neighbour = make_engine(), make_engine()
    failures = []
    while not failures or failures[-1][0] is not ArtifactError:
        assert len(failures) < MAX_DEATHS
        with pytest.raises((EstimatorFailed, ArtifactError)) as failure:
            predict(engine, faulty("crash", float(len(failures))))
        failures.append((failure.type, str(failure.value)))
    sentence = f"Its estimator process ended {MAX_DEATHS} times within 60 seconds."
    assert failures[-1] == (ArtifactError, sentence)
    with pytest.raises(ArtifactError, match=sentence):
        predict(engine, good(1.0))
    assert predict(neighbour, good(1.0)) == [2.0]


# Files


def test_a_file_that_has_changed_is_not_read(make_engine):
    engine = make_engine(sha256="0" * 64)
    sentence = "faulty/1/model.skops: The file has changed since its registration"
    with pytest.raises(ArtifactError, match=sentence):
        predict(engine, good(1.0))


def test_a_file_with_a_type_that_is_not_trusted_is_not_read(make_engine):
    with pytest.raises(ArtifactError, match="Faulty"):
        predict(make_engine(trusted=[]), good(1.0))


def test_a_file_that_is_missing_is_named(make_engine, artifact, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(artifact.read_bytes())
    engine = make_engine(path)
    path.unlink()
    with pytest.raises(ArtifactError, match="cannot be read: No such file or directory"):
        predict(engine, good(1.0))


# Life of a process


def test_a_process_ends_when_the_last_engine_is_dropped(make_engine, options):
    first = make_engine()
    second = make_engine()
    second.connections.options = first.connections.options
    predict(first, good(1.0))
    predict(second, good(1.0))
    process = process_of(first)
    assert process_of(second) == process
    del first
    assert predict(second, good(1.0)) == [2.0]
    assert process_of(second) == process
    del second
    until(lambda: not is_alive(process), "the end of the process", BOUND_S)


def test_an_idle_process_ends_and_starts_again(make_engine):
    engine = make_engine(idle_s=0.1)
    assert predict(engine, good(1.0)) == [2.0]
    for _ in range(MAX_DEATHS + 1):  # an idle process has not failed
        process = process_of(engine)
        until(lambda process=process: not is_alive(process), "the end of the process", BOUND_S)
        assert predict(engine, good(1.0)) == [2.0]


def test_a_supervisor_that_dies_is_replaced(make_engine, supervisor):
    engine = make_engine()
    predict(engine, good(1.0))
    process = process_of(engine)
    os.kill(supervisor._owned.process.pid, signal.SIGKILL)
    until(lambda: not is_alive(process), "the end of its processes", BOUND_S)
    assert predict(engine, good(1.0)) == [2.0]


def test_requests_wait_for_a_supervisor_for_a_bounded_time(pool, monkeypatch, tmp_path):
    monkeypatch.setattr(supervisor_client, "TIMEOUT_S", 0.5)
    client = supervisor_client.SupervisorClient()
    client.use(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()  # and accept nothing
        start = time.monotonic()
        futures = [pool.submit(client.kill, 1) for _ in range(16)]
        failures = {type(future.exception(BOUND_S)) for future in futures}
        assert failures == {Busy}
        assert time.monotonic() - start < 4
        client.close()


def test_a_supervisor_without_free_descriptors_refuses_and_goes_on(artifact, options, tmp_path):
    def limit(n_free):
        """Let the supervisor open a number of further descriptors."""
        resource.prlimit(supervisor.process.pid, resource.RLIMIT_NOFILE, (free[n_free], hard))

    def make_client():
        client = stack.enter_context(closing(supervisor_client.SupervisorClient()))
        client.use(tmp_path / "socket")
        return client

    with ExitStack() as stack:
        listener = stack.enter_context(listen(tmp_path / "socket"))
        supervisor = stack.enter_context(closing(supervisor_client.OwnedSupervisor(listener)))
        client = make_client()
        client.kill(1)  # no process of the supervisor
        is_open = Path(f"/proc/{supervisor.process.pid}/fd")
        free = sorted({*range(100)} - {int(path.name) for path in is_open.iterdir()})
        _, hard = resource.prlimit(supervisor.process.pid, resource.RLIMIT_NOFILE)
        limit(0)
        with pytest.raises(Busy):
            make_client().kill(1)
        client.kill(1)
        for n_free in range(5):
            limit(n_free)
            with pytest.raises(Busy):
                client.connect(artifact, options())
        limit(50)
        make_client().kill(1)
        connection, _ = client.connect(artifact, options())
        connection.close()
        assert not supervisor.has_ended()


def test_a_fork_that_fails_refuses_its_request_only(artifact, options):
    def attempt():
        client = supervisor_client.SupervisorClient()
        client.kill(1)
        supervisor = client._owned.process.pid
        sentences = []
        for _ in range(2):
            with pytest.raises(Busy) as refusal:
                client.connect(artifact, options())
            sentences.append(str(refusal.value))
            with pytest.raises(Busy) as refusal, tempfile.TemporaryFile() as file:
                client.start_job(Job(["inspection"], *[file.fileno()] * 4))
            sentences.append(str(refusal.value))
        client.kill(1)
        is_same = client._owned.process.pid == supervisor
        client.close()
        return sentences, is_same

    clone = seccomp.get_numbers(seccomp.CHECKED, os.uname().machine)["clone"]
    assert outcome(attempt, lambda _channel: refuse(clone, errno.EAGAIN, FORK_FLAGS)) == [
        [NO_RESOURCES] * 4,
        True,
    ]


def test_a_job_whose_own_process_ends_is_no_fault_of_the_file(pool, engine, supervisor, tmp_path):
    predict(engine, good(1.0))
    pid = supervisor._owned.process.pid
    others = {*children(pid)}
    training = pool.submit(sandbox.train, "iris", tmp_path)
    (job,) = until(lambda: {*children(pid)} - others, "the process of the job", BOUND_S)
    os.kill(job, signal.SIGKILL)
    with pytest.raises(Busy, match="Training the model was interrupted"):
        training.result(BOUND_S)


def test_a_fork_has_a_supervisor_of_its_own_which_does_not_outlive_it(engine, supervisor):
    assert predict(engine, good(1.0)) == [2.0]
    process = process_of(engine)

    def predict_in_fork(channel):
        predicted = predict(engine, good(2.0))
        pids = [supervisor._owned.process.pid, process_of(engine)]
        os.write(channel, json.dumps([predicted, *pids]).encode() + b"\n")
        signal.pause()

    with forked(predict_in_fork) as (fork, reading):
        predicted, *pids = json.loads(os.fdopen(reading, closefd=False).readline())
        assert predicted == [3.0]
        assert process not in pids
        assert all(map(is_alive, pids))
        os.kill(fork, signal.SIGKILL)
        until(lambda: not any(map(is_alive, pids)), "the end of both processes", BOUND_S)
    assert predict(engine, good(1.0)) == [2.0]
    assert process_of(engine) == process


OWNER = """
import json, sys
from pathlib import Path
import numpy as np
from predictor.core.signature import Signature
from predictor.isolation.client import RemoteEngine
from predictor.isolation.connections import ConnectionPool
from predictor.isolation.options import Options
from predictor.isolation.supervisor_client import get_supervisor

class Counts:
    def called(self, n): pass
    def queued(self, n): pass

options = Options(**json.loads(sys.argv[2]))
signature = Signature.from_json(json.loads(options.signature))
connections = ConnectionPool(Path(sys.argv[1]), options, get_supervisor())
engine = RemoteEngine(signature, connections, Counts())
engine.run(("predict",), np.zeros((1, 2)))
print(get_supervisor()._owned.process.pid, engine.connections.idle[-1].pid, flush=True)
sys.stdin.read()
"""


def test_no_process_outlives_an_owner_that_ends_by_itself(artifact, options):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(artifact), json.dumps(vars(options()))],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with owner:
        pids = list(map(int, owner.stdout.readline().split()))
        assert len(pids) == 2
        assert all(map(is_alive, pids))
        owner.stdin.close()
        until(lambda: not any(map(is_alive, pids)), "the end of both processes", BOUND_S)
    assert owner.returncode == 0


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"",
        b"\x01",
        messages.PREFIX.pack(2**62, 0),
        messages.PREFIX.pack(2, 0) + b"[]",
        messages.PREFIX.pack(2, 0) + b"{,",
        messages.PREFIX.pack(2, 9) + b"{} and",
        messages.PREFIX.pack(10, 0) + b"{}",
    ],
)
def test_malformed_messages_are_refused(bytes_sent):
    ours, theirs = messages.pair()
    with ours, theirs:
        theirs.sendall(bytes_sent)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises((messages.MalformedMessage, ConnectionError)):
            messages.receive(ours)


@pytest.mark.parametrize(
    "description",
    [
        None,
        {},
        {"dtype": "O", "shape": [1], "fortran": False},
        {"dtype": "f8", "shape": [-1], "fortran": False},
        {"dtype": "f8", "shape": [2**60], "fortran": False},
        {"dtype": "f8", "shape": [2], "fortran": False},
        {"dtype": "V8", "shape": [1], "fortran": False},
        {"dtype": "nothing", "shape": [1], "fortran": False},
        {"objects": [1, 2], "shape": [3]},
        {"columns": [[1]]},
        {"list": 5},
    ],
)
def test_malformed_descriptions_of_arrays_are_refused(description):
    with pytest.raises(messages.MalformedMessage):
        packing.Unpacker(bytearray(8)).unpack(description)
