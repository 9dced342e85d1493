"""Compiled neighbours: those of the estimator, or the row is left to it."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from predictor.core.compiled.compiled_estimator import FallbackRequired, NotCompilable
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.tolerance import compare
from tests.predictor.core.compiled_results import compiled_results

rng = np.random.default_rng(0)
POINTS = rng.normal(size=(700, 6))
NUMBER = POINTS[:, 0] * 3 + POINTS[:, 1]
LABEL = np.array(["dry", "fair", "rain"])[np.digitize(NUMBER, [-1, 1])]
TWO_NUMBERS = np.column_stack([NUMBER, -NUMBER])
TWO_LABELS = np.column_stack([NUMBER > 0, POINTS[:, 2] > 1]).astype(int)
ASKED = rng.normal(size=(300, 6)) * 2

OPTIONS = [
    {},
    {"n_neighbors": 1},
    {"n_neighbors": 100},
    {"n_neighbors": 700},
    {"weights": "distance"},
    {"algorithm": "brute"},
    {"algorithm": "brute", "weights": "distance"},
    {"algorithm": "kd_tree", "weights": "distance", "n_neighbors": 30},
    {"metric": "l2"},
]


def agree(estimator, rows, methods=("predict",)):
    expected = {method: getattr(estimator, method)(rows) for method in methods}
    compare(expected, compiled_results(estimator, rows, methods))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("y", [LABEL, TWO_LABELS], ids=["one", "two"])
def test_votes_of_labels(options, y):
    agree(KNeighborsClassifier(**options).fit(POINTS, y), ASKED, ["predict", "predict_proba"])


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("y", [NUMBER + 20, TWO_NUMBERS + 20], ids=["one", "two"])
def test_averages_of_numbers(options, y):
    agree(KNeighborsRegressor(**options).fit(POINTS, y), ASKED, ["predict"])


SIZES = [(1e4, 1), (0, 1e-9), (0, 1e9), (-1e4, [1e4, 1, 1, 1, 1, 1])]


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
@pytest.mark.parametrize(("offset", "scale"), SIZES)
def test_points_far_off_and_of_any_size(algorithm, offset, scale):
    estimator = KNeighborsRegressor(algorithm=algorithm).fit(POINTS * scale + offset, NUMBER)
    agree(estimator, ASKED * scale + offset)


def test_where_products_do_not_tell_who_is_nearest_the_estimator_says():
    far = POINTS + 1e7
    with pytest.raises(FallbackRequired):
        compiled_results(KNeighborsRegressor(algorithm="brute").fit(far, NUMBER), ASKED[:1] + 1e7)
    agree(KNeighborsRegressor(algorithm="kd_tree").fit(far, NUMBER), ASKED + 1e7)


LATTICE = np.array([[0.0], [1], [2], [3], [10], [11], [12], [13]])
LABELS = np.array([0, 1, 0, 1, 1, 1, 1, 0])


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_neighbours_as_far_as_one_another_are_left_to_the_estimator(algorithm):
    estimator = KNeighborsClassifier(2, algorithm=algorithm).fit(LATTICE, LABELS)
    with pytest.raises(FallbackRequired):
        compiled_results(estimator, np.array([[12.0]]))  # 11 and 13, of two labels
    agree(estimator, np.array([[1.0], [2], [11]]), ["predict", "predict_proba"])  # of one label
    agree(estimator, np.array([[12.1], [11.9]]), ["predict", "predict_proba"])


def test_single_precision_is_asked_in_double():
    rows = ASKED[:50].astype(np.float32)
    agree(KNeighborsRegressor(weights="distance").fit(POINTS, NUMBER + 20), rows)


def test_rows_that_are_far_from_all_points_are_left_to_the_estimator():
    many = rng.normal(size=(3000, 2))
    estimator = KNeighborsRegressor(algorithm="kd_tree").fit(many, many[:, 0])
    with pytest.raises(FallbackRequired):  # single precision has all of them as the nearest
        compiled_results(estimator, np.array([[1e9, 1e9]]))


def test_no_weights_are_all_alike():
    estimator = KNeighborsRegressor().fit(POINTS, NUMBER).set_params(weights=None)
    agree(estimator, ASKED[:20])


def test_a_point_itself_counts_alone_where_distance_weighs():
    estimator = KNeighborsRegressor(3, weights="distance").fit(POINTS, NUMBER)
    assert compiled_results(estimator, POINTS[:5])["predict"].tolist() == NUMBER[:5].tolist()
    by_product = KNeighborsRegressor(3, weights="distance", algorithm="brute").fit(POINTS, NUMBER)
    with pytest.raises(FallbackRequired):  # products need not find it at zero
        compiled_results(by_product, POINTS[:1])


@pytest.mark.parametrize("number", [1e20, 1e39, 1e200])
def test_numbers_beyond_what_is_searched_in_are_left_to_the_estimator(number):
    with pytest.raises(FallbackRequired):
        compiled_results(KNeighborsRegressor().fit(POINTS, NUMBER), ASKED[:1] * number)


def test_another_metric_after_fitting_is_not_compiled():
    estimator = KNeighborsClassifier(algorithm="brute").fit(POINTS, LABEL).set_params(p=1)
    with pytest.raises(NotCompilable, match="by the metric euclidean are not compiled"):
        convert(estimator)


def test_targets_that_are_objects_are_not_compiled():
    estimator = KNeighborsRegressor(weights="distance").fit(POINTS, NUMBER.astype(object))
    with pytest.raises(NotCompilable, match="with targets that are objects are not compiled"):
        convert(estimator)


@pytest.mark.parametrize("apart", [1e-12, 1e-9])
def test_numbers_that_all_but_cancel_in_a_tree_are_left_to_it(apart):
    pair = KNeighborsRegressor(2, weights="distance", algorithm="kd_tree")
    pair.fit([[0.0, 0.1], [2.0, 0.7]], [1e6, -1e6])
    with pytest.raises(FallbackRequired):
        compiled_results(pair, np.array([[1.0 + apart, 0.4]]))


def test_numbers_that_cancel_are_left_to_the_estimator():
    pair = KNeighborsRegressor(2, weights="distance", algorithm="brute")
    pair.fit([[0.0], [2.0]], [1e6, -1e6])
    with pytest.raises(FallbackRequired):
        compiled_results(pair, np.array([[1.01]]))
    agree(pair, np.array([[0.5], [1.5], [9.0]]))


def test_targets_in_single_precision_are_not_compiled():
    twice = np.repeat(POINTS[:100], 3, axis=0)
    estimator = KNeighborsRegressor(9).fit(twice, NUMBER[:300].astype(np.float32))
    with pytest.raises(NotCompilable, match="in single precision, are not compiled"):
        convert(estimator)
    agree(KNeighborsRegressor(9).fit(twice, NUMBER[:300]), ASKED[:20])


def test_no_rows_are_left_to_the_estimator():
    with pytest.raises(FallbackRequired):
        compiled_results(KNeighborsRegressor().fit(POINTS, NUMBER), ASKED[:0])


def test_another_number_of_columns_is_left_to_the_estimator():
    with pytest.raises(FallbackRequired):
        compiled_results(KNeighborsRegressor().fit(POINTS, NUMBER), ASKED[:, :5])


@pytest.mark.parametrize(
    ("options", "points", "sentence"),
    [
        (
            {"algorithm": "brute", "metric_params": {"w": np.ones(6)}},
            POINTS,
            "Neighbours by the metric minkowski are not compiled.",
        ),
        (
            {"algorithm": "ball_tree"},
            POINTS,
            "Neighbours in a ball tree are not compiled.",
        ),
        ({"weights": np.sqrt}, POINTS, "Neighbours with weights from a function are not compiled."),
        (
            {"metric": "manhattan"},
            POINTS,
            "Neighbours by the metric manhattan are not compiled.",
        ),
        (
            {},
            POINTS.astype(np.float32),
            "Neighbours in sparse rows, or in single precision, are not compiled.",
        ),
        ({"metric": "cosine"}, POINTS, "Neighbours by the metric cosine are not compiled."),
        ({}, POINTS * 1e15, "Neighbours with numbers above 1e+15 are not compiled."),
        ({}, POINTS * 1e-22, "Neighbours closer together than 1e-15 are not compiled."),
        (
            {"n_neighbors": 701},
            POINTS,
            "More neighbours than there are points are not compiled.",
        ),
    ],
)
def test_what_is_not_compiled(options, points, sentence):
    with pytest.raises(NotCompilable) as why:
        convert(KNeighborsRegressor(**options).fit(points, NUMBER))
    assert str(why.value) == sentence
