"""CPU affinity: the core that each worker keeps to, and how it leaves a crowded one."""

import errno
import math
import multiprocessing
import os
import sys
import time
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from mlsite.server import cpu_affinity
from mlsite.server.cpu_affinity import (
    Core,
    Times,
    available_cores,
    cgroup_quota,
    core_times,
    keep_to_core,
    usable_cores,
)
from predictor.isolation import run_job
from tests.serving import Site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to a core")

FORK = multiprocessing.get_context("fork")


def in_processes(number, work):
    """Return the output of `work` in each of some concurrent processes."""
    hearing, told = FORK.Pipe(duplex=False)
    end = FORK.Event()

    def run():
        told.send(work())
        end.wait()

    processes = [FORK.Process(target=run) for _ in range(number)]
    for process in processes:
        process.start()
    found = [hearing.recv() for _ in processes]
    end.set()
    for process in processes:
        process.join()
    return found


def test_each_worker_keeps_to_a_core_that_no_other_has(tmp_path):
    allowed = available_cores()

    def kept():
        keep_to_core(allowed, tmp_path)
        return available_cores()

    found = in_processes(len(allowed) + 1, kept)
    assert sorted(found) == sorted([*([core] for core in allowed), allowed])  # one goes anywhere


@pytest.mark.skipif(os.cpu_count() == 1, reason="there is no other core")
def test_a_worker_leaves_a_core_with_all_its_threads_and_for_others(tmp_path, monkeypatch):
    first, second, *_ = available_cores()
    seconds = count()
    monkeypatch.setattr(cpu_affinity, "PERIOD_S", 0.01)
    monkeypatch.setattr(cpu_affinity, "JITTER_S", 0)

    def moved():
        end, core = Event(), Core([first, second], tmp_path)
        other = Thread(target=end.wait)
        other.start()
        assert core.take([first])
        before = os.sched_getaffinity(other.native_id)
        crowd = {first: Times(0, 0), second: Times(0, 0)}
        crowded = iter([crowd, {}, crowd | {first: Times(1, 1)}])

        def look():
            times = next(crowded, crowd | {first: Times(1, 1 + next(seconds))})
            if not times:
                raise OSError(errno.EMFILE, "Too many open files")
            return times

        cpu_affinity.core_times = look
        Thread(target=core.watch, daemon=True).start()
        while core.number == first:
            time.sleep(0.001)
        after = os.sched_getaffinity(other.native_id), os.sched_getaffinity(0)
        end.set()
        return before, *after, Core([first, second], tmp_path).take([first])

    assert in_processes(1, moved) == [({first}, {second}, {second}, True)]


def threads_cores(pid):
    threads = (int(path.name) for path in Path(f"/proc/{pid}/task").iterdir())
    return {frozenset(os.sched_getaffinity(thread)) for thread in threads}


@pytest.mark.parametrize(
    ("workers", "variables", "pinned"),
    [
        (1, {}, True),
        (1, {"CPU_AFFINITY": "false"}, False),
        (len(available_cores()) + 1, {}, False),
    ],
)
def test_workers_keep_to_a_core_unless_switched_off_or_too_many(home, workers, variables, pinned):
    with Site(home, "--workers", str(workers), **variables) as site:
        for pid in site.workers():
            cores = threads_cores(pid)
            assert len(cores) == 1
            assert (len(*cores) == 1) is (pinned or len(available_cores()) == 1)


def test_the_reader_of_an_upload_may_use_every_core(settings, tmp_path):
    cores = list(settings.CPU_CORES)

    def reads():
        keep_to_core(available_cores(), tmp_path)
        pinned = available_cores()
        run_job.lower_priority(cores)
        return len(pinned), available_cores()

    assert in_processes(1, reads) == [(1, available_cores())]


def test_taskset_is_respected():
    def allowed():
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        return available_cores()

    assert in_processes(1, allowed) == [[max(os.sched_getaffinity(0))]]


@pytest.mark.parametrize(
    ("cores", "quota", "usable"),
    [(8, math.inf, 8), (8, 2.0, 2), (8, 2.9, 2), (8, 0.5, 1), (2, 16.0, 2), (1, math.inf, 1)],
)
def test_a_quota_limits_the_cores(cores, quota, usable):
    assert usable_cores(range(cores), quota) == usable


@pytest.mark.parametrize(
    ("files", "memberships", "quota"),
    [
        ({}, "0::/\n", math.inf),
        ({"cpu.max": "max 100000\n"}, "0::/\n", math.inf),
        ({"cpu.max": "150000 100000\n"}, "0::/\n", 1.5),
        ({"pod/cpu.max": "200000 100000\n"}, "0::/pod/server\n", 2.0),
        (
            {"pod/cpu.max": "200000 100000\n", "pod/server/cpu.max": "50000 100000\n"},
            "0::/pod/server\n",
            0.5,
        ),
        ({"cpu.max": "150000 100000\n"}, "4:memory:/\n", math.inf),  # no cgroups v2
    ],
)
def test_the_quota_is_the_smallest_of_the_cgroups(tmp_path, files, memberships, quota):
    for name, content in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "memberships").write_text(memberships)
    assert cgroup_quota(tmp_path / "cgroup", tmp_path / "memberships") == quota


def test_a_system_without_cgroups_has_no_quota(tmp_path):
    assert cgroup_quota(tmp_path, tmp_path / "nothing") == math.inf


@pytest.mark.parametrize(
    ("work", "own_s", "better"),
    [
        ({0: 1.0, 1: 0.0, 2: 0.0}, 1.0, []),  # the process itself
        ({0: 1.0, 1: 0.0, 2: 0.1}, 0.5, [1, 2]),
        ({0: 1.0, 1: 0.9, 2: 0.1}, 0.5, [2]),
        ({0: 1.0, 1: 0.4, 2: 0.4}, 0.5, []),  # no better there
        ({0: 0.2, 1: 0.0, 2: 0.0}, 0.0, []),  # there is room for both
        ({0: 1.0, 2: 0.0}, 0.0, [2]),  # one has been switched off
        ({1: 0.0, 2: 0.0}, 0.0, []),  # its own has
    ],
)
def test_a_core_that_is_half_as_busy_is_better(tmp_path, work, own_s, better):
    core = Core([0, 1, 2], tmp_path)
    core.number = 0
    before = dict.fromkeys(work, Times(5, 10))
    after = {number: Times(5 + seconds, 11) for number, seconds in work.items()}
    assert core.better(before, after, own_s) == better


def test_the_work_of_a_core_is_measured():
    def worked():
        core = min(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {core})
        start, before = time.process_time(), core_times()[core]
        while time.process_time() < start + 0.2:
            pass
        after = core_times()[core]
        return after.work - before.work, after.total - before.total

    ((work, total),) = in_processes(1, worked)
    assert 0.15 < work <= total + 0.01
