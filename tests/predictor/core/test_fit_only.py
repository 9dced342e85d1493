"""Parameters that only fitting uses: no method reads them, and a file may leave them out."""

from copy import deepcopy

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from predictor.core.artifacts import bounds
from predictor.core.artifacts.skops import fit_only, model_file
from predictor.core.errors import ArtifactError
from predictor.core.served_methods import get_method, get_methods
from tests.predictor.core import hostile
from tests.predictor.core.hostile import node
from tests.predictor.zoo import CASES, each, fitted

NOT_OF_ROWS = ("DictVectorizer", "MultiLabelBinarizer", "PatchExtractor")


# Parameters that a method passes on to an object that does not use them.
PASSED_ON = {"criterion": None, "refit": True, "score_func": None}


def delete(estimator):
    """Delete the attributes that only fitting uses, everywhere in an estimator."""
    for part in bounds.everything(estimator):
        for name in list(getattr(part, "__dict__", {})):
            if fit_only.is_fit_only(type(part).__module__, name):
                vars(part).pop(name)
                if name in PASSED_ON:
                    vars(part)[name] = PASSED_ON[name]


def run(estimator, X):
    """Return the results of each method as text, or the error."""
    results = {}
    for name in get_methods(estimator):
        try:
            results[name] = repr(as_list(get_method(estimator, name)(X)))
        except (AttributeError, NotImplementedError, TypeError, ValueError) as exc:
            results[name] = repr(exc)
    return results


def as_list(values):
    if isinstance(values, list):
        return list(map(as_list, values))
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values).tolist()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", each(name for name in CASES if name not in NOT_OF_ROWS))
def test_no_method_reads_a_value_that_only_fitting_uses(name):
    estimator, X = fitted(name)
    X = X[:12]
    without = deepcopy(estimator)
    delete(without)
    expected, actual = run(estimator, X), run(without, X)
    if actual != expected:
        again = run(estimator, X)
        same = [method for method in expected if again[method] == expected[method]]  # not random
        assert {name: actual[name] for name in same} == {name: expected[name] for name in same}


X = np.arange(24.0).reshape(12, 2) % 7
y = np.arange(12) % 2
SEARCH = GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2).fit(X, y)
ATTACK = node("FunctionNode", "os", "system")


def with_nodes(**nodes):
    """Return the file of a search in which some attributes are replaced."""
    return hostile.rewrite_schema(
        skops.io.dumps(SEARCH), lambda schema: schema["content"]["content"].update(nodes)
    )


@pytest.mark.parametrize(
    "value",
    [
        ATTACK,
        node("ObjectNode", "subprocess", "Popen", content=ATTACK),
        node("MethodNode", "operator", "methodcaller", content={"func": "a", "obj": ATTACK}),
        hostile.list_node(hostile.json_node("1"), ATTACK),
    ],
)
def test_a_value_that_only_fitting_uses_is_not_built(value):
    model = model_file.loads(with_nodes(scoring=value, cv=value, refit=value, param_grid=value))
    found = model.estimator
    assert (found.scoring, found.cv, found.refit, found.param_grid) == (None, None, True, {})
    assert model.left_out == {
        f"GridSearchCV.{name}" for name in ("cv", "param_grid", "refit", "scoring")
    }
    np.testing.assert_array_equal(found.predict(X), SEARCH.predict(X))


def test_a_value_that_is_left_out_allows_nothing_elsewhere():
    shared = ATTACK | {"__id__": 1234}
    for nodes in (
        {"scoring": shared, "best_index_": shared},
        {"scoring": shared | {"content": shared}, "best_estimator_": shared},
        {"best_index_": node("ObjectNode", "os", "_Environ", content={"content": {"cv": ATTACK}})},
    ):
        with pytest.raises(ArtifactError, match=r"not allowed: os\."):
            model_file.loads(with_nodes(**nodes))


def test_a_value_that_is_not_accepted_gets_its_default():
    model = model_file.loads(with_nodes(error_score=hostile.json_node('"warn"')))
    assert np.isnan(model.estimator.error_score)
    assert model.left_out == {"GridSearchCV.error_score"}


def test_a_file_names_what_it_leaves_out_and_contains_no_data_of_it():
    secret = np.full(1000, 12.5)
    search = deepcopy(SEARCH)
    search.scoring = lambda *_, rows=secret: rows.sum()
    search.callback = [object(), secret]
    data = model_file.dumps(search, {})
    assert secret.tobytes() not in data
    assert model_file.loads(data).left_out == {"GridSearchCV.callback", "GridSearchCV.scoring"}


def test_names_in_a_file_are_those_of_parameters():
    stated = ["A.b", "<script>", 1, "A.b.c", "A." + "b" * 100]
    assert fit_only.read_names(stated) == {"A.b"}
    assert fit_only.read_names({"A.b": 1}) == set()
    many = [f"A.b{n:02}" for n in range(22)]
    (sentence,) = fit_only.describe(many)
    assert sentence.endswith("A.b18, A.b19 and 2 more.")
    assert fit_only.describe([]) == fit_only.describe(["A.scorer_", "A._scorer"]) == []
