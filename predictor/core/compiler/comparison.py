"""An estimator and its form, tried on the same rows: what is found of each method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from predictor.core.compiled.compiled_estimator import CompiledEstimator, FallbackRequired
from predictor.core.compiled.tolerance import Unequal, compare
from predictor.core.engines.compiled import attempt
from predictor.core.lazy_frame import materialize

NOT_COMPILED = "It is not compiled."


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
    form : CompiledEstimator
    methods : sequence of str

    Attributes
    ----------
    proofs : dict of str to Proof
    """

    estimator: Any
    form: CompiledEstimator
    methods: Sequence[str]
    proofs: dict[str, Proof] = field(init=False)

    def __post_init__(self) -> None:
        self.proofs = {
            method: Proof(reason="" if hasattr(self.form, method) else NOT_COMPILED)
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
        if read is None:
            return bool(expected)
        for method in self._equal_so_far():
            if self._tried([method], read, expected):
                self.proofs[method].rows += X.shape[0]
        together = self._equal_so_far()
        if len(together) > 1:  # as requests may ask, and in the other order
            self._tried(together, read, expected)
            self._tried(together[::-1], read, expected)
        return bool(expected)

    def _equal_so_far(self) -> list[str]:
        return [method for method, proof in self.proofs.items() if not proof.reason]

    def _tried(self, methods: Sequence[str], read: Any, expected: Mapping[str, Any]) -> bool:
        """Compare what the form gives to a request for the methods; return whether it answers."""
        try:
            got = attempt(self.form, methods, read)
        except FallbackRequired:
            return False
        except Exception as exc:  # noqa: BLE001 - whatever it is, the form is not used
            for method in methods:
                self.proofs[method].reason = f"It fails: {type(exc).__name__}."
            return False
        for method in methods:
            self._compare(method, got, expected)
        return True

    def _compare(self, method: str, got: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        proof = self.proofs[method]
        if method not in expected:
            proof.reason = "It answers rows that the estimator refuses."
            return
        try:
            difference = compare(expected, {method: got[method]})
        except Unequal as exc:
            proof.reason = str(exc)
        else:
            proof.difference = max(proof.difference, difference)

    def _expected(self, X: Any) -> dict[str, Any]:
        expected = {}
        X = materialize(X)
        for method in self.methods:
            try:
                expected[method] = getattr(self.estimator, method)(X)
            except Exception:  # noqa: BLE001, S112 - a refusal, of which estimators have many kinds
                continue
        return expected
