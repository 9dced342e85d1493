"""Results that no response can contain."""

import numpy as np
import pytest

from predictor.core.columns import Column
from predictor.core.engines.result_validation import InvalidResult, check_results
from predictor.core.signature import Signature

SIGNATURE = Signature((Column("a"),), ("transform",))


@pytest.mark.parametrize("dtype", ["longdouble", "complex64", "S2", "V4", "m8[s]"])
def test_a_result_that_json_cannot_represent_is_refused(dtype):
    values = np.zeros((2, 1), dtype)
    with pytest.raises(InvalidResult) as refusal:
        check_results(SIGNATURE, ("transform",), 2, {"transform": values})
    assert str(refusal.value) == f"transform returned {values.dtype}, which JSON cannot represent."


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "U3", "O", "M8[s]"])
def test_other_results_are_accepted(dtype):
    check_results(SIGNATURE, ("transform",), 2, {"transform": np.zeros((2, 1), dtype)})


LABELS = Signature((Column("a"),), ("predict", "predict_proba"), ("a", "b"))
SEVERAL = Signature((Column("a"),), ("predict_proba",), ((0, 1), (0, 1)))
TARGETS = Signature((Column("a"),), ("predict", "predict_std"), n_outputs=2)


@pytest.mark.parametrize(
    ("signature", "method", "values"),
    [
        (SIGNATURE, "transform", np.array(["\ud800"])),
        (SIGNATURE, "transform", np.frombuffer(b"\xff" * 4, "U1")),
        (SIGNATURE, "transform", np.array([2**64], dtype=object)),
        (SIGNATURE, "transform", np.zeros(0)),
        (SIGNATURE, "transform", np.zeros((3, 2))),
        (SIGNATURE, "transform", np.zeros((0, 2))),
        (LABELS, "predict", np.array(["\ud800"])),
        (LABELS, "predict", np.array(["\ud800"], dtype=object)),
        (LABELS, "predict_proba", [np.zeros((1, 1)), np.zeros((1, 1))]),
        (SEVERAL, "predict_proba", [np.zeros((1, 2))]),
        (SEVERAL, "predict_proba", [np.zeros(2), np.zeros(2)]),
        (SEVERAL, "predict_proba", [np.zeros((2, 2)), np.zeros((1, 2))]),
        (SEVERAL, "predict_log_proba", [np.zeros((1, 2))]),
        (LABELS, "predict_log_proba", np.zeros((1, 3))),
        (SIGNATURE, "predict_std", np.zeros((1, 2))),
        (SIGNATURE, "predict_std", np.zeros(1, dtype=int)),
        (SIGNATURE, "predict_std", [np.zeros(1)]),
        (TARGETS, "predict_std", np.zeros(1)),
    ],
)
def test_a_result_that_cannot_be_a_response_to_one_row_is_refused(signature, method, values):
    with pytest.raises(InvalidResult):
        check_results(signature, [method], 1, {method: values})


@pytest.mark.parametrize(
    ("signature", "method", "values"),
    [
        (SIGNATURE, "transform", np.zeros(3)),
        (SIGNATURE, "transform", np.zeros((1, 0))),
        (LABELS, "predict", np.array(["a"], dtype=object)),
        (LABELS, "predict", np.array(["another label"])),
        (SEVERAL, "predict_proba", [np.zeros((1, 2)), np.zeros((1, 2))]),
        (SEVERAL, "predict_proba", np.zeros((1, 2))),
        (SEVERAL, "predict_log_proba", [np.zeros((1, 2)), np.zeros((1, 2))]),
        (LABELS, "predict_log_proba", np.array([[-np.inf, 0.0]])),
        (SIGNATURE, "predict_std", np.zeros(1)),
        (TARGETS, "predict_std", np.zeros((1, 2))),
    ],
)
def test_results_for_one_row(signature, method, values):
    check_results(signature, [method], 1, {method: values})
