"""Estimators out of pickles of older scikit-learns, made into what the present one runs."""

from typing import Any

import numpy as np

from predictor.core.errors import ArtifactError

# The modules that were renamed in scikit-learn 0.22, for the estimators that people kept.
MODULES = {
    "sklearn.linear_model.logistic": "sklearn.linear_model._logistic",
    "sklearn.linear_model.base": "sklearn.linear_model._base",
    "sklearn.linear_model.ridge": "sklearn.linear_model._ridge",
    "sklearn.preprocessing.data": "sklearn.preprocessing._data",
    "sklearn.preprocessing.label": "sklearn.preprocessing._label",
}


def moved(module: str, name: str) -> tuple[str, str]:
    """Return where the present scikit-learn keeps what an older one named."""
    return MODULES.get(module, module), name


def upgraded(estimator: Any) -> tuple[Any, list[str]]:
    """Return an estimator that the present scikit-learn runs, and what was done to it.

    A logistic regression of one against the rest is made into `OneVsRestClassifier` over one
    binary regression for each class: the present `LogisticRegression` of several classes is
    multinomial, and would answer other probabilities than the coefficients were fitted for.

    Raises
    ------
    ArtifactError
        It is no estimator.
    """
    if not hasattr(estimator, "get_params"):
        raise ArtifactError("The file holds no estimator.")
    notes = []
    coefficients = getattr(estimator, "coef_", None)
    if not hasattr(estimator, "n_features_in_") and coefficients is not None:
        estimator.n_features_in_ = np.shape(coefficients)[-1]
        notes.append(f"n_features_in_ was not recorded: {estimator.n_features_in_}, as coef_ has.")
    scheme = vars(estimator).pop("multi_class", None)
    several = len(getattr(estimator, "classes_", ())) > 2  # noqa: PLR2004 - two need one regression
    liblinear = getattr(estimator, "solver", "") == "liblinear"
    if type(estimator).__name__ == "LogisticRegression" and scheme is not None:
        if several and (scheme == "ovr" or (scheme in ("auto", "warn") and liblinear)):
            notes.append(
                "multi_class='ovr' is gone from LogisticRegression: made into OneVsRestClassifier "
                "over one binary LogisticRegression for each class, with the same coefficients."
            )
            return _one_against_rest(estimator), notes
        notes.append(f"multi_class={scheme!r} was dropped: it changes no answer here.")
    return estimator, notes


def _one_against_rest(estimator: Any) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import LabelBinarizer

    kept = LogisticRegression().get_params().keys() - {"penalty", "l1_ratio", "n_jobs"}
    params = {name: value for name, value in vars(estimator).items() if name in kept}
    whole = OneVsRestClassifier(LogisticRegression(**params))
    whole.classes_ = np.asarray(estimator.classes_)
    whole.label_binarizer_ = LabelBinarizer(sparse_output=True).fit(whole.classes_)
    whole.n_features_in_ = estimator.n_features_in_
    whole.estimators_ = []
    for coefficients, intercept in zip(
        estimator.coef_, np.broadcast_to(estimator.intercept_, len(estimator.coef_)), strict=True
    ):
        one = LogisticRegression(**params)
        one.coef_ = np.array([coefficients], dtype=np.float64)
        one.intercept_ = np.array([intercept], dtype=np.float64)
        one.classes_, one.n_features_in_ = np.array([0, 1]), whole.n_features_in_
        whole.estimators_.append(one)
    return whole
