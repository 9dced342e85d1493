"""The models loaded in this process, and how they follow the registry."""

import logging
import threading
import time

from django.apps import apps
from django.db import DatabaseError, connection

from predictor import registry
from predictor.apps import PredictorConfig
from predictor.core.engines import ScikitLearn
from predictor.core.errors import ArtifactError, ModelNotFound
from predictor.core.model import Model

log = logging.getLogger(__name__)

POLL_S = 0.25


def loaded() -> "Store":
    """Return the models of this process; the first call loads them."""
    config = apps.get_app_config("predictor")
    assert isinstance(config, PredictorConfig)  # noqa: S101 - the label is its own
    return config.store


class Store:
    """The live version of every model, loaded and warm.

    Reading takes no lock: a change of the registry is loaded beside what is served, and then one
    reference is swapped.
    """

    def __init__(self) -> None:
        self._live: dict[str, Model] = {}
        self._changing = threading.Lock()

    def get(self, name: str) -> Model:
        """Return the live version of a model.

        Raises
        ------
        ModelNotFound
            There is no such model, or none of its versions is live.
        """
        try:
            return self._live[name]
        except KeyError as exc:
            raise ModelNotFound(
                f"There is no model {name}, or none of its versions is live."
            ) from exc

    def models(self) -> list[Model]:
        """Return the live version of every model."""
        return list(self._live.values())

    def refresh(self) -> None:
        """Load what the registry says is live and is not loaded yet.

        Raises
        ------
        ArtifactError
            A live version cannot be loaded. What was served before is still served.
        """
        with self._changing:
            self._live = {
                name: self._loaded(name, version)
                for name, version in registry.live_versions().items()
            }

    def follow(self) -> None:
        """Keep up with the registry from now on, in a thread of this process."""
        threading.Thread(target=self._keep_up, name="registry-follower", daemon=True).start()

    def _loaded(self, name: str, version: int) -> Model:
        current = self._live.get(name)
        if current and current.version == version:
            return current
        signature, estimator = registry.load(name, version)
        model = Model(name, version, signature, ScikitLearn(estimator))
        model.warm()
        return model

    def _keep_up(self) -> None:
        """Refresh when what is live changes; say once, not every time, what is in the way."""
        seen: dict[str, int] | None = None
        trouble = ""
        while True:
            time.sleep(POLL_S)
            try:
                live = registry.live_versions()
                if live != seen:
                    seen = live  # a version that cannot be loaded now never can: it is immutable
                    self.refresh()
                trouble = ""
            except (ArtifactError, DatabaseError) as exc:
                connection.close()
                if str(exc) != trouble:
                    trouble = str(exc)
                    log.error("Still serving what was live before: %s", trouble)  # noqa: TRY400 - the sentence says it all
