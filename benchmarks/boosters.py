"""Cost of models of XGBoost, LightGBM and CatBoost: to save, load, compile and answer.

    python benchmarks/boosters.py

Models of 100 trees, 30 columns. Everything runs in this process and in one thread; a request to an
estimator process costs about 0.1 ms more. Figures are medians.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import statistics
import subprocess
import sys
import time
import warnings
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from predictor.core import artifacts
from predictor.core.compiled.serialization import loads
from predictor.core.compiler.compile import compile_
from predictor.core.engines import CompiledEngine, EstimatorEngine

ROUNDS, CALLS = 15, 20
KINDS = {"two classes": load_breast_cancer, "three classes": load_wine, "regression": load_diabetes}


def models():
    from catboost import CatBoostClassifier, CatBoostRegressor
    from lightgbm import LGBMClassifier, LGBMRegressor
    from xgboost import XGBClassifier, XGBRegressor

    packages = {
        "XGBoost": (XGBClassifier, XGBRegressor, {"n_estimators": 100, "n_jobs": 1}),
        "LightGBM": (
            LGBMClassifier,
            LGBMRegressor,
            {"n_estimators": 100, "n_jobs": 1, "verbose": -1},
        ),
        "CatBoost": (
            CatBoostClassifier,
            CatBoostRegressor,
            {"iterations": 100, "thread_count": 1, "silent": True, "allow_writing_files": False},
        ),
    }
    for package, (classifier, regressor, options) in packages.items():
        for kind, load in KINDS.items():
            X, y = load(return_X_y=True)
            build = regressor if kind == "regression" else classifier
            yield f"{package}, {kind}", build(**options).fit(X, y), X


def seconds(call, n=1):
    start = time.perf_counter()
    for _ in range(n):
        result = call()
    return (time.perf_counter() - start) / n, result


def microseconds(call):
    call()
    return statistics.median(seconds(call, CALLS)[0] for _ in range(ROUNDS)) * 1e6


def main():
    warnings.simplefilter("ignore")
    for package in ("xgboost", "lightgbm", "catboost"):
        command = [
            sys.executable,
            "-c",
            f"import sklearn.ensemble, pandas, time; s = time.perf_counter(); import {package}; print(f'{{time.perf_counter() - s:.2f}} s')",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"import {package}: {done.stdout.strip()}")
    print(
        "| model | file, kB | save, ms | load, ms | compile, ms | method | rows | estimator, µs | compiled, µs |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, estimator, X in models():
        save_s, dump = seconds(partial(artifacts.dump, estimator, X))
        data, signature = dump.data, dump.signature
        load_s, opened = seconds(partial(artifacts.open_artifact, data))
        compile_s, compilation = seconds(partial(compile_, opened.estimator, signature, X))
        costs = f"{len(data) / 1000:.0f} | {save_s * 1e3:.0f} | {load_s * 1e3:.0f} | {compile_s * 1e3:.0f}"
        fallback = EstimatorEngine(opened.estimator)
        compiled, _ = loads(compilation.data) if compilation.data else (None, None)
        for method in signature.methods:
            for n in (1, 256):
                rows = X[:n]
                cells = [f"{microseconds(partial(fallback.run, [method], rows)):,.0f}", "-"]
                if hasattr(compiled, method):
                    engine = CompiledEngine(fallback, compiled, signature, {method: None})
                    cells[1] = f"{microseconds(partial(engine.run, [method], rows)):,.0f}"
                print(
                    f"| {name} | {costs} | {method} | {n} | {cells[0]} | {cells[1]} |", flush=True
                )


if __name__ == "__main__":
    main()
