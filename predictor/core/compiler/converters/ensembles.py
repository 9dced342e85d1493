"""Convert fitted ensembles of any estimators: votes, bags, stacks, calibrated classifiers."""

from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable
from predictor.core.compiled.ensembles import (
    MeanRegressor,
    SigmoidCalibration,
    SoftVoting,
    StackedPredictions,
)
from predictor.core.compiled.pipelines import (
    CompiledPipeline,
    LabelDecodingPipeline,
    TransformerPipeline,
)
from predictor.core.compiled.preprocessing import ColumnSelector
from predictor.core.compiler.converters.dispatch import CONVERTERS, convert, convert_with


def _voting_classifier(estimator: Any) -> SoftVoting:
    if estimator.voting != "soft":
        raise NotCompilable("A vote with labels is not compiled.")
    parts = [convert_with("predict_proba", part) for part in estimator.estimators_]
    return SoftVoting(parts, _weights(estimator), estimator.classes_)


def _voting_regressor(estimator: Any) -> MeanRegressor:
    parts = [convert_with("predict", part) for part in estimator.estimators_]
    return MeanRegressor(parts, _weights(estimator))


def _weights(estimator: Any) -> list[float] | None:
    """Return the weights of the estimators that are not dropped."""
    if estimator.weights is None:
        return None
    pairs = zip(estimator.weights, estimator.estimators, strict=True)
    return [float(weight) for weight, (_, part) in pairs if part != "drop"]


def _bagging_classifier(estimator: Any) -> SoftVoting:
    if any(len(part.classes_) != estimator.n_classes_ for part in estimator.estimators_):
        raise NotCompilable("Bagged classifiers are compiled if each knows all classes.")
    return SoftVoting(_bags(estimator, "predict_proba"), None, estimator.classes_)


def _bagging_regressor(estimator: Any) -> MeanRegressor:
    return MeanRegressor(_bags(estimator, "predict"), None)


def _bags(estimator: Any, method: str) -> list[CompiledEstimator]:
    """Return the compiled estimators of a bag, each with its selection of columns."""
    pairs = zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    return [
        CompiledPipeline(
            [ColumnSelector(np.asarray(columns), accepts_nan=True)], convert_with(method, part)
        )
        for part, columns in pairs
    ]


def _stacking(estimator: Any) -> CompiledPipeline:
    methods = [method for method in estimator.stack_method_ if method is not None]
    if estimator.passthrough or len(methods) != len(estimator.estimators_):
        raise NotCompilable(
            "A stack that passes rows through, or drops estimators, is not compiled."
        )
    pairs = list(zip(methods, estimator.estimators_, strict=True))
    if any(method == "predict" and hasattr(part, "classes_") for method, part in pairs):
        # In a tie, another label would be a whole other input of the final estimator.
        raise NotCompilable("A stack of labels is not compiled.")
    classes = getattr(estimator, "classes_", None)
    # The probability of the first of two classes is left out.
    is_binary = classes is not None and len(classes) == 2  # noqa: PLR2004 - two classes
    skipped = [int(is_binary and method == "predict_proba") for method in methods]
    stacked = StackedPredictions([convert_with(*pair) for pair in pairs], methods, skipped)
    final = convert(estimator.final_estimator_)
    if classes is None:
        return TransformerPipeline([stacked], final)
    return LabelDecodingPipeline([stacked], final, np.asarray(classes))


def _calibrated_classifier(estimator: Any) -> SoftVoting:
    if estimator.method != "sigmoid":
        raise NotCompilable(f"A calibration by {estimator.method} is not compiled.")
    classes = estimator.classes_
    parts: list[CompiledEstimator] = [
        _calibrated(part, len(classes)) for part in estimator.calibrated_classifiers_
    ]
    return SoftVoting(parts, None, classes)


def _calibrated(calibrated: Any, n_classes: int) -> SigmoidCalibration:
    part, calibrators = calibrated.estimator, calibrated.calibrators
    if len(part.classes_) != n_classes:
        raise NotCompilable("Calibrated classifiers are compiled if each knows all classes.")
    method = "decision_function" if hasattr(part, "decision_function") else "predict_proba"
    return SigmoidCalibration(
        convert_with(method, part),
        method,
        -np.array([calibrator.a_ for calibrator in calibrators]),
        -np.array([calibrator.b_ for calibrator in calibrators]),
    )


CONVERTERS.update(
    {
        "BaggingClassifier": _bagging_classifier,
        "BaggingRegressor": _bagging_regressor,
        "CalibratedClassifierCV": _calibrated_classifier,
        "StackingClassifier": _stacking,
        "StackingRegressor": _stacking,
        "VotingClassifier": _voting_classifier,
        "VotingRegressor": _voting_regressor,
    }
)
