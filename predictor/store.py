"""The models loaded in this process, and how they follow the registry."""

import logging
import threading
import time
from collections import OrderedDict

from django.apps import apps
from django.db import Error as DatabaseError
from django.db import connection

from predictor import metrics, registry
from predictor.apps import PredictorConfig
from predictor.core.errors import ArtifactError, ModelNotFound, PredictorError
from predictor.core.model import Model

log = logging.getLogger(__name__)

POLL_S = 0.25

# How long a live version that could not be loaded is left alone.
RETRY_S = 10

# How many versions that are not live are kept loaded for those who ask for them by number.
MOST_ON_DEMAND = 4


def loaded() -> "Store":
    """Return the models of this process; the first call loads them."""
    config = apps.get_app_config("predictor")
    assert isinstance(config, PredictorConfig)  # noqa: S101 - the label is its own
    return config.store


class Store:
    """The live version of every model, loaded and warm, and a few others that were asked for.

    Reading what is live takes neither a lock nor the database: a change of the registry is loaded
    beside what is served, and then one reference is swapped.
    """

    def __init__(self) -> None:
        self._live: dict[str, Model] = {}
        self._troubles: dict[str, str] = {}
        self._followed: dict[str, tuple[int, str]] = {}  # the registry as of the last refresh
        self._refreshed_at = 0.0
        self._changing = threading.Lock()
        self._on_demand: OrderedDict[tuple[str, int], Model] = OrderedDict()
        self._demanding = threading.Lock()

    def get(self, name: str, version: int | None = None) -> Model:
        """Return the live version of a model, or the one of that number.

        Raises
        ------
        ModelNotFound
            There is no such model or version, or none of its versions is live.
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
        if trouble := self._troubles.get(name):
            raise ArtifactError(trouble)
        raise ModelNotFound(f"There is no model {name}, or none of its versions is live.")

    def models(self) -> list[Model]:
        """Return the live version of every model."""
        return list(self._live.values())

    def trouble(self, name: str) -> str:
        """Return why the version of a model that is live is not served here; nothing if it is."""
        return self._troubles.get(name, "")

    def check(self) -> None:
        """Check that something is served for every model that has a live version.

        Raises
        ------
        ArtifactError
            For one there is nothing.
        """
        for name, trouble in self._troubles.items():
            if name not in self._live:
                raise ArtifactError(trouble)

    def refresh(self) -> None:
        """Load what the registry says is live and is not loaded yet.

        Where that fails, what was served before is still served, and `trouble` says why.
        """
        with self._changing:
            served, troubles = {}, {}
            followed = registry.live_forms()
            for name, (version, form) in followed.items():
                current = self._live.get(name)
                try:
                    served[name] = self._as_live(current, name, version, form)
                except PredictorError as exc:
                    troubles[name] = str(exc)
                    if current:
                        served[name] = current
                        troubles[name] += f" Version {current.version} is served instead."
                    if troubles[name] != self._troubles.get(name):
                        log.error("%s: %s", name, troubles[name])  # noqa: TRY400 - the sentence says it all
            gone = self._live.keys() - served.keys()
            self._live, self._troubles = served, troubles
            self._followed, self._refreshed_at = followed, time.monotonic()
            metrics.serving(
                {name: model.version for name, model in served.items()} | dict.fromkeys(gone, 0),
                troubles,
            )

    def follow(self) -> None:
        """Keep up with the registry from now on, in a thread of this process."""
        threading.Thread(target=self._keep_up, name="registry-follower", daemon=True).start()

    def _as_live(self, current: Model | None, name: str, version: int, form: str) -> Model:
        if current and (current.version, current.form) == (version, form):
            return current
        return self._kept(name, version, form) or load(name, version)

    def _kept(self, name: str, version: int, form: str) -> Model | None:
        """Take a version that was asked for by number, if it still is to run that form."""
        model = self._on_demand.pop((name, version), None)
        return model if model and model.form == form else None

    def _by_number(self, name: str, version: int) -> Model:
        """Return a version that is not live here, loaded once however many ask for it at once."""
        form = registry.form(registry.callable_version(name, version))
        with self._demanding:
            model = self._kept(name, version, form) or load(name, version)
            self._on_demand[name, version] = model
            if len(self._on_demand) > MOST_ON_DEMAND:
                self._on_demand.popitem(last=False)
        return model

    def _keep_up(self) -> None:
        """Keep up with the registry; log a database error once, not at every poll."""
        trouble = ""
        while True:
            time.sleep(POLL_S)
            try:
                self._catch_up()
                trouble = ""
            except DatabaseError as exc:
                connection.close()
                if str(exc) != trouble:
                    trouble = str(exc)
                    log.error("Still serving what was live before: %s", trouble)  # noqa: TRY400 - the sentence says it all

    def _catch_up(self) -> None:
        """Refresh if the registry has changed since the last refresh, or to retry a failed load.

        A request that changes a model refreshes as well. The comparison is therefore with the
        last refresh of any thread: an earlier poll may have seen the same state as this one,
        with a change in between that is already undone.
        """
        retry = self._troubles and time.monotonic() - self._refreshed_at > RETRY_S
        if retry or registry.live_forms() != self._followed:
            self.refresh()


def load(name: str, version: int) -> Model:
    """Load a version, and run it once.

    Raises
    ------
    ModelNotFound
        There is no such version.
    ArtifactError
        It cannot be loaded.
    """
    try:
        model = registry.load(name, version)
        metrics.watch(model)
        model.warm()
    except (PredictorError, DatabaseError):
        raise
    except Exception as exc:
        log.exception("Version %d of %s cannot be loaded.", version, name)
        raise ArtifactError(f"Version {version} of {name} cannot be loaded.") from exc
    return model
