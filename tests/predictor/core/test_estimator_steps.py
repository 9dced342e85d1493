"""Steps of an estimator for its diagram."""

from functools import partial

from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from xgboost import XGBClassifier

from predictor.core.estimator_steps import MAX_STEPS, MAX_TEXT_LENGTH, list_steps


def test_the_steps_of_a_pipeline_have_their_parameters():
    columns = ColumnTransformer(
        [("scale", StandardScaler(with_mean=False), ["a", "b"]), ("x", "drop", [0])]
    )
    pipeline = make_pipeline(columns, LogisticRegression(C=0.5))
    assert list_steps(pipeline) == [
        {"depth": 0, "name": "", "kind": "Pipeline", "parameters": {}},
        {"depth": 1, "name": "columntransformer", "kind": "ColumnTransformer", "parameters": {}},
        {
            "depth": 2,
            "name": "scale (a, b)",
            "kind": "StandardScaler",
            "parameters": {"with_mean": "False"},
        },
        {"depth": 2, "name": "x (0)", "kind": "drop", "parameters": {}},
        {
            "depth": 1,
            "name": "logisticregression",
            "kind": "LogisticRegression",
            "parameters": {"C": "0.5"},
        },
    ]


def test_a_function_has_its_name_and_no_address():
    (step,) = list_steps(FunctionTransformer(list_steps, inverse_func=partial(list_steps, 3)))
    assert step["parameters"] == {
        "func": "<function list_steps>",
        "inverse_func": "functools.partial(<function list_steps>, 3)",
    }


def test_many_steps_long_texts_and_other_objects_are_bounded():
    steps = list_steps(make_pipeline(*[StandardScaler() for _ in range(100)]))
    assert len(steps) == MAX_STEPS
    (step,) = list_steps(LogisticRegression(class_weight={n: 1 / (n + 3) for n in range(50)}))
    assert len(step["parameters"]["class_weight"]) == MAX_TEXT_LENGTH
    assert list_steps(3) == [{"depth": 0, "name": "", "kind": "int", "parameters": {}}]


def test_the_defaults_of_base_classes_are_not_listed():
    (step,) = list_steps(XGBClassifier(n_estimators=30))
    assert step["parameters"] == {"n_estimators": "30"}
