"""Estimators as notebooks build them are saved, read and run exactly."""

import pickle
import warnings
from functools import cache
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy import stats
from sklearn import config_context
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    LeavePGroupsOut,
    LeavePOut,
    PredefinedSplit,
    RandomizedSearchCV,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

from predictor.core import artifacts
from predictor.core.errors import ArtifactError
from predictor.core.served_methods import get_method

rng = np.random.default_rng(0)
ROWS = 24
TABLE = pd.DataFrame(
    {
        "age": rng.integers(18, 80, ROWS).astype(float),
        "fare": rng.gamma(2, 20, ROWS).round(2),
        "sex": ["male", "female"] * 12,
        "port": ["S", "C", "Q", "S"] * 6,
    }
)
NUMBERS = TABLE[["age", "fare"]]
y = np.arange(ROWS) % 2
GROUPS = np.arange(ROWS) // 6
TEXTS = ["good wine", "red wine", "bad beer", "red beer"] * 6
C = {"C": [0.1, 1.0]}


class Case(NamedTuple):
    """An estimator that is not fitted, its rows and target, and parameters that are left out."""

    estimator: object
    X: object = NUMBERS
    y: object = y
    left_out: tuple[str, ...] = ()
    groups: object = None


def encoded(encoder, columns, model=None):
    return make_pipeline(
        ColumnTransformer([("c", encoder, columns)]), model or LogisticRegression()
    )


def searched(estimator=None, **options):
    options = {"cv": 2} | options
    return GridSearchCV(estimator or LogisticRegression(), C, **options)


def accuracy(estimator, X, y):
    return float(np.mean(estimator.predict(X) == y))


class OwnSplitter:
    """A splitter of a notebook."""

    def split(self, *_rows, **_groups):
        yield np.arange(0, 12), np.arange(12, 24)

    def get_n_splits(self, *_rows, **_groups):
        return 1


PIPELINE = make_pipeline(
    make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include=np.number)),
        (OneHotEncoder(), make_column_selector(pattern="^(sex|port)", dtype_exclude=[float])),
    ),
    LogisticRegression(),
)
SPLITTERS = [
    *(KFold(2), StratifiedKFold(2), RepeatedKFold(n_splits=2, n_repeats=2), LeaveOneOut()),
    *(RepeatedStratifiedKFold(n_splits=2, n_repeats=2), ShuffleSplit(2, random_state=0)),
    *(StratifiedShuffleSplit(2, random_state=0), TimeSeriesSplit(2), LeavePOut(2)),
    *(GroupKFold(2), GroupShuffleSplit(2, random_state=0), StratifiedGroupKFold(2)),
    *(LeaveOneGroupOut(), LeavePGroupsOut(2), PredefinedSplit(pd.Series(np.arange(ROWS) % 3))),
]
SLOW_SPLITTERS = (LeaveOneOut, LeavePOut)

CASES = {
    "columns of select_dtypes": Case(
        encoded(StandardScaler(), TABLE.select_dtypes("number").columns), TABLE
    ),
    "columns by a Series of booleans": Case(
        encoded(StandardScaler(), TABLE.dtypes.astype(str) == "float64"), TABLE
    ),
    "columns by a function": Case(
        encoded(StandardScaler(), lambda X: [name for name in X if X[name].dtype == float]),
        TABLE,
        left_out=("ColumnTransformer.transformers",),
    ),
    "columns by dtype": Case(PIPELINE, TABLE),
    "columns by dtype in a search": Case(
        GridSearchCV(PIPELINE, {"logisticregression__C": np.logspace(-1, 1, 2)}, cv=2), TABLE
    ),
    "categories of unique": Case(
        encoded(OneHotEncoder(categories=[TABLE.sex.unique()]), ["sex"]), TABLE
    ),
    "categories of an Index": Case(
        encoded(OrdinalEncoder(categories=[TABLE.port.value_counts().index]), ["port"]), TABLE
    ),
    "categories of a categorical": Case(
        encoded(
            OrdinalEncoder(categories=[TABLE.port.astype("category").array]), ["port"]
        ).set_params(columntransformer__c__categories=[pd.Categorical(["S", "C", "Q"])]),
        TABLE,
    ),
    "vocabulary of an Index": Case(
        make_pipeline(CountVectorizer(vocabulary=pd.Index(["good", "red"])), MultinomialNB()), TEXTS
    ),
    "a missing value of pandas": Case(
        make_pipeline(SimpleImputer(missing_values=pd.NA), LogisticRegression()),
        NUMBERS.where(NUMBERS.age > 30).astype("Float64"),
    ),
    "a search over distributions": Case(
        RandomizedSearchCV(
            LogisticRegression(),
            {"C": stats.loguniform(1e-3, 1), "max_iter": stats.randint(50, 99)},
            n_iter=2,
            cv=2,
            random_state=np.random.RandomState(0),
        ),
        left_out=("RandomizedSearchCV.param_distributions",),
    ),
    "pairs of indices": Case(searched(cv=[(np.arange(12), np.arange(12, 24))])),
    "a splitter of the notebook": Case(searched(cv=OwnSplitter()), left_out=("GridSearchCV.cv",)),
    "a generator of pairs": Case(
        searched(cv=KFold(2).split(NUMBERS)), left_out=("GridSearchCV.cv",)
    ),
    "a function as scoring": Case(searched(scoring=accuracy), left_out=("GridSearchCV.scoring",)),
    "a scorer of a lambda": Case(
        searched(scoring=make_scorer(lambda actual, expected: float(np.mean(actual == expected)))),
        left_out=("GridSearchCV.scoring",),
    ),
    "a function as refit": Case(
        searched(scoring=["accuracy", "f1"], refit=lambda results: len(results["params"]) - 1),
        left_out=("GridSearchCV.refit",),
    ),
    "a cache": Case(
        make_pipeline(StandardScaler(), LogisticRegression(), memory=joblib.Memory(None)),
        left_out=("Pipeline.memory",),
    ),
    "a function that scores columns": Case(
        make_pipeline(SelectKBest(lambda X, _: X.sum(axis=0), k=1), LogisticRegression()),
        left_out=("SelectKBest.score_func",),
    ),
    "a halving search": Case(HalvingGridSearchCV(LogisticRegression(), C, cv=2, random_state=0)),
    "a halving search over a distribution": Case(
        HalvingRandomSearchCV(
            LogisticRegression(), {"C": stats.uniform(0.1, 1)}, cv=OwnSplitter(), random_state=0
        ),
        left_out=(*("HalvingRandomSearchCV.cv", "HalvingRandomSearchCV.param_distributions"),),
    ),
    "an iterative imputer": Case(
        make_pipeline(IterativeImputer(max_iter=2, random_state=0), Ridge()),
        NUMBERS.where(NUMBERS.age > 30),
    ),
    "splines of a constant column": Case(SplineTransformer(), NUMBERS.assign(fare=3.0)),
    "splines of degree 0": Case(SplineTransformer(degree=0, extrapolation="periodic")),
    "columns without names": Case(LogisticRegression(), pd.DataFrame(NUMBERS.to_numpy())),
    "strings in columns without names": Case(
        encoded(OneHotEncoder(), [1]), pd.DataFrame({0: TABLE.fare, 1: TABLE.sex})
    ),
    **{
        f"the splitter {type(splitter).__name__}": Case(
            GridSearchCV(LogisticRegression(), {"C": [1]}, cv=splitter), groups=GROUPS
        )
        for splitter in SPLITTERS
        if not isinstance(splitter, SLOW_SPLITTERS)
    },
}


@cache
def fitted(name):
    case = CASES[name]
    options = {} if case.groups is None else {"groups": case.groups}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return case.estimator.fit(case.X, case.y, **options)


def as_rows(X, names):
    """Return rows of JSON values."""
    if isinstance(X, list):
        return [{names[0]: text} for text in X]
    columns = X.T.tolist() if isinstance(X, np.ndarray) else [X[name].tolist() for name in X]
    stated = list(map(str, X)) if hasattr(X, "columns") and isinstance(X.columns[0], str) else names
    objects = [[None if pd.isna(value) else value for value in column] for column in columns]
    return [dict(zip(stated, row, strict=True)) for row in zip(*objects, strict=True)]


def check(name, data, file_name):
    """Compare the results of a file for rows of JSON with those of the estimator."""
    case, estimator = CASES[name], fitted(name)
    ingested = artifacts.ingest(data, file_name, sample=case.X, allow_pickle=True)
    assert ingested.notes == tuple(
        f"Left out, because only fitting uses them and their values are not accepted: {names}."
        for names in [", ".join(case.left_out)]
        if names
    )
    signature = ingested.signature
    rows = [
        {column: row[column] for column in signature.names}
        for row in as_rows(case.X, signature.names)
    ]
    X = signature.parse_rows(rows).X
    X = getattr(X, "dataframe", X)
    plain = case.X.to_numpy(copy=True) if hasattr(case.X, "columns") else case.X
    for method in signature.methods:
        expected = get_method(estimator, method)(
            case.X if signature.container == "frame" else plain
        )
        np.testing.assert_array_equal(get_method(ingested.estimator, method)(X), expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_an_estimator_is_saved_and_runs_exactly(name):
    dump = artifacts.dump(fitted(name), CASES[name].X)
    check(name, dump.data, "model.skops")
    assert len(dump.notes) == bool(CASES[name].left_out)


# skops cannot write generators, functions of local scope, and requests for metadata.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    ["columns by dtype", "a halving search over a distribution", "a halving search", "a cache"],
)
def test_a_file_of_skops_is_read_exactly(name):
    check(name, skops.io.dumps(fitted(name)), "model.skops")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [
        *("columns by dtype", "a search over distributions", "a splitter of the notebook"),
        *("a function as scoring", "a halving search over a distribution", "a cache"),
    ],
)
def test_a_pickle_is_read_exactly(name):
    check(name, pickle.dumps(fitted(name)), "model.pkl")


def test_requests_for_metadata_are_not_saved():
    with config_context(enable_metadata_routing=True):
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        model = LogisticRegression().set_fit_request(sample_weight=True)
        search = searched(model.set_score_request(sample_weight=True), scoring=scorer)
        search.fit(NUMBERS, y, sample_weight=np.ones(ROWS))
    dump = artifacts.dump(search, NUMBERS)
    loaded = artifacts.open_artifact(dump.data).estimator
    assert dump.notes == []
    np.testing.assert_array_equal(loaded.predict_proba(NUMBERS), search.predict_proba(NUMBERS))


@pytest.mark.parametrize(
    "estimator",
    [
        FunctionTransformer(lambda X: X * 2),
        SVC(kernel=lambda a, b: a @ b.T),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_function_that_predictions_use_is_not_left_out(estimator):
    with pytest.raises(ArtifactError, match="not allowed: "):
        artifacts.dump(estimator.fit(NUMBERS, y), NUMBERS)


def test_a_pickle_with_a_function_that_predictions_use_is_rejected():
    data = pickle.dumps(FunctionTransformer(accuracy).fit(NUMBERS))
    with pytest.raises(ArtifactError, match=r"^The pickle contains \S+\.accuracy, which is not"):
        artifacts.ingest(data, "model.pkl", allow_pickle=True)
