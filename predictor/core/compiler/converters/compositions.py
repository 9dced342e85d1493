"""Convert fitted estimators that are made of others: pipelines, votes, stacks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from predictor.core.compiled.calibration import Calibrated
from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable
from predictor.core.compiled.ensembles import Stacked
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
from predictor.core.compiled.preprocessing import Applied, Selected
from predictor.core.compiler.converters import encoders, preprocessing
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


def bagged(estimator: Any) -> Mean:
    """Return the form of bagged regressors."""
    return Mean(_bags(estimator, "predict"), None)


def bagged_classifier(estimator: Any) -> Votes:
    """Return the form of bagged classifiers."""
    if any(len(part.classes_) != estimator.n_classes_ for part in estimator.estimators_):
        raise NotCompilable("Bagged classifiers are compiled where each one knows all classes.")
    return Votes(_bags(estimator, "predict_proba"), None, estimator.classes_)


def _bags(estimator: Any, method: str) -> list[CompiledEstimator]:
    """Return the forms of bagged estimators, each with the columns that it reads."""
    pairs = zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    return [
        Chain([Selected(np.asarray(features), missing=True)], _with(method, part))
        for part, features in pairs
    ]


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
    method = "decision_function" if hasattr(inner, "decision_function") else "predict_proba"
    return Calibrated(
        _with(method, inner),
        method,
        -np.array([calibrator.a_ for calibrator in calibrators]),
        -np.array([calibrator.b_ for calibrator in calibrators]),
    )


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
    "CalibratedClassifierCV": calibrated,
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
