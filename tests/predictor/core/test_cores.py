"""The core that each worker keeps to, and how it leaves one that others crowd."""

import multiprocessing
import os
import subprocess
import sys
import time
from itertools import count
from threading import Event, Thread

import pytest

from predictor.core import cores
from predictor.core.cores import Calls, Core, Times, keep_to_core, on_any_core, times

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to a core")

FORK = multiprocessing.get_context("fork")


def in_processes(number, work):
    """Return what `work` sends from each of some processes that live at the same time."""
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
    allowed = sorted(os.sched_getaffinity(0))

    def kept():
        keep_to_core(tmp_path)
        return sorted(os.sched_getaffinity(0))

    found = in_processes(len(allowed) + 1, kept)
    assert sorted(found) == sorted([*([core] for core in allowed), allowed])  # one goes anywhere


@pytest.mark.skipif(os.cpu_count() == 1, reason="there is no other core")
def test_a_worker_leaves_a_core_with_all_its_threads_and_for_others(tmp_path, monkeypatch):
    first, second, *_ = sorted(os.sched_getaffinity(0))
    seconds = count()
    monkeypatch.setattr(cores, "PERIOD_S", 0.01)
    monkeypatch.setattr(cores, "JITTER_S", 0)

    def moved():
        end, core = Event(), Core([first, second], tmp_path)
        other = Thread(target=end.wait)
        other.start()
        assert core.take([first])
        before = os.sched_getaffinity(other.native_id)
        crowd = {first: Times(0, 0), second: Times(0, 0)}
        crowded = iter([crowd, crowd | {first: Times(1, 1)}])
        cores.times = lambda: next(crowded, crowd | {first: Times(1, 1 + next(seconds))})
        Thread(target=core.watch, daemon=True).start()
        while core.number == first:
            time.sleep(0.001)
        after = os.sched_getaffinity(other.native_id), os.sched_getaffinity(0)
        end.set()
        return before, *after, Core([first, second], tmp_path).take([first])

    assert in_processes(1, moved) == [({first}, {second}, {second}, True)]


def test_a_call_that_takes_long_may_go_anywhere_and_comes_back(tmp_path):
    allowed = os.sched_getaffinity(0)

    def work(seconds):
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass
        return os.sched_getaffinity(0)

    def called():
        unkept = Calls().run(1, lambda: work(2 * cores.LONG_S))
        keep_to_core(tmp_path)
        kept, calls = os.sched_getaffinity(0), Calls()
        long = [calls.run(100, lambda: work(2 * cores.LONG_S)) for _ in range(2)]
        other_size = calls.run(1, lambda: work(0))
        with pytest.raises(ZeroDivisionError):
            calls.run(100, lambda: 1 / 0)
        after = os.sched_getaffinity(0)
        short = [calls.run(100, lambda: work(0))]
        return unkept, kept, long, other_size, after, short

    ((unkept, kept, long, other_size, after, short),) = in_processes(1, called)
    assert unkept == allowed
    assert len(kept) == 1
    assert long == [kept, allowed]  # the second by what the first took
    assert (other_size, after, short) == (kept, kept, [kept])


def test_what_a_worker_starts_may_go_anywhere(tmp_path):
    def started():
        keep_to_core(tmp_path)
        show = [sys.executable, "-c", "import os; print(sorted(os.sched_getaffinity(0)))"]
        with on_any_core():
            anywhere = subprocess.check_output(show, text=True)
        return anywhere, subprocess.check_output(show, text=True), os.sched_getaffinity(0)

    ((anywhere, kept, own),) = in_processes(1, started)
    assert anywhere == f"{sorted(os.sched_getaffinity(0))}\n"
    assert kept == f"{sorted(own)}\n"
    assert len(own) == 1


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
def test_where_others_do_half_as_much_is_better(tmp_path, work, own_s, better):
    core = Core([0, 1, 2], tmp_path)
    core.number = 0
    before = dict.fromkeys(work, Times(5, 10))
    after = {number: Times(5 + seconds, 11) for number, seconds in work.items()}
    assert core.better(before, after, own_s) == better


def test_what_a_core_does_is_counted():
    def worked():
        core = min(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {core})
        start, before = time.process_time(), times()[core]
        while time.process_time() < start + 0.2:
            pass
        after = times()[core]
        return after.work - before.work, after.total - before.total

    ((work, total),) = in_processes(1, worked)
    assert 0.15 < work <= total + 0.01
