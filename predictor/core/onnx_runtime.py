"""Creation of ONNX Runtime sessions."""

import os
from typing import Any


def create_session(model: bytes) -> Any:
    """Return a session that runs the model in the calling thread."""
    # Otherwise its import writes to the home directory, and sends data to its vendor.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415 - imported only if a model needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = (
        1  # the server has its own threads
    )
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
