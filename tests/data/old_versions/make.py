"""Fit estimators with the installed scikit-learn, and write them with their own answers.

    PYTHON make.py OUTPUT.zip [--all]

PYTHON has scikit-learn 1.0 or newer, skops and pandas. The archives in this folder were made with
the newest patch release of each version. An archive contains for each case `NAME.json`, with the
rows and the result of each method, and the file of the estimator: `NAME.pkl` before scikit-learn 1.3,
whose skops wrote another format, else `NAME.skops`. With `--all`, it contains both files, and every
estimator of scikit-learn with its default parameters.
"""

import json
import pickle
import sys
import warnings
import zipfile
from functools import partial
from inspect import signature

import numpy as np
import pandas as pd
import sklearn
from sklearn import (
    calibration,
    cluster,
    compose,
    cross_decomposition,
    decomposition,
    ensemble,
    feature_extraction,
    impute,
    linear_model,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.utils import all_estimators
from skops import io as skops_io

VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
PICKLED = ("forest", "gradient boosting", "logistic, ovr in a pipeline")
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")

rng = np.random.RandomState(0)
X = np.round(rng.normal(size=(30, 4)) + 2.0 * (np.arange(30) % 3)[:, None] + 4.0, 3)
LABELS = np.arange(30) % 3
TARGET = np.round(X @ [1.0, -2.0, 0.5, 3.0], 3)
NAMES = np.array(["ale", "tea", "wine"])[LABELS]
SEVERAL = np.column_stack([LABELS, LABELS % 2])
ASKED = np.round(rng.normal(size=(12, 4)) + 6.0, 3)
GAPS = X.copy()
GAPS[::7, 1] = np.nan
TEXTS = [
    " ".join(words)
    for words in rng.choice(["red", "wine", "pale", "ale", "dark", "beer", "tea"], (30, 4))
]
TABLE = pd.DataFrame(
    {
        "length": GAPS[:, 1],
        "width": X[:, 1],
        "city": pd.Series(rng.choice(["Oslo", "Rome", "Bonn"], 30), dtype=object),
        "grade": pd.Series(rng.choice(["a", "b"], 30), dtype=object),
    }
)


def encoder(**options):
    """Return a one-hot encoder, whose parameter `sparse` was renamed in version 1.2."""
    options["sparse" if VERSION < (1, 2) else "sparse_output"] = False
    return preprocessing.OneHotEncoder(**options)


def over(meta, base, **options):
    """Return a meta-estimator, whose parameter `base_estimator` was renamed in version 1.2."""
    name = "estimator" if "estimator" in signature(meta.__init__).parameters else "base_estimator"
    return meta(**dict(options, **{name: base}))


def columns(numbers=None):
    """Return a column transformer over numbers with gaps and strings."""
    scaled = pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
    return compose.ColumnTransformer(
        [
            ("numbers", scaled, numbers or ["length"]),
            ("strings", encoder(handle_unknown="ignore"), ["city", "grade"]),
        ],
        remainder="passthrough",
    )


def cases():
    """Yield name, estimator, rows to fit, target, and rows to ask."""
    numbers = partial(_numbers, X)
    logistic = linear_model.LogisticRegression
    yield numbers("tree", tree.DecisionTreeClassifier(max_depth=3, random_state=0))
    yield numbers("tree, regression", tree.DecisionTreeRegressor(max_depth=3), TARGET)
    yield numbers("tree, several", tree.DecisionTreeClassifier(max_depth=3), SEVERAL)
    yield numbers("extra tree", tree.ExtraTreeClassifier(max_depth=3, random_state=0))
    yield numbers("forest", ensemble.RandomForestClassifier(3, max_depth=3, random_state=0))
    yield numbers(
        "forest, several", ensemble.RandomForestClassifier(3, max_depth=3, random_state=0), SEVERAL
    )
    yield numbers(
        "forest, regression", ensemble.RandomForestRegressor(3, max_depth=3, random_state=0), TARGET
    )
    yield numbers("extra trees", ensemble.ExtraTreesClassifier(3, max_depth=3, random_state=0))
    yield numbers("embedding", ensemble.RandomTreesEmbedding(3, max_depth=2, random_state=0), None)
    yield numbers("isolation", ensemble.IsolationForest(n_estimators=3, random_state=0), None)
    yield numbers(
        "bagging",
        over(
            ensemble.BaggingClassifier,
            tree.DecisionTreeClassifier(max_depth=2),
            n_estimators=3,
            random_state=0,
        ),
    )
    yield numbers(
        "gradient boosting", ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2)
    )
    yield numbers(
        "gradient boosting, two",
        ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2),
        LABELS > 0,
    )
    yield numbers(
        "gradient boosting, regression",
        ensemble.GradientBoostingRegressor(n_estimators=3, max_depth=2),
        TARGET,
    )
    yield numbers(
        "histogram boosting",
        ensemble.HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2),
    )
    yield _numbers(
        GAPS,
        "histogram boosting, gaps",
        ensemble.HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=2),
        TARGET,
    )
    yield numbers(
        "histogram boosting, categories",
        ensemble.HistGradientBoostingClassifier(
            max_iter=3, min_samples_leaf=2, categorical_features=[0]
        ),
        rows=_codes(X),
        asked=_codes(ASKED),
    )
    stump = tree.DecisionTreeClassifier(max_depth=1)
    if VERSION < (1, 8):
        for algorithm in ("SAMME", "SAMME.R"):
            if VERSION < (1, 6) or algorithm == "SAMME":
                boosted = over(
                    ensemble.AdaBoostClassifier,
                    stump,
                    n_estimators=3,
                    algorithm=algorithm,
                    random_state=0,
                )
                yield numbers("adaboost, " + algorithm, boosted)
                yield numbers("adaboost, two, " + algorithm, sklearn.clone(boosted), LABELS > 0)
    else:
        yield numbers(
            "adaboost", ensemble.AdaBoostClassifier(stump, n_estimators=3, random_state=0)
        )
    yield numbers(
        "adaboost, regression", ensemble.AdaBoostRegressor(n_estimators=3, random_state=0), TARGET
    )
    yield numbers("logistic", logistic())
    yield numbers("logistic, two", logistic(), LABELS > 0)
    if VERSION < (1, 8):
        yield numbers("logistic, ovr", logistic(multi_class="ovr"))
        yield numbers("logistic, two, multinomial", logistic(multi_class="multinomial"), LABELS > 0)
        yield numbers(
            "logistic, ovr in a pipeline",
            pipeline.make_pipeline(preprocessing.StandardScaler(), logistic(multi_class="ovr")),
        )
        yield numbers(
            "logistic, ovr, cross-validated",
            linear_model.LogisticRegressionCV(Cs=2, cv=2, multi_class="ovr"),
        )
    if VERSION < (1, 7):
        yield numbers("logistic, liblinear", logistic(solver="liblinear"))
    yield numbers("logistic, cross-validated", linear_model.LogisticRegressionCV(Cs=2, cv=2))
    yield numbers("ridge", linear_model.Ridge(), TARGET)
    yield numbers("ridge, classes", linear_model.RidgeClassifier())
    yield numbers("lasso", linear_model.Lasso(), TARGET)
    yield numbers("elastic net, cross-validated", linear_model.ElasticNetCV(cv=2), TARGET)
    yield numbers("linear", linear_model.LinearRegression(), TARGET)
    yield numbers("gamma", linear_model.GammaRegressor(), np.abs(TARGET) + 1)
    yield numbers("ransac", linear_model.RANSACRegressor(random_state=0), TARGET)
    yield numbers("descent", linear_model.SGDClassifier(loss="modified_huber", random_state=0))
    yield numbers(
        "descent, log",
        linear_model.SGDClassifier(loss="log" if VERSION < (1, 1) else "log_loss", random_state=0),
    )
    yield numbers("perceptron", linear_model.Perceptron(random_state=0))
    yield numbers("support vectors", svm.SVC())
    yield numbers("support vectors, probable", svm.SVC(probability=True, random_state=0))
    yield numbers("support vectors, regression", svm.SVR(), TARGET)
    yield numbers("support vectors, novelty", svm.OneClassSVM(), None)
    yield numbers("support vectors, linear", svm.LinearSVC(random_state=0))
    yield numbers("neighbours", neighbors.KNeighborsClassifier())
    yield numbers("neighbours, tree", neighbors.KNeighborsClassifier(algorithm="ball_tree"))
    yield numbers("neighbours, novelty", neighbors.LocalOutlierFactor(novelty=True), None)
    yield numbers(
        "neighbours, regression", neighbors.KNeighborsRegressor(algorithm="kd_tree"), TARGET
    )
    yield numbers("neighbours, density", neighbors.KernelDensity(), None)
    yield numbers("centroids", neighbors.NearestCentroid())
    yield numbers("bayes", naive_bayes.GaussianNB())
    yield numbers("bayes, counts", naive_bayes.MultinomialNB())
    yield numbers("network", neural_network.MLPClassifier((3,), max_iter=20, random_state=0))
    yield numbers("squares", cross_decomposition.PLSRegression(2), TARGET)
    yield numbers("squares, several", cross_decomposition.PLSRegression(2), X[:, ::-1])
    yield numbers("canonical", cross_decomposition.PLSCanonical(2), X[:, ::-1] ** 2)
    yield numbers(
        "calibrated", over(calibration.CalibratedClassifierCV, naive_bayes.GaussianNB(), cv=2)
    )
    yield numbers(
        "calibrated, isotonic",
        over(
            calibration.CalibratedClassifierCV,
            tree.DecisionTreeClassifier(max_depth=2),
            cv=2,
            method="isotonic",
        ),
    )
    yield numbers(
        "voting",
        ensemble.VotingClassifier(
            [("t", tree.DecisionTreeClassifier(max_depth=2)), ("l", logistic())], voting="soft"
        ),
    )
    yield numbers(
        "stacking",
        ensemble.StackingClassifier(
            [("t", tree.DecisionTreeClassifier(max_depth=2)), ("l", logistic())], cv=2
        ),
    )
    yield numbers("one against the rest", multiclass.OneVsRestClassifier(logistic()))
    yield numbers("one against one", multiclass.OneVsOneClassifier(svm.LinearSVC(random_state=0)))
    yield numbers("several outputs", multioutput.MultiOutputClassifier(logistic()), SEVERAL)
    yield numbers("chain", multioutput.ClassifierChain(logistic()), (SEVERAL > 0).astype(int))
    yield numbers("chain, regression", multioutput.RegressorChain(linear_model.Ridge()), SEVERAL)
    yield numbers(
        "search",
        model_selection.GridSearchCV(
            pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC()),
            {"svc__C": [1, 2]},
            cv=2,
        ),
    )
    yield numbers(
        "target",
        compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log, inverse_func=np.exp),
        np.abs(TARGET) + 1,
    )
    yield numbers(
        "function",
        pipeline.make_pipeline(preprocessing.FunctionTransformer(np.log1p), linear_model.Ridge()),
        TARGET,
    )
    yield numbers("scaled", preprocessing.StandardScaler(), None)
    yield numbers("quantiles", preprocessing.QuantileTransformer(n_quantiles=9), None)
    yield numbers("power", preprocessing.PowerTransformer(), None)
    yield numbers(
        "polynomial",
        pipeline.make_pipeline(preprocessing.PolynomialFeatures(), linear_model.Ridge()),
        TARGET,
    )
    yield numbers(
        "splines",
        pipeline.make_pipeline(preprocessing.SplineTransformer(), linear_model.Ridge()),
        TARGET,
    )
    yield numbers("bins", preprocessing.KBinsDiscretizer(3, encode="ordinal"), None)
    yield numbers("components", decomposition.PCA(2), None)
    yield numbers(
        "components, independent",
        decomposition.FastICA(
            2, random_state=0, whiten=True if VERSION < (1, 1) else "unit-variance"
        ),
        None,
    )
    yield numbers("components, kernel", decomposition.KernelPCA(2, kernel="rbf"), None)
    yield numbers("components, positive", decomposition.NMF(2, random_state=0), None)
    yield numbers("clusters", cluster.KMeans(3, n_init=1, random_state=0), None)
    yield _numbers(GAPS, "imputed", impute.SimpleImputer(add_indicator=True), None, GAPS)
    yield _numbers(GAPS, "imputed, neighbours", impute.KNNImputer(), None, GAPS)
    yield _numbers(
        GAPS, "imputed, iterated", impute.IterativeImputer(max_iter=2, random_state=0), None, GAPS
    )
    yield "table", pipeline.make_pipeline(columns(), logistic()), TABLE, LABELS, TABLE
    yield (
        "table, forest",
        pipeline.make_pipeline(
            columns(["length", "width"]),
            ensemble.RandomForestClassifier(3, max_depth=3, random_state=0),
        ),
        TABLE,
        LABELS,
        TABLE,
    )
    yield (
        "table, strings",
        pipeline.make_pipeline(
            impute.SimpleImputer(strategy="most_frequent"), encoder(drop="first")
        ),
        TABLE[["city"]],
        None,
        TABLE[["city"]],
    )
    yield (
        "table, ordinal",
        preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        TABLE[["city", "grade"]],
        None,
        TABLE[["city", "grade"]],
    )
    if VERSION >= (1, 3):
        yield (
            "table, targets",
            preprocessing.TargetEncoder(cv=2, random_state=0),
            TABLE[["city", "grade"]],
            TARGET,
            TABLE[["city", "grade"]],
        )
    text = feature_extraction.text
    yield (
        "text",
        pipeline.make_pipeline(text.TfidfVectorizer(), naive_bayes.MultinomialNB()),
        TEXTS,
        NAMES,
        TEXTS,
    )
    yield "text, weighed", text.TfidfVectorizer(), TEXTS, None, TEXTS
    yield (
        "text, sublinear",
        pipeline.make_pipeline(text.CountVectorizer(), text.TfidfTransformer(sublinear_tf=True)),
        TEXTS,
        None,
        TEXTS,
    )
    yield (
        "text, hashed",
        pipeline.make_pipeline(
            text.HashingVectorizer(n_features=16), text.TfidfTransformer(), logistic()
        ),
        TEXTS,
        NAMES,
        TEXTS,
    )


def _numbers(default, name, estimator, y=LABELS, rows=None, asked=None):
    if rows is None:
        rows = default
    return name, estimator, rows, y, ASKED if asked is None else asked


def _codes(rows):
    """Return the rows with a first column of category codes."""
    return np.column_stack([np.abs(np.rint(rows[:, 0])) % 4, rows[:, 1:]])


def every():
    """Yield every estimator with default parameters, where it can be fitted on numbers."""
    for name, kind in all_estimators():
        try:
            estimator = kind()
        except TypeError:
            continue
        y = TARGET if getattr(estimator, "_estimator_type", "") == "regressor" else LABELS
        yield name, estimator, X, y, ASKED


def answers(estimator, asked):
    """Return the result of each method, as JSON values."""
    results = {}
    for method in METHODS:
        if hasattr(estimator, method):
            try:
                result = getattr(estimator, method)(asked)
            except Exception:  # noqa: BLE001, S112 - the estimator does not run the method
                continue
            several = result if isinstance(result, list) else [result]
            dense = [each.toarray() if hasattr(each, "toarray") else each for each in several]
            plain = [np.asarray(each).tolist() for each in dense]
            results[method] = plain if isinstance(result, list) else plain[0]
    return results


def main(path, with_all=False):
    """Write the archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("version", sklearn.__version__)
        for name, estimator, rows, y, asked in [*cases(), *(every() if with_all else ())]:
            try:
                estimator.fit(rows) if y is None else estimator.fit(rows, y)
            except Exception as exc:  # noqa: BLE001 - the estimator takes other rows
                print(name, type(exc).__name__, str(exc)[:80])
                continue
            listed = asked.to_dict("list") if hasattr(asked, "to_dict") else list(map(list, asked))
            if isinstance(asked, list):
                listed = asked
            case = {"asked": listed, "answers": answers(estimator, asked)}
            file.writestr(name + ".json", json.dumps(case))
            if with_all or VERSION < (1, 3) or name in PICKLED:
                file.writestr(name + ".pkl", pickle.dumps(estimator, protocol=4))
            if not with_all and VERSION < (1, 3) and name not in PICKLED:
                continue
            try:
                file.writestr(name + ".skops", skops_io.dumps(estimator))
            except Exception as exc:  # noqa: BLE001 - skops cannot write it
                print(name, "skops:", type(exc).__name__, str(exc)[:80])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], "--all" in sys.argv)
