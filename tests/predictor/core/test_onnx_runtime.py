import os
import subprocess
import sys

import numpy as np
import pytest

from predictor.core.artifacts.onnx.audit import audit
from predictor.core.artifacts.onnx.estimator import build
from predictor.core.errors import InvalidInput
from tests.predictor.core.onnx_files import regressor
from tests.serving import ROOT

SCRIPT = """
import sys
import numpy as np
from predictor.core.onnx_runtime import create_session

session = create_session(sys.stdin.buffer.read())
print(session.run(None, {session.get_inputs()[0].name: np.full((1, 2), 1, "f")})[0].item())
"""


def test_the_runtime_sends_no_telemetry(tmp_path):
    """Its telemetry keeps a database in the home directory as soon as it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        input=regressor([2.0, 3.0], 1.0),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert float(done.stdout) == 6.0
    assert list(tmp_path.iterdir()) == []


def test_rows_that_the_runtime_cannot_run_are_rejected():
    estimator = build(audit(regressor([2.0, 3.0], 1.0)))
    assert estimator.predict(np.full((1, 2), 1, "f")).tolist() == [6.0]
    with pytest.raises(InvalidInput, match=r"^ONNX Runtime cannot run the model for these rows\.$"):
        estimator.predict(np.ones((1, 3), "f"))
