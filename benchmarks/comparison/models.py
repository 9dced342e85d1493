"""The models that every server serves: fitted once, with the rows that are sent."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from comparison.paths import CACHE

N_ROWS = 64  # distinct single rows
N_BATCHES, BATCH_ROWS = 8, 1000
N_SAMPLES = 5000

# This project serves the model with the estimator, not with the compiled estimator.
UNCOMPILED = "uncompiled"

ESTIMATORS = {
    "logistic": LogisticRegression(max_iter=1000),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "forest": RandomForestClassifier(n_estimators=100, random_state=0),
    "boosting": HistGradientBoostingClassifier(random_state=0),
    "neighbours": KNeighborsClassifier(),
    UNCOMPILED: KNeighborsClassifier(),
}
COMPILED = [name for name in ESTIMATORS if name != UNCOMPILED]
DESCRIPTIONS = {
    "logistic": "logistic regression, 2 features",
    "pipeline": "scaler and logistic regression, 30 features",
    "forest": "random forest of 100 trees, 30 features",
    "boosting": "histogram gradient boosting, 30 features",
    "neighbours": "5 nearest of 5,000 neighbours, 30 features",
    UNCOMPILED: "the same, kept on scikit-learn by `manage.py compile --off`",
}


@dataclass(frozen=True)
class Served:
    """A fitted model on disk, and the rows that are sent to it.

    Attributes
    ----------
    rows : ndarray of shape (N_ROWS, n_features)
    batches : list of ndarray of shape (BATCH_ROWS, n_features)
    """

    name: str
    path: Path
    estimator: Any
    rows: NDArray[np.float64]
    batches: list[NDArray[np.float64]]


def served(name: str) -> Served:
    """Return the model; fit it if it is not in the cache."""
    recipe = Path(__file__).read_bytes() + sklearn.__version__.encode()
    path = CACHE / "models" / hashlib.sha256(recipe).hexdigest()[:12] / f"{name}.joblib"
    X, y, inputs = iris() if name == "logistic" else wide()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        joblib.dump(ESTIMATORS[name].fit(X, y), path)
    batches = np.split(inputs[N_ROWS:], N_BATCHES)
    return Served(name, path, joblib.load(path), inputs[:N_ROWS], batches)


def iris() -> tuple[Any, Any, Any]:
    """Return length and width of sepals, species, and similar rows to send."""
    X, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    count = N_ROWS + N_BATCHES * BATCH_ROWS
    inputs = X[rng.integers(len(X), size=count), :2] + rng.normal(0, 0.3, (count, 2))
    return X[:, :2], y, inputs.round(1)


def wide() -> tuple[Any, Any, Any]:
    """Return 30 columns, half of them informative, two classes, and similar rows to send."""
    X, y = make_classification(
        n_samples=N_SAMPLES + N_ROWS + N_BATCHES * BATCH_ROWS,
        n_features=30,
        n_informative=15,
        random_state=0,
    )
    X = X.round(4)
    return X[:N_SAMPLES], y[:N_SAMPLES], X[N_SAMPLES:]
