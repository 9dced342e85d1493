"""Ensembles of trees, run by Treelite's inference library.

References
----------
https://treelite.readthedocs.io; `sklearn.ensemble` and `sklearn.tree`, which round rows to float32
before they compare them. Histogram boosting compares doubles.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from predictor.core.engines import gtil
from predictor.core.engines.forms.form import (
    ANY,
    TREELITE,
    Array,
    Declined,
    Form,
    NoForm,
    Scored,
    finite,
    labelled,
)
from predictor.core.engines.forms.linear import expit, of_two, softmax

# What trees are compared with: rows as they are, or rounded to float32.
DOUBLE, SINGLE = "float64", "float32"


@dataclass
class Trees(Form):
    """Sums or means of leaves.

    Parameters
    ----------
    model : array of uint8
        As Treelite writes it.
    n_features : int
    precision : {"float32", "float64"}
    missing : bool
        Whether missing values are taken.
    """

    takes: ClassVar[str] = ANY

    model: Array
    n_features: int
    precision: str
    missing: bool

    def __post_init__(self) -> None:
        self.trees = gtil.Trees(self.model.tobytes())

    @property
    def runs_on(self) -> str:
        """The name of what runs it, on the card."""
        return TREELITE

    def leaves(self, X: Array) -> Array:
        """Return the sums or means, shape (n_samples, n_targets, most_classes)."""
        if X.shape[1] != self.n_features:
            raise Declined
        if self.precision == SINGLE:
            single = X.astype(np.float32)
            if not finite(single) and (not self.missing or np.isinf(single).any()):
                raise Declined
            X = single.astype(np.float64)
        return self.trees(X)


@dataclass
class Forest(Trees):
    """A forest, or a tree, that gives numbers."""

    def predict(self, X: Array) -> Array:
        """Return the targets, shape (n_samples,) or (n_samples, n_outputs)."""
        leaves = self.leaves(X)[:, :, 0]
        return leaves[:, 0] if leaves.shape[1] == 1 else leaves


@dataclass
class Boosted(Trees):
    """Gradient boosting that gives numbers.

    Parameters
    ----------
    exponential : bool
        Whether the link is the logarithm.
    """

    exponential: bool = False

    def predict(self, X: Array) -> Array:
        """Return the targets."""
        targets = self.leaves(X)[:, 0, 0]
        return np.exp(targets) if self.exponential else targets


@dataclass
class ForestClassifier(Trees):
    """A forest, or a tree, that gives labels.

    Parameters
    ----------
    classes : list of array of shape (n_classes,)
        For each output.
    """

    classes: list[Array]

    def together(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return labels and probabilities of the same leaves."""
        leaves = self.leaves(X)
        return {method: getattr(self, f"{method}_of")(leaves) for method in methods}

    def predict(self, X: Array) -> Array:
        """Return the labels, shape (n_samples,) or (n_samples, n_outputs)."""
        return self.predict_of(self.leaves(X))

    def predict_proba(self, X: Array) -> Any:
        """Return the probabilities; for several outputs a list of those."""
        return self.predict_proba_of(self.leaves(X))

    def predict_of(self, leaves: Array) -> Array:
        """Return the labels of leaves."""
        if len(self.classes) == 1:
            return labelled(self.classes[0], leaves[:, 0].argmax(axis=1))
        labels = np.empty(leaves.shape[:2], dtype=self.classes[0].dtype)
        for output, classes in enumerate(self.classes):
            labels[:, output] = labelled(classes, leaves[:, output, : len(classes)].argmax(axis=1))
        return labels

    def predict_proba_of(self, leaves: Array) -> Any:
        """Return the probabilities of leaves."""
        each = [leaves[:, n, : len(classes)] for n, classes in enumerate(self.classes)]
        return each[0] if len(each) == 1 else each


@dataclass
class BoostedClassifier(Scored, Trees):
    """Gradient boosting that gives labels.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    zero : bool
        Whether a score of zero is of the second of two classes.
    factor : float
        What a score is multiplied by before its logistic.
    """

    classes: Array
    zero: bool = False
    factor: float = 1.0

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,) or (n_samples, n_classes)."""
        leaves = self.leaves(X)[:, 0]
        return leaves[:, 0] if leaves.shape[1] == 1 else leaves

    def labels(self, scores: Array) -> Array:
        """Return the labels of scores."""
        if scores.ndim > 1:
            return labelled(self.classes, scores.argmax(axis=1))
        return labelled(self.classes, (scores >= 0 if self.zero else scores > 0).astype(np.intp))

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of scores, which are overwritten."""
        return softmax(scores) if scores.ndim > 1 else of_two(expit(scores * self.factor))


@dataclass
class Isolation(Trees):
    """An isolation forest.

    Parameters
    ----------
    depth : float
        How deep a tree of so many samples is on average.
    offset : float
    """

    depth: float
    offset: float

    def score_samples(self, X: Array) -> Array:
        """Return the scores: the lower, the more abnormal."""
        depths = self.leaves(X)[:, 0, 0]
        scores: Array = -(2.0 ** (-depths / self.depth))
        return scores

    def decision_function(self, X: Array) -> Array:
        """Return the scores: below zero is abnormal."""
        return self.score_samples(X) - self.offset

    def predict(self, X: Array) -> Array:
        """Return 1, and -1 for what is abnormal."""
        return np.where(self.decision_function(X) < 0, -1, 1)


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
        raise NoForm(f"Treelite does not take this {kind}.") from exc
    if model.input_type != DOUBLE or model.output_type != DOUBLE:
        raise NoForm("Treelite took the trees in single precision.")
    written = np.frombuffer(model.serialize_bytes(), dtype=np.uint8)
    tags = estimator.__sklearn_tags__().input_tags
    return {
        "model": written,
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
            raise NoForm("Histogram boosting is compiled over categories that are integers alone.")


def histogram(estimator: Any) -> Boosted:
    """Return the form of histogram boosting of a number."""
    _check_categories(estimator)
    link = type(estimator._loss.link).__name__  # noqa: SLF001 - what its own predict calls
    if link not in ("IdentityLink", "LogLink"):
        raise NoForm(f"The link {link} is not compiled.")
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
        raise NoForm("An isolation forest of one sample is not compiled.")
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
