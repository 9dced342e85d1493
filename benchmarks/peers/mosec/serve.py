"""A logistic regression behind mosec, with its arithmetic written by hand in NumPy."""

import os

import joblib
import msgspec
import numpy as np
from mosec import Server, Worker


class Classifier(Worker):
    def __init__(self) -> None:
        model = joblib.load(os.environ["MODEL"])
        columns = [f"x{n}" for n in range(model.n_features_in_)]
        row_type = msgspec.defstruct("Row", [(column, float) for column in columns])
        self.decoder = msgspec.json.Decoder(row_type)
        *scalers, logistic = [step for _, step in getattr(model, "steps", [("", model)])]
        self.mean, self.scale = (scalers[0].mean_, scalers[0].scale_) if scalers else (0.0, 1.0)
        weights, intercept = logistic.coef_, logistic.intercept_
        if len(weights) == 1:  # two classes: the first has a score of 0
            weights, intercept = np.vstack([0 * weights, weights]), np.append(0.0, intercept)
        self.weights, self.intercept = weights.T.copy(), intercept
        self.classes = logistic.classes_.tolist()

    def deserialize(self, data: bytes) -> tuple:
        return msgspec.structs.astuple(self.decoder.decode(data))

    def forward(self, row: tuple) -> int:
        scores = (np.array(row) - self.mean) / self.scale @ self.weights + self.intercept
        return self.classes[scores.argmax()]

    def serialize(self, label: int) -> bytes:
        return msgspec.json.encode({"prediction": label})


if __name__ == "__main__":
    server = Server()
    server.append_worker(Classifier, num=1)
    server.run()
