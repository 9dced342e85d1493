"""The models loaded in this process, which follow the registry."""

import logging
import threading
import time
from collections import OrderedDict
from functools import cache

from django.db import Error as DatabaseError
from django.db import connection

from predictor import registry
from predictor.core.errors import ArtifactError, ModelNotFound, PredictorError
from predictor.core.model import Model
from predictor.runtime import metrics

log = logging.getLogger(__name__)

POLL_S = 0.25

# Time until a failed load of a live version is repeated.
RETRY_S = 10

# Number of loaded versions that are not live.
MOST_ON_DEMAND = 4


@cache
def get_store() -> "Store":
    """Return the store of this process. The first call loads the live models."""
    store = Store()
    store.refresh()
    return store


class Store:
    """The loaded and warm live version of every model, and a few requested other versions.

    Reading a live version needs neither a lock nor the database. After a change in the registry,
    the new version is loaded beside the old one, and then one reference is replaced.
    """

    def __init__(self) -> None:
        self._live: dict[str, Model] = {}
        self._load_errors: dict[str, str] = {}
        self._changing = threading.Lock()
        self._on_demand: OrderedDict[tuple[str, int], Model] = OrderedDict()
        self._demanding = threading.Lock()

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
        """
        live = self._live.get(name)
        if version is not None and not (live and live.version == version):
            return self._by_number(name, version)
        if live:
            return live
        if load_error := self._load_errors.get(name):
            raise ArtifactError(load_error)
        raise ModelNotFound(f"There is no model {name}, or none of its versions is live.")

    def models(self) -> list[Model]:
        """Return the live version of every model."""
        return list(self._live.values())

    def load_error(self, name: str) -> str:
        """Return why the live version of a model is not loaded; empty if it is loaded."""
        return self._load_errors.get(name, "")

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
            for name, (version, compiled_sha256) in registry.live_compiled().items():
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
            removed = self._live.keys() - served.keys()
            self._live, self._load_errors = served, load_errors
            metrics.serving(
                {name: model.version for name, model in served.items()} | dict.fromkeys(removed, 0),
                load_errors,
            )

    def follow(self) -> None:
        """Start a thread that follows the registry."""
        threading.Thread(target=self._poll, name="registry-follower", daemon=True).start()

    def _as_live(
        self, current: Model | None, name: str, version: int, compiled_sha256: str
    ) -> Model:
        if current and (current.version, current.compiled_sha256) == (version, compiled_sha256):
            return current
        return self._take_on_demand(name, version, compiled_sha256) or load(name, version)

    def _take_on_demand(self, name: str, version: int, compiled_sha256: str) -> Model | None:
        """Take a version that was requested by number, if its compiled estimator is current."""
        model = self._on_demand.pop((name, version), None)
        return model if model and model.compiled_sha256 == compiled_sha256 else None

    def _by_number(self, name: str, version: int) -> Model:
        """Return a version that is not live here. Concurrent requests load it once."""
        compiled_sha256 = registry.compiled_sha256(registry.callable_version(name, version))
        with self._demanding:
            model = self._take_on_demand(name, version, compiled_sha256) or load(name, version)
            self._on_demand[name, version] = model
            if len(self._on_demand) > MOST_ON_DEMAND:
                self._on_demand.popitem(last=False)
        return model

    def _poll(self) -> None:
        """Refresh after a change of the live versions. Log a repeated database error once."""
        seen: dict[str, tuple[int, str]] | None = None
        tried = 0.0
        load_error = ""
        while True:
            time.sleep(POLL_S)
            try:
                live = registry.live_compiled()
                retry = self._load_errors and time.monotonic() - tried > RETRY_S
                if live != seen or retry:
                    self.refresh()
                    seen, tried = live, time.monotonic()
                load_error = ""
            except DatabaseError as exc:
                connection.close()
                if str(exc) != load_error:
                    load_error = str(exc)
                    log.error("The registry cannot be read, models stay loaded: %s", load_error)  # noqa: TRY400 - the message is complete


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
