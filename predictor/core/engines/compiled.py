"""Engine that runs a compiled estimator, with another engine as fallback."""

import logging
import platform
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from predictor.core import boosters
from predictor.core.coercion import NUMBER
from predictor.core.columns import Column
from predictor.core.compiled.compiled_estimator import (
    Array,
    CompiledEstimator,
    FallbackRequired,
    Table,
    checked_input,
)
from predictor.core.engines.concurrency_limit import SLOW_REQUESTS
from predictor.core.engines.engine import Engine, MethodResults
from predictor.core.engines.result_validation import check_results
from predictor.core.errors import ArtifactError, Busy
from predictor.core.input_builders import ARRAY, FRAME, shows_only_in_dataframe
from predictor.core.lazy_frame import LazyFrame
from predictor.core.signature import Signature

log = logging.getLogger(__name__)

# Version of the format and the classes of compiled estimators. Files of other generations are
# built again.
GENERATION = 10

# Number of rows that no compiled estimator takes long for.
FEW_ROWS = 64
NO_LIMIT = nullcontext()

# Number of values that a call of a compiled estimator may need. More rows are split.
MAX_VALUES_AT_ONCE = 4_000_000


class CompiledEngine:
    """Engine that runs a compiled estimator up to a number of rows, and else a fallback.

    If the compiled estimator raises an exception, or returns an invalid result, the fallback runs
    that request and all later requests.

    Parameters
    ----------
    fallback : Engine
        Runs the estimator, for other methods and for rows that the compiled estimator leaves to it.
    compiled : CompiledEstimator
    signature : Signature
    max_rows : mapping of str to int or None
        Number of rows up to which each method is compiled; None is any number. The fallback runs
        methods without an entry.
    """

    def __init__(
        self,
        fallback: Engine,
        compiled: CompiledEstimator,
        signature: Signature,
        max_rows: Mapping[str, int | None],
    ) -> None:
        self.fallback = fallback
        self.compiled = compiled
        self.signature = signature
        self.reader = InputReader(signature)
        self.first_method = signature.methods[0]
        self.compiled_name = compiled.engine_name
        self.max_rows = {name: np.inf if n is None else n for name, n in max_rows.items()}
        self.rows_at_once = max(1, MAX_VALUES_AT_ONCE // max(1, compiled.row_size))
        self._layouts: dict[str, tuple[Any, ...] | None] = {}  # of the checked results

    def check(self) -> None:
        """Run the compiled methods for the example row.

        Raises
        ------
        ArtifactError
            The shapes of its arrays do not match each other, or the signature.
        """
        try:
            self._run_compiled(list(self.max_rows), self.signature.build_example())
        except FallbackRequired:
            return  # the estimator may reject the example
        except Exception as exc:
            raise ArtifactError("The compiled estimator does not fit the signature.") from exc

    @property
    def failure(self) -> str:
        """Reason why the fallback is out of service; empty if it is in service."""
        return self.fallback.failure

    def engine_name(self, n_samples: int) -> str:
        """Return the name of the engine that runs the first method for a number of rows."""
        is_compiled = self.is_compiled(self.first_method, n_samples)
        return self.compiled_name if is_compiled else self.fallback.engine_name(n_samples)

    def is_compiled(self, method: str, n_samples: int) -> bool:
        """Return whether the compiled estimator runs a method for a number of rows."""
        return n_samples <= self.max_rows.get(method, 0)

    def run(self, methods: Sequence[str], X: Any) -> MethodResults:
        """Return the result of each method; see `EstimatorEngine.run`."""
        n_rows = X.shape[0]
        compiled = [method for method in methods if self.is_compiled(method, n_rows)]
        if not compiled:
            return self.fallback.run(methods, X)
        try:
            with SLOW_REQUESTS if n_rows > FEW_ROWS else NO_LIMIT:
                results = self._run_compiled(compiled, X)
        except FallbackRequired:
            return self.fallback.run(methods, X)
        except Busy:
            raise
        except MemoryError as exc:
            raise Busy("These rows need more memory than this process has.") from exc
        except Exception:
            log.exception("A compiled estimator is out of use; %s runs instead.", self.fallback)
            self.max_rows = {}
            return self.fallback.run(methods, X)
        if len(compiled) == len(methods):
            return MethodResults(results, self.compiled_name)
        others = self.fallback.run([method for method in methods if method not in results], X)
        results |= others
        return MethodResults({method: results[method] for method in methods}, others.engine_name)

    def _run_compiled(self, methods: Sequence[str], X: Any) -> dict[str, Any]:
        """Return the checked results of the compiled estimator."""
        rows, n_rows = self.reader.read(X), X.shape[0]
        if n_rows <= self.rows_at_once:
            results = run_compiled(self.compiled, methods, rows)
        else:
            starts = range(0, n_rows, self.rows_at_once)
            parts = [
                run_compiled(self.compiled, methods, rows[start : start + self.rows_at_once])
                for start in starts
            ]
            results = {method: _join([part[method] for part in parts]) for method in methods}
        for method, values in results.items():
            is_usual = type(values) is np.ndarray and len(values) == n_rows
            layout = (values.dtype, values.shape[1:]) if is_usual else None
            if layout is None or self._layouts.get(method) != layout:
                check_results(self.signature, [method], n_rows, {method: values})
                self._layouts[method] = layout
        return results


def _join(parts: Sequence[Any]) -> Any:
    """Return the result for the rows of all parts."""
    if isinstance(parts[0], list):
        return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    return np.concatenate(parts)


def run_compiled(compiled: CompiledEstimator, methods: Sequence[str], X: Any) -> dict[str, Any]:
    """Return the result of each method of a compiled estimator.

    Raises
    ------
    FallbackRequired
        The compiled estimator leaves the rows to the estimator.
    """
    with np.errstate(all="ignore"):
        X = checked_input(compiled, X)
        if len(methods) == 1:
            return {methods[0]: getattr(compiled, methods[0])(X)}
        return compiled.run_methods(methods, X)


class InputReader:
    """Converts rows for an estimator to rows for a compiled estimator.

    Parameters
    ----------
    signature : Signature
    """

    def __init__(self, signature: Signature) -> None:
        self.n_columns = len(signature.columns)
        self.is_frame = signature.container == FRAME
        self.is_supported = signature.container in (ARRAY, FRAME)
        self.is_numeric = signature.is_numeric
        self.columns = signature.columns
        self.known = [_known_categories(column) for column in signature.columns]
        self.needs_dataframe = shows_only_in_dataframe(signature.columns)

    def read(self, X: Any) -> Array | Table:
        """Return rows of numbers, or columns of values.

        Raises
        ------
        FallbackRequired
            The rows do not match the signature.
        """
        if type(X) is np.ndarray:
            if X.ndim != 2 or X.shape[1] != self.n_columns or not self.is_supported:  # noqa: PLR2004 - rows and columns
                raise FallbackRequired
            if X.dtype.kind == "f":
                return X
            return Table([X[:, position] for position in range(self.n_columns)])
        if not self.is_frame or X.shape[1] != self.n_columns:
            raise FallbackRequired
        if type(X) is not LazyFrame:
            return self._read_dataframe(X)
        return self._read_dataframe(X.dataframe) if self.needs_dataframe else self._read_frame(X)

    def _read_frame(self, X: LazyFrame) -> Array | Table:
        if isinstance(X.values, np.ndarray):
            return X.values
        return Table(list(map(_column_values, self.columns, self.known, X.values)))

    def _read_dataframe(self, X: Any) -> Array | Table:
        if self.is_numeric:
            try:
                numbers: Array = X.to_numpy(dtype=np.float64)
            except (ValueError, TypeError) as exc:
                raise FallbackRequired from exc
            return numbers
        return Table([column.to_numpy() for _, column in X.items()])


def _known_categories(column: Column) -> frozenset[Any] | None:
    """Return the categories of the dtype "category"; None for another dtype."""
    if column.dtype != "category":
        return None
    return frozenset(column.dtype_categories or column.categories or ())


def _column_values(column: Column, known: frozenset[Any] | None, values: list[Any]) -> Any:
    """Return the values of a column; missing values are NaN, or None for some encoders.

    A value that is not a category is missing, as in the DataFrame.
    """
    if known is not None:
        return [value if value in known else np.nan for value in values]
    if column.kind == NUMBER:
        return np.array(values, dtype=np.float64)
    if column.missing_as_none or None not in values:
        return values
    return [np.nan if value is None else value for value in values]


@cache
def built_with() -> dict[str, str]:
    """Return the versions that a compiled estimator depends on."""
    packages = ("scikit-learn", "numpy", "onnxruntime")
    versions = {name: version(name) for name in packages} | boosters.find_compiler_versions()
    return {"generation": str(GENERATION), "machine": platform.machine()} | versions


def file_name(sha256: str) -> str:
    """Return the name of the file of a compiled estimator, which changes with every build."""
    return f"compiled-{sha256[:16]}.npz"
