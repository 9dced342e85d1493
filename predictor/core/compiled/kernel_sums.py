"""Weighted sums of kernels, with bounds of their rounding errors.

If a rounding error could change a label, or a number by more than the tolerance, the row is
computed again in the order of libsvm. If it still could, scikit-learn answers.

References
----------
`svm_predict_values` of libsvm, as it is part of scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator, FallbackRequired
from predictor.core.compiled.kernels import Kernel
from predictor.core.compiled.rounding import DOUBLE, ROUNDINGS
from predictor.core.compiled.tolerance import ATOL, RTOL

# Error of a sum of numbers that underflow.
UNDERFLOW = 1e-300

# Number of kernels that fit into the cache of a processor.
MAX_KERNELS = 2**16


class KernelSums(NamedTuple):
    """Weighted sums of kernels.

    Parameters
    ----------
    values : array of shape (n_samples, n_pairs)
    errors, max_errors : array of shape (n_samples, n_pairs) or (n_samples, 1)
        Expected and maximum difference from the sums of the estimator.
    """

    values: Array
    errors: Array
    max_errors: Array

    def have_sure_signs(self) -> Array:
        """Return the rows in which no rounding error changes a sign, shape (n_samples,), bool."""
        return _all(np.abs(self.values) > self.max_errors)

    def are_equal(self) -> Array:
        """Return the rows that equal the estimator's, shape (n_samples,), bool."""
        return are_equal(self.values, self.errors)


def are_equal(numbers: Array, errors: Array) -> Array:
    """Return the rows in which all errors are within the tolerance, shape (n_samples,), bool."""
    return _all((errors <= ATOL + RTOL * np.abs(numbers)) & np.isfinite(errors))


def _all(each: Array) -> Array:
    every: Array = each[:, 0] if each.shape[1] == 1 else np.logical_and.reduce(each, axis=1)
    return every


@dataclass
class KernelMachine(CompiledEstimator):
    """Weighted sums of kernels: one, or one for each pair of classes.

    Parameters
    ----------
    kernel : Kernel
    coefs : array of shape (1, n_vectors) or (n_classes - 1, n_vectors)
        Weights of each vector for its class against each other class, in order.
    intercepts : array of shape (n_pairs,)
    counts : array of shape (1,) or (n_classes,)
        Number of vectors of each class; of all classes if there is one sum.
    """

    # Name of the function from sums to the result of each method and the rows that are sure.
    results: ClassVar[dict[str, str]] = {}

    kernel: Kernel
    coefs: Array
    intercepts: Array
    counts: Array

    def __post_init__(self) -> None:
        n_vectors, self.n_features = self.kernel.vectors.shape
        ends = np.cumsum(self.counts).tolist()
        self.slices = [
            slice(end - count, end) for end, count in zip(ends, self.counts.tolist(), strict=True)
        ]
        self.first, self.second = np.triu_indices(len(self.slices), 1)
        pairs = list(zip(self.first.tolist(), self.second.tolist(), strict=True))
        self.pairs = [
            [(self.slices[i], self.coefs[j - 1]), (self.slices[j], self.coefs[i])] for i, j in pairs
        ] or [[(slice(None), self.coefs[0])]]
        self.weights = np.ascontiguousarray(self.coefs.T)
        # Largest absolute weight of each vector in any pair.
        self.sizes = np.abs(self.weights).max(axis=1, keepdims=True)
        self.total_weight = float(self.sizes.sum())
        n_terms = max(sum(len(coefs[part]) for part, coefs in parts) for parts in self.pairs)
        self.error = (n_terms + ROUNDINGS) * DOUBLE
        self.max_roundings = n_vectors + self.n_features + ROUNDINGS
        self.block = max(1, MAX_KERNELS // n_vectors)

    def run_methods(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return the result of each method; the sums are computed once.

        Raises
        ------
        FallbackRequired
            A rounding error could change a label, or a number beyond the tolerance.
        """
        if X.shape[1] != self.n_features or not len(X):
            raise FallbackRequired
        X = np.asarray(X, dtype=np.float64)
        if len(X) <= self.block:
            return dict(zip(methods, self._run_block(methods, X), strict=True))
        starts = range(0, len(X), self.block)
        blocks = [self._run_block(methods, X[start : start + self.block]) for start in starts]
        whole = map(np.concatenate, zip(*blocks, strict=True))
        return dict(zip(methods, whole, strict=True))

    def predict(self, X: Array) -> Array:
        """Return the labels or targets, shape (n_samples,); see `run_methods`."""
        predictions: Array = self.run_methods(["predict"], X)["predict"]
        return predictions

    def _run_block(self, methods: Sequence[str], X: Array) -> list[Array]:
        """Return the result of each method for some rows."""
        results, is_sure = self._results(methods, self._sums_by_products(X))
        if np.count_nonzero(is_sure) == len(X):
            return results
        unsure = ~is_sure
        sums, errors = map(np.array, zip(*map(self._sums_in_order, X[unsure]), strict=True))
        again, is_sure = self._results(
            methods, KernelSums(sums, errors, self.max_roundings * errors)
        )
        if not is_sure.all():
            raise FallbackRequired
        for result, exact in zip(results, again, strict=True):
            result[unsure] = exact
        return results

    def _results(self, methods: Sequence[str], sums: KernelSums) -> tuple[list[Array], Array]:
        """Return the result of each method, and the rows that are sure for all of them."""
        pairs = [getattr(self, self.results[method])(sums) for method in methods]
        results, each = zip(*pairs, strict=True)
        is_sure: Array = each[0] if len(each) == 1 else np.logical_and.reduce(each)
        return list(results), is_sure

    def _sums_by_products(self, X: Array) -> KernelSums:
        """Return the sums of rows, computed by matrix products."""
        values, kernel_error = self.kernel.of_rows(X)
        sums = self._weighted(values, self.weights)
        sums += self.intercepts
        sizes = self._weighted(np.abs(values, out=values), self.sizes)
        errors = self.kernel.sum_errors(sizes, self.total_weight, kernel_error)
        errors += self.error * sizes + UNDERFLOW
        return KernelSums(sums, errors, errors)

    def _weighted(self, values: Array, weights: Array) -> Array:
        """Return weighted sums, shape (n_samples, n_pairs), or (n_samples, 1) for one weight."""
        if weights.shape[1] == 1:
            whole: Array = values.dot(weights)
            return whole
        each = np.array([values[:, part].dot(weights[part]) for part in self.slices])
        pairs: Array = each[self.first, :, self.second - 1] + each[self.second, :, self.first]
        return pairs.T

    def _sums_in_order(self, x: Array) -> tuple[Array, Array]:
        """Return the sums of one row in the order of libsvm, and their errors.

        Both have the shape (n_pairs,). libsvm makes nearly all of the roundings too.
        """
        values, kernel_errors = self.kernel.of_row(x)
        sums, errors = self.intercepts.copy(), np.full(len(self.pairs), UNDERFLOW)
        for pair, parts in enumerate(self.pairs):
            terms = np.concatenate([coefs[part] * values[part] for part, coefs in parts])
            sums[pair] += terms.cumsum()[-1]
            errors[pair] += ROUNDINGS * DOUBLE * np.abs(terms).sum()
            errors[pair] += sum(
                np.abs(coefs[part]).dot(kernel_errors[part]) for part, coefs in parts
            )
        return sums, errors
