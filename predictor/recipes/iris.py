"""The default model: the species of an iris from the length and width of its sepals.

References
----------
R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7(2),
1936; the data set of scikit-learn.
"""

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.multiclass import OneVsRestClassifier

from predictor.core.signature import Column
from predictor.recipes import Fitted
from predictor.recipes.held_out import hold_out

DESCRIPTION = (
    "Species of an iris from its sepals. "
    "One-vs-rest logistic regression, fitted on all 150 flowers; the accuracy is the mean of a "
    "ten-fold cross-validation."
)


def fit() -> Fitted:
    """Fit the classifier on all rows, and cross-validate it."""
    data = load_iris()
    X, y = data.data[:, :2], data.target
    estimator = OneVsRestClassifier(LogisticRegression(solver="liblinear"))
    folds = StratifiedKFold(n_splits=10, shuffle=True, random_state=0)
    accuracy = cross_val_score(estimator, X, y, cv=folds, scoring="accuracy")
    return Fitted(
        estimator=estimator.fit(X, y),
        X=X,
        columns=[Column("X1", "Sepal length (cm)"), Column("X2", "Sepal width (cm)")],
        class_names=dict(enumerate(data.target_names.tolist())),
        description=DESCRIPTION,
        metrics={"accuracy": float(accuracy.mean()), "accuracy_std": float(accuracy.std())},
        held_out=hold_out(estimator, X, y, "species"),
    )
