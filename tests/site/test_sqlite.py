"""The queue of the transactions of a process."""

import sqlite3
from contextlib import closing
from queue import SimpleQueue
from threading import Thread

import pytest
from django.db import OperationalError

from mlsite.sqlite.base import DatabaseWrapper, Turns
from tests.serving import until


@pytest.fixture
def connection(db, migrated, settings):
    """A connection to a database in a file, like those of the site."""
    own = settings.DATABASES["default"] | {"NAME": str(migrated)}
    own["OPTIONS"] = own["OPTIONS"] | {"timeout": 0.2}
    with closing(DatabaseWrapper(own, "other")) as connection:
        yield connection


def test_threads_get_their_turn_in_the_order_in_which_they_asked():
    turns, came = Turns(), SimpleQueue()

    def take(number):
        assert turns.take(60)
        came.put(number)
        turns.end()

    assert turns.take(0)
    threads = []
    for number in range(5):
        thread = Thread(target=take, args=(number,))
        thread.start()
        until(lambda: len(turns._waiting) == len(threads) + 1, "the thread waits")
        threads.append(thread)
    turns.end()
    for thread in threads:
        thread.join()
    assert [came.get() for _ in threads] == [0, 1, 2, 3, 4]
    assert turns.take(0)


def test_a_turn_that_does_not_come_in_time_goes_to_nobody():
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.end()
    assert turns.take(0)


def test_a_transaction_that_cannot_begin_leaves_its_turn_and_its_timeout(connection):
    connection.ensure_connection()
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(OperationalError, match="database is locked"):
                connection.set_autocommit(
                    False, force_begin_transaction_with_broken_autocommit=True
                )
            assert connection.connection.execute("PRAGMA busy_timeout").fetchone() == (200,)
        other.execute("ROLLBACK")
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    connection.rollback()
    connection.set_autocommit(True)


def test_a_closed_connection_leaves_its_turn(connection):
    for _ in range(2):
        connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        connection.close()
    assert connection._turns.take(0)
    connection._turns.end()
