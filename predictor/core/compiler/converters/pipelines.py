"""Convert fitted pipelines, column transformers, models of several targets, and searches."""

from collections.abc import Callable
from typing import Any

import numpy as np

from predictor.core import sklearn_private
from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable
from predictor.core.compiled.pipelines import (
    CompiledPipeline,
    MultiOutput,
    ParallelTransformers,
    TransformedTarget,
    TransformerPipeline,
)
from predictor.core.compiled.preprocessing import NumpyFunction
from predictor.core.compiler.converters.dispatch import CONVERTERS, convert
from predictor.core.compiler.converters.preprocessing import convert_selector, numpy_name


def _pipeline(estimator: Any) -> CompiledPipeline:
    parts = [part for _, part in estimator.steps if part is not None and part != "passthrough"]
    if not parts:
        raise NotCompilable("An empty pipeline is not compiled.")
    compiled = [convert(part) for part in parts]
    if hasattr(parts[-1], "predict"):
        return CompiledPipeline(compiled[:-1], compiled[-1])
    return TransformerPipeline(compiled)


def _column_transformer(estimator: Any) -> ParallelTransformers:
    columns = sklearn_private.transformer_columns(estimator)
    parts: list[CompiledEstimator] = []
    positions = []
    for name, part, _ in estimator.transformers_:
        indices = np.asarray(columns[name], dtype=np.intp)
        if (isinstance(part, str) and part == "drop") or not len(indices):
            continue
        parts.append(NumpyFunction() if isinstance(part, str) else convert(part))
        positions.append(indices)
    if not parts:
        raise NotCompilable("A column transformer without columns is not compiled.")
    return ParallelTransformers(parts, list(positions))


def _union(estimator: Any) -> ParallelTransformers:
    if estimator.transformer_weights:
        raise NotCompilable("A feature union with weights is not compiled.")
    parts = [part for _, part in estimator.transformer_list if part not in ("drop", None)]
    compiled = [NumpyFunction() if part == "passthrough" else convert(part) for part in parts]
    return ParallelTransformers(compiled, [None] * len(compiled))


def _multi_output(estimator: Any) -> MultiOutput:
    return MultiOutput([convert(part) for part in estimator.estimators_])


def _transformed_target(estimator: Any) -> TransformedTarget:
    name = numpy_name(estimator.inverse_func)
    if estimator.func is None or not name:
        raise NotCompilable("A target is compiled if functions of NumPy transform it.")
    return TransformedTarget(convert(estimator.regressor_), name)


def _elimination(estimator: Any) -> TransformerPipeline:
    return TransformerPipeline([convert_selector(estimator)], convert(estimator.estimator_))


def _convert_attribute(name: str) -> Callable[[Any], CompiledEstimator]:
    return lambda estimator: convert(getattr(estimator, name))


CONVERTERS.update(
    {
        "ColumnTransformer": _column_transformer,
        "FeatureUnion": _union,
        "FrozenEstimator": _convert_attribute("estimator"),
        "MultiOutputClassifier": _multi_output,
        "MultiOutputRegressor": _multi_output,
        "Pipeline": _pipeline,
        "RANSACRegressor": _convert_attribute("estimator_"),
        "RFE": _elimination,
        "RFECV": _elimination,
        "TransformedTargetRegressor": _transformed_target,
        **dict.fromkeys(
            ("GridSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV"),
            _convert_attribute("best_estimator_"),
        ),
    }
)
