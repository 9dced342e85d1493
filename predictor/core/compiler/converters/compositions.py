"""Convert fitted estimators that are made of others: pipelines, votes, stacks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from predictor.core.compiled.adaboost import Voted
from predictor.core.compiled.calibration import Calibrated, Thresholded
from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable
from predictor.core.compiled.ensembles import Bagged, BaggedClassifier, Stacked
from predictor.core.compiled.pipelines import (
    Behind,
    Chain,
    Columns,
    Eliminated,
    Encoded,
    Mean,
    Several,
    Transforming,
    Votes,
)
from predictor.core.compiled.preprocessing import Applied
from predictor.core.compiler.converters import encoders, preprocessing, tree_ensembles
from predictor.core.compiler.converters.dispatch import drawn


def pipeline(estimator: Any) -> CompiledEstimator:
    """Return the form of a pipeline."""
    parts = [part for _, part in estimator.steps if part is not None and part != "passthrough"]
    if not parts:
        raise NotCompilable("An empty pipeline is not compiled.")
    forms = [drawn(part) for part in parts]
    if hasattr(parts[-1], "predict"):
        return Chain(forms[:-1], forms[-1])
    return Transforming(forms)


def by_columns(estimator: Any) -> Columns:
    """Return the form of a column transformer."""
    known = estimator._transformer_to_input_indices  # noqa: SLF001 - what its own transform reads
    forms, positions = [], []
    for name, part, _ in estimator.transformers_:
        chosen = np.asarray(known[name], dtype=np.intp)
        if (isinstance(part, str) and part == "drop") or not len(chosen):
            continue
        forms.append(Applied() if isinstance(part, str) else drawn(part))
        positions.append(chosen)
    if not forms:
        raise NotCompilable("A column transformer of no columns is not compiled.")
    return Columns(forms, list(positions))


def union(estimator: Any) -> Columns:
    """Return the form of a union of features."""
    if estimator.transformer_weights:
        raise NotCompilable("A union with weights is not compiled.")
    parts = [part for _, part in estimator.transformer_list if part not in ("drop", None)]
    forms = [Applied() if part == "passthrough" else drawn(part) for part in parts]
    return Columns(forms, [None] * len(forms))


def votes(estimator: Any) -> Votes:
    """Return the form of a vote by probabilities."""
    if estimator.voting != "soft":
        raise NotCompilable("A vote by labels is not compiled.")
    return Votes(*_voters(estimator, "predict_proba"), estimator.classes_)


def mean(estimator: Any) -> Mean:
    """Return the form of an average of regressors."""
    return Mean(*_voters(estimator, "predict"))


def _voters(estimator: Any, method: str) -> tuple[list[CompiledEstimator], list[float] | None]:
    weights = estimator._weights_not_none  # noqa: SLF001 - what its own predict reads
    listed = None if weights is None else [float(weight) for weight in weights]
    return [_with(method, part) for part in estimator.estimators_], listed


def _with(method: str, part: Any) -> CompiledEstimator:
    """Return the form of an estimator within another one, which asks this method of it."""
    form = drawn(part)
    if not hasattr(form, method):
        raise NotCompilable(f"{method} of a part is not compiled.")
    return form


def several(estimator: Any) -> Several:
    """Return the form of one model for each target."""
    return Several([drawn(part) for part in estimator.estimators_])


def behind(estimator: Any) -> Behind:
    """Return the form of a regressor whose target was transformed by functions of NumPy."""
    inverse = estimator.inverse_func
    name = getattr(inverse, "__name__", "")
    if estimator.func is None or getattr(np, name, None) is not inverse:
        raise NotCompilable("A target transformed by a function of NumPy alone is compiled.")
    return Behind(drawn(estimator.regressor_), name)


def eliminated(estimator: Any) -> Eliminated:
    """Return the form of a recursive elimination of columns."""
    return Eliminated([preprocessing.selected(estimator)], drawn(estimator.estimator_))


def bagged(estimator: Any) -> Bagged:
    """Return the form of bagged regressors."""
    positions = [np.asarray(features) for features in estimator.estimators_features_]
    return Bagged([drawn(part) for part in estimator.estimators_], positions)


def bagged_classifier(estimator: Any) -> BaggedClassifier:
    """Return the form of bagged classifiers."""
    parts = estimator.estimators_
    whole = all(
        hasattr(part, "predict_proba") and len(part.classes_) == estimator.n_classes_
        for part in parts
    )
    if not whole:
        raise NotCompilable("Bagged classifiers are compiled where each one knows all classes.")
    positions = [np.asarray(features) for features in estimator.estimators_features_]
    forms = [_with("predict_proba", part) for part in parts]
    return BaggedClassifier(forms, positions, estimator.classes_)


def voted(estimator: Any) -> Voted:
    """Return the form of AdaBoost."""
    if estimator.n_classes_ < 2:  # noqa: PLR2004 - one class is no choice
        raise NotCompilable("AdaBoost of one class is not compiled.")
    trees = ("DecisionTreeClassifier", "ExtraTreeClassifier")
    parts = [
        tree_ensembles.label_tree(part) if type(part).__name__ in trees else drawn(part)
        for part in estimator.estimators_
    ]
    weights = np.asarray(estimator.estimator_weights_)[: len(parts)]
    return Voted(parts, weights, estimator.classes_)


def stacked(estimator: Any) -> Chain:
    """Return the form of stacked estimators."""
    methods = [method for method in estimator.stack_method_ if method is not None]
    if estimator.passthrough or len(methods) != len(estimator.estimators_):
        raise NotCompilable(
            "A stack is compiled without the rows passed through, or estimators dropped."
        )
    asked = list(zip(methods, estimator.estimators_, strict=True))
    if any(method == "predict" and hasattr(part, "classes_") for method, part in asked):
        raise NotCompilable(
            "A stack of labels is not compiled."
        )  # where two tie, it may be another one
    classes = getattr(estimator, "classes_", None)
    binary = classes is not None and len(classes) == 2  # noqa: PLR2004 - one column says it all
    skipped = [int(binary and method == "predict_proba") for method in methods]
    parts = [_with(*pair) for pair in asked]
    said = Stacked(parts, methods, skipped)
    last = drawn(estimator.final_estimator_)
    if classes is None:
        return Eliminated([said], last)
    return Encoded([said], last, np.asarray(classes))


def calibrated(estimator: Any) -> Votes:
    """Return the form of calibrated classifiers, averaged."""
    if estimator.method != "sigmoid":
        raise NotCompilable(f"A calibration by {estimator.method} is not compiled.")
    classes = estimator.classes_
    parts: list[CompiledEstimator] = [
        _calibrated(part, classes) for part in estimator.calibrated_classifiers_
    ]
    return Votes(parts, None, classes)


def _calibrated(one: Any, classes: Any) -> Calibrated:
    inner, calibrators = one.estimator, one.calibrators
    if len(inner.classes_) != len(classes):
        raise NotCompilable("Calibrated classifiers are compiled where each one knows all classes.")
    method = _scored_by(inner, ["decision_function", "predict_proba"])
    return Calibrated(
        _with(method, inner),
        method,
        -np.array([calibrator.a_ for calibrator in calibrators]),
        -np.array([calibrator.b_ for calibrator in calibrators]),
    )


def by_threshold(estimator: Any) -> Thresholded:
    """Return the form of a classifier with a threshold that is given, or was tuned."""
    inner, classes = estimator.estimator_, estimator.classes_
    method = _scored_by(inner, estimator._get_response_method())  # noqa: SLF001 - as its predict does
    if hasattr(estimator, "best_threshold_"):
        threshold = estimator.best_threshold_
        positive = estimator._curve_scorer._get_pos_label()  # noqa: SLF001 - as above
    else:
        threshold, positive = estimator.threshold, estimator.pos_label
    if threshold == "auto":
        threshold = 0.5 if method == "predict_proba" else 0.0
    swapped = positive is not None and positive == classes[0]
    labels = classes[::-1].copy() if swapped else classes
    return Thresholded(_with(method, inner), method, float(threshold), labels, bool(swapped))


def _scored_by(estimator: Any, methods: str | list[str]) -> str:
    """Return the first of the methods that the estimator has."""
    listed = [methods] if isinstance(methods, str) else methods
    return next(method for method in listed if hasattr(estimator, method))


def imputed(estimator: Any) -> CompiledEstimator:
    """Return the form of a simple imputer."""
    objects = estimator.statistics_.dtype.kind == "O"
    return encoders.filled(estimator) if objects else preprocessing.imputed(estimator)


def _within(attribute: str) -> Callable[[Any], CompiledEstimator]:
    return lambda estimator: drawn(getattr(estimator, attribute))


COMPILED: dict[str, Callable[[Any], CompiledEstimator]] = {
    "SimpleImputer": imputed,
    "Pipeline": pipeline,
    "ColumnTransformer": by_columns,
    "FeatureUnion": union,
    "VotingClassifier": votes,
    "VotingRegressor": mean,
    "MultiOutputRegressor": several,
    "MultiOutputClassifier": several,
    "TransformedTargetRegressor": behind,
    "RFE": eliminated,
    "RFECV": eliminated,
    "BaggingClassifier": bagged_classifier,
    "BaggingRegressor": bagged,
    "AdaBoostClassifier": voted,
    "CalibratedClassifierCV": calibrated,
    "FixedThresholdClassifier": by_threshold,
    "TunedThresholdClassifierCV": by_threshold,
    "StackingClassifier": stacked,
    "StackingRegressor": stacked,
    "RANSACRegressor": _within("estimator_"),
    "FrozenEstimator": _within("estimator"),
    **dict.fromkeys(
        (
            "GridSearchCV",
            "HalvingGridSearchCV",
            "HalvingRandomSearchCV",
            "RandomizedSearchCV",
        ),
        _within("best_estimator_"),
    ),
}
