"""A fitted model behind LitServe, with or without batching."""

import base64
import os

import joblib
import litserve as ls
import numpy as np


class Model(ls.LitAPI):
    """Rows as lists of numbers, or as float64 in base64."""

    def setup(self, device: str) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    def decode_request(self, request: dict) -> np.ndarray:
        if "base64" in request:
            X = np.frombuffer(base64.b64decode(request["base64"]))
            return X.reshape(-1, self.model.n_features_in_)
        return np.array(request["rows"])

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.model.predict(X)

    def encode_response(self, labels: np.ndarray) -> dict:
        return {"predictions": labels.tolist()}


class Batching(Model):
    """Single rows, batched into one call."""

    def decode_request(self, request: dict) -> list[float]:
        return request["rows"][0]

    def batch(self, rows: list[list[float]]) -> np.ndarray:
        return np.array(rows)

    def unbatch(self, labels: np.ndarray) -> list[np.ndarray]:
        return list(labels[:, np.newaxis])


if __name__ == "__main__":
    if os.environ.get("BATCHING"):
        api = Batching(max_batch_size=64, batch_timeout=0.005)
    else:
        api = Model()
    if os.environ.get("DEFAULT"):
        ls.LitServer(api).run(host="127.0.0.1", port=int(os.environ["PORT"]))
    else:
        server = ls.LitServer(api, accelerator="cpu", workers_per_device=1)
        server.run(
            host="127.0.0.1",
            port=int(os.environ["PORT"]),
            num_api_servers=1,
            log_level="warning",
            generate_client_file=False,
        )
