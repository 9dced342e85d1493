"""A pickle as Python 2 wrote it in 2016: protocol 0, scikit-learn 0.17, strings of Latin 1."""

import numpy as np

COEFFICIENTS = np.array([[-2.496, 4.010], [0.495, -1.640], [1.221, -1.106]])
INTERCEPTS = np.array([0.826, 1.310, -4.859])


def final_model() -> bytes:
    """Return the file: a logistic regression of three classes, one against the rest."""
    parts = [
        b"ccopy_reg\n_reconstructor\n(csklearn.linear_model.logistic\nLogisticRegression\n",
        b"c__builtin__\nobject\nNtR(d",
        *(
            _string(name) + value + b"s"
            for name, value in (
                ("warm_start", b"I00\n"),
                ("C", b"F1.0\n"),
                ("n_jobs", b"I1\n"),
                ("verbose", b"I0\n"),
                ("intercept_", _array(INTERCEPTS, "f8")),
                ("fit_intercept", b"I01\n"),
                ("solver", _string("liblinear")),
                ("penalty", _string("l2")),
                ("multi_class", _string("ovr")),
                ("random_state", b"N"),
                ("max_iter", b"I100\n"),
                ("n_iter_", _array(np.array([7]), "i4")),
                ("classes_", _array(np.array([0, 1, 2]), "i8")),
                ("tol", b"F0.0001\n"),
                ("dual", b"I00\n"),
                ("coef_", _array(COEFFICIENTS, "f8")),
                ("intercept_scaling", b"I1\n"),
                ("class_weight", b"N"),
            )
        ),
        b"b.",
    ]
    return b"".join(parts)


def _string(text: str) -> bytes:
    return b"S'" + text.encode() + b"'\n"


def _array(array: np.ndarray, kind: str) -> bytes:
    """Return the pickle opcodes of an array, with its bytes as an escaped string."""
    data = array.astype("<" + kind).tobytes()
    text = "".join(f"\\x{byte:02x}" for byte in data)
    shape = b"(" + b"".join(b"I%d\n" % size for size in array.shape) + b"t"
    dtype = b"cnumpy\ndtype\n(S'" + kind.encode() + b"'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n"
        + shape + dtype + b"I00\nS'" + text.encode() + b"'\ntb"
    )  # fmt: skip
