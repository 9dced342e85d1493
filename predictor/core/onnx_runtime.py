"""What runs ONNX models."""

from typing import Any


def session(model: bytes) -> Any:
    """Return a session of ONNX Runtime, which runs in the thread that asks."""
    import onnxruntime  # noqa: PLC0415 - only a model that needs it pays for it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # threads are the server's
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
