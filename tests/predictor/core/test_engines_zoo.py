"""Every compiled estimator of the zoo, on 10,000 random rows, against scikit-learn."""

from contextlib import suppress

import numpy as np
import pytest

from predictor.core.containers import unwrapped
from predictor.core.engines.compiled import Reader, attempt
from predictor.core.engines.equality import compare
from predictor.core.engines.forms.drawing import COMPILED, drawn
from predictor.core.engines.forms.form import Declined, NoForm
from predictor.core.engines.sampling import random_rows
from predictor.core.engines.storing import FORMS, KINDS, dumps, loads
from tests.predictor.zoo import CASES, each, fitted, saved

pytestmark = pytest.mark.filterwarnings("ignore")  # estimators warn of their own rows

ROWS = 10_000

# Drawn, and at registration proven to be of no use: it gives numbers where objects are given.
UNUSED = {"table, columns passed"}

# A search runs what it has chosen; one of each kind of search is enough.
SEARCHES = ("HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV")

NAMES = [
    name
    for name, case in CASES.items()
    if type(case.build()[0]).__name__ in COMPILED
    and name not in UNUSED
    and not name.startswith(SEARCHES)
]


@pytest.mark.parametrize("name", each(NAMES))
def test_ten_thousand_random_rows_are_answered_as_by_scikit_learn(name):
    estimator, signature = fitted(name)[0], saved(name)[1]
    if signature.container not in ("array", "frame"):
        return
    try:
        form, _ = loads(dumps(drawn(estimator), {}))
    except NoForm:
        return
    rng = np.random.default_rng(ROWS)
    reader = Reader(signature)
    driven = 0
    for options in ({"gaps": True}, {"beyond": True}):
        X = random_rows(signature, ROWS // 2, rng, **options)
        got = {}
        for method in signature.methods:
            with suppress(Declined, AttributeError):  # rows or methods that are the estimator's
                got |= attempt(form, [method], reader.read(X))
        expected = {method: getattr(estimator, method)(unwrapped(X)) for method in got}
        compare(expected, got)
        if len(got) > 1:
            compare(expected, attempt(form, list(got), reader.read(X)))
        driven += len(got)
    assert driven


def test_each_kind_of_form_is_read_by_a_name_of_its_own():
    assert sorted(FORMS) == sorted(kind.__name__ for kind in KINDS)
