"""A logistic regression behind Starlette, with its arithmetic written by hand in NumPy."""

import os

import joblib
import msgspec
import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

model = joblib.load(os.environ["MODEL"])
columns = [f"x{n}" for n in range(model.n_features_in_)]
*scalers, logistic = [step for _, step in getattr(model, "steps", [("", model)])]
mean, scale = (scalers[0].mean_, scalers[0].scale_) if scalers else (0.0, 1.0)
weights, intercept = logistic.coef_, logistic.intercept_
if len(weights) == 1:  # two classes: the first has a score of 0
    weights, intercept = np.vstack([0 * weights, weights]), np.append(0.0, intercept)
weights = weights.T.copy()
classes = logistic.classes_.tolist()

Row = msgspec.defstruct("Row", [(column, float) for column in columns])
decode_row = msgspec.json.Decoder(Row).decode
decode_rows = msgspec.json.Decoder(dict[str, list[list[float]]]).decode
encode = msgspec.json.Encoder().encode
as_tuple = msgspec.structs.astuple


async def ready(_request: Request) -> Response:
    return Response(b"ready")


async def predict(request: Request) -> Response:
    row = np.array(as_tuple(decode_row(await request.body())))
    scores = (row - mean) / scale @ weights + intercept
    body = encode({"prediction": classes[scores.argmax()]})
    return Response(body, media_type="application/json")


async def predict_rows(request: Request) -> Response:
    X = np.array(decode_rows(await request.body())["rows"])
    labels = logistic.classes_[((X - mean) / scale @ weights + intercept).argmax(axis=1)]
    return Response(encode({"predictions": labels.tolist()}), media_type="application/json")


app = Starlette(
    routes=[
        Route("/ready", ready),
        Route("/predict", predict, methods=["POST"]),
        Route("/predict/rows", predict_rows, methods=["POST"]),
    ]
)
