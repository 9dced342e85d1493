"""Confinement: a confined process tries everything that the confinement refuses."""

import ctypes
import errno
import json
import mmap
import os
import re
import resource
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from django.conf import settings

from predictor.isolation import confinement, landlock, libc, seccomp
from tests.predictor.isolation.processes import (
    NO_LANDLOCK,
    NO_SECCOMP,
    TIMEOUT_S,
    forked,
    outcome,
    receive,
    without_landlock,
    without_seccomp,
)

MEMORY_BYTES = 4 * 2**30
MACHINE = os.uname().machine

needs_landlock = pytest.mark.skipif(
    not landlock.get_version(), reason="The kernel has no Landlock."
)
needs_seccomp = pytest.mark.skipif(
    not seccomp.is_available(), reason="The kernel has no seccomp, or the processor has no table."
)


def confine(channel, **options):
    """Confine this process, whose parent is the process of the tests."""
    options = {"memory_bytes": MEMORY_BYTES, "keep": (2, channel), "parent": os.getppid()} | options
    return confinement.confine(**options)


def confined(attempt, **options):
    """The outcome of an attempt in a confined process."""
    return outcome(attempt, lambda channel: confine(channel, **options))


@pytest.fixture
def site():
    """The files of a site, in a directory that every user can read and write."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o777)
        for path in ("secret_key", "db.sqlite3", "models/other/1/model.skops"):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("private")
        yield root


def reads(path):
    return os.read(os.open(path, os.O_RDONLY), 4).decode(errors="replace") != ""


READABLE = {
    "the secret key": lambda site: reads(site / "secret_key"),
    "the database": lambda site: reads(site / "db.sqlite3"),
    "the artifact of another model": lambda site: reads(site / "models/other/1/model.skops"),
    "the names of the models": lambda site: (
        [p.name for p in (site / "models").iterdir()] == ["other"]
    ),
    "the users of the machine": lambda _: reads("/etc/passwd"),
    "the home directory": lambda _: isinstance(list(Path.home().iterdir()), list),
    "the project's directory": lambda _: (
        settings.BASE_DIR / "manage.py" in settings.BASE_DIR.iterdir()
    ),
    "the project's settings": lambda _: reads(settings.BASE_DIR / "mlsite/settings.py"),
    "the environment of the parent": lambda _: reads(f"/proc/{os.getppid()}/environ"),
    "the arguments of the parent": lambda _: reads(f"/proc/{os.getppid()}/cmdline"),
    "the memory of the parent": lambda _: os.close(os.open(f"/proc/{os.getppid()}/mem", 0)) is None,
}


@needs_landlock
@pytest.mark.parametrize("name", READABLE)
def test_it_cannot_read(name, site):
    assert outcome(lambda: READABLE[name](site)) is True
    assert confined(lambda: READABLE[name](site)) == "PermissionError"


def creates(directory):
    path = Path(directory) / f".written-by-a-test-{os.getpid()}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
    path.unlink()
    return True


def changes(path, change):
    change(path)
    return True


WRITABLE = {
    "below the project": lambda _: creates(settings.BASE_DIR),
    "below the package": lambda _: creates(Path(confinement.__file__).parent),
    "the home directory": lambda _: creates(Path.home()),
    "the temporary directory": lambda _: creates(tempfile.gettempdir()),
    "shared memory": lambda _: creates("/dev/shm"),  # noqa: S108 - the directory itself
    "an existing file": lambda site: os.close(os.open(site / "db.sqlite3", os.O_WRONLY)) is None,
    "the length of a file": lambda site: changes(site / "db.sqlite3", lambda p: os.truncate(p, 0)),
    "the mode of a file": lambda site: changes(site / "db.sqlite3", lambda p: p.chmod(0o666)),
    "the time of a file": lambda site: changes(site / "db.sqlite3", lambda p: os.utime(p, (1, 1))),
    "the name of a file": lambda site: changes(site / "db.sqlite3", lambda p: p.rename(site / "x")),
    "a directory": lambda site: changes(site / "new", Path.mkdir),
    "a link": lambda site: changes(site / "new", lambda p: p.symlink_to("/")),
    "the removal of a file": lambda site: changes(site / "secret_key", Path.unlink),
}


@needs_seccomp
@pytest.mark.parametrize("name", WRITABLE)
def test_it_cannot_write(name, site):
    assert confined(lambda: WRITABLE[name](site)) == "PermissionError"
    if name.startswith("below") and not os.access(settings.BASE_DIR, os.W_OK):
        pytest.skip("This user cannot write the project's directory in any process.")
    assert outcome(lambda: WRITABLE[name](site)) is True


@pytest.fixture
def listening(site):
    """Sockets of this process: a TCP address, a UDP address, a path and an abstract name."""
    abstract = f"\0a-test-{os.getpid()}"
    addresses = {
        "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        "unix": (socket.AF_UNIX, socket.SOCK_STREAM, str(site / "socket")),
        "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, abstract),
    }
    sockets = {}
    for name, (family, kind, address) in addresses.items():
        sockets[name] = socket.socket(family, kind)
        sockets[name].bind(address)
        if kind == socket.SOCK_STREAM:
            sockets[name].listen()
    (site / "socket").chmod(0o666)
    yield {name: (s.family, s.type, s.getsockname()) for name, s in sockets.items()}
    for opened in sockets.values():
        opened.close()


def connects(listening, name):
    family, kind, address = listening[name]
    with socket.socket(family, kind) as client:
        client.settimeout(5)
        client.connect(address)
        return client.send(b"x") == 1


def opens_netlink(_listening):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW):
        return True


CONNECTIONS = {
    "TCP": lambda listening: connects(listening, "tcp"),
    "UDP": lambda listening: connects(listening, "udp"),
    "a Unix socket": lambda listening: connects(listening, "unix"),
    "an abstract socket": lambda listening: connects(listening, "abstract"),
    "netlink": opens_netlink,
    "a pair of sockets": lambda _: [s.close() for s in socket.socketpair()] == [None, None],
    "a server": lambda _: socket.create_server(("127.0.0.1", 0)).close() is None,
}


@needs_seccomp
@pytest.mark.parametrize("name", CONNECTIONS)
def test_it_cannot_open_a_socket(name, listening):
    assert confined(lambda: CONNECTIONS[name](listening)) == "PermissionError"
    assert outcome(lambda: CONNECTIONS[name](listening)) is True


@needs_seccomp
@pytest.mark.parametrize(
    ("kind", "address"),
    [(socket.SOCK_STREAM, ("192.0.2.1", 80)), (socket.SOCK_DGRAM, ("192.0.2.1", 53))],
)
def test_it_cannot_reach_another_machine(kind, address):
    assert (
        confined(lambda: socket.socket(socket.AF_INET, kind).connect(address)) == "PermissionError"
    )


def call(name, *arguments):
    """Call the kernel by the number in the filter's tables."""
    return libc.call(
        seccomp.get_numbers(seccomp.CHECKED + seccomp.ALLOWED, MACHINE)[name], *arguments
    )


def forks(fork):
    if not (child := fork()):
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return True


def reads_memory(pid):
    """Read the memory of another process; the same address is mapped in the parent of a fork."""
    target = ctypes.create_string_buffer(8)
    source = struct.pack("PN", id(reads_memory), 8)
    local = struct.pack("PN", ctypes.addressof(target), 8)
    return checked(libc.LIBC.process_vm_readv(pid, local, 1, source, 1, 0))


PTRACE_SEIZE = 0x4206
PROCESSES = {
    "fork": lambda: forks(os.fork),
    "clone": lambda: forks(lambda: call("clone", signal.SIGCHLD, 0, 0, 0, 0)),
    "vfork and exec": lambda: subprocess.run(["true"], check=False).returncode == 0,
    "spawn": lambda: os.waitpid(os.posix_spawn(sys.executable, ["python", "-V"], {}), 0)[1] == 0,
    "signal the parent": lambda: os.kill(os.getppid(), 0) is None,
    "signal its group": lambda: os.killpg(0, 0) is None,
    "limit the parent": lambda: bool(
        resource.prlimit(
            os.getppid(), resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)
        )
    ),
    "read the limits of the parent": lambda: bool(
        resource.prlimit(os.getppid(), resource.RLIMIT_CORE)
    ),
    "read the memory of the parent": lambda: reads_memory(os.getppid()),
    "pin the parent": lambda: (
        os.sched_setaffinity(os.getppid(), os.sched_getaffinity(os.getppid())) is None
    ),
    "own the signals of a descriptor": lambda: call("fcntl", 2, 8, os.getppid()) == 0,  # F_SETOWN
}


@needs_seccomp
@pytest.mark.parametrize("name", PROCESSES)
def test_it_cannot_use_other_processes(name):
    assert confined(PROCESSES[name]) == "PermissionError"
    assert outcome(PROCESSES[name]) is True


@needs_seccomp
def test_it_cannot_trace_the_parent():
    def traces():
        return checked(libc.LIBC.ptrace(PTRACE_SEIZE, os.getppid(), None, None))

    with forked(lambda channel: os.write(channel, b"-") and signal.pause()) as (target, reading):
        assert os.read(reading, 1)
        assert confined(lambda: checked(libc.LIBC.ptrace(PTRACE_SEIZE, target, None, None))) == (
            "PermissionError"
        )
    assert confined(traces) == "PermissionError"


REFUSED_CALLS = {
    "clone3": 435,
    "io_uring_setup": 425,
    "pidfd_open": 434,
    "landlock_create_ruleset": 444,
}


@needs_seccomp
@pytest.mark.parametrize("name", REFUSED_CALLS)
def test_recent_calls_look_like_those_of_an_older_kernel(name):
    def code():
        try:
            libc.call(REFUSED_CALLS[name], None, 0)
        except OSError as exc:
            return exc.errno

    assert confined(code) == errno.ENOSYS
    assert outcome(code) != errno.ENOSYS


@needs_seccomp
def test_it_cannot_make_a_file_in_memory():
    assert confined(lambda: os.memfd_create("code")) == "PermissionError"


ALLOCATIONS = {
    "private": lambda size: len(mmap.mmap(-1, size, mmap.MAP_PRIVATE)),
    "shared": lambda size: len(mmap.mmap(-1, size, mmap.MAP_SHARED)),
    "array": lambda size: len(bytearray(size)),
}


@pytest.mark.parametrize("name", ALLOCATIONS)
def test_it_cannot_allocate_more_than_its_limit(name):
    allowed, refused = 2**20, 10 * 2**30
    assert confined(lambda: ALLOCATIONS[name](allowed)) == allowed
    assert confined(lambda: ALLOCATIONS[name](refused)) in ("MemoryError", "OSError")


def test_a_process_that_computes_too_long_gets_a_signal_and_is_killed_if_it_ignores_it():
    def work(channel):
        confine(channel, cpu_seconds=1)
        signal.signal(signal.SIGXCPU, lambda *_: os.write(channel, b"SIGXCPU"))
        while True:
            pass

    with forked(work) as (child, reading):
        assert receive(reading) == b"SIGXCPU"
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@needs_seccomp
@pytest.mark.parametrize("name", ["RLIMIT_AS", "RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE"])
def test_it_cannot_raise_its_limits(name):
    limit = getattr(resource, name)
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    def raises():
        return resource.setrlimit(limit, unlimited)

    assert confined(raises) in ("PermissionError", "ValueError")
    assert confined(lambda: resource.getrlimit(limit)[1]) != resource.RLIM_INFINITY


def test_only_listed_descriptors_stay_open(site):
    opened = os.open(site / "secret_key", os.O_RDONLY)
    try:
        assert outcome(lambda: os.pread(opened, 7, 0).decode()) == "private"
        assert confined(lambda: os.pread(opened, 7, 0).decode()) == "OSError"

        def keep_it(channel):
            confine(channel, keep=(2, channel, opened))

        assert outcome(lambda: os.pread(opened, 7, 0).decode(), keep_it) == "private"
    finally:
        os.close(opened)


def test_the_standard_streams_are_the_null_device():
    def is_null(number):
        return os.fstat(number).st_rdev == Path(os.devnull).stat().st_rdev

    def prepare(channel):
        confine(channel, keep=(channel,))

    assert outcome(lambda: [is_null(number) for number in range(3)], prepare) == [True] * 3


@pytest.mark.parametrize("clears", [False, True])
def test_it_ends_with_its_parent(clears):
    """It cannot forget the parent either."""

    def parent(channel):
        reading, writing = os.pipe()
        if not os.fork():
            confine(channel, keep=(channel, writing))
            if clears:
                try:
                    libc.prctl(confinement.PR_SET_PDEATHSIG, 0)
                except PermissionError:
                    os.write(channel, b"refused ")
            os.write(channel, b"ready")
            os.write(writing, b".")
            signal.setitimer(signal.ITIMER_REAL, 2 * TIMEOUT_S)  # if the test fails
            while True:
                signal.pause()
        os.read(reading, 1)

    with forked(parent) as (_, reading):
        refused = b"refused " if clears and seccomp.is_available() else b""
        assert receive(reading) == refused + b"ready"


def test_it_ends_at_once_if_its_parent_is_dead():
    def work(channel):
        confine(channel, parent=1)
        os.write(channel, b"alive")

    with forked(work) as (child, reading):
        assert receive(reading) == b""
        assert os.waitpid(child, 0)[1] == 256  # exit code 1


def test_it_has_no_privileges():
    def facts():
        lines = Path("/proc/self/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def prepare(channel):
        confine(channel, readable=[Path("/proc/self/status")])

    status = outcome(facts, prepare)
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert os.geteuid() or not status["Groups"].strip()
    assert status["Seccomp"] == ("2" if seccomp.is_available() else "0")


def test_a_process_of_root_becomes_nobody_if_nobody_can_read_python():
    files = [path for path in confinement.python_files() if path.exists()]
    modes = [
        path.stat().st_mode & stat.S_IROTH
        and all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
        for path in files
    ]
    changes_user = os.geteuid() == 0 and all(modes)
    assert (confined(os.getuid) != os.getuid()) is changes_user
    threads = confined(lambda: resource.getrlimit(resource.RLIMIT_NPROC)[1])
    own = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    assert threads == (confinement.MAX_THREADS if changes_user else own)


def test_a_process_with_threads_is_not_confined():
    def attempt(channel):
        end = threading.Event()
        thread = threading.Thread(target=end.wait)
        thread.start()
        try:
            confine(channel)
        except RuntimeError as exc:
            os.write(channel, str(exc).encode())
        finally:
            end.set()
            thread.join()

    with forked(attempt) as (_, reading):
        assert receive(reading) == b"A process with several threads cannot be confined."


@needs_landlock
def test_listed_files_can_be_read(site):
    artifact = site / "models/other/1"
    assert confined(lambda: reads(artifact / "model.skops"), readable=[artifact]) is True
    assert confined(lambda: reads(site / "secret_key"), readable=[artifact]) == "PermissionError"
    assert confined(lambda: creates(artifact), readable=[artifact]) == "PermissionError"


@needs_landlock
@pytest.mark.parametrize("version", range(1, landlock.get_version() + 1))
def test_every_version_of_landlock_limits_the_files(version, site):
    output = site / "output"
    output.mkdir()

    def prepare(_channel):
        libc.prctl(confinement.PR_SET_NO_NEW_PRIVS, 1)
        landlock.enforce(landlock.open_rules(version, [site / "secret_key"], [output]))

    assert outcome(lambda: reads(site / "secret_key"), prepare) is True
    assert outcome(lambda: creates(output), prepare) is True
    assert outcome(lambda: reads(site / "db.sqlite3"), prepare) == "PermissionError"
    assert outcome(lambda: creates(site), prepare) == "PermissionError"
    moved = output / "db.sqlite3"
    assert outcome(lambda: (site / "db.sqlite3").rename(moved), prepare) in (
        "OSError",
        "PermissionError",
    )


@needs_landlock
@needs_seccomp
def test_a_writable_directory_takes_files_and_nothing_else_does(site):
    output = site / "output"
    output.mkdir()

    def writes():
        (output / "draft").write_text("a")
        (output / "draft").rename(output / "model")
        (output / "more").mkdir()
        (output / "more").rmdir()
        return (output / "model").read_text()

    assert confined(writes, writable=[output]) == "a"
    assert confined(lambda: creates(site), writable=[output]) == "PermissionError"
    link = output / "link"
    assert confined(lambda: link.symlink_to("/"), writable=[output]) == "PermissionError"
    assert confined(lambda: (output / "model").chmod(0o777), writable=[output]) == "PermissionError"


def test_a_written_file_is_not_larger_than_the_memory(site):
    path = site / "output"
    opened = os.open(path, os.O_WRONLY | os.O_CREAT)

    def grows():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        os.ftruncate(opened, MEMORY_BYTES + 1)

    def prepare(channel):
        confine(channel, keep=(channel, opened))

    assert outcome(grows, prepare) == "OSError"
    assert outcome(lambda: os.write(opened, b"abc"), prepare) == 3
    os.close(opened)


LIBRARIES = """
import json, os, sys, threading
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from sklearn.linear_model import LogisticRegression
from predictor.isolation.confinement import confine

X = np.arange(200.0).reshape(-1, 2)
y = X[:, 0] > 100
model = sys.stdin.buffer.read()
if not os.fork():
    confine(keep=(1, 2), memory_bytes=4 * 2**30, parent=os.getppid())
    # Not imported before.
    import pandas, scipy.linalg
    from predictor.core.onnx_runtime import create_session
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    estimators = [LogisticRegression(), RandomForestClassifier(5), KNeighborsClassifier(), SVC()]
    estimators.append(HistGradientBoostingClassifier(max_iter=2))
    scores = [float(estimator.fit(X, y).score(X, y)) for estimator in estimators]
    session = create_session(model)
    name = session.get_inputs()[0].name
    rows = [X[k : k + 1].astype("f") for k in range(3)]
    with ThreadPoolExecutor(4) as pool:
        sums = list(pool.map(lambda row: session.run(None, {name: row})[0].item(), rows))
    facts = {
        "scores": [score > 0.9 for score in scores],
        "sums": sums,
        "svd": scipy.linalg.svdvals(np.eye(3)).tolist(),
        "frame": pandas.Series(["2026-01-01"]).astype("datetime64[ns, Europe/Berlin]").size,
        "random": len(os.urandom(4)),
        "threads": threading.active_count(),
    }
    print(json.dumps(facts), flush=True)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_the_libraries_of_a_model_work(brought):
    environment = {"PYTHONPATH": str(settings.BASE_DIR), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", LIBRARIES],
        env=environment | {"OPENBLAS_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "1"},
        cwd="/",
        input=(brought / "sums.onnx").read_bytes(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == {
        "scores": [True] * 5,
        "sums": [4.0, 14.0, 24.0],
        "svd": [1.0, 1.0, 1.0],
        "frame": 1,
        "random": 4,
        "threads": 1,
    }


LANDLOCK = landlock.get_version()
OLDER_LANDLOCK = (
    f"Landlock has version {LANDLOCK}: it restricts signals and abstract sockets from version 6, "
    "TCP from version 4."
)
OLDER_KERNELS = {
    "without Landlock": ([without_landlock], [NO_LANDLOCK]),
    "without seccomp": (
        [without_seccomp],
        [NO_SECCOMP, OLDER_LANDLOCK] if LANDLOCK < landlock.SCOPE_VERSION else [NO_SECCOMP],
    ),
    "without both": ([without_landlock, without_seccomp], [NO_LANDLOCK, NO_SECCOMP]),
}


@needs_landlock
@needs_seccomp
@pytest.mark.parametrize("kernel", OLDER_KERNELS)
def test_an_older_kernel_is_named_and_keeps_the_other_restrictions(kernel, site):
    makers, sentences = OLDER_KERNELS[kernel]
    missing = []

    def on_it(attempt):
        def prepare(channel):
            for make in makers:
                make()
            assert confinement.missing_restrictions() == sentences
            missing.extend(confine(channel, keep=(channel,)))

        return outcome(attempt, prepare)

    assert on_it(lambda: missing) == sentences
    if without_landlock not in makers:
        assert on_it(lambda: reads(site / "secret_key")) == "PermissionError"
    if without_seccomp not in makers:
        assert on_it(lambda: forks(os.fork)) == "PermissionError"
        assert on_it(lambda: creates(site)) == "PermissionError"
        assert on_it(lambda: bool(socket.socket())) == "PermissionError"
    else:
        assert on_it(lambda: forks(os.fork)) is True
    assert on_it(lambda: len(bytearray(10 * 2**30))) == "MemoryError"
    assert on_it(lambda: os.read(0, 1).decode()) == ""
    assert on_it(lambda: resource.getrlimit(resource.RLIMIT_FSIZE)[1]) == 0


def test_this_machine_names_its_missing_restrictions():
    missing = confinement.missing_restrictions()
    assert (NO_LANDLOCK in missing) is not landlock.get_version() > 0
    assert (NO_SECCOMP in missing) is not seccomp.is_available()
    assert outcome(lambda: None, confine) is None


HEADERS = {
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_are_those_of_the_kernel(machine):
    path = Path(HEADERS[machine])
    if not path.exists():
        pytest.skip("The headers of the kernel are not installed.")
    pattern = re.compile(r"#define __NR(?:3264)?_(\w+) (\d+)")
    known = {name: int(number) for name, number in pattern.findall(path.read_text())}
    known = {"newfstatat": known.get("fstatat")} | known
    table = seccomp.ALLOWED + seccomp.WRITING + seccomp.CHECKED
    numbers = seccomp.get_numbers(table, machine)
    assert {name: known[name] for name in numbers} == numbers
