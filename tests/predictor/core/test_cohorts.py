"""Answers that are sent together: all of them, when the last one is written."""

from threading import Thread

import pytest

from predictor.core.cohorts import Answering, Cohort


@pytest.fixture
def sent():
    return []


@pytest.fixture
def answering():
    return Answering()


def writing(sent, name):
    return lambda: sent.append(name)


def test_all_are_sent_when_the_last_one_is_written(sent):
    cohort = Cohort(3)
    cohort.done(writing(sent, "a"))
    cohort.done(writing(sent, "b"))
    assert sent == []
    cohort.done(writing(sent, "c"))
    assert sent == ["a", "b", "c"]


def test_one_that_leaves_nothing_keeps_nobody_waiting(sent):
    cohort = Cohort(3)
    cohort.done(writing(sent, "a"))
    cohort.done(None)
    cohort.done(writing(sent, "c"))
    assert sent == ["a", "c"]


def test_an_answer_without_a_cohort_is_sent_at_once(sent, answering):
    answering.join(None)
    answering.send(writing(sent, "a"))
    answering.leave()
    assert sent == ["a"]


def test_an_answer_belongs_to_one_cohort_and_is_sent_once(sent, answering):
    cohort = Cohort(2)
    answering.may_wait = True
    answering.join(cohort)
    assert not answering.may_wait
    answering.send(writing(sent, "a"))
    assert sent == []
    answering.leave()  # as at the end of every request
    cohort.done(writing(sent, "b"))
    assert sent == ["a", "b"]
    answering.send(writing(sent, "the next request's"))
    assert sent == ["a", "b", "the next request's"]


def test_each_thread_answers_its_own(sent, answering):
    answering.join(Cohort(2))
    other = Thread(target=lambda: answering.send(writing(sent, "other")))
    other.start()
    other.join()
    assert sent == ["other"]
