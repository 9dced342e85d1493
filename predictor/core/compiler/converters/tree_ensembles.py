"""Fitted trees and ensembles of them, drawn as forms, by way of Treelite's importer."""

import copy
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, NotCompilable
from predictor.core.compiled.trees import (
    DOUBLE,
    SINGLE,
    Boosted,
    BoostedClassifier,
    Forest,
    ForestClassifier,
    Isolation,
)
from predictor.core.compiler.converters.treelite_models import converted


def _common(estimator: Any, source: Any, precision: str = SINGLE) -> dict[str, Any]:
    """Return the fields of every form of trees.

    Parameters
    ----------
    estimator : estimator
        What is compiled.
    source : estimator
        What Treelite reads: the estimator, or what stands in for it.
    precision : {"float32", "float64"}
    """
    import treelite.sklearn  # noqa: PLC0415 - only what compiles pays for it

    try:
        model = treelite.sklearn.import_model(source)
    except Exception as exc:
        kind = type(estimator).__name__
        raise NotCompilable(f"Treelite does not take this {kind}.") from exc
    if model.input_type != DOUBLE or model.output_type != DOUBLE:
        raise NotCompilable("Treelite took the trees in single precision.")
    found = converted(model)
    tags = estimator.__sklearn_tags__().input_tags
    return {
        "model": np.frombuffer(found.ensemble.to_onnx(), dtype=np.uint8),
        "averaged": found.averaged,
        "spread": found.spread,
        "base": found.base,
        "n_features": int(estimator.n_features_in_),
        "precision": precision,
        "missing": bool(tags.allow_nan),
    }


def _counted(estimator: Any, count: int) -> Any:
    """Return a copy that says how many trees it has: stopped early, it has fewer than asked for."""
    shell = copy.copy(estimator)
    shell.n_estimators = count
    return shell


def _forest_of(estimator: Any) -> Any:
    """Return a forest of one tree."""
    from sklearn import ensemble  # noqa: PLC0415 - whoever compiles has imported it

    classifies = hasattr(estimator, "classes_")
    shell = ensemble.RandomForestClassifier() if classifies else ensemble.RandomForestRegressor()
    shell.estimators_ = [estimator]
    names = ("n_features_in_", "n_outputs_", *(("n_classes_", "classes_") if classifies else ()))
    for name in names:
        setattr(shell, name, getattr(estimator, name))
    return _counted(shell, 1)


def _labels(estimator: Any) -> list[Array]:
    several = isinstance(estimator.classes_, list)
    return list(estimator.classes_) if several else [estimator.classes_]


def forest(estimator: Any) -> Forest:
    """Return the form of a forest of regression trees."""
    return Forest(**_common(estimator, _counted(estimator, len(estimator.estimators_))))


def forest_classifier(estimator: Any) -> ForestClassifier:
    """Return the form of a forest of classification trees."""
    source = _counted(estimator, len(estimator.estimators_))
    return ForestClassifier(**_common(estimator, source), classes=_labels(estimator))


def tree(estimator: Any) -> Forest:
    """Return the form of a regression tree."""
    return Forest(**_common(estimator, _forest_of(estimator)))


def tree_classifier(estimator: Any) -> ForestClassifier:
    """Return the form of a classification tree."""
    return ForestClassifier(**_common(estimator, _forest_of(estimator)), classes=_labels(estimator))


def boosted(estimator: Any) -> Boosted:
    """Return the form of gradient boosting of a number."""
    return Boosted(**_common(estimator, _counted(estimator, len(estimator.estimators_))))


def boosted_classifier(estimator: Any) -> BoostedClassifier:
    """Return the form of gradient boosting of labels."""
    common = _common(estimator, _counted(estimator, len(estimator.estimators_)))
    factor = 2.0 if estimator.loss == "exponential" else 1.0
    return BoostedClassifier(**common, classes=estimator.classes_, zero=True, factor=factor)


def _check_categories(estimator: Any) -> None:
    """Refuse categories that are no integers: Treelite would cut them off to such."""
    preprocessor = estimator._preprocessor  # noqa: SLF001 - what its own predict calls
    if preprocessor is None:
        return
    for categories in preprocessor.named_transformers_["encoder"].categories_:
        whole = categories.dtype.kind in "iu" or (
            categories.dtype.kind == "f" and np.array_equal(categories, np.trunc(categories))
        )
        if not whole:
            raise NotCompilable(
                "Histogram boosting is compiled over categories that are integers alone."
            )


def histogram(estimator: Any) -> Boosted:
    """Return the form of histogram boosting of a number."""
    _check_categories(estimator)
    link = type(estimator._loss.link).__name__  # noqa: SLF001 - what its own predict calls
    if link not in ("IdentityLink", "LogLink"):
        raise NotCompilable(f"The link {link} is not compiled.")
    return Boosted(**_common(estimator, estimator, DOUBLE), exponential=link == "LogLink")


def histogram_classifier(estimator: Any) -> BoostedClassifier:
    """Return the form of histogram boosting of labels."""
    _check_categories(estimator)
    return BoostedClassifier(**_common(estimator, estimator, DOUBLE), classes=estimator.classes_)


def isolation(estimator: Any) -> Isolation:
    """Return the form of an isolation forest."""
    from treelite.sklearn.isolation_forest import expected_depth  # noqa: PLC0415 - as above

    common = _common(estimator, _counted(estimator, len(estimator.estimators_)))
    samples = estimator._max_samples  # noqa: SLF001 - what its own scores read
    depth = expected_depth(samples)  # type: ignore[no-untyped-call]  # Treelite's
    if not depth:
        raise NotCompilable("An isolation forest of one sample is not compiled.")
    return Isolation(**common, depth=depth, offset=float(estimator.offset_))


COMPILED = {
    "DecisionTreeClassifier": tree_classifier,
    "DecisionTreeRegressor": tree,
    "ExtraTreeClassifier": tree_classifier,
    "ExtraTreeRegressor": tree,
    "ExtraTreesClassifier": forest_classifier,
    "ExtraTreesRegressor": forest,
    "RandomForestClassifier": forest_classifier,
    "RandomForestRegressor": forest,
    "GradientBoostingClassifier": boosted_classifier,
    "GradientBoostingRegressor": boosted,
    "HistGradientBoostingClassifier": histogram_classifier,
    "HistGradientBoostingRegressor": histogram,
    "IsolationForest": isolation,
}
