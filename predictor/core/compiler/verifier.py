"""Compare an estimator and its compiled estimator on rows, method by method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from predictor.core.compiled.compiled_estimator import CompiledEstimator, FallbackRequired
from predictor.core.engines.compiled import run_compiled
from predictor.core.lazy_frame import materialize
from predictor.core.tolerance import Unequal, compare

NOT_COMPILED = "It is not compiled."


@dataclass
class MethodVerification:
    """Outcome of the comparison of one method.

    Parameters
    ----------
    n_rows : int
        Number of compared rows.
    difference : float
        Largest relative difference of a number.
    reason : str
        Why the compiled method is not used; empty if it is equal.
    """

    n_rows: int = 0
    difference: float = 0.0
    reason: str = ""


@dataclass
class Verifier:
    """Comparison of an estimator and its compiled estimator.

    Parameters
    ----------
    estimator : estimator
    compiled : CompiledEstimator
    method_names : sequence of str

    Attributes
    ----------
    methods : dict of str to MethodVerification
    """

    estimator: Any
    compiled: CompiledEstimator
    method_names: Sequence[str]
    methods: dict[str, MethodVerification] = field(init=False)

    def __post_init__(self) -> None:
        self.methods = {
            name: MethodVerification(reason="" if hasattr(self.compiled, name) else NOT_COMPILED)
            for name in self.method_names
        }

    def compare_rows(self, X: Any, compiled_input: Any) -> bool:
        """Compare the results for some rows; return whether the estimator accepts them.

        Parameters
        ----------
        X : array or DataFrame
            Rows as the estimator reads them.
        compiled_input : array or Table, optional
            The same rows as the compiled estimator reads them; None if it cannot.
        """
        expected = self._expected(X)
        if compiled_input is None:
            return bool(expected)
        for name in self._equal_methods():
            if self._compare_methods([name], compiled_input, expected):
                self.methods[name].n_rows += X.shape[0]
        # One request can ask for several methods, in any order.
        names = self._equal_methods()
        if len(names) > 1:
            self._compare_methods(names, compiled_input, expected)
            self._compare_methods(names[::-1], compiled_input, expected)
        return bool(expected)

    def _equal_methods(self) -> list[str]:
        return [name for name, method in self.methods.items() if not method.reason]

    def _compare_methods(
        self, names: Sequence[str], compiled_input: Any, expected: Mapping[str, Any]
    ) -> bool:
        """Compare the results of one request; return whether the compiled estimator answers it."""
        try:
            actual = run_compiled(self.compiled, names, compiled_input)
        except FallbackRequired:
            return False
        except Exception as exc:  # noqa: BLE001 - a failure of any kind rules the method out
            reason = f"The compiled estimator fails with {type(exc).__name__}."
            for name in names:
                self.methods[name].reason = reason
            return False
        for name in names:
            self._compare_method(name, actual, expected)
        return True

    def _compare_method(
        self, name: str, actual: Mapping[str, Any], expected: Mapping[str, Any]
    ) -> None:
        method = self.methods[name]
        if name not in expected:
            method.reason = "The compiled estimator accepts rows that the estimator rejects."
            return
        try:
            difference = compare(expected, {name: actual[name]})
        except Unequal as exc:
            method.reason = str(exc)
        else:
            method.difference = max(method.difference, difference)

    def _expected(self, X: Any) -> dict[str, Any]:
        """Return the results of the methods that accept the rows."""
        expected = {}
        X = materialize(X)
        for name in self.method_names:
            try:
                expected[name] = getattr(self.estimator, name)(X)
            except Exception:  # noqa: BLE001, S112 - estimators reject rows with any exception
                continue
        return expected
