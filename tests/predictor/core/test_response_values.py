"""Values that JSON does not have: NaN is null, infinities are strings."""

import numpy as np
import orjson
import pandas as pd
import pytest
import scipy.sparse
from jsonschema import Draft202012Validator

from predictor.api.json_schema import response_schema
from predictor.core.columns import Column
from predictor.core.response_values import encode_response
from predictor.core.signature import Signature

INF, NAN = np.inf, np.nan
PLUS, MINUS = "Infinity", "-Infinity"


@pytest.mark.parametrize(
    ("method", "values", "expected"),
    [
        ("predict", np.array([INF, -INF, NAN, 1.5]), [PLUS, MINUS, None, 1.5]),
        ("predict", np.array([[1.0, INF], [NAN, -INF]]), [[1.0, PLUS], [None, MINUS]]),
        ("predict", np.array([INF, 2.0], dtype=np.float32), [PLUS, 2.0]),
        ("predict", np.array([INF, 2.0], dtype=np.float16), [PLUS, 2.0]),
        (
            "predict",
            np.array([INF, "a", None, np.float64(-INF)], dtype=object),
            [PLUS, "a", None, MINUS],
        ),
        ("predict", np.array([1, 2]), [1, 2]),
        ("predict_proba", np.array([[INF, 0.5]]), [{"0": PLUS, "1": 0.5}]),
        (
            "predict_proba",
            [np.array([[NAN, 1.0]]), np.array([[-INF, 0.0]])],
            [[{"0": None, "1": 1.0}, {"0": MINUS, "1": 0.0}]],
        ),
        ("predict_log_proba", np.array([[-INF, 0.0]]), [{"0": MINUS, "1": 0.0}]),
        (
            "predict_log_proba",
            [np.array([[-INF, 0.0]]), np.array([[-1.5, -0.25]])],
            [[{"0": MINUS, "1": 0.0}, {"0": -1.5, "1": -0.25}]],
        ),
        ("predict_std", np.array([0.5]), [0.5]),
        ("decision_function", np.array([[-INF, 1.0]]), [[MINUS, 1.0]]),
        ("score_samples", np.array([-INF]), [MINUS]),
        ("transform", scipy.sparse.csr_matrix([[0.0, INF]]), [[0.0, PLUS]]),
        ("transform", pd.DataFrame({"a": [INF], "b": [NAN]}), [[PLUS, None]]),
        ("transform", pd.DataFrame({"a": [INF], "b": ["x"]}), [[PLUS, "x"]]),
        ("transform", np.array([[1.0, [INF, [NAN]]]], dtype=object), [[1.0, [PLUS, [None]]]]),
    ],
)
@pytest.mark.parametrize("is_single", [False, True])
def test_infinities_are_strings_and_nan_is_null(method, values, expected, is_single):
    several = isinstance(values, list)
    classes = ((0, 1), (0, 1)) if several else (0, 1)
    encoded = encode_response({method: values}, classes, is_single=is_single)
    ((key, value),) = orjson.loads(orjson.dumps(encoded)).items()
    assert value == (expected[0] if is_single else expected), key


METHODS = ["predict", "predict_proba", "decision_function", "predict_log_proba", "predict_std"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("classes", [None, (0, 1)])
def test_the_schema_describes_infinities_and_no_other_strings(method, classes):
    signature = Signature((Column("a"),), (method,), classes)
    if method == "predict" and classes:
        return  # the result is a class
    schema = Draft202012Validator(response_schema([signature]))
    for value in (INF, -INF, NAN, 0.5):
        result = np.array([[0.25, value]] if method.endswith("proba") else [value])
        response = encode_response({method: result}, classes, is_single=True)
        assert schema.is_valid(orjson.loads(orjson.dumps(response)))
        if method == "decision_function":
            assert not schema.is_valid({"decision": "large"})
