"""A background thread handles records, and none is lost."""

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from multiprocessing import get_context
from threading import Event

from predictor.fast_path.record_queue import RecordQueue
from tests.serving import ROOT, until


def test_records_of_many_threads_are_handled_together():
    calls = []
    queue = RecordQueue(calls.append)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(queue.put, range(2000)))
    until(lambda: sum(map(len, calls)) == 2000, "all records", 30)
    assert sorted(chain.from_iterable(calls)) == list(range(2000))
    assert len(calls) < 2000


def test_the_remaining_records_are_handled_at_the_end_of_the_process():
    program = (
        "import django; django.setup();"
        "from predictor.fast_path.record_queue import RecordQueue;"
        "queue = RecordQueue(print); queue.DELAY_S = 60; queue.put('the last record')"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['the last record']\n"


def test_after_an_error_the_next_records_are_handled(caplog):
    handled = []

    def handle(records):
        if "bad" in records:
            raise ValueError("bad")
        handled.extend(records)

    queue = RecordQueue(handle)
    with caplog.at_level(logging.ERROR):
        queue.put("bad")
        until(lambda: caplog.records, "the error", 30)
    assert "could not be counted and logged" in caplog.text
    queue.put("good")
    until(lambda: handled == ["good"], "the next record", 30)


def test_a_process_that_is_forked_meanwhile_handles_its_own_records():
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    begun, may_end = Event(), Event()

    def handle(records):
        sender.send(records)
        if records == ["parent"]:
            begun.set()
            may_end.wait(30)

    queue = RecordQueue(handle)
    queue.put("parent")
    assert begun.wait(30)
    queue.put("parent's next")
    child = context.Process(target=queue.put, args=("child",))
    child.start()
    assert receiver.recv() == ["parent"]
    assert receiver.poll(30)
    assert receiver.recv() == ["child"]
    child.join()
    may_end.set()
    assert receiver.recv() == ["parent's next"]
