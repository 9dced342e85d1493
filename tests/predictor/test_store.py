"""The store: versions asked for by number, a few at most, each loaded once."""

import dataclasses
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from predictor import registry
from predictor.core.errors import Busy, Conflict, ModelNotFound
from predictor.models import ModelVersion
from predictor.runtime import store
from predictor.runtime.store import MAX_WAITING, MOST_ON_DEMAND, get_store


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
        assert get_store().get("iris", number).version == number
    assert loads == [2, 3, 4, 5, 6]
    get_store().get("iris", 3)
    assert loads == [2, 3, 4, 5, 6, 3]
    assert len(get_store()._on_demand) == MOST_ON_DEMAND


def test_a_version_that_was_asked_for_goes_live_without_being_loaded_again(loads):
    asked = get_store().get("iris", 2)
    registry.promote(registry.version("iris", 2))
    get_store().refresh()
    assert get_store().get("iris") is asked
    assert loads == [2]


@pytest.mark.django_db(transaction=False)
def test_many_who_ask_at_once_load_a_version_once(loads, monkeypatch):
    row = registry.version("iris", 2)
    monkeypatch.setattr(registry, "callable_version", lambda _name, _number: row)
    second = dataclasses.replace(get_store().get("iris"), version=2, compiled_sha256=row.compiled)
    monkeypatch.setattr(registry, "load", lambda *_: second)
    gate = threading.Barrier(8)

    def ask():
        gate.wait()
        return get_store().get("iris", 2)

    with ThreadPoolExecutor(8) as pool:
        models = {id(future.result()) for future in [pool.submit(ask) for _ in range(8)]}
    assert len(models) == 1
    assert loads == [2]


@pytest.mark.django_db(transaction=False)
def test_few_requests_wait_for_versions_that_are_not_loaded(loads, monkeypatch):
    """Each of them has a thread, which predictions of loaded versions need."""
    started, ready = threading.Semaphore(0), threading.Event()

    def find(_name, _number):
        started.release()
        ready.wait()
        raise ModelNotFound("No such version.")

    monkeypatch.setattr(registry, "callable_version", find)
    with ThreadPoolExecutor(MAX_WAITING) as pool:
        futures = [pool.submit(get_store().get, "iris", 2) for _ in range(MAX_WAITING)]
        for _ in futures:
            started.acquire()
        with pytest.raises(Busy):
            get_store().get("iris", 3)
        with pytest.raises(Busy):
            get_store().get("nope")
        assert get_store().get("iris").version == 1
        ready.set()
        assert {type(future.exception()) for future in futures} == {ModelNotFound}
    with pytest.raises(ModelNotFound):
        get_store().get("nope")


@pytest.fixture
def followed(loads):
    """A store that follows the registry; the test polls in the place of its thread."""
    store = get_store()
    store._following = True
    return store


def test_a_loaded_version_is_served_by_number_without_a_query(
    followed, loads, django_assert_num_queries
):
    second = followed.get("iris", 2)
    followed._read_live()
    with django_assert_num_queries(0):
        assert followed.get("iris", 2) is second
        assert followed.loaded("iris", 2) is second
    assert loads == [2]


def test_one_query_reads_the_live_and_the_loaded_versions(followed, django_assert_num_queries):
    for number in (2, 3):
        followed.get("iris", number)
    with django_assert_num_queries(1):
        live = followed._read_live()
    assert {name: version for name, (version, _) in live.items()} == {"iris": 1}


def test_a_retired_version_is_dropped_by_the_next_poll(followed):
    followed.get("iris", 2)
    registry.retire(registry.version("iris", 2))
    followed._read_live()
    assert followed.loaded("iris", 2) is None
    with pytest.raises(Conflict, match="Version 2 of iris is retired"):
        followed.get("iris", 2)


def test_a_version_that_is_compiled_again_is_loaded_again(followed, loads):
    first = followed.get("iris", 2)
    ModelVersion.objects.filter(version=2).update(use_compiled=False)
    followed._read_live()
    assert followed.loaded("iris", 2) is None
    assert followed.get("iris", 2) is not first
    assert loads == [2, 2]


def test_without_the_follower_each_request_by_number_asks_the_registry(loads):
    get_store().get("iris", 2)
    registry.retire(registry.version("iris", 2))
    assert get_store().loaded("iris", 2) is None
    with pytest.raises(Conflict, match="Version 2 of iris is retired"):
        get_store().get("iris", 2)


def test_a_change_here_that_another_process_reverts_is_followed(iris, register):
    register()
    registry.promote(registry.version("iris", 2))
    get_store().refresh()  # as the request that promotes does
    registry.promote(registry.version("iris", 1))  # as another process does
    get_store()._catch_up()
    assert get_store().get("iris").version == 1


def test_a_version_is_live_at_once_although_another_process_has_promoted_it(followed, loads):
    registry.unpublish("iris")
    followed._catch_up()
    registry.rollback("iris")
    assert followed.get("iris").version == 1
    assert loads == [1]


def test_an_unpublished_model_is_dropped_and_its_version_answers_by_number(followed, loads):
    registry.unpublish("iris")
    followed._catch_up()
    assert followed.loaded("iris") is None
    with pytest.raises(ModelNotFound, match="iris has no live version"):
        followed.get("iris")
    assert followed.get("iris", 1).version == 1
    registry.rollback("iris")
    followed._catch_up()
    assert followed.get("iris").version == 1
    assert loads == [1]  # the version that was loaded by its number went live


def test_an_unpublished_version_is_released_without_the_garbage_collector(api, iris):
    gc.disable()
    try:
        assert api.post("/predict", {"X1": 1, "X2": 1}).status_code == 200
        model = weakref.ref(get_store().get("iris"))
        registry.unpublish("iris")
        get_store().refresh()
        assert model() is None
    finally:
        gc.enable()


def test_an_unchanged_registry_is_not_refreshed(loads, monkeypatch):
    registry.promote(registry.version("iris", 2))
    get_store()._catch_up()
    monkeypatch.setattr(get_store(), "refresh", None)
    get_store()._catch_up()
    assert loads == [2]
