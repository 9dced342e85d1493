"""A compiled form at work, with the estimator behind it."""

import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from predictor.core.coercion import NUMBER
from predictor.core.columns import Column
from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    Table,
    given,
)
from predictor.core.engines.engine import Answers, Engine, ran
from predictor.core.engines.places import PLACES
from predictor.core.input_builders import ARRAY, FRAME, Frame
from predictor.core.signature import Signature

# Changes whenever forms are written or run in another way: what was compiled before is built anew.
GENERATION = 5

# So many rows take no form long.
FEW = 64


class Compiled:
    """A form for as many rows as it is the faster one for, and the estimator for the rest.

    Parameters
    ----------
    fallback : Engine
        Runs what the form is not chosen for, and what it declines.
    form : CompiledEstimator
    signature : Signature
    most_rows : mapping of str to int or None
        Up to how many rows the form runs each method; None is any number of them. A method that
        is not named is the estimator's.
    """

    def __init__(
        self,
        fallback: Engine,
        form: CompiledEstimator,
        signature: Signature,
        most_rows: Mapping[str, int | None],
    ) -> None:
        self.fallback = fallback
        self.form = form
        self.reader = Reader(signature)
        self.first = signature.methods[0]
        self.runs_on = form.runs_on
        self.most_rows = {m: np.inf if most is None else most for m, most in most_rows.items()}

    def name(self, n_samples: int) -> str:
        """Return what runs the first method for so many rows."""
        compiled = self.compiles(self.first, n_samples)
        return self.runs_on if compiled else self.fallback.name(n_samples)

    def compiles(self, method: str, n_samples: int) -> bool:
        """Return whether so many rows are the form's."""
        return n_samples <= self.most_rows.get(method, 0)

    def run(self, methods: Sequence[str], X: Any) -> Answers:
        """Return what each of the methods gives; see `ScikitLearn.run`."""
        rows = X.shape[0]
        compiled = [method for method in methods if self.compiles(method, rows)]
        if not compiled:
            return self.fallback.run(methods, X)
        try:
            table = self.reader.read(X)
            if rows <= FEW:
                results = attempt(self.form, compiled, table)
            else:
                with PLACES.taken():
                    results = attempt(self.form, compiled, table)
        except FallbackRequired:
            return self.fallback.run(methods, X)
        if len(compiled) == len(methods):
            return ran(results, self.runs_on)
        others = self.fallback.run([method for method in methods if method not in results], X)
        results |= others
        return ran({method: results[method] for method in methods}, others.engine_name)


def attempt(form: CompiledEstimator, methods: Sequence[str], X: Any) -> dict[str, Any]:
    """Return what a form gives.

    Raises
    ------
    FallbackRequired
        It leaves the rows to the estimator.
    """
    with np.errstate(all="ignore"):
        X = given(form, X)
        if len(methods) == 1:
            return {methods[0]: getattr(form, methods[0])(X)}
        return form.run_methods(methods, X)


class Reader:
    """Makes what a form reads out of what an estimator does.

    Parameters
    ----------
    signature : Signature
    """

    def __init__(self, signature: Signature) -> None:
        self.width = len(signature.columns)
        self.framed = signature.container == FRAME
        self.known = signature.container in (ARRAY, FRAME)
        self.numeric = all(column.plain for column in signature.columns)
        self.columns = signature.columns

    def read(self, X: Any) -> Array | Table:
        """Return rows of numbers, or columns of values.

        Raises
        ------
        FallbackRequired
            They are not what the signature says.
        """
        if type(X) is np.ndarray:
            if X.ndim != 2 or X.shape[1] != self.width or not self.known:  # noqa: PLR2004 - rows and columns
                raise FallbackRequired
            if X.dtype.kind == "f":
                return X
            return Table([X[:, position] for position in range(self.width)])
        if not self.framed or X.shape[1] != self.width:
            raise FallbackRequired
        return self._values(X) if type(X) is Frame else self._dataframe(X)

    def _values(self, X: Frame) -> Array | Table:
        if isinstance(X.values, np.ndarray):
            return X.values
        return Table(list(map(_column, self.columns, X.values)))

    def _dataframe(self, X: Any) -> Array | Table:
        if self.numeric:
            try:
                numbers: Array = X.to_numpy(dtype=np.float64)
            except (ValueError, TypeError) as exc:
                raise FallbackRequired from exc
            return numbers
        return Table([column.to_numpy() for _, column in X.items()])


def _column(column: Column, values: list[Any]) -> Any:
    """Return the values of a column as a form reads them: NaN is missing, and so may be None."""
    if column.kind == NUMBER:
        return np.array(values, dtype=np.float64)
    if column.missing_as_none or None not in values:
        return values
    return [np.nan if value is None else value for value in values]


@cache
def built_with() -> dict[str, str]:
    """Return the versions that a compiled form depends on."""
    packages = ("scikit-learn", "numpy", "treelite", "onnxruntime")
    versions = {name: version(name) for name in packages}
    return {"generation": str(GENERATION), "machine": platform.machine()} | versions


def file_name(sha256: str) -> str:
    """Return the name of the file of a compiled form: another one whenever it is built anew."""
    return f"compiled-{sha256[:16]}.npz"
