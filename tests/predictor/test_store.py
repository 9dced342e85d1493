"""The store: versions asked for by number, a few at most, each loaded once."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from predictor import registry, store
from predictor.store import MOST_ON_DEMAND, loaded


@pytest.fixture
def loads(iris, register, monkeypatch):
    """The versions that are loaded from now on; there are 7, and the first one is live."""
    for _ in range(6):
        register()
    counted = []

    def load(name, version):
        counted.append(version)
        return original(name, version)

    original = store.load
    monkeypatch.setattr(store, "load", load)
    return counted


def test_a_few_versions_stay_loaded_those_asked_for_last(loads):
    for number in (2, 3, 4, 5, 2, 6, 2):
        assert loaded().get("iris", number).version == number
    assert loads == [2, 3, 4, 5, 6]
    loaded().get("iris", 3)
    assert loads == [2, 3, 4, 5, 6, 3]
    assert len(loaded()._on_demand) == MOST_ON_DEMAND


def test_a_version_that_was_asked_for_goes_live_without_being_loaded_again(loads):
    asked = loaded().get("iris", 2)
    registry.promote(registry.version("iris", 2))
    loaded().refresh()
    assert loaded().get("iris") is asked
    assert loads == [2]


@pytest.mark.django_db(transaction=False)
def test_many_who_ask_at_once_load_a_version_once(loads, monkeypatch):
    row = registry.version("iris", 2)
    monkeypatch.setattr(registry, "callable_version", lambda _name, _number: row)
    second = dataclasses.replace(loaded().get("iris"), version=2, form=row.compiled)
    monkeypatch.setattr(registry, "load", lambda *_: second)
    gate = threading.Barrier(8)

    def ask():
        gate.wait()
        return loaded().get("iris", 2)

    with ThreadPoolExecutor(8) as pool:
        models = {id(future.result()) for future in [pool.submit(ask) for _ in range(8)]}
    assert len(models) == 1
    assert loads == [2]


def test_a_change_here_that_another_process_reverts_is_followed(iris, register):
    register()
    registry.promote(registry.version("iris", 2))
    loaded().refresh()  # as the request that promotes does
    registry.promote(registry.version("iris", 1))  # as another process does
    loaded()._catch_up()
    assert loaded().get("iris").version == 1


def test_an_unchanged_registry_is_not_refreshed(loads, monkeypatch):
    registry.promote(registry.version("iris", 2))
    loaded()._catch_up()
    monkeypatch.setattr(loaded(), "refresh", None)
    loaded()._catch_up()
    assert loads == [2]
