"""A fitted model behind Flask, as in many tutorials."""

import os

import joblib
from flask import Flask, jsonify, request

app = Flask(__name__)
model = joblib.load(os.environ["MODEL"])
columns = [f"x{n}" for n in range(model.n_features_in_)]


@app.route("/ready")
def ready():
    return "ready"


@app.route("/predict", methods=["POST"])
def predict():
    row = request.get_json()
    labels = model.predict([[float(row[column]) for column in columns]])
    return jsonify({"prediction": int(labels[0])})


@app.route("/predict/rows", methods=["POST"])
def predict_rows():
    labels = model.predict(request.get_json()["rows"])
    return jsonify({"predictions": labels.tolist()})
