"""From a fitted estimator to its form: each by the name of its class in scikit-learn."""

from collections.abc import Callable
from typing import Any

import numpy as np

from predictor.core.engines.forms import bayes, columns, encoding, linear, networks, trees
from predictor.core.engines.forms.composing import (
    Behind,
    Chain,
    Columns,
    Mean,
    Several,
    Transforming,
    Votes,
)
from predictor.core.engines.forms.form import Form, NoForm


def drawn(estimator: Any) -> Form:
    """Return the form of a fitted estimator.

    Raises
    ------
    NoForm
        It, or a part of it, has none; says which.
    """
    kind = type(estimator)
    draw = COMPILED.get(kind.__name__)
    if draw is None or not kind.__module__.startswith("sklearn."):
        raise NoForm(f"{kind.__name__} is not compiled.")
    return draw(estimator)


def pipeline(estimator: Any) -> Form:
    """Return the form of a pipeline."""
    parts = [part for _, part in estimator.steps if part is not None and part != "passthrough"]
    if not parts:
        raise NoForm("An empty pipeline is not compiled.")
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
        forms.append(columns.Applied() if isinstance(part, str) else drawn(part))
        positions.append(chosen)
    if not forms:
        raise NoForm("A column transformer of no columns is not compiled.")
    return Columns(forms, list(positions))


def union(estimator: Any) -> Columns:
    """Return the form of a union of features."""
    if estimator.transformer_weights:
        raise NoForm("A union with weights is not compiled.")
    parts = [part for _, part in estimator.transformer_list if part not in ("drop", None)]
    forms = [columns.Applied() if part == "passthrough" else drawn(part) for part in parts]
    return Columns(forms, [None] * len(forms))


def votes(estimator: Any) -> Votes:
    """Return the form of a vote by probabilities."""
    if estimator.voting != "soft":
        raise NoForm("A vote by labels is not compiled.")
    return Votes(*_voters(estimator), estimator.classes_)


def mean(estimator: Any) -> Mean:
    """Return the form of an average of regressors."""
    return Mean(*_voters(estimator))


def _voters(estimator: Any) -> tuple[list[Form], list[float] | None]:
    weights = estimator._weights_not_none  # noqa: SLF001 - what its own predict reads
    listed = None if weights is None else [float(weight) for weight in weights]
    return [drawn(part) for part in estimator.estimators_], listed


def several(estimator: Any) -> Several:
    """Return the form of one model for each target."""
    return Several([drawn(part) for part in estimator.estimators_])


def behind(estimator: Any) -> Behind:
    """Return the form of a regressor whose target was transformed by functions of NumPy."""
    inverse = estimator.inverse_func
    name = getattr(inverse, "__name__", "")
    if estimator.func is None or getattr(np, name, None) is not inverse:
        raise NoForm("A target transformed by a function of NumPy alone is compiled.")
    return Behind(drawn(estimator.regressor_), name)


def imputed(estimator: Any) -> Form:
    """Return the form of a simple imputer."""
    objects = estimator.statistics_.dtype.kind == "O"
    return encoding.filled(estimator) if objects else columns.imputed(estimator)


def _within(attribute: str) -> Callable[[Any], Form]:
    return lambda estimator: drawn(getattr(estimator, attribute))


COMPILED: dict[str, Callable[[Any], Form]] = {
    **linear.COMPILED,
    **bayes.COMPILED,
    **networks.COMPILED,
    **columns.COMPILED,
    **encoding.COMPILED,
    **trees.COMPILED,
    "SimpleImputer": imputed,
    "Pipeline": pipeline,
    "ColumnTransformer": by_columns,
    "FeatureUnion": union,
    "VotingClassifier": votes,
    "VotingRegressor": mean,
    "MultiOutputRegressor": several,
    "MultiOutputClassifier": several,
    "TransformedTargetRegressor": behind,
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
