"""Compiled support vectors: the labels and numbers of the estimator, or the row is left to it."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.ensemble import VotingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR

from predictor.core.compiled.compiled_estimator import FallbackRequired, NotCompilable
from predictor.core.compiled.tolerance import compare
from predictor.core.compiler.converters.dispatch import convert
from tests.predictor.core.compiled_results import compiled_results

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(200, 6))
NUMBER = ROWS[:, 0] * 3 + ROWS[:, 1] + rng.normal(size=200)
TWO = np.where(NUMBER > 0, "wet", "dry")
FOUR = np.array(["dry", "fair", "rain", "storm"])[np.digitize(NUMBER, [-2, 0, 2])]
ASKED = rng.normal(size=(300, 6)) * 2
BOTH = ("predict", "decision_function")

KERNELS = [
    {},
    {"gamma": 0.0},
    {"gamma": 3.0},
    {"kernel": "linear"},
]


def agree(estimator, rows, methods=("predict",)):
    expected = {method: getattr(estimator, method)(rows) for method in methods}
    got = compiled_results(estimator, rows, methods)
    compare(expected, got)
    if expected["predict"].dtype.kind != "f":
        assert got["predict"].tolist() == expected["predict"].tolist()
    for method in methods:
        compare({method: expected[method][:1]}, compiled_results(estimator, rows[:1], [method]))


@pytest.mark.parametrize("kernel", KERNELS[2:], ids=str)
@pytest.mark.parametrize("y", [TWO, FOUR], ids=["two", "four"])
def test_votes_of_pairs(kernel, y):
    agree(SVC(**kernel).fit(ROWS, y), ASKED, BOTH)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_numbers(kernel):
    agree(SVR(**kernel).fit(ROWS, NUMBER), ASKED)
    agree(NuSVR(**kernel).fit(ROWS, NUMBER * 1e4 + 1e6), ASKED)


def test_what_fitting_alone_reads():
    weights = rng.uniform(0.1, 3, size=200)
    agree(SVC(class_weight="balanced").fit(ROWS, FOUR, weights), ASKED, BOTH)
    agree(NuSVC(nu=0.2).fit(ROWS, FOUR), ASKED, BOTH)
    agree(SVR().fit(ROWS, NUMBER, weights), ASKED)


@pytest.mark.parametrize("estimator", [SVC(), SVC(C=100), NuSVC(nu=0.2), NuSVC()])
@pytest.mark.parametrize(
    ("offset", "scale"), [(1e4, 1), (0, 1e-9), (0, 1e6), (-1e4, [1e4] + [1] * 5)]
)
def test_rows_far_off_and_of_any_size(estimator, offset, scale):
    agree(estimator.fit(ROWS * scale + offset, FOUR), ASKED * scale + offset, BOTH)


def test_support_vectors_themselves_and_rows_that_are_repeated():
    rows, labels = np.tile(ROWS[:40].round(), (4, 1)), np.tile(FOUR[:40], 4)
    estimator = SVC(C=10).fit(rows, labels)
    agree(estimator, estimator.support_vectors_, BOTH)
    agree(SVR().fit(rows, np.tile(NUMBER[:40], 4)), rows)


def test_rows_that_products_do_not_tell_are_computed_as_by_the_estimator():
    rows = np.vstack([ROWS, np.full((1, 6), 1e7)])
    estimator = SVC(gamma=1.0).fit(rows, np.append(TWO, "wet"))
    agree(estimator, np.vstack([ROWS, ROWS + 1e7, ASKED * 1e9]), BOTH)
    agree(estimator, np.full((1, 6), 1e7 + 1), BOTH)


def test_many_rows_are_computed_part_by_part():
    agree(SVC().fit(ROWS, FOUR), np.tile(ASKED, (10, 1)), BOTH)


def test_a_step_of_a_pipeline():
    agree(make_pipeline(StandardScaler(), SVC()).fit(ROWS, TWO), ASKED, BOTH)


def test_rows_in_single_precision():
    agree(SVC().fit(ROWS, TWO), ASKED.astype(np.float32), BOTH)


PAIR = np.array([[-1.0], [1.0]])


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_a_decision_at_zero_is_left_to_the_estimator(kernel):
    estimator = SVC(kernel=kernel).fit(PAIR, ["left", "right"])
    assert len(estimator.support_) == 2
    agree(estimator, np.array([[-3.0], [-1e-3], [0.5], [1]]), BOTH)
    with pytest.raises(FallbackRequired):
        compiled_results(estimator, np.array([[1.0], [0.0]]))


@pytest.mark.parametrize("near", [1e-17, -1e-16])
def test_a_decision_so_near_to_zero_that_rounding_tells_it_is_left_to_the_estimator(near):
    with pytest.raises(FallbackRequired):
        compiled_results(SVC().fit(PAIR, ["left", "right"]), np.array([[near]]))


def test_a_score_that_rounding_may_tell_is_left_to_the_estimator():
    far = 1e7 + np.arange(4.0)[:, None]
    estimator = SVR(kernel="linear", max_iter=100).fit(far, [0.0, 1, 2, 3])
    with pytest.raises(FallbackRequired):
        compiled_results(estimator, far)


def test_numbers_that_cancel_are_left_to_the_estimator():
    estimator = SVR(C=1e9, epsilon=0.0).fit(PAIR, [-1e9, 1e9])
    with pytest.raises(FallbackRequired):
        compiled_results(estimator, np.array([[1e-9]]))
    agree(estimator, np.array([[0.5], [-1], [2]]))


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("number", [1e160, 1e200, -1e308])
def test_numbers_beyond_what_is_computed_are_left_to_the_estimator(kernel, number):
    with pytest.raises(FallbackRequired):
        compiled_results(SVC(kernel=kernel).fit(ROWS, FOUR), np.full((2, 6), number), BOTH)


def test_probabilities_are_left_to_the_estimator():
    with pytest.warns(FutureWarning, match="probability"):
        estimator = SVC(probability=True, random_state=0).fit(ROWS, FOUR)
    agree(estimator, ASKED, BOTH)
    assert not hasattr(convert(estimator), "predict_proba")


@pytest.mark.parametrize("rows", [ASKED[:0], ASKED[:, :5], np.hstack([ASKED, ASKED])])
def test_no_rows_and_other_columns_are_left_to_the_estimator(rows):
    with pytest.raises(FallbackRequired):
        compiled_results(SVC().fit(ROWS, TWO), rows)


@pytest.mark.parametrize(
    ("estimator", "rows", "y", "sentence"),
    [
        (
            SVC(kernel="precomputed"),
            ROWS @ ROWS.T,
            TWO,
            "Support vectors with a kernel precomputed are not compiled.",
        ),
        (
            SVR(kernel=lambda X, Y: X @ Y.T),
            ROWS,
            NUMBER,
            "Support vectors with a kernel that is a function are not compiled.",
        ),
        (
            SVC(),
            scipy.sparse.csr_array(ROWS),
            TWO,
            "Support vectors of sparse rows are not compiled.",
        ),
        (
            SVC(gamma=1e-9),
            ROWS * 1e120,
            TWO,
            "Support vectors with numbers above 1e+100 are not compiled.",
        ),
        (
            SVC(break_ties=True),
            ROWS,
            FOUR,
            "Support vectors with scores of pairs, or with ties to break, are not compiled.",
        ),
        (
            SVC(decision_function_shape="ovo"),
            ROWS,
            FOUR,
            "Support vectors with scores of pairs, or with ties to break, are not compiled.",
        ),
        (
            SVR(kernel="poly"),
            ROWS,
            NUMBER,
            "Support vectors with a kernel poly are not compiled.",
        ),
        (
            SVR(epsilon=1e3),
            ROWS,
            NUMBER,
            "Classes without support vectors are not compiled.",
        ),
    ],
    ids=["precomputed", "function", "sparse", "far", "ties", "pairs", "polynomial", "none"],
)
def test_what_is_not_compiled(estimator, rows, y, sentence):
    with pytest.raises(NotCompilable) as why:
        convert(estimator.fit(rows, y))
    assert str(why.value) == sentence


def test_many_classes_are_not_compiled():
    rows, labels = rng.normal(size=(102, 3)), np.arange(51).repeat(2)
    with pytest.raises(NotCompilable, match="of more than 50 classes are not compiled"):
        convert(SVC().fit(rows, labels))


def test_a_class_that_weighs_nothing_is_not_compiled():
    estimator = SVC().fit(ROWS, FOUR, sample_weight=(FOUR != "storm").astype(float))
    with pytest.raises(NotCompilable, match="Classes without support vectors are not compiled"):
        convert(estimator)


def test_probabilities_within_another_estimator_are_not_compiled():
    voting = VotingClassifier([("one", SVC()), ("two", SVC(C=2))], voting="soft")
    voting.estimators_ = [part.fit(ROWS, TWO) for _, part in voting.estimators]
    voting.classes_ = np.unique(TWO)
    with pytest.raises(NotCompilable, match="predict_proba of SVC is not compiled"):
        convert(voting)
