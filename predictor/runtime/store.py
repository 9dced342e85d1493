"""The models loaded in this process, which follow the registry."""

import logging
import threading
import time
from dataclasses import dataclass, field
from functools import cache

from django.db import Error as DatabaseError
from django.db import connection

from predictor import registry
from predictor.core.engines.concurrency_limit import ConcurrencyLimit
from predictor.core.errors import ArtifactError, ModelNotFound, PredictorError
from predictor.core.model import Model
from predictor.models import ModelVersion
from predictor.runtime import metrics

log = logging.getLogger(__name__)

State = ModelVersion.State

POLL_S = 0.25

# Time until a failed load of a live version is repeated.
RETRY_S = 10

# Number of loaded versions that are not live.
MOST_ON_DEMAND = 4

# Number of requests that may wait for a version to be loaded, or for the database to name it. More
# would keep predictions of loaded versions from a thread.
MAX_WAITING = 32


@cache
def get_store() -> "Store":
    """Return the store of this process. The first call loads the live models."""
    store = Store()
    store.refresh()
    return store


@dataclass
class OnDemand:
    """A version that is not live, loaded for requests by its number."""

    model: Model
    used: float = field(default_factory=time.monotonic)


class Store:
    """The loaded and warm live version of every model, and a few requested other versions.

    Reading a live version needs neither a lock nor the database. After a change in the registry,
    the new version is loaded beside the old one, and then one reference is replaced.
    """

    def __init__(self) -> None:
        self._live: dict[str, Model] = {}
        self._load_errors: dict[str, str] = {}
        self._followed: dict[str, tuple[int, str]] = {}  # the registry at the last refresh
        self._refreshed_at = 0.0
        self._changing = threading.Lock()
        self._on_demand: dict[tuple[str, int], OnDemand] = {}
        self._demanding = threading.Lock()
        self._waiting = ConcurrencyLimit(MAX_WAITING)
        self._following = False

    def get(self, name: str, version: int | None = None) -> Model:
        """Return the live version of a model, or the version with this number.

        Raises
        ------
        ModelNotFound
            There is no such model or version, or no version is live.
        Conflict
            The version is retired.
        ArtifactError
            The version cannot be loaded.
        Busy
            The version is not loaded, and too many requests wait for such versions.
        """
        if model := self.loaded(name, version):
            return model
        with self._waiting:
            return self._find(name) if version is None else self._by_number(name, version)

    def _find(self, name: str) -> Model:
        """Return the live version of a model, which this process may not have loaded yet."""
        if name not in self._load_errors:
            registry.find(name)
            self._catch_up()  # another process may have made a version live since the last poll
            if model := self._live.get(name):
                return model
        if load_error := self._load_errors.get(name):
            raise ArtifactError(load_error)
        raise ModelNotFound(
            f"{name} has no live version. Promote a version, or predict with one by its number."
        )

    def loaded(self, name: str, version: int | None = None) -> Model | None:
        """Return the model if neither loading nor a query is needed to serve it, else None.

        The thread of `follow` drops retired versions. Without that thread, the state of a version
        that is not live is unknown.
        """
        live = self._live.get(name)
        if version is None or (live and live.version == version):
            return live
        on_demand = self._on_demand.get((name, version)) if self._following else None
        if on_demand is None:
            return None
        on_demand.used = time.monotonic()
        return on_demand.model

    def models(self) -> list[Model]:
        """Return the live version of every model."""
        return list(self._live.values())

    def load_error(self, name: str) -> str:
        """Return why the live version of a model is not loaded, or is out of service; else ""."""
        live = self._live.get(name)
        return self._load_errors.get(name) or (live.engine.failure if live else "")

    def check(self) -> None:
        """Check that this process serves a version of every model that has a live version.

        Raises
        ------
        ArtifactError
            No version of a model is loaded.
        """
        for name, load_error in self._load_errors.items():
            if name not in self._live:
                raise ArtifactError(load_error)

    def refresh(self) -> None:
        """Load the live versions that are not loaded yet.

        If that fails, the previous version stays in service, and `load_error` returns the reason.
        """
        with self._changing:
            served, load_errors = {}, {}
            followed = registry.live_compiled()
            for name, (version, compiled_sha256) in followed.items():
                current = self._live.get(name)
                try:
                    served[name] = self._as_live(current, name, version, compiled_sha256)
                except PredictorError as exc:
                    load_errors[name] = str(exc)
                    if current:
                        served[name] = current
                        load_errors[name] += f" Version {current.version} is served instead."
                    if load_errors[name] != self._load_errors.get(name):
                        log.error("%s: %s", name, load_errors[name])  # noqa: TRY400 - the message is complete
            removed = (self._live.keys() | self._load_errors.keys()) - served.keys()
            self._live, self._load_errors = served, load_errors
            self._followed, self._refreshed_at = followed, time.monotonic()
            metrics.serving(
                {name: model.version for name, model in served.items()} | dict.fromkeys(removed, 0),
                load_errors,
            )

    def follow(self) -> None:
        """Start a thread that follows the registry."""
        self._following = True
        threading.Thread(target=self._poll, name="registry-follower", daemon=True).start()

    def _as_live(
        self, current: Model | None, name: str, version: int, compiled_sha256: str
    ) -> Model:
        if current and (current.version, current.compiled_sha256) == (version, compiled_sha256):
            return current
        return self._take_loaded(name, version, compiled_sha256) or load(name, version)

    def _take_loaded(self, name: str, version: int, compiled_sha256: str) -> Model | None:
        """Take a version that was loaded on demand, unless its compiled estimator has changed."""
        on_demand = self._on_demand.pop((name, version), None)
        same = on_demand and on_demand.model.compiled_sha256 == compiled_sha256
        return on_demand.model if on_demand and same else None

    def _by_number(self, name: str, version: int) -> Model:
        """Return a version that is not live here. Concurrent requests load it once."""
        compiled_sha256 = registry.compiled_sha256(registry.callable_version(name, version))
        with self._demanding:
            model = self._take_loaded(name, version, compiled_sha256) or load(name, version)
            self._on_demand[name, version] = OnDemand(model)
            if len(self._on_demand) > MOST_ON_DEMAND:
                key, _ = min(list(self._on_demand.items()), key=lambda item: item[1].used)
                self._on_demand.pop(key, None)
        return model

    def _read_live(self) -> dict[str, tuple[int, str]]:
        """Drop loaded versions that must not be served, and return the live versions.

        Versions that were loaded on demand are dropped once they are retired or compiled again.
        """
        on_demand = list(self._on_demand.items())
        states = registry.version_states([key for key, _ in on_demand])
        for key, loaded in on_demand:
            state, compiled_sha256 = states.get(key, (State.RETIRED, ""))
            if state == State.RETIRED or compiled_sha256 != loaded.model.compiled_sha256:
                self._on_demand.pop(key, None)
        return {
            name: (version, compiled_sha256)
            for (name, version), (state, compiled_sha256) in states.items()
            if state == State.LIVE
        }

    def _poll(self) -> None:
        """Follow the registry. Log a repeated database error once."""
        database_error = ""
        while True:
            time.sleep(POLL_S)
            try:
                self._catch_up()
                database_error = ""
            except DatabaseError as exc:
                connection.close()
                if str(exc) != database_error:
                    database_error = str(exc)
                    log.error("The registry cannot be read, models stay loaded: %s", database_error)  # noqa: TRY400 - the message is complete

    def _catch_up(self) -> None:
        """Refresh if the registry has changed since the last refresh, or to retry a failed load.

        A request that changes a model refreshes as well. Therefore the comparison is with the last
        refresh of any thread. A comparison with the previous poll would miss a change that was
        reverted in between.
        """
        retry = self._load_errors and time.monotonic() - self._refreshed_at > RETRY_S
        if self._read_live() != self._followed or retry:
            self.refresh()


def load(name: str, version: int) -> Model:
    """Load a version and run it once.

    Raises
    ------
    ModelNotFound
        There is no such version.
    ArtifactError
        The version cannot be loaded.
    """
    try:
        model = registry.load(name, version, metrics.BatchMetrics(name, version))
        model.warm()
    except (PredictorError, DatabaseError):
        raise
    except Exception as exc:
        log.exception("Version %d of %s cannot be loaded.", version, name)
        raise ArtifactError(f"Version {version} of {name} cannot be loaded.") from exc
    return model
