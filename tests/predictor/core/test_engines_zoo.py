"""Every compiled estimator of the zoo, on 10,000 random rows, against scikit-learn."""

from contextlib import suppress

import numpy as np
import pytest

from predictor.core.compiled.compiled_estimator import FallbackRequired, NotCompilable
from predictor.core.compiled.serialization import CLASSES, CLASSES_BY_NAME, dumps, loads
from predictor.core.compiler.converters.dispatch import CONVERTERS, convert
from predictor.core.compiler.row_generator import random_rows
from predictor.core.engines.compiled import InputReader, run_compiled
from predictor.core.lazy_frame import materialize
from predictor.core.tolerance import compare
from tests.predictor.zoo import CASES, each, fitted, saved

pytestmark = pytest.mark.filterwarnings("ignore")  # estimators warn of their own rows

ROWS = 10_000

# Converted, but unequal: it returns numbers where the estimator returns objects.
UNUSED = {"table, columns passed"}

# A search runs its best estimator; one of each kind of search is enough.
SEARCHES = ("HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV")

NAMES = [
    name
    for name, case in CASES.items()
    if type(case.build()[0]).__name__ in CONVERTERS
    and name not in UNUSED
    and not name.startswith(SEARCHES)
]


@pytest.mark.parametrize("name", each(NAMES))
def test_ten_thousand_random_rows_have_the_results_of_scikit_learn(name):
    estimator, signature = fitted(name)[0], saved(name)[1]
    if signature.container not in ("array", "frame"):
        return
    try:
        compiled, _ = loads(dumps(convert(estimator), {}))
    except NotCompilable:
        return
    rng = np.random.default_rng(ROWS)
    reader = InputReader(signature)
    driven = 0
    for options in ({"missing": True}, {"out_of_range": True}):
        X = random_rows(signature, ROWS // 2, rng, **options)
        got = {}
        for method in signature.methods:
            with suppress(FallbackRequired, AttributeError):  # left to the estimator
                got |= run_compiled(compiled, [method], reader.read(X))
        expected = {method: getattr(estimator, method)(materialize(X)) for method in got}
        compare(expected, got)
        if len(got) > 1:
            compare(expected, run_compiled(compiled, list(got), reader.read(X)))
        driven += len(got)
    assert driven


def test_each_compiled_class_has_a_name_of_its_own():
    assert sorted(CLASSES_BY_NAME) == sorted(each.__name__ for each in CLASSES)
