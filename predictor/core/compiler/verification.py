"""Verify on many rows that a compiled estimator equals its estimator."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import CompiledEstimator, FallbackRequired
from predictor.core.compiler.row_generator import random_rows, unusual_rows
from predictor.core.compiler.tree_boundaries import boundary_rows, tree_ensembles
from predictor.core.compiler.verifier import NOT_COMPILED, MethodVerification, Verifier
from predictor.core.engines.compiled import InputReader
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import slice_rows
from predictor.core.response_values import METHODS
from predictor.core.signature import Signature
from predictor.core.tolerance import SCORES

SEED = 20

# Numbers of rows: of the sample, random in the ranges of the sample, random of other kinds, and
# one by one.
SAMPLE_ROWS, IN_RANGE_ROWS, OTHER_ROWS, SINGLE_ROWS = 256, 256, 128, 16


def verify(
    estimator: Any,
    compiled: CompiledEstimator,
    signature: Signature,
    sample: Any = None,
) -> dict[str, MethodVerification]:
    """Return the outcome of the verification of each method that may be compiled.

    Parameters
    ----------
    estimator : estimator
    compiled : CompiledEstimator
    signature : Signature
    sample : array or DataFrame, optional
        Rows as the estimator reads them.
    """
    rng = np.random.default_rng(SEED)
    reader = InputReader(signature)
    verifier = Verifier(estimator, compiled, signature.shared_methods)
    for X in _batches(signature, sample, rng):
        is_accepted = verifier.compare_rows(X, _compiled_input(reader, X))
        _compare_one_by_one(verifier, reader, X, 2 if is_accepted else SINGLE_ROWS)
    for X in unusual_rows(signature, rng):
        verifier.compare_rows(X, _compiled_input(reader, X))
    for part, trees in tree_ensembles(compiled):
        names = [name for name in METHODS if hasattr(trees, name) and hasattr(part, name)]
        rows = boundary_rows(part, trees.n_features, rng)
        part_verifier = Verifier(part, trees, names)
        part_verifier.compare_rows(rows, rows)
        _merge(verifier.methods, part_verifier.methods)
    for method in verifier.methods.values():
        if not method.n_rows and not method.reason:
            method.reason = "No row was found that both accept."
    _reject_labels_of_unequal_scores(verifier.methods)
    return verifier.methods


def _batches(signature: Signature, sample: Any, rng: np.random.Generator) -> Iterator[Any]:
    """Yield rows of the sample and random rows."""
    if sample is not None and getattr(sample, "ndim", 0) == 2:  # noqa: PLR2004 - rows and columns
        yield slice_rows(sample, slice(SAMPLE_ROWS))
    choices: Sequence[Mapping[str, bool]] = ({"out_of_range": True}, {"missing": True})
    for n, options in ((IN_RANGE_ROWS, {}), *((OTHER_ROWS, choice) for choice in choices)):
        try:
            yield random_rows(signature, n, rng, **options)
        except InvalidInput:
            continue


def _compare_one_by_one(verifier: Verifier, reader: InputReader, X: Any, n: int) -> None:
    for number in range(min(n, X.shape[0])):
        row = slice_rows(X, slice(number, number + 1))
        verifier.compare_rows(row, _compiled_input(reader, row))


def _compiled_input(reader: InputReader, X: Any) -> Any:
    try:
        return reader.read(X)
    except FallbackRequired:
        return None


def _reject_labels_of_unequal_scores(methods: Mapping[str, MethodVerification]) -> None:
    """Reject labels if their scores differ: labels of other rows could differ."""
    labels = methods.get("predict")
    for name in SCORES:
        scores = methods.get(name)
        if labels and scores and scores.reason != NOT_COMPILED:
            labels.reason = labels.reason or scores.reason


def _merge(
    methods: Mapping[str, MethodVerification], of_part: Mapping[str, MethodVerification]
) -> None:
    """Add the outcome for a part to all methods of the whole."""
    for method in methods.values():
        for other in of_part.values():
            method.n_rows += other.n_rows
            method.difference = max(method.difference, other.difference)
            method.reason = method.reason or other.reason
