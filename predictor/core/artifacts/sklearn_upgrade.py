"""Upgrade of estimators that another scikit-learn version fitted, where it is exact.

Each rule was verified with files of scikit-learn 1.0 to 1.8 and the results of these versions. An
estimator whose results would silently differ is rejected.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from inspect import Parameter, signature
from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.artifacts import bounds
from predictor.core.errors import ArtifactError

# Names of modules in files that were written with older versions of NumPy, SciPy or Cython.
RENAMED_MODULES = {
    "numpy.core._multiarray_umath": "numpy._core._multiarray_umath",
    "numpy.core.umath": "numpy._core.umath",
    "_loss": "sklearn._loss._loss",
}

# A list of columns, which scikit-learn 1.5 and 1.6 kept in a type of its own.
COLUMNS_MODULE, COLUMNS_TYPE = "sklearn.compose._column_transformer", "_RemainderColsList"

# Former names of parameters that were renamed in scikit-learn 1.2 and 1.7.
FORMER_NAMES = {"estimator": "base_estimator"}

# Argument of `check_array` that scikit-learn 1.6 renamed.
OLD_ARGUMENT, NEW_ARGUMENT = "force_all_finite", "ensure_all_finite"

# First version whose coefficients of partial least squares include the scale of the columns.
SCALED_COEFFICIENTS = (1, 5)

TWO_CLASSES = 2


class _Unequal(Exception):
    """The installed version returns other results; the message is the cause."""


def upgrade_node(node: dict[str, Any]) -> None:
    """Replace the former names of types in a node of a skops file by those of today."""
    module = node.get("__module__")
    if isinstance(module, str):
        node["__module__"] = RENAMED_MODULES.get(module, module)
    if (module, node.get("__class__")) != (COLUMNS_MODULE, COLUMNS_TYPE):
        return
    value: Any = node
    for name in ("content", "content", "data"):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        node.clear()
        node.update(value)


def upgrade(estimator: Any, fitted: str | None, installed: str) -> None:
    """Upgrade an estimator and the estimators in it.

    Parameters
    ----------
    estimator : estimator
    fitted : str, optional
        The scikit-learn version that fitted the estimator; None if it is unknown.
    installed : str

    Raises
    ------
    ArtifactError
        The installed version would return other results.
    """
    version = tuple(map(int, re.findall(r"\d+", fitted or "")[:2]))
    for part in bounds.everything(estimator):
        kind = type(part)
        if kind.__module__.partition(".")[0] != "sklearn" or not hasattr(kind, "get_params"):
            continue
        _add_parameters(part)
        try:
            if rule := RULES.get(kind.__name__):
                rule(part, version)
        except _Unequal as exc:
            raise ArtifactError(
                f"{_name_part(estimator, part)} was fitted with scikit-learn "
                f"{fitted or '(unknown version)'}. "
                f"scikit-learn {installed} would return other results: {exc}. Fit it again."
            ) from exc


def _name_part(estimator: Any, part: Any) -> str:
    """Return the class of a part of an estimator, and its step if a pipeline contains it."""
    name = type(part).__name__
    for owner in bounds.everything(estimator):
        for step in getattr(owner, "steps", ()):
            if any(each is part for each in bounds.everything(step[1])):
                return f"The step {step[0]} ({name})"
    return name


def _add_parameters(estimator: Any) -> None:
    """Set the parameters that a later version added. Their defaults keep the earlier results."""
    values = vars(estimator)
    for name, parameter in signature(type(estimator)).parameters.items():
        if name in values or parameter.kind is Parameter.VAR_KEYWORD:
            continue
        if (former := FORMER_NAMES.get(name)) in values:
            values[name] = values[former]
        elif parameter.default is not Parameter.empty:
            values[name] = parameter.default


def _upgrade_tree(tree: Any, _version: tuple[int, ...]) -> None:
    """Divide the weights of the classes in each node, as `predict_proba` did before 1.4."""
    if "tree_" not in vars(tree):
        return
    values = tree.tree_.value
    for output, n_classes in enumerate(np.atleast_1d(tree.n_classes_).tolist()):
        weights = values[:, output, :n_classes]
        total = weights.sum(axis=1, keepdims=True)
        if not np.allclose(total, 1.0):
            total[total == 0.0] = 1.0
            weights /= total


def _upgrade_tfidf(transformer: Any, _version: tuple[int, ...]) -> None:
    if "_idf_diag" in vars(transformer):
        transformer.idf_ = vars(transformer).pop("_idf_diag").diagonal()


def _upgrade_columns(transformer: Any, _version: tuple[int, ...]) -> None:
    """Replace "passthrough" by the transformer that 1.3 and older created for each call."""
    if "transformers_" not in vars(transformer):
        return
    positions = sklearn_private.transformer_columns(transformer)
    transformer.transformers_ = [
        (name, _pass_columns(transformer, positions[name]), columns)
        if isinstance(part, str) and part == "passthrough"
        else (name, part, columns)
        for name, part, columns in transformer.transformers_
    ]


def _pass_columns(transformer: Any, positions: Sequence[int]) -> Any:
    """Return a fitted transformer that returns the columns at some positions."""
    from sklearn.preprocessing import FunctionTransformer

    passed = FunctionTransformer(
        accept_sparse=True, check_inverse=False, feature_names_out="one-to-one"
    )
    if output := vars(transformer).get("_sklearn_output_config", {}).get("transform"):
        passed.set_output(transform=output)
    passed.n_features_in_ = len(positions)
    if hasattr(transformer, "feature_names_in_"):
        passed.feature_names_in_ = transformer.feature_names_in_[list(positions)]
    return passed


def _upgrade_function(transformer: Any, _version: tuple[int, ...]) -> None:
    """Rename an argument of `check_array`, which histogram boosting applies to its columns."""
    check = transformer.func
    if isinstance(check, partial) and OLD_ARGUMENT in check.keywords:
        arguments = dict(check.keywords)
        arguments[NEW_ARGUMENT] = arguments.pop(OLD_ARGUMENT)
        transformer.func = partial(check.func, *check.args, **arguments)


def _upgrade_imputer(imputer: Any, _version: tuple[int, ...]) -> None:
    values = vars(imputer)
    if "statistics_" in values:
        dtype = values.setdefault("_fit_dtype", imputer.statistics_.dtype)
        values.setdefault("_fill_dtype", dtype)


def _upgrade_ridge(classifier: Any, _version: tuple[int, ...]) -> None:
    values = vars(classifier)
    if "_label_binarizer" in values and "classes_" not in values:
        classifier.classes_ = values["_label_binarizer"].classes_


def _check_boosting(classifier: Any, _version: tuple[int, ...]) -> None:
    if getattr(classifier, "algorithm", "") == "SAMME.R":
        raise _Unequal("it has no algorithm SAMME.R")


def _check_logistic(classifier: Any, _version: tuple[int, ...]) -> None:
    """Check that the probabilities are those of a sigmoid, or of a softmax for several classes."""
    scheme = vars(classifier).get("multi_class", "deprecated")
    n_classes = len(getattr(classifier, "classes_", ()))
    if n_classes > TWO_CLASSES and (scheme == "ovr" or classifier.solver == "liblinear"):
        raise _Unequal("one class against the rest is not supported for several classes")
    if n_classes == TWO_CLASSES and scheme == "multinomial":
        raise _Unequal("multi_class='multinomial' is not supported for two classes")


def _check_least_squares(regressor: Any, version: tuple[int, ...]) -> None:
    if version < SCALED_COEFFICIENTS and "x_weights_" in vars(regressor):
        raise _Unequal("its coefficients do not include the scale of the columns")


# Rules by the name of a class.
RULES: dict[str, Callable[[Any, tuple[int, ...]], None]] = {
    "AdaBoostClassifier": _check_boosting,
    "CCA": _check_least_squares,
    "ColumnTransformer": _upgrade_columns,
    "DecisionTreeClassifier": _upgrade_tree,
    "ExtraTreeClassifier": _upgrade_tree,
    "FunctionTransformer": _upgrade_function,
    "LogisticRegression": _check_logistic,
    "LogisticRegressionCV": _check_logistic,
    "PLSCanonical": _check_least_squares,
    "PLSRegression": _check_least_squares,
    "RidgeClassifier": _upgrade_ridge,
    "RidgeClassifierCV": _upgrade_ridge,
    "SimpleImputer": _upgrade_imputer,
    "TfidfTransformer": _upgrade_tfidf,
}
