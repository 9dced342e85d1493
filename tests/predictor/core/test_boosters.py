"""XGBoost, LightGBM and CatBoost: saved in their own formats, and read back bit for bit."""

import atexit
import json
from copy import deepcopy
from functools import cache

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from catboost import CatBoostClassifier, CatBoostRanker, CatBoostRegressor
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor
from sklearn.ensemble import VotingClassifier
from sklearn.metrics import mean_absolute_error
from xgboost import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier

from predictor.core import artifacts, boosters
from predictor.core.artifacts.skops import model_file
from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.compiler.verification import verify
from predictor.core.engines import EstimatorEngine
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.response_values import METHODS
from predictor.core.signature_inference import infer_signature
from tests.predictor.core import hostile

ROWS = 80
rng = np.random.default_rng(0)
X = rng.normal(size=(ROWS, 3))
X[rng.random(X.shape) < 0.1] = np.nan
Y = np.nan_to_num(X).sum(axis=1)
NOISE = 2.0 * rng.normal(size=20)
LABELS = np.arange(ROWS) % 3
LABEL_MATRIX = np.eye(3, dtype=int)[LABELS] | (np.nan_to_num(X) > 1)
GROUPS = np.repeat(np.arange(8), 10)
TABLE = pd.DataFrame(X, columns=["a", "b", "c"]).assign(
    city=pd.Categorical(
        rng.choice(["Oslo", "Rome", "Bern"], ROWS), ["Rome", "Oslo", "Bern", "Paris"]
    )
)
FOREIGN = TABLE.assign(city=TABLE.city.cat.rename_categories({"Rome": "Zürich"}))
CONSTANT = TABLE.assign(land=pd.Categorical(["Norway"] * ROWS))
SIZES = pd.Categorical(rng.choice(["S", "M", "L"], ROWS), ["S", "M", "L"], ordered=True)
ORDERED = CONSTANT.assign(size=SIZES)
AMBIGUOUS = pd.DataFrame({"size": SIZES, "active": rng.random(ROWS) < 0.5})
WITH_BOOLEANS = TABLE.assign(active=rng.random(ROWS) < 0.5)
STRINGS = TABLE.assign(city=TABLE.city.astype(object))
FEW = {"n_estimators": 5, "max_depth": 3, "n_jobs": 1}
QUIET = FEW | {"verbose": -1, "min_child_samples": 5}
SILENT = {
    "iterations": 5,
    "depth": 3,
    "thread_count": 1,
    "silent": True,
    "allow_writing_files": False,
}


def cut_short_xgboost():
    model = XGBRegressor(
        **FEW | {"n_estimators": 50, "learning_rate": 1.0}, early_stopping_rounds=2
    )
    model.fit(X, Y, eval_set=[(X[:20], Y[19::-1])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    return model, X


def cut_short_lightgbm():
    model = LGBMRegressor(**QUIET | {"n_estimators": 50, "learning_rate": 0.3})
    stop = lightgbm.early_stopping(2, verbose=False)
    model.fit(X, Y, eval_X=(X[:20],), eval_y=(Y[:20] + NOISE,), callbacks=[stop])
    assert 1 < model.best_iteration_ < 50
    return model, X


def with_many_categories():
    """Rows whose target depends on the categories: strings, and numbers with gaps."""
    cities = [f"city {n}" for n in range(30)]
    table = pd.DataFrame(
        {
            "city": pd.Categorical(rng.choice(cities, MANY_ROWS), cities),
            "x": rng.normal(size=MANY_ROWS),
            "zone": pd.Categorical(rng.choice([10, 20, 700], MANY_ROWS)),
        }
    )
    table.loc[::7, ["city", "x"]] = np.nan
    table.loc[::11, "zone"] = np.nan
    effects = (
        rng.normal(size=31)[table.city.cat.codes] * np.array([1, -1, 2, 0.5])[table.zone.cat.codes]
    )
    return table, effects + table.x.fillna(0.3)


MANY_ROWS = 600
MANY, EFFECTS = with_many_categories()
FULL = {"n_estimators": 20, "n_jobs": 1, "enable_categorical": True}
EXACT = {"n_estimators": 20, "n_jobs": 1, "verbose": -1, "cat_smooth": 0, "min_data_per_group": 1}


def with_custom_parts():
    """A model of XGBoost with functions and callbacks that only its fit calls."""
    model = XGBClassifier(
        **FEW,
        objective=lambda y, p: (p - y, np.ones_like(y)),
        eval_metric=mean_absolute_error,
        callbacks=[xgboost.callback.EvaluationMonitor(show_stdv=False)],
    )
    return model.fit(X, LABELS > 0), X


CASES = {
    "XGBoost, two classes": lambda: (XGBClassifier(**FEW).fit(X, LABELS > 0), X),
    "XGBoost, several classes": lambda: (XGBClassifier(**FEW).fit(X, LABELS), X),
    "XGBoost, softmax": lambda: (XGBClassifier(**FEW, objective="multi:softmax").fit(X, LABELS), X),
    "XGBoost, categories": lambda: (
        XGBClassifier(**FEW, enable_categorical=True).fit(TABLE, LABELS),
        TABLE,
    ),
    "XGBoost, booleans": lambda: (
        XGBClassifier(**FEW, enable_categorical=True).fit(WITH_BOOLEANS, LABELS > 0),
        WITH_BOOLEANS,
    ),
    "XGBoost, many categories": lambda: (XGBRegressor(**FULL).fit(MANY, EFFECTS), MANY),
    "XGBoost, one category each": lambda: (
        XGBClassifier(**FULL, max_cat_to_onehot=100).fit(MANY, EFFECTS > 0),
        MANY,
    ),
    "XGBoost, foreign letters": lambda: (
        XGBClassifier(**FEW, enable_categorical=True).fit(FOREIGN, LABELS > 0),
        FOREIGN,
    ),
    "XGBoost, quantiles": lambda: (
        XGBRegressor(**FEW, objective="reg:quantileerror", quantile_alpha=[0.1, 0.9]).fit(X, Y),
        X,
    ),
    "XGBoost, trees of targets": lambda: (
        XGBRegressor(**FEW, multi_strategy="multi_output_tree").fit(X, np.c_[Y, -Y]),
        X,
    ),
    "XGBoost, another gap": lambda: (
        XGBRegressor(**FEW, missing=-1.0).fit(np.nan_to_num(X, nan=-1.0), Y),
        np.nan_to_num(X, nan=-1.0),
    ),
    "XGBoost, dart": lambda: (XGBRegressor(**FEW, booster="dart", rate_drop=0.5).fit(X, Y), X),
    "XGBoost, linear": lambda: (
        XGBRegressor(n_estimators=5, booster="gblinear", n_jobs=1).fit(np.nan_to_num(X), Y),
        np.nan_to_num(X),
    ),
    "XGBoost, several targets": lambda: (XGBRegressor(**FEW).fit(X, np.c_[Y, -Y]), X),
    "XGBoost, methods": lambda: (
        XGBClassifier(**FEW, tree_method="hist", sampling_method="uniform").fit(X, LABELS > 0),
        X,
    ),
    "XGBoost, several labels": lambda: (XGBClassifier(**FEW).fit(X, LABEL_MATRIX), X),
    "XGBoost, two labels": lambda: (XGBClassifier(**FEW).fit(X, LABEL_MATRIX[:, :2]), X),
    "XGBoost, counts": lambda: (XGBRegressor(**FEW, objective="count:poisson").fit(X, LABELS), X),
    "XGBoost, forest": lambda: (XGBRFClassifier(**FEW).fit(X, LABELS > 0), X),
    "XGBoost, ranks": lambda: (XGBRanker(**FEW).fit(X, LABELS, qid=GROUPS), X),
    "XGBoost, stopped": cut_short_xgboost,
    "XGBoost, functions": with_custom_parts,
    "LightGBM, two classes": lambda: (LGBMClassifier(**QUIET).fit(X, LABELS > 0), X),
    "LightGBM, several classes": lambda: (
        LGBMClassifier(**QUIET).fit(X, np.array(["x", "y", "z"])[LABELS]),
        X,
    ),
    "LightGBM, categories": lambda: (LGBMClassifier(**QUIET).fit(TABLE, LABELS), TABLE),
    "LightGBM, many categories": lambda: (LGBMClassifier(**EXACT).fit(MANY, EFFECTS > 0), MANY),
    "LightGBM, one category each": lambda: (
        LGBMRegressor(**EXACT, max_cat_to_onehot=100).fit(MANY, EFFECTS),
        MANY,
    ),
    "LightGBM, a constant category": lambda: (
        LGBMRegressor(**QUIET).fit(CONSTANT, Y),
        CONSTANT,
    ),
    "LightGBM, ordered categories": lambda: (
        LGBMRegressor(**QUIET).fit(ORDERED, Y + SIZES.codes),
        ORDERED,
    ),
    "LightGBM, ordered categories beside booleans": lambda: (
        LGBMRegressor(**QUIET).fit(AMBIGUOUS, Y),
        AMBIGUOUS,
    ),
    "LightGBM, no missing values": lambda: (
        LGBMRegressor(**QUIET, use_missing=False).fit(X, Y),
        X,
    ),
    "LightGBM, forest": lambda: (
        LGBMRegressor(
            **QUIET, boosting_type="rf", subsample=0.7, subsample_freq=1, colsample_bytree=0.7
        ).fit(X, Y),
        X,
    ),
    "LightGBM, linear trees": lambda: (LGBMRegressor(**QUIET, linear_tree=True).fit(X, Y), X),
    "LightGBM, zeros missing": lambda: (LGBMRegressor(**QUIET, zero_as_missing=True).fit(X, Y), X),
    "LightGBM, counts": lambda: (LGBMRegressor(**QUIET, objective="poisson").fit(X, LABELS), X),
    "LightGBM, threads": lambda: (
        LGBMRegressor(n_estimators=5, num_threads=2, verbose=-1).fit(X, Y),
        X,
    ),
    "LightGBM, methods": lambda: (
        LGBMRegressor(
            **QUIET, monotone_constraints=[1, 0, 0], monotone_constraints_method="advanced"
        ).fit(X, Y),
        X,
    ),
    "LightGBM, ranks": lambda: (LGBMRanker(**QUIET).fit(X, LABELS, group=[10] * 8), X),
    "LightGBM, stopped": cut_short_lightgbm,
    "CatBoost, two classes": lambda: (CatBoostClassifier(**SILENT).fit(X, LABELS > 0), X),
    "CatBoost, several classes": lambda: (
        CatBoostClassifier(**SILENT).fit(X, np.array(["x", "y", "z"])[LABELS]),
        X,
    ),
    "CatBoost, strings": lambda: (
        CatBoostClassifier(**SILENT, cat_features=["city"]).fit(STRINGS, LABELS),
        STRINGS,
    ),
    "CatBoost, categories": lambda: (
        CatBoostRegressor(**SILENT, cat_features=["city"]).fit(TABLE, Y),
        TABLE,
    ),
    "CatBoost, several targets": lambda: (
        CatBoostRegressor(**SILENT, loss_function="MultiRMSE").fit(X, np.c_[Y, -Y]),
        X,
    ),
    "CatBoost, several labels": lambda: (
        CatBoostClassifier(**SILENT, loss_function="MultiLogloss").fit(X, LABEL_MATRIX),
        X,
    ),
    "CatBoost, ranks": lambda: (CatBoostRanker(**SILENT).fit(X, LABELS, group_id=GROUPS), X),
}


@cache
def fitted(name):
    return CASES[name]()


# XGBoost cannot free a model once Python has unloaded its module at the end of the process.
atexit.register(fitted.cache_clear)


@cache
def saved(name):
    estimator, sample = fitted(name)
    return artifacts.dump(estimator, sample)[:2]


@pytest.mark.parametrize("name", CASES)
def test_a_model_is_read_back_bit_for_bit_with_one_thread(name):
    estimator, rows = fitted(name)
    data, signature = saved(name)
    restored = artifacts.open_artifact(data).estimator
    for method in METHODS:
        if not hasattr(estimator, method):
            continue
        for part in (rows, rows[:1]):
            expected, actual = (getattr(each, method)(part) for each in (estimator, restored))
            assert actual.dtype == expected.dtype
            np.testing.assert_array_equal(actual, np.reshape(expected, actual.shape))
    assert {restored.get_params().get(each, 1) for each in boosters.THREADS} == {1}
    restored_signature = infer_signature(restored, sample=rows)
    assert restored_signature == signature


@pytest.mark.parametrize(
    ("name", "suffix", "start"),
    [
        ("XGBoost, two classes", "ubj", b"{L"),
        ("LightGBM, two classes", "txt", b"tree\nversion="),
        ("CatBoost, two classes", "cbm", b"CBM1"),
    ],
)
def test_a_file_holds_the_format_of_the_package_and_no_pickle(name, suffix, start):
    members = hostile.read_members(saved(name)[0])
    (model,) = (content for each, content in members.items() if each.endswith(f".{suffix}"))
    assert model.startswith(start)
    assert not any(content.startswith(b"\x80") for content in members.values())


def test_the_notes_name_the_parameters_that_are_left_out():
    notes = artifacts.ingest(saved("XGBoost, functions")[0], "model.skops").notes
    sentence = (
        "Left out, because only fitting uses them and their values are not accepted: "
        "XGBClassifier.callbacks, XGBClassifier.eval_metric, XGBClassifier.objective."
    )
    assert notes == (sentence,)


def test_a_pipeline_of_imbalanced_learn_is_saved_without_its_samplers():
    sampler = RandomOverSampler(random_state=0)
    pipeline = make_pipeline(sampler, LGBMClassifier(**QUIET)).fit(np.nan_to_num(X), LABELS)
    dump = artifacts.dump(pipeline, np.nan_to_num(X))
    restored = artifacts.open_artifact(dump.data).estimator
    assert type(restored).__module__ == "sklearn.pipeline"
    assert list(restored.named_steps) == ["lgbmclassifier"]
    assert dump.notes[0].endswith("not accepted: Pipeline.randomoversampler.")
    assert dump.fitted_with["lightgbm"] == boosters.find_version("lightgbm")


def test_text_features_of_catboost_are_not_saved():
    words = pd.DataFrame({"note": ["good wine", "bad wine", "green tea", "black tea"] * 20})
    model = CatBoostClassifier(**SILENT, text_features=["note"]).fit(words, LABELS > 0)
    with pytest.raises(ArtifactError, match="features of texts or embeddings of CatBoost"):
        artifacts.dump(model, words)


def test_a_model_of_lightgbm_whose_objective_is_a_function_is_not_saved():
    model = LGBMRegressor(**QUIET, objective=lambda y, p: (p - y, np.ones_like(y))).fit(X, Y)
    with pytest.raises(ArtifactError, match="an objective that is a function is not supported"):
        artifacts.dump(model, X)


@pytest.mark.parametrize("name", ["XGBoost", "LightGBM", "CatBoost"])
def test_columns_of_categories_need_a_sample(name):
    estimator, _ = fitted(f"{name}, categories")
    with pytest.raises(ArtifactError, match=r"fitted on columns of categories.* Add a sample\."):
        artifacts.dump(estimator)


def test_an_estimator_that_is_not_fitted_is_reported():
    for estimator in (XGBClassifier(), LGBMClassifier(), CatBoostClassifier()):
        with pytest.raises(ArtifactError, match=r"is not fitted\. Call its fit method"):
            artifacts.dump(estimator, X)


def test_rows_that_catboost_rejects_are_invalid_input():
    estimator, _ = fitted("CatBoost, strings")
    with pytest.raises(InvalidInput, match="The model rejects these rows"):
        EstimatorEngine(estimator).run(["predict"], STRINGS[:1].assign(city=np.nan))
    signature = saved("CatBoost, strings")[1]
    assert [column.nullable for column in signature.columns] == [True, True, True, False]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (
            "silent",
            "1",
            "Parameter silent should have a type of (<class 'bool'>,), got <class 'int'>",
        ),
        ("max_depth", "3", "only one of the parameters depth, max_depth should be initialized"),
    ],
)
def test_parameters_that_catboost_does_not_accept_are_rejected(name, value, reason):
    """CatBoost itself rejects the first prediction, and accepts the next."""

    def change(schema):
        parameters = schema["content"]
        parameters["content"][name] = hostile.json_node(value)
        parameters["key_types"]["content"].append(hostile.node("TypeNode", "builtins", "str"))

    data = hostile.rewrite_schema(saved("CatBoost, two classes")[0], change)
    with pytest.raises(ArtifactError) as refusal:
        artifacts.open_artifact(data)
    assert str(refusal.value) == f"CatBoostClassifier does not accept its parameters: {reason}."


def test_a_version_of_catboost_without_tags_of_scikit_learn_reads_its_models(monkeypatch):
    without = property(lambda estimator: estimator.tags_of_later_versions)
    monkeypatch.setattr(CatBoostClassifier, "__sklearn_tags__", without)
    restored = artifacts.open_artifact(saved("CatBoost, two classes")[0]).estimator
    assert restored.predict(X[:1]).shape == (1,)


def with_version(name, version):
    """Return the file of a case as if another version of its package had written it."""

    def change(schema):
        pending = [schema]
        while pending:
            value = pending.pop()
            if isinstance(value, dict):
                if "version" in value:
                    value["version"] = version
                pending += value.values()

    return hostile.rewrite_schema(saved(name)[0], change)


def test_a_file_of_an_earlier_minor_version_is_accepted_with_a_note():
    ingested = artifacts.ingest(with_version("XGBoost, two classes", "3.0.1"), "model.skops")
    installed = boosters.find_version("xgboost")
    assert ingested.notes == (f"Fitted with xgboost 3.0.1, run by xgboost {installed}.",)
    assert ingested.fitted_with["xgboost"] == "3.0.1"


def test_a_file_of_an_earlier_version_lacks_parameters_and_methods():
    """As the files of XGBoost 2 without `feature_weights`, and of LightGBM 4.6."""
    estimator, _ = fitted("XGBoost, two classes")
    older = deepcopy(estimator)
    del older.feature_weights
    card = {"fitted_with": artifacts.get_software_versions()}
    restored = artifacts.open_artifact(model_file.dumps(older, card)).estimator
    assert restored.get_params().keys() == estimator.get_params().keys()

    data, signature = saved("LightGBM, two classes")
    members = hostile.read_members(data)
    card = json.loads(members["predictor.json"])
    card["signature"]["methods"].remove("decision_function")
    members["predictor.json"] = json.dumps(card).encode()
    ingested = artifacts.ingest(hostile.pack(members), "model.skops")
    assert ingested.signature == signature


@pytest.mark.parametrize("version", ["2.1.4", "3.99.0", "4.0.0"])
def test_a_file_of_a_later_or_another_major_version_is_accepted_if_it_is_allowed(version):
    data = with_version("XGBoost, two classes", version)
    installed = boosters.find_version("xgboost")
    with pytest.raises(ArtifactError) as refusal:
        artifacts.open_artifact(data)
    assert str(refusal.value) == (
        f"The model was fitted with xgboost {version}; xgboost {installed} is installed and may "
        f"return other predictions. Fit it again with xgboost=={installed}, or accept that: the "
        "command `register` has the option --allow-version, an upload the field allow_version."
    )
    artifacts.open_artifact(data, allow_version=True)


def test_columns_of_an_array_that_the_package_has_numbered_have_no_names():
    for name in ("LightGBM, two classes", "CatBoost, two classes"):
        estimator, _ = fitted(name)
        # LightGBM 4.6 states the names of the columns of an array.
        numbered = boosters.choose_names(estimator, ["Column_0", "Column_1", "Column_2"])
        assert (numbered is None) is name.startswith("LightGBM")
        assert boosters.choose_names(estimator, None) is None
        assert artifacts.dump(estimator)[1].container == "array"


def test_lightgbm_serves_the_names_of_the_dataframe_although_it_stores_others():
    spaced = TABLE[["a", "b"]].set_axis(["mean radius", "mean_area"], axis=1)
    model = LGBMRegressor(**QUIET).fit(spaced, Y)
    assert list(model.feature_names_in_) == ["mean_radius", "mean_area"]
    data, signature = artifacts.dump(model, spaced)[:2]
    assert signature.names == ["mean radius", "mean_area"]
    assert artifacts.ingest(data, "model.skops").signature == signature


def test_a_vote_with_lightgbm_serves_the_names_of_the_dataframe():
    spaced = TABLE[["a", "b"]].set_axis(["mean radius", "mean area"], axis=1)
    parts = [("xgboost", XGBClassifier(**FEW)), ("lightgbm", LGBMClassifier(**QUIET))]
    for model in (VotingClassifier(parts), VotingClassifier(parts[::-1])):
        data, signature = artifacts.dump(model.fit(spaced, LABELS), spaced)[:2]
        assert signature.names == ["mean radius", "mean area"]
        assert artifacts.ingest(data, "model.skops").signature == signature


@pytest.mark.parametrize("package", boosters.DISTRIBUTIONS)
def test_without_the_package_the_message_names_the_extra(package, monkeypatch):
    name = {"xgboost": "XGBoost", "lightgbm": "LightGBM", "catboost": "CatBoost"}[package]
    data = saved(f"{name}, two classes")[0]
    monkeypatch.setattr(boosters, "find_version", {package: None}.get)
    with pytest.raises(ArtifactError, match=rf"pip install 'mlsite\[{package}\]'"):
        artifacts.open_artifact(data)


# Cases that are compiled, and the methods.
COMPILED = {
    "XGBoost, two classes": ["predict", "predict_proba"],
    "XGBoost, several classes": ["predict"],
    "XGBoost, categories": ["predict"],
    "XGBoost, booleans": ["predict", "predict_proba"],
    "XGBoost, many categories": ["predict"],
    "XGBoost, one category each": ["predict", "predict_proba"],
    "XGBoost, several targets": ["predict"],
    "XGBoost, several labels": ["predict", "predict_proba"],
    "XGBoost, two labels": ["predict", "predict_proba"],
    "XGBoost, quantiles": ["predict"],
    "XGBoost, forest": ["predict", "predict_proba"],
    "XGBoost, ranks": ["predict"],
    "XGBoost, stopped": ["predict"],
    "LightGBM, two classes": ["predict", "predict_proba", "decision_function"],
    "LightGBM, several classes": ["predict", "predict_proba", "decision_function"],
    "LightGBM, categories": ["predict", "predict_proba", "decision_function"],
    "LightGBM, many categories": ["predict", "predict_proba", "decision_function"],
    "LightGBM, one category each": ["predict"],
    "LightGBM, a constant category": ["predict"],
    "LightGBM, ordered categories": ["predict"],
    "LightGBM, no missing values": ["predict"],
    "LightGBM, forest": ["predict"],
    "LightGBM, counts": ["predict"],
    "LightGBM, ranks": ["predict"],
    "LightGBM, stopped": ["predict"],
}
NOT_COMPILED = {
    "XGBoost, foreign letters": "XGBoost with categories that are not ASCII is not compiled.",
    "XGBoost, trees of targets": "Trees with several outputs are not compiled.",
    "XGBoost, another gap": "XGBoost with another missing value than NaN is not compiled.",
    "XGBoost, dart": "XGBoost is compiled for the booster gbtree.",
    "XGBoost, counts": "Boosting with the function exponential is not compiled.",
    "LightGBM, ordered categories beside booleans": (
        "LightGBM does not state which columns have the categories."
    ),
    "LightGBM, linear trees": "Trees with linear models in their leaves are not compiled.",
    "LightGBM, zeros missing": "Boosting with zero_as_missing is not compiled.",
    "CatBoost, two classes": "CatBoostClassifier is not compiled.",
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")  # of the tree's rows
@pytest.mark.parametrize("name", COMPILED)
def test_compiled_boosting_is_verified(name):
    estimator, rows = fitted(name)
    methods = verify(estimator, convert(estimator), saved(name)[1], rows)
    assert {each: method.reason for each, method in methods.items() if not method.reason} == (
        dict.fromkeys(COMPILED[name], "")
    )
    if name.startswith("XGBoost"):  # float32 in the same order
        assert {method.difference for method in methods.values()} == {0.0}


@pytest.mark.parametrize("name", NOT_COMPILED)
def test_other_boosting_is_not_compiled(name):
    with pytest.raises(NotCompilable) as refusal:
        convert(fitted(name)[0])
    assert str(refusal.value) == NOT_COMPILED[name]


@pytest.mark.parametrize("package", ["XGBoost", "LightGBM"])
def test_without_treelite_boosting_is_not_compiled(package, monkeypatch):
    estimator, _ = fitted(f"{package}, two classes")
    monkeypatch.setattr(boosters, "find_version", {boosters.TREE_READER: None}.get)
    with pytest.raises(NotCompilable) as refusal:
        convert(estimator)
    assert str(refusal.value) == (
        "Treelite, which reads the trees, is not installed. On the server, run: "
        f"pip install 'mlsite[{package.lower()}]'."
    )


def test_the_score_of_xgboost_before_the_first_tree_is_exact():
    """Treelite and NumPy round the logarithm of some of these shares differently."""
    row = np.zeros((1, 1))
    for share in [0.21845366, 0.47948775, 0.5135627, 0.94909436, 0.26978672]:
        model = XGBClassifier(n_estimators=1, n_jobs=1, base_score=share)
        model.fit(np.zeros((4, 1)), [0, 1, 0, 1])
        margin = convert(model).outputs(row)[:, 0]
        np.testing.assert_array_equal(margin, model.predict(row, output_margin=True))


def push_apart(y, _scores):
    return 100 - 200 * y, np.ones_like(y)


def test_probabilities_of_extreme_scores_are_those_of_xgboost():
    """Its logistic function does not reach zero."""
    model = XGBClassifier(**FEW, objective=push_apart)
    model.fit(X, LABELS > 0)
    assert model.predict(X, output_margin=True).min() < -90
    np.testing.assert_array_equal(convert(model).predict_proba(X), model.predict_proba(X))
