"""Request bodies as bytes, and response bodies as Python values."""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

JSON = "application/json"
BINARY = "application/octet-stream"


def to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def objects(X: Rows) -> list[dict[str, float]]:
    """Return rows as objects, keyed by column."""
    names = [f"x{n}" for n in range(X.shape[1])]
    return [dict(zip(names, row, strict=True)) for row in X.tolist()]


def tensor(X: Rows) -> dict[str, Any]:
    """Return rows as a request of the Open Inference Protocol."""
    flat = X.ravel().tolist()
    return {"inputs": [{"name": "X", "shape": X.shape, "datatype": "FP64", "data": flat}]}


# Name in peer.toml: content type, and the function that encodes rows.
REQUESTS: dict[str, tuple[str, Callable[[Rows], bytes]]] = {
    "object": (JSON, lambda X: to_json(objects(X)[0])),
    "objects": (JSON, lambda X: to_json(objects(X))),
    "rows": (JSON, lambda X: to_json({"rows": X.tolist()})),
    "inputs": (JSON, lambda X: to_json({"inputs": X.tolist()})),
    "tensor": (JSON, lambda X: to_json(tensor(X))),
    "base64": (JSON, lambda X: to_json({"base64": base64.b64encode(X.tobytes()).decode()})),
    "binary": (BINARY, lambda X: X.astype("<f8").tobytes()),
}

# Name in peer.toml: the function that returns the labels, or the probabilities of one row.
RESPONSES: dict[str, Callable[[bytes], list[Any]]] = {
    "prediction": lambda body: [json.loads(body)["prediction"]],
    "predictions": lambda body: json.loads(body)["predictions"],
    "list": json.loads,
    "tensor": lambda body: json.loads(body)["outputs"][0]["data"],
    "binary": lambda body: np.frombuffer(body, "<i8").tolist(),
    "probabilities": lambda body: [*json.loads(body)["probabilities"].values()],
}
