"""Upgrade of estimators from pickles of old scikit-learn versions, down to 0.17."""

from typing import Any

import numpy as np

from predictor.core.errors import ArtifactError

# Modules that scikit-learn 0.22 renamed, for the supported estimators.
MODULES = {
    "sklearn.linear_model.logistic": "sklearn.linear_model._logistic",
    "sklearn.linear_model.base": "sklearn.linear_model._base",
    "sklearn.linear_model.ridge": "sklearn.linear_model._ridge",
    "sklearn.preprocessing.data": "sklearn.preprocessing._data",
    "sklearn.preprocessing.label": "sklearn.preprocessing._label",
}


def upgrade(estimator: Any) -> tuple[Any, list[str]]:
    """Return an estimator for the installed scikit-learn, and a sentence for each change.

    A one-vs-rest logistic regression becomes a `OneVsRestClassifier` with one binary regression
    for each class. The installed `LogisticRegression` is multinomial for several classes: with
    the same coefficients it would return other probabilities.

    Raises
    ------
    ArtifactError
        The object is not an estimator.
    """
    if not hasattr(estimator, "get_params"):
        raise ArtifactError("The file does not contain a scikit-learn estimator.")
    notes = []
    coefficients = getattr(estimator, "coef_", None)
    if not hasattr(estimator, "n_features_in_") and coefficients is not None:
        estimator.n_features_in_ = np.shape(coefficients)[-1]
        notes.append(f"Set n_features_in_ to {estimator.n_features_in_}, the width of coef_.")
    scheme = vars(estimator).get("multi_class")
    if type(estimator).__name__ == "LogisticRegression" and scheme is not None:
        is_multiclass = len(getattr(estimator, "classes_", ())) > 2  # noqa: PLR2004 - else binary
        is_liblinear = getattr(estimator, "solver", "") == "liblinear"
        if is_multiclass and (scheme == "ovr" or (scheme in ("auto", "warn") and is_liblinear)):
            notes.append(
                "Replaced LogisticRegression(multi_class='ovr') by OneVsRestClassifier with one "
                "binary LogisticRegression for each class and the same coefficients."
            )
            return _build_one_vs_rest(estimator), notes
        if is_multiclass or scheme != "multinomial":
            del estimator.multi_class
            notes.append(f"Removed multi_class={scheme!r}, which does not change the predictions.")
    return estimator, notes


def _build_one_vs_rest(estimator: Any) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import LabelBinarizer

    names = LogisticRegression().get_params().keys() - {"penalty", "l1_ratio", "n_jobs"}
    params = {name: value for name, value in vars(estimator).items() if name in names}
    classifier = OneVsRestClassifier(LogisticRegression(**params))
    classifier.classes_ = np.asarray(estimator.classes_)
    classifier.label_binarizer_ = LabelBinarizer(sparse_output=True).fit(classifier.classes_)
    classifier.n_features_in_ = estimator.n_features_in_
    classifier.estimators_ = []
    intercepts = np.broadcast_to(estimator.intercept_, len(estimator.coef_))
    for coefficients, intercept in zip(estimator.coef_, intercepts, strict=True):
        binary = LogisticRegression(**params)
        binary.coef_ = np.array([coefficients], dtype=np.float64)
        binary.intercept_ = np.array([intercept], dtype=np.float64)
        binary.classes_, binary.n_features_in_ = np.array([0, 1]), classifier.n_features_in_
        classifier.estimators_.append(binary)
    return classifier
