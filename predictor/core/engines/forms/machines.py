"""Support vector machines: sums of kernels, and what they say.

Where rounding could decide a label, or change a number by more than equality allows, a row is
computed again in the estimator's own order; where it still could, the rows are left to it.

References
----------
libsvm's `svm_predict_values`, as it is within scikit-learn, and `_ovr_decision_function` there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from predictor.core.engines.equality import ATOL, RTOL
from predictor.core.engines.forms.form import Array, Declined, Form, NoForm, labelled
from predictor.core.engines.forms.kernels import EPS, ROUNDINGS, kernel_of

# Pairs of classes: of more classes there are too many to be worth it.
MOST_CLASSES = 50

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
class Machine(Form):
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

    kernel: Form
    coefs: Array
    intercepts: Array
    counts: Array

    def __post_init__(self) -> None:
        n_vectors, self.n_features = self.kernel.vectors.shape  # type: ignore[attr-defined]
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
        self.doubt = (most + ROUNDINGS) * EPS
        self.roundings = n_vectors + self.n_features + ROUNDINGS
        self.at_once = max(1, AT_ONCE // n_vectors)

    def together(self, methods: Sequence[str], X: Array) -> dict[str, Any]:
        """Return what several methods give, of one computation.

        Raises
        ------
        Declined
            A label, or a number, is a matter of rounding.
        """
        if X.shape[1] != self.n_features or not len(X):
            raise Declined
        X = np.asarray(X, dtype=np.float64)
        if len(X) <= self.at_once:
            return dict(zip(methods, self.answered(methods, X), strict=True))
        starts = range(0, len(X), self.at_once)
        each = [self.answered(methods, X[start : start + self.at_once]) for start in starts]
        joined = map(np.concatenate, zip(*each, strict=True))
        return dict(zip(methods, joined, strict=True))

    def answer(self, method: str, X: Array) -> Array:
        """Return what one method gives; see `together`."""
        answer: Array = self.together([method], X)[method]
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
            raise Declined
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
        values, off = self.kernel.of_rows(X)  # type: ignore[attr-defined]
        sums = self.summed(values, self.weights)
        sums += self.intercepts
        sizes = self.summed(np.abs(values, out=values), self.sizes)
        doubts = self.kernel.doubts(sizes, self.size, off)  # type: ignore[attr-defined]
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
        values, errors = self.kernel.of_row(x)  # type: ignore[attr-defined]
        sums, doubts = self.intercepts.copy(), np.full(len(self.pairs), TINY)
        for pair, parts in enumerate(self.pairs):
            terms = np.concatenate([coefs[part] * values[part] for part, coefs in parts])
            sums[pair] += terms.cumsum()[-1]
            doubts[pair] += ROUNDINGS * EPS * np.abs(terms).sum()
            doubts[pair] += sum(np.abs(coefs[part]).dot(errors[part]) for part, coefs in parts)
        return sums, doubts


@dataclass
class VectorRegressor(Machine):
    """A sum that is the target."""

    made: ClassVar[dict[str, str]] = {"predict": "targets"}

    def predict(self, X: Array) -> Array:
        """Return the targets."""
        return self.answer("predict", X)

    def targets(self, sums: Sums) -> tuple[Array, Array]:
        """Return the targets, and of which rows they are sure."""
        return sums.values[:, 0], sums.equal()


@dataclass
class OneClass(Machine):
    """A sum that is positive for what is like the rest."""

    made: ClassVar[dict[str, str]] = {
        "predict": "labels",
        "decision_function": "scores",
        "score_samples": "unshifted",
    }

    def predict(self, X: Array) -> Array:
        """Return 1 for what is like the rest, -1 for outliers."""
        return self.answer("predict", X)

    def decision_function(self, X: Array) -> Array:
        """Return the scores less the offset."""
        return self.answer("decision_function", X)

    def score_samples(self, X: Array) -> Array:
        """Return the scores: the higher the more like the rest."""
        return self.answer("score_samples", X)

    def labels(self, sums: Sums) -> tuple[Array, Array]:
        """Return the labels of sums, and of which rows they are sure."""
        labels = np.where(sums.values[:, 0] > 0, 1, -1).astype(np.intp, copy=False)
        return labels, sums.signed()

    def scores(self, sums: Sums) -> tuple[Array, Array]:
        """Return the scores less the offset, and of which rows they are sure."""
        return sums.values[:, 0], sums.equal()

    def unshifted(self, sums: Sums) -> tuple[Array, Array]:
        """Return the scores, and of which rows they are sure."""
        scores = sums.values - self.intercepts
        return scores[:, 0], equal(scores, sums.doubts + EPS * np.abs(sums.values))


@dataclass
class VectorClassifier(Machine):
    """The vote of sums that are for the first of two classes where they are positive.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    rest : bool
        Whether there is a score for each of several classes, or for each pair of them.
    break_ties : bool
        Whether the scores tell which of several classes with as many votes it is.
    """

    made: ClassVar[dict[str, str]] = {"predict": "labels", "decision_function": "scores"}

    classes: Array
    rest: bool
    break_ties: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        self.several = len(self.classes) > 2  # noqa: PLR2004 - one sum is of two
        if self.several and not self.rest:  # each sum is told, and has a bound of its own
            self.sizes = np.abs(self.weights)
        every = np.eye(len(self.parts))
        # What a pair gives to its first class, and takes from its second one.
        self.shares = every[self.first] - every[self.second]
        self.votes_of_second = every[self.second].sum(axis=0)

    def predict(self, X: Array) -> Array:
        """Return the labels."""
        return self.answer("predict", X)

    def decision_function(self, X: Array) -> Array:
        """Return the scores, shape (n_samples,), (n_samples, n_classes) or (n_samples, n_pairs)."""
        return self.answer("decision_function", X)

    def labels(self, sums: Sums) -> tuple[Array, Array]:
        """Return the labels of sums, and of which rows they are sure."""
        sure = sums.signed()
        if not self.several:
            return labelled(self.classes, sums.values[:, 0] <= 0), sure
        if not self.break_ties:
            return labelled(self.classes, self.votes(sums.values).argmax(axis=1)), sure
        scores, errors = self.of_classes(sums.values, sums.most)
        second, first = np.partition(scores, -2, axis=1)[:, -2:].T
        sure &= first - second > 2 * errors.max(axis=1)
        return labelled(self.classes, scores.argmax(axis=1)), sure

    def scores(self, sums: Sums) -> tuple[Array, Array]:
        """Return the scores, and of which rows they are sure."""
        if not self.several:
            return -sums.values[:, 0], sums.equal()
        if not self.rest:
            return sums.values, sums.equal()
        scores, errors = self.of_classes(sums.values, sums.doubts)
        return scores, equal(scores, errors) & sums.signed()

    def votes(self, sums: Array) -> Array:
        """Return the votes for each class, shape (n_samples, n_classes)."""
        votes: Array = (sums > 0) @ self.shares
        votes += self.votes_of_second
        return votes

    def of_classes(self, sums: Array, doubts: Array) -> tuple[Array, Array]:
        """Return the scores of several classes, and how far they may be off.

        Both have the shape (n_samples, n_classes). A score is the votes, and less than a third that
        the sums tell.
        """
        told = sums @ self.shares
        off = (doubts + len(self.classes) * EPS * np.abs(sums)) @ np.abs(self.shares)
        least = 1 + np.maximum(np.abs(told) - off, 0)
        scores = self.votes(sums) + told / (3 * (np.abs(told) + 1))
        return scores, off / (3 * least * least) + EPS * np.abs(scores)


def _common(estimator: Any, counts: Any) -> dict[str, Any]:
    """Return the fields of every form of support vectors."""
    if not min(counts):
        raise NoForm("Classes without support vectors are not compiled.")
    return {
        "kernel": kernel_of(estimator),
        "coefs": estimator._dual_coef_,
        "intercepts": estimator._intercept_,
        "counts": np.asarray(counts),
    }


def regressor(estimator: Any) -> VectorRegressor:
    """Return the form of a regression by support vectors."""
    return VectorRegressor(**_common(estimator, [len(estimator.support_)]))


def one_class(estimator: Any) -> OneClass:
    """Return the form of a machine that knows one class."""
    return OneClass(**_common(estimator, [len(estimator.support_)]))


def classifier(estimator: Any) -> VectorClassifier:
    """Return the form of a classification by support vectors."""
    rest = estimator.decision_function_shape == "ovr"
    if estimator.break_ties and not rest:
        raise NoForm("Support vectors that break ties of pairs are not compiled.")
    n_classes = len(estimator.classes_)
    if n_classes > MOST_CLASSES:
        raise NoForm(f"Support vectors of more than {MOST_CLASSES} classes are not compiled.")
    if n_classes != len(estimator.n_support_):
        raise NoForm("Classes without support vectors are not compiled.")
    several = n_classes > 2  # noqa: PLR2004 - one sum is of two
    counts = estimator.n_support_ if several else [len(estimator.support_)]
    return VectorClassifier(
        **_common(estimator, counts),
        classes=estimator.classes_,
        rest=rest,
        break_ties=bool(estimator.break_ties),
    )


COMPILED = {
    "NuSVC": classifier,
    "NuSVR": regressor,
    "OneClassSVM": one_class,
    "SVC": classifier,
    "SVR": regressor,
}
