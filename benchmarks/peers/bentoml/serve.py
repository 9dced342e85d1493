"""A fitted model as a BentoML service, with or without batching."""

import os
from pathlib import Path
from typing import Annotated

import bentoml
import joblib
import numpy as np
from bentoml.validators import ContentType

QUIET = {"workers": 1, "logging": {"access": {"enabled": False}}}
config = QUIET if os.environ.get("QUIET") else {}
Binary = Annotated[Path, ContentType("application/octet-stream")]


@bentoml.service(**config)
class Plain:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api
    async def predict(self, rows: np.ndarray) -> list[int]:
        return self.model.predict(rows).tolist()

    @bentoml.api
    async def predict_binary(self, rows: Binary, /) -> list[int]:
        X = np.fromfile(rows).reshape(-1, self.model.n_features_in_)
        return self.model.predict(X).tolist()


@bentoml.service(**config)
class Batching:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=1000)
    async def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.model.predict(rows)


service = Batching if os.environ.get("BATCHING") else Plain
