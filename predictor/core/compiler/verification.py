"""The proof that a form is equal to its estimator: on many rows, method by method."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from predictor.core.compiled.compiled_estimator import CompiledEstimator, FallbackRequired
from predictor.core.compiled.tolerance import SCORES
from predictor.core.compiler.comparison import NOT_COMPILED, Proof, Trial
from predictor.core.compiler.row_generator import random_rows, strange_rows
from predictor.core.compiler.tree_boundaries import threshold_rows, trees_within
from predictor.core.engines.compiled import Reader
from predictor.core.errors import InvalidInput
from predictor.core.lazy_frame import LazyFrame
from predictor.core.response_values import METHODS
from predictor.core.signature import Signature

SEED = 20

# How many rows of each kind are tried: those of the sample, random ones, and single rows.
MOST_OF_SAMPLE, WITHIN, BESIDE, ALONE = 256, 256, 128, 16


def prove(
    estimator: Any,
    form: CompiledEstimator,
    signature: Signature,
    sample: Any = None,
    seed: int = SEED,
) -> dict[str, Proof]:
    """Try a form on many rows; return what was found of each method.

    Parameters
    ----------
    estimator : estimator
    form : CompiledEstimator
    signature : Signature
    sample : array or DataFrame, optional
        Rows as the estimator takes them.
    seed : int
    """
    rng = np.random.default_rng(seed)
    reader = Reader(signature)
    trial = Trial(estimator, form, signature.methods)
    for X in batches(signature, sample, rng):
        if not trial.on(X, _read(reader, X)):
            _one_by_one(trial, reader, X)
        _one_by_one(trial, reader, X, 2)
    for X in strange_rows(signature, rng):
        trial.on(X, _read(reader, X))
    for part, own in trees_within(form):
        methods = [m for m in METHODS if hasattr(own, m) and hasattr(part, m)]
        rows = threshold_rows(part, own.n_features, rng)
        found = Trial(part, own, methods)
        found.on(rows, rows)
        _merge(trial.proofs, found.proofs)
    for proof in trial.proofs.values():
        if not proof.rows and not proof.reason:
            proof.reason = "No row was found that both take."
    _doubt_labels(trial.proofs)
    return trial.proofs


def batches(signature: Signature, sample: Any, rng: np.random.Generator) -> Iterator[Any]:
    """Yield the rows that a form is tried on, as X."""
    if sample is not None and getattr(sample, "ndim", 0) == 2:  # noqa: PLR2004 - rows and columns
        yield part(sample, slice(MOST_OF_SAMPLE))
    choices: Sequence[Mapping[str, bool]] = ({"beyond": True}, {"gaps": True})
    for n, options in ((WITHIN, {}), *((BESIDE, choice) for choice in choices)):
        try:
            yield random_rows(signature, n, rng, **options)
        except InvalidInput:
            continue


def part(X: Any, rows: slice) -> Any:
    """Return some of the rows."""
    if isinstance(X, LazyFrame):
        whole = X.values if isinstance(X.values, np.ndarray) else None
        return X.with_values(
            whole[rows] if whole is not None else [values[rows] for values in X.values]
        )
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _one_by_one(trial: Trial, reader: Reader, X: Any, n: int = ALONE) -> None:
    for number in range(min(n, X.shape[0])):
        row = part(X, slice(number, number + 1))
        trial.on(row, _read(reader, row))


def _read(reader: Reader, X: Any) -> Any:
    try:
        return reader.read(X)
    except FallbackRequired:
        return None


def _doubt_labels(proofs: Mapping[str, Proof]) -> None:
    """Use no labels of scores that are not equal: rows that were not tried may lie between."""
    labels = proofs.get("predict")
    for name in SCORES:
        scores = proofs.get(name)
        if labels and scores and scores.reason != NOT_COMPILED:
            labels.reason = labels.reason or scores.reason


def _merge(proofs: Mapping[str, Proof], found: Mapping[str, Proof]) -> None:
    """Add what was found of the trees within to what was found of the whole."""
    for proof in proofs.values():
        for other in found.values():
            proof.rows += other.rows
            proof.difference = max(proof.difference, other.difference)
            proof.reason = proof.reason or other.reason
