"""The private attributes of scikit-learn that this project reads still exist."""

import ast
import inspect
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
)
from sklearn.linear_model import PoissonRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures
from sklearn.svm import SVC

from predictor.core import sklearn_private

X = np.arange(40.0).reshape(20, 2)
y = np.arange(20) % 2

ATTRIBUTES = [
    (KNeighborsClassifier(), ["_fit_X", "_y", "_fit_method"]),
    (
        SVC(),
        ["_sparse", "_parameter_constraints", "_n_support", "_dual_coef_", "_intercept_"],
    ),
    (make_column_transformer(("drop", [0])), ["_transformer_to_input_indices"]),
    (
        PolynomialFeatures(),
        ["_n_out_full", "_min_degree", "_max_degree", "_num_combinations"],
    ),
    (
        OneHotEncoder(max_categories=2),
        [
            *("_n_features_outs", "_compute_n_features_outs", "_infrequent_enabled"),
            *("_infrequent_indices", "_default_to_infrequent_mappings"),
        ],
    ),
    (PoissonRegressor(), ["_base_loss"]),
    (GradientBoostingClassifier(n_estimators=2), ["_raw_predict_init"]),
    (
        HistGradientBoostingClassifier(max_iter=2),
        ["_loss", "_baseline_prediction", "_predictors", "_preprocessor"],
    ),
    (
        IsolationForest(n_estimators=2),
        ["_decision_path_lengths", "_average_path_length_per_tree", "_max_samples"],
    ),
]


def test_scikit_learn_still_has_every_private_name():
    gone = [
        f"{type(estimator).__name__}.{name}"
        for estimator, names in ATTRIBUTES
        for name in names
        if not hasattr(estimator.fit(X, y), name)
    ]
    assert gone == []


def test_scikit_learn_still_has_every_private_function():
    gone = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(inspect.getsource(sklearn_private)))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("sklearn.")
        for alias in node.names
        if find_spec(node.module) is None or not hasattr(import_module(node.module), alias.name)
    ]
    assert gone == []


def test_every_private_name_that_is_read_is_checked_here():
    checked = {name for _, names in ATTRIBUTES for name in names}
    read = set()
    for node in ast.walk(ast.parse(inspect.getsource(sklearn_private))):
        if isinstance(node, ast.Attribute):
            read.add(node.attr)
        elif isinstance(node, ast.Constant):
            read.add(node.value)
    names = {name for name in read if isinstance(name, str)}
    assert {name for name in names if name[:1] == "_" and name[:2] != "__"} == checked


def test_the_options_of_a_parameter_are_those_of_its_constraints():
    options = {"linear", "poly", "rbf", "sigmoid", "precomputed"}
    assert sklearn_private.parameter_options(SVC, "kernel") == options
    assert callable in sklearn_private.parameter_constraints(SVC, "kernel")
    assert sklearn_private.parameter_options(SVC, "support_") == set()
