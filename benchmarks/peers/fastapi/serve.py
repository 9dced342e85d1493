"""A fitted model behind FastAPI, with pydantic and joblib: the usual setup."""

import os

import joblib
import numpy as np
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, create_model

model = joblib.load(os.environ["MODEL"])
columns = [f"x{n}" for n in range(model.n_features_in_)]
Row = create_model("Row", **dict.fromkeys(columns, float))


class Rows(BaseModel):
    rows: list[list[float]]


class Prediction(BaseModel):
    prediction: int


class Predictions(BaseModel):
    predictions: list[int]


app = FastAPI()


@app.get("/ready")
async def ready() -> str:
    return "ready"


@app.post("/predict")
async def predict(row: Row) -> Prediction:
    X = np.array([[getattr(row, column) for column in columns]])
    return Prediction(prediction=model.predict(X)[0])


@app.post("/predict/rows")
async def predict_rows(body: Rows) -> Predictions:
    return Predictions(predictions=model.predict(np.array(body.rows)).tolist())


@app.post("/predict/binary")
async def predict_binary(request: Request) -> Response:
    X = np.frombuffer(await request.body()).reshape(-1, len(columns))
    return Response(model.predict(X).tobytes(), media_type="application/octet-stream")
