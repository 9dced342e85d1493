"""Files of scikit-learn 1.0 to 1.8 return the results of their versions, or are rejected."""

import json
import tempfile
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predictor.core import artifacts
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.isolation import steps
from predictor.isolation.job import Outcome
from predictor.isolation.sandbox import Upload, inspect_file

pytestmark = pytest.mark.filterwarnings("ignore")

FILES = Path(__file__).parents[2] / "data" / "old_versions"
VERSIONS = [f"1.{minor}" for minor in range(9)]

TREES = (
    "The pickle contains trees of scikit-learn 1.2.2, which scikit-learn 1.9.1 cannot read. "
    "Fit the model again."
)
NO_FORMAT = "The file is not in version 2 of the skops format."
UNEQUAL = (
    "{} was fitted with scikit-learn {}. scikit-learn 1.9.1 would return other results: {}. "
    "Fit it again."
)
NO_REST = "one class against the rest is not supported for several classes"
NOT_TWO = "multi_class='multinomial' is not supported for two classes"
NO_ALGORITHM = "it has no algorithm SAMME.R"
NO_SCALE = "its coefficients do not include the scale of the columns"

# Cases whose results would differ, with the first version that does not reject them.
REJECTED = {
    "adaboost, SAMME.R": ((1, 6), "AdaBoostClassifier", NO_ALGORITHM),
    "adaboost, two, SAMME.R": ((1, 6), "AdaBoostClassifier", NO_ALGORITHM),
    "logistic, ovr in a pipeline": (
        (1, 8),
        "The step logisticregression (LogisticRegression)",
        NO_REST,
    ),
    "logistic, ovr, cross-validated": ((1, 8), "LogisticRegressionCV", NO_REST),
    "logistic, two, multinomial": ((1, 8), "LogisticRegression", NOT_TWO),
    "squares": ((1, 5), "PLSRegression", NO_SCALE),
    "squares, several": ((1, 5), "PLSRegression", NO_SCALE),
    "canonical": ((1, 5), "PLSCanonical", NO_SCALE),
}

# Cases that are served from every version since 1.3, and since 1.4.
SERVED = [
    *("tree", "tree, several", "tree, regression", "extra tree", "forest", "forest, several"),
    *("forest, regression", "extra trees", "bagging", "voting", "stacking", "isolation"),
    *("support vectors", "support vectors, probable", "support vectors, regression"),
    *("support vectors, novelty", "logistic", "logistic, two", "ridge, classes", "function"),
    *("text, weighed", "text, sublinear", "text, hashed", "imputed", "table, strings"),
    *("table, ordinal", "chain", "chain, regression", "calibrated", "search"),
    *("scaled", "neighbours", "bayes", "network", "target", "several outputs", "components"),
    *(
        "adaboost, regression",
        "bayes, counts",
        "bins",
        "calibrated, isotonic",
        "clusters",
        "descent",
        "descent, log",
        "elastic net, cross-validated",
    ),
    *("gamma", "imputed, neighbours", "linear", "neighbours, tree", "one against one", "ridge"),
    *("support vectors, linear", "table", "table, forest", "table, targets", "text"),
]
SERVED_SINCE_1_4 = [
    *("gradient boosting", "gradient boosting, two", "gradient boosting, regression", "splines"),
    *("histogram boosting", "histogram boosting, gaps", "histogram boosting, categories"),
]

# Parameters that only fitting uses, with values that the installed version does not accept.
LEFT_OUT = [
    ("1.2", "bayes, counts.pkl", "MultinomialNB.force_alpha"),
    ("1.2", "bins.pkl", "KBinsDiscretizer.subsample"),
    ("1.4", "histogram boosting.skops", "HistGradientBoostingClassifier.categorical_features"),
    ("1.4", "support vectors, linear.skops", "LinearSVC.dual"),
    ("1.7", "descent.skops", "SGDClassifier.eta0"),
    ("1.8", "bins.skops", "KBinsDiscretizer.quantile_method"),
    ("1.8", "gradient boosting.skops", "DecisionTreeRegressor.criterion"),
    ("1.8", "elastic net, cross-validated.skops", "ElasticNetCV.alphas"),
]


@cache
def archive(version):
    return zipfile.ZipFile(FILES / f"{version}.zip")


def files(version):
    return [name for name in archive(version).namelist() if not name.endswith((".json", "version"))]


def case(version, name):
    """Return the rows and the results of a case."""
    known = json.loads(archive(version).read(f"{name.rpartition('.')[0]}.json"))
    asked = known["asked"]
    if isinstance(asked, dict):
        objects = {
            column: pd.Series(values, dtype=object if str in map(type, values) else float)
            for column, values in asked.items()
        }
        return pd.DataFrame(objects), known["answers"]
    return asked if isinstance(asked[0], str) else np.array(asked), known["answers"]


def register(version, name):
    """Return the estimator of a file that the registration accepts; the message if it does not."""
    data = archive(version).read(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"model{Path(name).suffix}")
        path.write_bytes(data)
        upload = Upload(path, allow_version=True, allow_pickle=True)
        try:
            found = inspect_file(upload, Path(folder), _inspect)
        except InvalidInput as exc:
            return exc.columns["artifact"][0]
    assert any(note.startswith(f"Fitted with scikit-learn {version}.") for note in found.notes)
    return artifacts.ingest(data, path.name, allow_version=True, allow_pickle=True).estimator


def run(version, name):
    """Return the results of a file, and those of its version; the message if it is rejected."""
    try:
        data = archive(version).read(name)
        read = artifacts.ingest(data, name, allow_version=True, allow_pickle=True)
    except ArtifactError as exc:
        return str(exc)
    rows, answers = case(version, name)
    try:
        results = {method: getattr(read.estimator, method)(rows) for method in answers}
    except (AttributeError, TypeError, ValueError):  # found by the trial run of a registration
        message = register(version, name)
        assert isinstance(message, str), name
        return message
    return results, answers


def _inspect(job):
    steps.inspect(job)
    steps.compile_artifact(replace(job, use_compiled=False))
    return Outcome()


def assert_equal(actual, expected, name):
    if isinstance(actual, list):
        for each, other in zip(actual, expected, strict=True):
            assert_equal(each, other, name)
        return
    actual = np.asarray(actual.toarray() if hasattr(actual, "toarray") else actual)
    if actual.dtype.kind == "f":
        np.testing.assert_allclose(actual, np.array(expected, float), 1e-9, 1e-12, err_msg=name)
    else:
        np.testing.assert_array_equal(actual, np.array(expected, actual.dtype), err_msg=name)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_file_returns_other_results_than_its_version(version):
    served, messages = set(), {}
    for name in files(version):
        outcome = run(version, name)
        if isinstance(outcome, str):
            messages[name] = outcome
            continue
        results, answers = outcome
        for method, expected in answers.items():
            assert_equal(results[method], expected, f"{name}, {method}")
        served.add(name.rpartition(".")[0])
    if version >= "1.3":
        assert set(SERVED) <= served
    if version >= "1.4":
        assert set(SERVED_SINCE_1_4) <= served
    unexplained = [text for text in messages.values() if not text.endswith(".")]
    assert unexplained == []
    fitted = archive(version).read("version").decode()
    minor = int(version.partition(".")[2])
    for name, ((_, first), kind, cause) in REJECTED.items():
        file = next((f for f in (f"{name}.skops", f"{name}.pkl") if f in files(version)), None)
        if minor < first and file and not messages[file].startswith(("The pickle", "The file is")):
            assert messages[file] == UNEQUAL.format(kind, fitted, cause), name
        assert minor >= first or name not in served


def test_trees_that_cannot_be_read_are_rejected_with_both_versions():
    assert register("1.2", "tree.pkl") == TREES
    assert register("1.2", "forest.skops") == NO_FORMAT


@pytest.mark.parametrize(("version", "name", "parameter"), LEFT_OUT)
def test_values_that_only_fitting_uses_need_not_be_accepted(version, name, parameter):
    data = archive(version).read(name)
    ingested = artifacts.ingest(data, name, allow_version=True, allow_pickle=True)
    assert ingested.notes[1:] == (
        f"Left out, because only fitting uses them and their values are not accepted: {parameter}.",
    )


def test_a_model_that_fails_in_the_installed_version_names_both():
    message = register("1.5", "centroids.skops")
    assert "'NearestCentroid' object has no attribute 'class_prior_'" in message
    assert message.endswith("Fitted with scikit-learn 1.5.2, run by scikit-learn 1.9.1.")


def test_without_permission_no_file_of_another_version_is_read():
    for name in ("forest.skops", "forest.pkl"):
        data = archive("1.8").read(name)
        with pytest.raises(ArtifactError, match=r"fitted with scikit-learn 1\.8"):
            artifacts.ingest(data, name, allow_pickle=True)


def test_probabilities_of_upgraded_trees_are_those_of_their_version_to_the_bit():
    for name in ("tree.skops", "tree, several.skops", "forest.skops", "forest.pkl"):
        rows, answers = case("1.3", name)
        probabilities = register("1.3", name).predict_proba(rows)
        several = isinstance(probabilities, list)
        actual = list(map(np.ndarray.tolist, probabilities if several else [probabilities]))
        assert (actual if several else actual[0]) == answers["predict_proba"]
