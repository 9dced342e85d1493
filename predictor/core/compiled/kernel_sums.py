"""Sums of kernels, which tell what a support vector machine says.

Where rounding could decide a label, or change a number by more than equality allows, a row is
computed again in the estimator's own order; where it still could, the rows are left to it.

References
----------
libsvm's `svm_predict_values`, as it is within scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator, FallbackRequired
from predictor.core.compiled.kernels import Kernel
from predictor.core.compiled.rounding import DOUBLE, ROUNDINGS
from predictor.core.compiled.tolerance import ATOL, RTOL

# A sum nearer to zero says nothing.
TINY = 1e-300

# So many kernels are computed at once: more do not stay in a processor's cache.
AT_ONCE = 2**16


class Sums(NamedTuple):
    """Weighted sums of kernels.

    Parameters
    ----------
    values : array of shape (n_samples, n_pairs)
    doubts, most : array of shape (n_samples, n_pairs) or (n_samples, 1)
        How far they are from the estimator's, and how far they may be at most.
    """

    values: Array
    doubts: Array
    most: Array

    def signed(self) -> Array:
        """Return of which rows no sum is as near to zero as roundings could bring it."""
        return _all(np.abs(self.values) > self.most)

    def equal(self) -> Array:
        """Return of which rows all sums are equal to the estimator's."""
        return equal(self.values, self.doubts)


def equal(numbers: Array, doubts: Array) -> Array:
    """Return of which rows numbers so far off are equal to the estimator's."""
    return _all((doubts <= ATOL + RTOL * np.abs(numbers)) & np.isfinite(doubts))


def _all(each: Array) -> Array:
    """Return in which rows all are true."""
    every: Array = each[:, 0] if each.shape[1] == 1 else np.logical_and.reduce(each, axis=1)
    return every


@dataclass
class Machine(CompiledEstimator):
    """Sums of kernels that coefficients weigh: one, or one for each pair of classes.

    Parameters
    ----------
    kernel : Kernel
    coefs : array of shape (1, n_vectors) or (n_classes - 1, n_vectors)
        Those of a vector are for its class against each other one, in their order.
    intercepts : array of shape (n_pairs,)
    counts : array of shape (1,) or (n_classes,)
        The vectors of each class; of all together where there is one sum.
    """

    # Which function tells what a method gives of sums, and of which rows that is sure.
    made: ClassVar[dict[str, str]] = {}

    kernel: Kernel
    coefs: Array
    intercepts: Array
    counts: Array

    def __post_init__(self) -> None:
        n_vectors, self.n_features = self.kernel.vectors.shape
        ends = np.cumsum(self.counts).tolist()
        self.parts = [
            slice(end - count, end) for end, count in zip(ends, self.counts.tolist(), strict=True)
        ]
        self.first, self.second = np.triu_indices(len(self.parts), 1)
        pairs = list(zip(self.first.tolist(), self.second.tolist(), strict=True))
        self.pairs = [
            [(self.parts[i], self.coefs[j - 1]), (self.parts[j], self.coefs[i])] for i, j in pairs
        ] or [[(slice(None), self.coefs[0])]]
        self.weights = np.ascontiguousarray(self.coefs.T)
        # What no pair gives a vector more than.
        self.sizes = np.abs(self.weights).max(axis=1, keepdims=True)
        self.size = float(self.sizes.sum())
        most = max(sum(len(coefs[part]) for part, coefs in parts) for parts in self.pairs)
        self.doubt = (most + ROUNDINGS) * DOUBLE
        self.roundings = n_vectors + self.n_features + ROUNDINGS
        self.at_once = max(1, AT_ONCE // n_vectors)

    def run_methods(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return what several methods give, of one computation.

        Raises
        ------
        FallbackRequired
            A label, or a number, is a matter of rounding.
        """
        if X.shape[1] != self.n_features or not len(X):
            raise FallbackRequired
        X = np.asarray(X, dtype=np.float64)
        if len(X) <= self.at_once:
            return dict(zip(methods, self.answered(methods, X), strict=True))
        starts = range(0, len(X), self.at_once)
        each = [self.answered(methods, X[start : start + self.at_once]) for start in starts]
        joined = map(np.concatenate, zip(*each, strict=True))
        return dict(zip(methods, joined, strict=True))

    def answer(self, method: str, X: Array) -> Array:
        """Return what one method gives; see `together`."""
        answer: Array = self.run_methods([method], X)[method]
        return answer

    def answered(self, methods: Sequence[str], X: Array) -> list[Array]:
        """Return what each method gives for some rows."""
        sums, doubts = self.by_products(X)
        answers, sure = self.told(methods, Sums(sums, doubts, doubts))
        if np.count_nonzero(sure) == len(X):
            return answers
        unsure = ~sure
        sums, doubts = map(np.array, zip(*map(self.closely, X[unsure]), strict=True))
        again, sure = self.told(methods, Sums(sums, doubts, self.roundings * doubts))
        if not sure.all():
            raise FallbackRequired
        for answer, better in zip(answers, again, strict=True):
            answer[unsure] = better
        return answers

    def told(self, methods: Sequence[str], sums: Sums) -> tuple[list[Array], Array]:
        """Return what each method makes of sums, and of which rows that is sure."""
        pairs = [getattr(self, self.made[method])(sums) for method in methods]
        answers, each = zip(*pairs, strict=True)
        sure: Array = each[0] if len(each) == 1 else np.logical_and.reduce(each)
        return list(answers), sure

    def by_products(self, X: Array) -> tuple[Array, Array]:
        """Return the sums, and how far they may be from the estimator's at most.

        Returns
        -------
        sums : array of shape (n_samples, n_pairs)
        doubts : array of shape (n_samples, 1) or (n_samples, n_pairs)
        """
        values, off = self.kernel.of_rows(X)
        sums = self.summed(values, self.weights)
        sums += self.intercepts
        sizes = self.summed(np.abs(values, out=values), self.sizes)
        doubts = self.kernel.doubts(sizes, self.size, off)
        doubts += self.doubt * sizes + TINY
        return sums, doubts

    def summed(self, values: Array, weights: Array) -> Array:
        """Return weighted sums of kernels: of each pair, or one where there is one weight.

        The shape is (n_samples, n_pairs) or (n_samples, 1).
        """
        if weights.shape[1] == 1:
            whole: Array = values.dot(weights)
            return whole
        each = np.array([values[:, part].dot(weights[part]) for part in self.parts])
        pairs: Array = each[self.first, :, self.second - 1] + each[self.second, :, self.first]
        return pairs.T

    def closely(self, x: Array) -> tuple[Array, Array]:
        """Return the sums of one row in the estimator's order, and how far they are off.

        Both have the shape (n_pairs,). Nearly all of the roundings are the estimator's own.
        """
        values, errors = self.kernel.of_row(x)
        sums, doubts = self.intercepts.copy(), np.full(len(self.pairs), TINY)
        for pair, parts in enumerate(self.pairs):
            terms = np.concatenate([coefs[part] * values[part] for part, coefs in parts])
            sums[pair] += terms.cumsum()[-1]
            doubts[pair] += ROUNDINGS * DOUBLE * np.abs(terms).sum()
            doubts[pair] += sum(np.abs(coefs[part]).dot(errors[part]) for part, coefs in parts)
        return sums, doubts
