"""The proof that a form is equal to its estimator: on many rows, method by method."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from predictor.core.containers import Frame, unwrapped
from predictor.core.engines.compiled import Reader, attempt
from predictor.core.engines.equality import Unequal, compare
from predictor.core.engines.forms.form import Declined, Form
from predictor.core.engines.sampling import random_rows, strange_rows
from predictor.core.engines.thresholds import threshold_rows, trees_within
from predictor.core.errors import InvalidInput
from predictor.core.signature import Signature

SEED = 20

# How many rows of each kind are tried: those of the sample, random ones, and single rows.
MOST_OF_SAMPLE, WITHIN, BESIDE, ALONE = 256, 256, 128, 16


@dataclass
class Proof:
    """What was found of one method.

    Parameters
    ----------
    rows : int
        How many were tried.
    difference : float
        The greatest relative difference of a number.
    reason : str
        Why the form is not used for it; empty where it is equal.
    """

    rows: int = 0
    difference: float = 0.0
    reason: str = ""


@dataclass
class Trial:
    """An estimator and its form, tried on the same rows.

    Parameters
    ----------
    estimator : estimator
    form : Form
    methods : sequence of str

    Attributes
    ----------
    proofs : dict of str to Proof
    """

    estimator: Any
    form: Form
    methods: Sequence[str]
    proofs: dict[str, Proof] = field(init=False)

    def __post_init__(self) -> None:
        self.proofs = {
            method: Proof(reason="" if hasattr(self.form, method) else "It is not compiled.")
            for method in self.methods
        }

    def on(self, X: Any, read: Any) -> bool:
        """Compare what both say to some rows; return whether the estimator took them.

        Parameters
        ----------
        X : array, DataFrame
            Rows as the estimator takes them.
        read : array or Table, optional
            The same rows as the form reads them; None where they cannot be.
        """
        expected = self._expected(X)
        for method, proof in self.proofs.items():
            if proof.reason:
                continue
            try:
                got = attempt(self.form, [method], read) if read is not None else {}
                if got and method not in expected:
                    proof.reason = "It answers rows that the estimator refuses."
                elif got:
                    difference = compare(expected, got)
                    proof.difference = max(proof.difference, difference)
                    proof.rows += X.shape[0]
            except Declined:
                continue
            except Unequal as exc:
                proof.reason = str(exc)
            except Exception as exc:  # noqa: BLE001 - whatever it is, the form is not used
                proof.reason = f"It fails: {type(exc).__name__}."
        return bool(expected)

    def _expected(self, X: Any) -> dict[str, Any]:
        expected = {}
        X = unwrapped(X)
        for method in self.methods:
            try:
                expected[method] = getattr(self.estimator, method)(X)
            except Exception:  # noqa: BLE001, S112 - a refusal, of which estimators have many kinds
                continue
        return expected


def prove(
    estimator: Any, form: Form, signature: Signature, sample: Any = None, seed: int = SEED
) -> dict[str, Proof]:
    """Try a form on many rows; return what was found of each method.

    Parameters
    ----------
    estimator : estimator
    form : Form
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
    for part, own in trees_within(estimator, form):
        methods = [method for method in signature.methods if hasattr(own, method)]
        rows = threshold_rows(part, own.n_features, rng)
        found = Trial(part, own, methods)
        found.on(rows, rows)
        _merge(trial.proofs, found.proofs)
    for proof in trial.proofs.values():
        if not proof.rows and not proof.reason:
            proof.reason = "No row was found that both take."
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
    if isinstance(X, Frame):
        whole = X.values if isinstance(X.values, np.ndarray) else None
        return X.of(whole[rows] if whole is not None else [values[rows] for values in X.values])
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _one_by_one(trial: Trial, reader: Reader, X: Any, n: int = ALONE) -> None:
    for number in range(min(n, X.shape[0])):
        row = part(X, slice(number, number + 1))
        trial.on(row, _read(reader, row))


def _read(reader: Reader, X: Any) -> Any:
    try:
        return reader.read(X)
    except Declined:
        return None


def _merge(proofs: Mapping[str, Proof], found: Mapping[str, Proof]) -> None:
    """Add what was found of the trees within to what was found of the whole."""
    for proof in proofs.values():
        for other in found.values():
            proof.rows += other.rows
            proof.difference = max(proof.difference, other.difference)
            proof.reason = proof.reason or other.reason
