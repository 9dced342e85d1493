"""Ensembles of trees as ONNX graphs of one operator, in double precision.

References
----------
https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html, version 5; the messages of a file
are those of `onnx.proto`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# `x <= threshold`, and `x is one of`, as the operator counts its tests.
AT_MOST, AMONG = 0, 6
SUM, NO_LINK = 1, 0

ROWS, SUMS = "X", "sums"

# As ONNX counts types: of tensors, and of attributes.
UINT8, DOUBLE = 2, 11
INTEGER, TENSOR, INTEGERS = 2, 4, 7

# The operators on tables; the versions of the format, and of those.
TABLES = "ai.onnx.ml"
FORMAT, OPERATORS = 10, 5


@dataclass
class Ensemble:
    """Trees of which each leaf adds to one of several sums.

    The nodes of all trees stand one after the other, and so do the leaves. Where a branch ends in a
    leaf its number is that of the leaf.

    Parameters
    ----------
    n_sums : int
    roots : array of shape (n_trees,)
    features, thresholds, tests : array of shape (n_nodes,)
        `tests` are AT_MOST or AMONG.
    yes, no : array of shape (n_nodes,)
        Where a row goes.
    yes_ends, no_ends : array of shape (n_nodes,)
        Whether that is a leaf.
    missing_is_yes : array of shape (n_nodes,)
    sums : array of shape (n_leaves,)
        Which sum each leaf adds to.
    weights : array of shape (n_leaves,)
        What it adds.
    members : array
        For each node that asks AMONG the values, and NaN.
    """

    n_sums: int
    roots: Array
    features: Array
    thresholds: Array
    tests: Array
    yes: Array
    yes_ends: Array
    no: Array
    no_ends: Array
    missing_is_yes: Array
    sums: Array
    weights: Array
    members: Array

    def to_onnx(self) -> bytes:
        """Return the model: rows of doubles to sums of doubles, shape (n_samples, n_sums)."""
        integers = {
            "tree_roots": self.roots,
            "nodes_featureids": self.features,
            "nodes_truenodeids": self.yes,
            "nodes_trueleafs": self.yes_ends,
            "nodes_falsenodeids": self.no,
            "nodes_falseleafs": self.no_ends,
            "nodes_missing_value_tracks_true": self.missing_is_yes,
            "leaf_targetids": self.sums,
        }
        tensors = {
            "nodes_splits": self.thresholds.astype("<f8"),
            "nodes_modes": self.tests.astype(np.uint8),
            "leaf_weights": self.weights.astype("<f8"),
        }
        if len(self.members):
            tensors["membership_values"] = self.members.astype("<f8")
        numbers = {"n_targets": self.n_sums, "aggregate_function": SUM, "post_transform": NO_LINK}
        return _model(_node(numbers, integers, tensors), self.n_sums)


def _node(
    numbers: Mapping[str, int], integers: Mapping[str, Array], tensors: Mapping[str, Array]
) -> bytes:
    attributes = [
        *(_attribute(name, INTEGER, _field(3, value)) for name, value in numbers.items()),
        *(_attribute(name, INTEGERS, _field(8, varints(v))) for name, v in integers.items()),
        *(_attribute(name, TENSOR, _field(5, _tensor(v))) for name, v in tensors.items()),
    ]
    ends = _field(1, ROWS) + _field(2, SUMS)
    return ends + _field(4, "TreeEnsemble") + b"".join(attributes) + _field(7, TABLES)


def _attribute(name: str, kind: int, value: bytes) -> bytes:
    return _field(5, _field(1, name) + value + _field(20, kind))


def _tensor(values: Array) -> bytes:
    kind = UINT8 if values.dtype == np.uint8 else DOUBLE
    return _field(1, len(values)) + _field(2, kind) + _field(9, values.tobytes())


def _model(node: bytes, n_sums: int) -> bytes:
    ends = _field(11, _value(ROWS, None)) + _field(12, _value(SUMS, n_sums))
    graph = _field(1, node) + _field(2, "trees") + ends
    operators = _field(8, _field(1, TABLES) + _field(2, OPERATORS))
    return _field(1, FORMAT) + _field(7, graph) + operators


def _value(name: str, width: int | None) -> bytes:
    columns = _field(2, "columns") if width is None else _field(1, width)
    shape = _field(1, _field(2, "rows")) + _field(1, columns)
    return _field(1, name) + _field(2, _field(1, _field(1, DOUBLE) + _field(2, shape)))


def _field(number: int, value: int | str | bytes) -> bytes:
    """Return a field of a message: a number, a text or a message."""
    if isinstance(value, int):
        return varints(np.array([number << 3, value]))
    data = value.encode() if isinstance(value, str) else value
    return varints(np.array([number << 3 | 2, len(data)])) + data


def varints(values: Array) -> bytes:
    """Return integers from 0 as protocol buffers write them: seven bits a byte, low ones first."""
    shifts = np.arange(0, 64, 7, dtype=np.uint64)
    rest = values.astype(np.uint64)[:, np.newaxis] >> shifts
    more = np.zeros(rest.shape, dtype=np.uint8)
    more[:, :-1] = (rest[:, 1:] > 0) * 0x80
    written = (rest > 0) | (shifts == 0)
    data: Array = (rest & np.uint64(0x7F)).astype(np.uint8) | more
    kept: bytes = data[written].tobytes()
    return kept
