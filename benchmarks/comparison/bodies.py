"""The bodies of requests, and what stands in the answers."""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

JSON = "application/json"
BINARY = "application/octet-stream"


def dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def named(X: Rows) -> list[dict[str, float]]:
    """Return rows as objects, keyed by column."""
    names = [f"x{n}" for n in range(X.shape[1])]
    return [dict(zip(names, row, strict=True)) for row in X.tolist()]


def tensor(X: Rows) -> dict[str, Any]:
    """Return rows as a request of the Open Inference Protocol."""
    flat = X.ravel().tolist()
    return {"inputs": [{"name": "X", "shape": X.shape, "datatype": "FP64", "data": flat}]}


WRITTEN: dict[str, tuple[str, Callable[[Rows], bytes]]] = {
    "object": (JSON, lambda X: dumped(named(X)[0])),
    "objects": (JSON, lambda X: dumped(named(X))),
    "input": (JSON, lambda X: dumped({"input": X[0].tolist()})),
    "rows": (JSON, lambda X: dumped({"rows": X.tolist()})),
    "tensor": (JSON, lambda X: dumped(tensor(X))),
    "base64": (JSON, lambda X: dumped({"base64": base64.b64encode(X.tobytes()).decode()})),
    "binary": (BINARY, lambda X: X.astype("<f8").tobytes()),
}

ANSWERED: dict[str, Callable[[bytes], list[Any]]] = {
    "prediction": lambda body: [json.loads(body)["prediction"]],
    "predictions": lambda body: json.loads(body)["predictions"],
    "list": json.loads,
    "tensor": lambda body: json.loads(body)["outputs"][0]["data"],
    "binary": lambda body: np.frombuffer(body, "<i8").tolist(),
}
