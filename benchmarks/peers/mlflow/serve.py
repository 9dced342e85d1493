"""Save a fitted model in MLflow's format, then run the application of `mlflow models serve`."""

import os
import sys
from pathlib import Path

import joblib
import mlflow.sklearn
from mlflow.pyfunc.scoring_server import _SERVER_MODEL_PATH

folder = Path.cwd() / "model"
model = joblib.load(os.environ["MODEL"])
mlflow.sklearn.save_model(model, folder, serialization_format="cloudpickle")
os.environ[_SERVER_MODEL_PATH] = folder.as_uri()
uvicorn = [sys.executable, "-m", "uvicorn", "mlflow.pyfunc.scoring_server.app:app"]
os.execv(sys.executable, [*uvicorn, *sys.argv[1:]])  # noqa: S606 - replaces this process
