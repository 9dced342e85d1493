"""An estimator that the operator trusts, and whose rows choose how it fails."""

import ctypes
import os
import re
import signal
import socket
import sys
import time
from contextlib import suppress

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from predictor.isolation import messages, packing

PREDICT = ("predict",)


def loop():
    while True:
        pass


def match_slowly():
    """One call of compiled code that takes years."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def end():
    os._exit(3)


def crash():
    ctypes.string_at(0)


def leave():
    raise SystemExit


def print_much():
    for _ in range(1000):
        os.write(1, b"a" * 2**20)
    sys.stderr.write("b" * 2**20)


def allocate():
    return np.ones(10 * 2**27)


def reject():
    raise ValueError("X is negative")


def fail():
    raise TypeError("unexpected\x1b[31m")


def send_half():
    """Send the first bytes of a reply, and end."""

    def send(connection, buffers, _descriptors=()):
        connection.sendall(b"".join(buffers)[:24])
        os._exit(4)

    messages.send = send


def send_garbage():
    messages.send = lambda connection, *_: connection.sendall(b"\xff" * 100)


def nested(length):
    """JSON of which each value takes twenty times its length in memory."""
    return b"[" + b"[]," * (length // 3) + b"[]]"


def send_long_header():
    header = b'{"a": ' + nested(2**25) + b"}"
    prefix = messages.PREFIX.pack(len(header), 0)
    messages.send = lambda connection, *_: connection.sendall(prefix + header)


def send_long_values():
    text = np.frombuffer(nested(2**25), np.uint8)
    arrays = []
    values = {"objects": packing.pack(text, arrays), "shape": [1]}
    buffers = messages.dump({"results": {"predict": values}, "batch": 1}, arrays)
    messages.send = lambda connection, *_: connection.sendall(b"".join(buffers))


def send_nothing():
    """Respond to no request any more, without a time limit."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    messages.send = lambda *_: None


def refuse_connections():
    """Close the socket over which the supervisor sends those of workers, and go on."""
    for number in range(3, 64):
        with suppress(OSError):
            if socket.socket(fileno=os.dup(number)).type == socket.SOCK_SEQPACKET:
                os.close(number)


def wait():
    time.sleep(1.2)


FAULTS = [
    *(loop, match_slowly, end, crash, leave, print_much, allocate, reject, fail),
    *(send_half, send_garbage, send_long_header, send_long_values, send_nothing),
    *(refuse_connections, wait),
]
RESULTS = {
    "too short": lambda X: X[1:, 0],
    "too long": lambda X: np.zeros(len(X) + 1),
    "a matrix": lambda X: np.zeros((len(X), 7)),
    "text": lambda X: np.full(len(X), "a"),
    "a list": lambda X: [np.zeros(len(X))],
    "nothing": lambda _X: None,
    "a scalar": lambda _X: np.float64(1),
    "too large": lambda X: np.zeros((len(X), 2**22)),
    "complex": lambda X: X[:, 0] * 1j,
}
CODES = {name: -1.0 - n for n, name in enumerate([*(f.__name__ for f in FAULTS), *RESULTS])}


class Faulty(RegressorMixin, BaseEstimator):
    """Returns the sums of the rows; a negative number in the first column is a fault."""

    def fit(self, X, y=None):  # noqa: ARG002 - scikit-learn's interface
        self.n_features_in_ = np.shape(X)[1]
        return self

    def predict(self, X):
        X = np.asarray(X)
        for name, code in CODES.items():
            if (X[:, 0] == code).any():
                if name in RESULTS:
                    return RESULTS[name](X)
                next(fault for fault in FAULTS if fault.__name__ == name)()
        return X.sum(axis=1)


def faulty(name, second=0.0):
    """A row that makes the estimator fail."""
    return np.array([[CODES[name], second]])


def good(value):
    return np.array([[value, 1.0]])
