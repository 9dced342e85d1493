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
