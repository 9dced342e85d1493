"""Time of compiled estimators and of scikit-learn for the same rows, in one thread.

    python benchmarks/engines.py

Rounds alternate between both. The figures are medians in microseconds, and their ratio.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import statistics
import sys
import time
import warnings
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from comparison.models import wide
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor import recipes
from predictor.core.compiled.serialization import loads
from predictor.core.compiler.compile import compile_
from predictor.core.engines import CompiledEngine, EstimatorEngine
from predictor.core.signature_inference import infer_signature
from predictor.core.tolerance import compare

SIZES = (1, 256, 1000)
ROUNDS, CALLS_OF_ONE = 25, 20
X, y = load_breast_cancer(return_X_y=True)


def models():
    yield "logistic regression, 2 features", LogisticRegression().fit(X[:, :2], y), X[:, :2]
    scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    yield "scaler + logistic regression, 30", scaled, X
    yield "forest of 100 trees, 30", RandomForestClassifier(random_state=0).fit(X, y), X
    yield "histogram boosting, 30", HistGradientBoostingClassifier(random_state=0).fit(X, y), X
    points, labels, sample = wide()
    near = KNeighborsClassifier().fit(points, labels)
    yield "5 nearest of 5,000, 30", near, sample
    for name in recipes.RECIPES:
        fitted = recipes.fit(name)
        yield name, fitted.estimator, fitted.X


def repeated(X, n):
    times = -(-n // len(X))
    if hasattr(X, "iloc"):
        import pandas as pd

        return pd.concat([X] * times, ignore_index=True).iloc[:n]
    return np.tile(X, (times, 1))[:n]


def as_served(signature, X):
    """Return rows as the signature reads them from JSON."""
    if not hasattr(X, "iloc"):
        return X
    return signature.parse_rows(X.astype(object).where(X.notna(), None).to_dict("records")).X


def microseconds(call, n):
    start = time.perf_counter()
    for _ in range(n):
        call()
    return (time.perf_counter() - start) / n * 1e6


def main():
    warnings.simplefilter("ignore")
    print("| model | method | rows | engine | compiled, µs | scikit-learn, µs | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, estimator, sample in models():
        signature = infer_signature(estimator, sample=sample)
        compiled_estimator, _ = loads(compile_(estimator, signature, sample).data)
        fallback = EstimatorEngine(estimator)
        for method in ("predict", "predict_proba"):
            if not hasattr(compiled_estimator, method):
                continue
            compiled = CompiledEngine(fallback, compiled_estimator, signature, {method: None})
            for size in SIZES:
                rows = as_served(signature, repeated(sample, size))
                compare(fallback.run([method], rows), compiled.run([method], rows))
                calls = CALLS_OF_ONE if size == 1 else 2
                runs = [partial(engine.run, [method], rows) for engine in (compiled, fallback)]
                times = [[microseconds(run, calls) for run in runs] for _ in range(ROUNDS)]
                compiled_us, fallback_us = (
                    statistics.median(column) for column in zip(*times, strict=True)
                )
                engine = compiled_estimator.engine_name
                print(
                    f"| {name} | {method} | {size:,} | {engine} | {compiled_us:,.1f} | {fallback_us:,.0f} | {fallback_us / compiled_us:,.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
