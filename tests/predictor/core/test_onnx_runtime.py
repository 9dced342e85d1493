import os
import subprocess
import sys

from tests.predictor.core.onnx_files import regressor
from tests.serving import ROOT

SCRIPT = """
import sys
import numpy as np
from predictor.core.onnx_runtime import create_session

session = create_session(sys.stdin.buffer.read())
print(session.run(None, {session.get_inputs()[0].name: np.ones((1, 2), "f")})[0].item())
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
