"""A forest converted to ONNX, behind FastAPI without validation."""

import os

import joblib
import numpy as np
import onnxruntime as ort
import orjson
from fastapi import FastAPI, Request, Response
from skl2onnx import to_onnx

model = joblib.load(os.environ["MODEL"])
columns = [f"x{n}" for n in range(model.n_features_in_)]

sample = np.zeros((1, len(columns)), np.float32)
converted = to_onnx(model, sample, options={id(model): {"zipmap": False}})
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(converted.SerializeToString(), options)

app = FastAPI()


def json_response(content: dict) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


@app.get("/ready")
async def ready() -> str:
    return "ready"


@app.post("/predict")
async def predict(request: Request) -> Response:
    row = orjson.loads(await request.body())
    X = np.array([[row[column] for column in columns]], np.float32)
    return json_response({"prediction": int(session.run(["label"], {"X": X})[0][0])})


@app.post("/predict/rows")
async def predict_rows(request: Request) -> Response:
    X = np.array(orjson.loads(await request.body())["rows"], np.float32)
    return json_response({"predictions": session.run(["label"], {"X": X})[0].tolist()})


@app.post("/probabilities")
async def predict_probabilities(request: Request) -> Response:
    row = orjson.loads(await request.body())
    X = np.array([[row[column] for column in columns]], np.float32)
    probabilities = session.run(["probabilities"], {"X": X})[0][0].tolist()
    names = map(str, model.classes_)
    return json_response({"probabilities": dict(zip(names, probabilities, strict=True))})
