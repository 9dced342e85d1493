"""The estimators that every way of serving is held against, with rows for each."""

import atexit
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from catboost import CatBoostClassifier, CatBoostRegressor
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_resampling_pipeline
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import Birch, KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
)
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelBinarizer,
    LabelEncoder,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators, get_tags
from sklearn.utils._test_common.instance_generator import _construct_instances
from sklearn.utils.estimator_checks import _enforce_estimator_tags_X, _enforce_estimator_tags_y
from xgboost import XGBClassifier, XGBRegressor

from predictor.core import save
from predictor.core.signature import Signature

ROWS = 90
rng = np.random.default_rng(0)

NUMBERS = rng.normal(size=(ROWS, 4)) + 3.0 * (np.arange(ROWS) % 3)[:, None]
LABELS = np.arange(ROWS) % 3
TARGET = NUMBERS @ [1.0, -2.0, 0.5, 3.0] + rng.normal(size=ROWS)
WITH_GAPS = np.where(rng.random(NUMBERS.shape) < 0.1, np.nan, NUMBERS)
WORDS = np.array(["red wine", "white wine", "pale ale", "dark beer", "green tea", "black tea"])
TEXTS = [" ".join(rng.choice(WORDS, 3)) for _ in range(ROWS)]
TABLE = pd.DataFrame(
    {
        "length": np.where(rng.random(ROWS) < 0.1, np.nan, NUMBERS[:, 0]),
        "width": NUMBERS[:, 1],
        "count": rng.integers(0, 9, ROWS),
        "city": rng.choice(["Oslo", "Bergen", "Tromsø"], ROWS),
        "grade": pd.Series(rng.choice(["a", "b", "c", None], ROWS), dtype=object),
        "member": rng.random(ROWS) < 0.5,
        "note": TEXTS,
    }
)
BEVERAGES = np.array(["ale", "tea", "wine"])[LABELS]
KINDS = [["red", "green"][n % 2] for n in range(ROWS)]
XGBOOST = {"n_estimators": 4, "max_depth": 3, "n_jobs": 1}
LIGHTGBM = {"n_estimators": 4, "num_leaves": 4, "n_jobs": 1, "verbose": -1}
CATBOOST = {
    "iterations": 4,
    "depth": 3,
    "thread_count": 1,
    "silent": True,
    "allow_writing_files": False,
}
DICE = rng.integers(1, 7, size=NUMBERS.shape).astype(float)


@dataclass(frozen=True)
class Case:
    """An estimator that is not fitted, the rows to fit it on, and the target."""

    build: Callable[[], tuple[BaseEstimator, Any, Any]]

    def fitted(self) -> tuple[BaseEstimator, Any]:
        """Return the fitted estimator, and the rows."""
        estimator, X, y = self.build()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(estimator, LabelEncoder | LabelBinarizer):
                return estimator.fit(y), y
            return estimator.fit(X, y), X


def table_pipeline(model: BaseEstimator, *, text: bool = False) -> Any:
    """Return a pipeline over numbers, strings and gaps."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    strings = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    steps = [
        ("numbers", numbers, ["length", "width", "count"]),
        ("strings", strings, ["city", "grade"]),
    ]
    if text:
        steps.append(("text", TfidfVectorizer(), "note"))
    return make_pipeline(ColumnTransformer(steps), model)


def own() -> Iterator[tuple[str, Case]]:
    """Yield common compositions, by the property that each one tests."""
    several = np.column_stack([LABELS, LABELS % 2])
    labels = np.column_stack([LABELS == 0, LABELS > 0]).astype(int)
    logistic = LogisticRegression()
    strings = TABLE[["city"]].to_numpy()
    categories = TABLE[["length", "city"]].astype({"city": "category"})
    sparse = scipy.sparse.csr_matrix(np.where(NUMBERS > 2, NUMBERS, 0.0))
    made = {
        "string classes": (logistic, NUMBERS, BEVERAGES),
        "bool classes": (logistic, NUMBERS, LABELS > 0),
        "float32 rows": (RandomForestRegressor(5), NUMBERS.astype(np.float32), TARGET),
        "table, logistic": (table_pipeline(LogisticRegression()), TABLE, BEVERAGES),
        "table, text too": (table_pipeline(LogisticRegression(), text=True), TABLE, BEVERAGES),
        "table, forest": (table_pipeline(RandomForestClassifier(5)), TABLE, BEVERAGES),
        "table, regression": (table_pipeline(Ridge()), TABLE, TARGET),
        "table, columns passed": (
            make_column_transformer((OrdinalEncoder(), ["city"]), remainder="passthrough"),
            TABLE[["city", "length", "count", "member"]],
            None,
        ),
        "table, categories": (
            HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype"),
            categories,
            LABELS,
        ),
        "table, numbers": (RandomForestClassifier(5), TABLE[["width", "count"]], LABELS),
        "table, pandas out": (StandardScaler().set_output(transform="pandas"), TABLE[["width"]], None),
        "table, search": (
            GridSearchCV(table_pipeline(LogisticRegression()), {"logisticregression__C": [1, 2]}),
            TABLE,
            LABELS,
        ),
        "array of strings": (OneHotEncoder(), strings.astype(object), None),
        "array of fixed strings": (OrdinalEncoder(), strings.astype("U"), None),
        "array of strings and numbers": (
            make_pipeline(OneHotEncoder(handle_unknown="ignore"), logistic),
            TABLE[["city", "count"]].to_numpy(object),
            LABELS,
        ),
        "gaps, imputed": (make_pipeline(SimpleImputer(), logistic), WITH_GAPS, LABELS),
        "gaps, a constant": (
            make_pipeline(SimpleImputer(strategy="constant", fill_value=-1), logistic),
            WITH_GAPS,
            LABELS,
        ),
        "gaps, neighbours": (make_pipeline(KNNImputer(), logistic), WITH_GAPS, LABELS),
        "gaps, boosting": (HistGradientBoostingRegressor(max_iter=5), WITH_GAPS, TARGET),
        "gaps, tree": (DecisionTreeClassifier(), WITH_GAPS, LABELS),
        "gaps in the answer": (StandardScaler(), WITH_GAPS, None),
        "several outputs, forest": (RandomForestClassifier(5), NUMBERS, several),
        "several outputs, neighbours": (KNeighborsClassifier(), NUMBERS, several),
        "several outputs, each": (MultiOutputClassifier(logistic), NUMBERS, several),
        "several outputs, ties": (DecisionTreeClassifier(max_depth=3), DICE, several),
        "several outputs, strings": (
            DecisionTreeClassifier(),
            NUMBERS,
            np.column_stack([BEVERAGES, np.array(KINDS)]).astype(object),
        ),
        "several outputs, regression": (
            MultiOutputRegressor(Ridge()),
            NUMBERS,
            np.column_stack([TARGET, -TARGET]),
        ),
        "several outputs, linear": (
            LinearRegression(),
            NUMBERS,
            np.column_stack([TARGET, -TARGET]),
        ),
        "several labels, rest": (OneVsRestClassifier(logistic), NUMBERS, labels),
        "several labels, chain": (ClassifierChain(logistic), NUMBERS, labels),
        "several labels, forest": (ExtraTreesClassifier(5), NUMBERS, labels),
        "one against one": (OneVsOneClassifier(SVC()), NUMBERS, BEVERAGES),
        "bagging with columns": (
            BaggingClassifier(DecisionTreeClassifier(), 5, max_features=0.5),
            NUMBERS,
            LABELS,
        ),
        "isolation with columns": (IsolationForest(n_estimators=5, max_features=0.5), NUMBERS, None),
        "boosted by name": (AdaBoostClassifier(n_estimators=5), NUMBERS, BEVERAGES),
        "boosted over ties": (
            AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=5),
            DICE,
            LABELS,
        ),
        "boosted by probabilities": (AdaBoostClassifier(logistic, n_estimators=5), NUMBERS, LABELS),
        "calibrated forest": (
            CalibratedClassifierCV(RandomForestClassifier(5), cv=3),
            NUMBERS,
            LABELS,
        ),
        "discriminant of two, projected": (
            make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()),
            NUMBERS,
            LABELS > 0,
        ),
        "discriminant, not projected": (
            LinearDiscriminantAnalysis(solver="lsqr"),
            NUMBERS,
            LABELS,
        ),
        "network of counts": (MLPRegressor(loss="poisson", max_iter=50), NUMBERS, LABELS),
        "gradient boosting": (GradientBoostingClassifier(n_estimators=5), NUMBERS, BEVERAGES),
        "boosting on log loss": (SGDClassifier(loss="log_loss"), NUMBERS, LABELS),
        "stacking": (
            StackingClassifier([("f", RandomForestClassifier(5)), ("l", logistic)]),
            NUMBERS,
            LABELS,
        ),
        "voting": (
            VotingClassifier([("f", RandomForestClassifier(5)), ("l", logistic)], voting="soft"),
            NUMBERS,
            BEVERAGES,
        ),
        "novelty": (LocalOutlierFactor(novelty=True), NUMBERS, None),
        "density": (KernelDensity(), NUMBERS, None),
        "neighbours by distance": (KNeighborsRegressor(weights="distance"), NUMBERS, TARGET),
        "ball tree": (KNeighborsClassifier(algorithm="ball_tree", metric="minkowski", p=3), NUMBERS, LABELS),
        "weighed distances": (
            KNeighborsClassifier(metric="seuclidean", metric_params={"V": NUMBERS.var(axis=0)}),
            NUMBERS,
            LABELS,
        ),
        "mahalanobis": (
            KNeighborsClassifier(
                algorithm="ball_tree",
                metric="mahalanobis",
                metric_params={"VI": np.linalg.inv(np.cov(NUMBERS.T))},
            ),
            NUMBERS,
            LABELS,
        ),
        "clusters of a few": (Birch(n_clusters=3), NUMBERS, None),
        "clusters after scaling": (make_pipeline(StandardScaler(), Birch(n_clusters=3)), NUMBERS, None),
        "support vectors, calibrated": (CalibratedClassifierCV(SVC(), cv=3), NUMBERS, LABELS),
        "support vectors, linear": (SVC(kernel="linear"), NUMBERS, BEVERAGES),
        "support vectors, polynomial": (SVC(kernel="poly"), NUMBERS, BEVERAGES),
        "support vectors, two classes": (SVC(), NUMBERS, BEVERAGES == "ale"),
        "support vectors, pairs": (SVC(decision_function_shape="ovo"), NUMBERS, LABELS),
        "support vectors, scaled": (make_pipeline(StandardScaler(), SVC()), NUMBERS, LABELS),
        "support vectors, regression": (SVR(), NUMBERS, TARGET),
        "sparse rows, linear": (logistic, sparse, LABELS),
        "sparse rows, support vectors": (SVC(), sparse, LABELS),
        "sparse rows, projected": (TruncatedSVD(2), sparse, None),
        "sparse rows, trees": (RandomForestClassifier(5), sparse, LABELS),
        "text, counted": (CountVectorizer(), TEXTS, None),
        "text, weighed": (TfidfVectorizer(ngram_range=(1, 2)), TEXTS, None),
        "text, naive Bayes": (make_pipeline(TfidfVectorizer(), MultinomialNB()), TEXTS, BEVERAGES),
        "text, hashed": (
            make_pipeline(HashingVectorizer(n_features=64), logistic),
            TEXTS,
            BEVERAGES,
        ),
        "text, united": (
            make_pipeline(FeatureUnion([("w", TfidfVectorizer()), ("c", CountVectorizer())]), logistic),
            TEXTS,
            LABELS,
        ),
        "text, searched": (
            GridSearchCV(make_pipeline(TfidfVectorizer(), MultinomialNB()), {"multinomialnb__alpha": [0.5, 1.0]}),
            TEXTS,
            LABELS,
        ),
        "text as a Series": (make_pipeline(TfidfVectorizer(), logistic), TABLE["note"], LABELS),
        "labels": (LabelEncoder(), None, BEVERAGES),
        "labels, one column each": (LabelBinarizer(), None, LABELS),
        "function, log": (make_pipeline(FunctionTransformer(np.log1p), Ridge()), abs(NUMBERS), TARGET),
        "function, none": (FunctionTransformer(), NUMBERS, None),
        "function, round": (FunctionTransformer(np.round), NUMBERS, None),
        "function, inverse": (FunctionTransformer(np.sqrt, inverse_func=np.square), abs(NUMBERS), None),
        "target transformed, boosting": (
            TransformedTargetRegressor(
                GradientBoostingRegressor(n_estimators=5), func=np.log, inverse_func=np.exp
            ),
            NUMBERS,
            abs(TARGET) + 1,
        ),
        "target transformed": (
            TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp),
            NUMBERS,
            abs(TARGET) + 1,
        ),
        "selection": (make_pipeline(SelectKBest(k=2), logistic), NUMBERS, LABELS),
        "union": (FeatureUnion([("p", PCA(2)), ("s", StandardScaler())]), NUMBERS, None),
        "polynomial": (make_pipeline(PolynomialFeatures(), DecisionTreeRegressor()), NUMBERS, TARGET),
        "frozen": (FrozenEstimator(KMeans(3).fit(NUMBERS)), NUMBERS, None),
        "a gap as a category": (OneHotEncoder(), TABLE[["grade"]], None),
        "a gap as a category, array": (OneHotEncoder(), TABLE[["grade"]].to_numpy(object), None),
        "nullable integers": (
            make_pipeline(SimpleImputer(), logistic),
            TABLE[["count", "width"]].astype({"count": "Int64"}),
            LABELS,
        ),
        "XGBoost, calibrated": (CalibratedClassifierCV(XGBClassifier(**XGBOOST), cv=2), NUMBERS, LABELS),
        "XGBoost, categories": (XGBClassifier(**XGBOOST, enable_categorical=True), categories, LABELS),
        "XGBoost, gaps": (XGBRegressor(**XGBOOST), WITH_GAPS, TARGET),
        "XGBoost, search": (
            GridSearchCV(table_pipeline(XGBClassifier(**XGBOOST)), {"xgbclassifier__max_depth": [2, 3]}, cv=2),
            TABLE,
            LABELS,
        ),
        "XGBoost, two classes": (XGBClassifier(**XGBOOST), NUMBERS, LABELS > 0),
        "LightGBM, calibrated": (CalibratedClassifierCV(LGBMClassifier(**LIGHTGBM), cv=2), NUMBERS, BEVERAGES),
        "LightGBM, categories": (LGBMClassifier(**LIGHTGBM), categories, BEVERAGES),
        "LightGBM, gaps": (LGBMRegressor(**LIGHTGBM), WITH_GAPS, TARGET),
        "LightGBM, search": (
            GridSearchCV(table_pipeline(LGBMClassifier(**LIGHTGBM)), {"lgbmclassifier__num_leaves": [3, 4]}, cv=2),
            TABLE,
            BEVERAGES,
        ),
        "LightGBM, two classes": (LGBMClassifier(**LIGHTGBM), NUMBERS, LABELS > 0),
        "CatBoost, calibrated": (CalibratedClassifierCV(CatBoostClassifier(**CATBOOST), cv=2), NUMBERS, BEVERAGES),
        "CatBoost, categories": (
            CatBoostClassifier(**CATBOOST, cat_features=("city", "count")),
            TABLE[["length", "city", "count"]],
            KINDS,
        ),
        "CatBoost, gaps": (CatBoostRegressor(**CATBOOST), WITH_GAPS, TARGET),
        "CatBoost, search": (
            GridSearchCV(table_pipeline(CatBoostClassifier(**CATBOOST)), {"catboostclassifier__depth": [2, 3]}, cv=2),
            TABLE,
            KINDS,
        ),
        "resampled": (
            make_resampling_pipeline(StandardScaler(), RandomOverSampler(random_state=0), logistic),
            NUMBERS,
            LABELS,
        ),
        "infrequent strings": (
            OneHotEncoder(max_categories=2, handle_unknown="infrequent_if_exist"),
            TABLE[["city"]],
            None,
        ),
    }  # fmt: skip
    for name, parts in made.items():
        estimator, *data = parts
        yield name, Case(lambda e=estimator, d=data: (clone(e), *d))


def listed() -> Iterator[tuple[str, Case]]:
    """Yield every estimator of scikit-learn, in each configuration of its own tests."""
    for name, kind in all_estimators():
        if not (hasattr(kind, "predict") or hasattr(kind, "transform")):
            continue
        if kind is FrozenEstimator:  # has no configuration of its own
            continue
        for number, estimator in enumerate(_construct_instances(kind)):
            yield f"{name}-{number}" if number else name, Case(lambda e=estimator: _with_rows(e))


def _with_rows(estimator: BaseEstimator) -> tuple[BaseEstimator, Any, Any]:
    y = _enforce_estimator_tags_y(estimator, LABELS.copy())
    tags = get_tags(estimator).input_tags
    if tags.string and not tags.two_d_array:
        if "n_features" in estimator.get_params():  # a million columns say no more than a few
            estimator.set_params(n_features=64)
        return estimator, TEXTS, y
    if hasattr(estimator, "dictionary"):
        return estimator, NUMBERS[:, : estimator.dictionary.shape[1]], y
    return estimator, _enforce_estimator_tags_X(estimator, NUMBERS.copy()), y


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    CASES = dict(listed()) | dict(own())


def each(names: Iterable[str]) -> list[Any]:
    """Return the cases as parameters: the tests of one case share a worker, which fits it once."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(f"zoo {name}")) for name in names]


@cache
def fitted(name: str) -> tuple[BaseEstimator, Any]:
    """Return the fitted estimator of a case, and its rows: for all to ask, for none to change."""
    return CASES[name].fitted()


# XGBoost cannot free a model once Python has unloaded its module at the end of the process.
atexit.register(fitted.cache_clear)


@cache
def saved(name: str) -> tuple[bytes, Signature]:
    """Return the file of a fitted estimator, and the signature that is in it."""
    estimator, X = fitted(name)
    with TemporaryDirectory() as place:
        path = Path(place, "model.skops")
        signature = save(estimator, path, sample=X).signature
        return path.read_bytes(), signature
