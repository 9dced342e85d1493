"""What Granian is handed of each request, and when."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from granian.server import mp
from granian.wsgi import _callback_wrapper

from mlsite.outgoing import sent_together
from predictor.core.cohorts import Cohort, answering

SCOPE = {"PATH_INFO": "/"}
LISTED = [("Content-Type", "text/plain")]


class Place:
    """Where Granian takes an answer."""

    def __init__(self, taken):
        self.taken = taken

    def response_bytes(self, *answer):
        if answer[0] == 500:
            raise TypeError("no such header")
        self.taken.append(answer)

    def response_iter(self, status, headers, body):
        self.taken.append((status, headers, list(vars(type(body)) and body.inner)))


@pytest.fixture
def taken():
    return []


@pytest.fixture
def answered(taken):
    """Have an application answer one request in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:

        def answered(application):
            run = sent_together(_callback_wrapper)(application, {})
            return pool.submit(run, Place(taken), SCOPE).result(10)

        yield answered


def application(status, body, cohort=None):
    def application(_environ, start_response):
        assert answering.together
        assert not answering.may_wait
        answering.join(cohort)
        start_response(status, LISTED)
        return body

    return application


def test_workers_wrap_applications_where_it_is_changed():
    worker = mp.MPServer._spawn_wsgi_worker.__wrapped__
    assert "_wsgi_call_wrap" in worker.__code__.co_names


def test_an_answer_is_taken_at_once(answered, taken):
    assert answered(application("200 OK", [b"a", b"b"])) == 200
    assert taken == [(200, LISTED, b"ab")]


def test_answers_of_a_cohort_are_taken_with_the_last(answered, taken):
    cohort = Cohort(2)
    answered(application("200 OK", [b"a"], cohort))
    assert taken == []
    answered(application("201 Created", [b"b"], cohort))
    assert taken == [(200, LISTED, b"a"), (201, LISTED, b"b")]


def test_an_answer_in_pieces_is_taken_at_once_and_keeps_nobody_waiting(answered, taken):
    cohort = Cohort(2)
    answered(application("200 OK", [b"a"], cohort))
    answered(application("200 OK", iter([b"b", b"c"]), cohort))
    assert taken == [(200, LISTED, b"a"), (200, LISTED, [b"b", b"c"])]


def test_an_application_that_fails_keeps_nobody_waiting(answered, taken):
    def failing(_environ, _start_response):
        answering.join(cohort)
        raise KeyError("a bug")

    cohort = Cohort(2)
    answered(application("200 OK", [b"a"], cohort))
    with pytest.raises(KeyError):
        answered(failing)
    assert taken == [(200, LISTED, b"a")]


def test_an_answer_that_cannot_be_sent_keeps_none_back(answered, taken, caplog):
    cohort = Cohort(3)
    for status in ("200 OK", "500 Internal Server Error", "201 Created"):
        answered(application(status, [b""], cohort))
    assert [status for status, *_ in taken] == [200, 201]
    assert caplog.messages == ["An answer cannot be sent."]
