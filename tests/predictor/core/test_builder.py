"""What is written to a file, and built out of it, is what skops writes and builds."""

import io
import json
import sys
from collections import OrderedDict, defaultdict
from functools import partial
from operator import attrgetter, itemgetter, methodcaller

import numpy as np
import pytest
import skops.io
from scipy.sparse import coo_array, csr_matrix
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import all_estimators

from predictor.core.artifacts import allowed, archive, native
from predictor.core.artifacts.builder import Builder
from predictor.core.artifacts.schema import Schema
from predictor.core.errors import ArtifactError
from tests.predictor.core import hostile
from tests.predictor.zoo import CASES, each, fitted

pytestmark = pytest.mark.filterwarnings("ignore")  # estimators warn of their own rows

# Fitted on objects that are no rows; what they hold, others hold as well.
NOT_OF_ROWS = ("DictVectorizer", "MultiLabelBinarizer")

# skops does not write the tree of a Birch's clusters, which is left out here.
REFUSED = ("Birch", "clusters of a few", "clusters after scaling")

# SciPy reads the indices of its matrices into 32 bits where that is enough.
NARROWED = ("sparse rows, support vectors",)


def built(data, trusted=()):
    """What a file holds, as it is built here."""
    with archive.opened(data) as file:
        schema = Schema(file)
        schema.check(trusted)
        return Builder(file).build(schema.root)


def by_skops(data):
    """What a file holds, as skops builds it."""
    with archive.opened(data) as file:
        nodes = Schema(file).nodes()
        names = {f"{node['__module__']}.{node['__class__']}" for node in nodes}
    return skops.io.loads(data, trusted=sorted(names))


def written(held):
    """All that is written of an object."""
    return described(native.dumps(held, {}))


def described(data):
    """All that a file says of an object; identities are numbers by first appearance."""
    parts = hostile.members(data)
    numbers = {}

    def plain(node):
        if isinstance(node, list):
            return [plain(part) for part in node]
        if not isinstance(node, dict):
            return node
        node = dict(node)
        identity = node.pop("__id__", None)
        if node.get("__loader__") not in ("JsonNode", None):  # Python shares numbers and strings
            node["identity"] = numbers.setdefault(identity, len(numbers))
        if "file" in node:
            node["file"] = fields(parts[node["file"]])
        return {name: plain(part) for name, part in node.items()}

    schema = json.loads(parts["schema.json"])
    schema.pop("_skops_version", None)
    return plain(schema)


def fields(data):
    """The bytes of an array, without those between its fields, which nobody sets."""
    if not data.startswith(b"\x93NUMPY"):
        return data
    array = np.load(io.BytesIO(data))
    names = array.dtype.names
    return {name: array[name].tobytes() for name in names} if names else data


@pytest.mark.parametrize("name", each(name for name in CASES if name not in NOT_OF_ROWS))
def test_every_estimator_is_written_and_built_as_skops_does_it(name):
    estimator = fitted(name)[0]
    data = native.dumps(estimator, {})
    said = described(data)
    if name not in REFUSED:
        assert said == described(skops.io.dumps(estimator))
    ours = built(data)
    assert written(ours) == (written(by_skops(data)) if name in NARROWED else said)


class Bare:
    """Something that an operator may trust."""

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return Bare, (self.value,)


twice = np.arange(3.0)
LISTS = np.empty(2, dtype=object)
LISTS[0], LISTS[1] = [1, 2], [3, 4]
HELD = {
    "keys of several kinds": {1: "a", "1x": 2.5, 2.5: None, np.int64(7): (1, "b")},
    "an ordered dictionary": OrderedDict(b=1, a=2),
    "a dictionary with a default": defaultdict(int, a=1),
    "sets and slices": [{1, 2}, slice(1, None, 2)],
    "bytes": [b"\x00a", bytearray(b"b")],
    "types and functions": [int, np.float32, np.log1p, np.mean],
    "a partial function": partial(np.clip, 0, a_max=3),
    "dtypes": [np.dtype("float32"), np.dtype([("a", "<i4"), ("b", "U3")])],
    "scalars": [np.float64(0.1), np.int8(3), np.bool_(True), np.str_("a")],
    "an array in Fortran's order": np.asfortranarray(np.ones((2, 3))),
    "an array of lists": LISTS,
    "a table of objects": np.array([["a", None], [1.5, float("nan")]], dtype=object),
    "a masked array": np.ma.MaskedArray([1, 2], mask=[False, True]),
    "sparse matrices": [csr_matrix(np.eye(3)), coo_array(np.eye(2))],
    "a random state": np.random.RandomState(3),
    "random generators": [np.random.default_rng(3), np.random.Generator(np.random.Philox(1))],
    "one array twice": [twice, {"again": twice}],
    "what the operator trusts": Bare((1, 2)),
}


@pytest.mark.parametrize("name", HELD)
def test_whatever_an_estimator_holds_is_written_and_built_as_skops_does_it(name):
    trusted = [f"{Bare.__module__}.Bare"]
    held = FunctionTransformer(kw_args={"held": HELD[name]})
    data = skops.io.dumps(held)
    assert written(held) == described(data)
    assert written(built(data, trusted)) == written(by_skops(data))


def test_keys_that_are_booleans_come_back():
    weights = {False: 1.0, True: 5.0}
    for held in (weights, {np.bool_(key): weight for key, weight in weights.items()}):
        data = native.dumps(FunctionTransformer(kw_args={"held": held}), {})
        assert built(data).kw_args["held"] == held
        assert by_skops(data).kw_args["held"] == held


ITSELF = [StandardScaler().fit, attrgetter("a"), itemgetter(1), methodcaller("a"), iter([1])]


@pytest.mark.parametrize("held", ITSELF, ids=lambda held: type(held).__name__)
def test_what_calls_something_else_is_not_written(held):
    with pytest.raises(ArtifactError, match=f"{type(held).__name__}"):
        native.dumps(FunctionTransformer(kw_args={"held": held}), {})


def test_what_calls_something_else_is_not_built_whoever_trusts_it():
    data = skops.io.dumps(FunctionTransformer(kw_args={"held": "operator.attrgetter"}))
    built_by_name = {
        "__loader__": "ConstructorFromReduceNode",
        "__module__": "operator",
        "__class__": "attrgetter",
        "content": {
            "__loader__": "JsonNode",
            "__module__": "builtins",
            "__class__": "str",
            "content": '["a"]',
        },
    }
    data = hostile.with_attribute(data, built_by_name)
    with pytest.raises(ArtifactError, match=r"not allowed: operator\.attrgetter"):
        built(data, ["operator.attrgetter"])


def test_an_array_of_objects_without_a_dimension_is_not_written():
    held = FunctionTransformer(kw_args={"held": np.array("abc", dtype=object)})
    with pytest.raises(ArtifactError, match="an array of objects has no dimension"):
        native.dumps(held, {})


LOST = [{None: "a"}, {(1, 2): "a"}, {1: "a", "1": "b"}]


@pytest.mark.parametrize("held", LOST, ids=repr)
def test_keys_that_a_file_does_not_give_back_are_not_written(held):
    with pytest.raises(ArtifactError, match=r" saved: a dictionary has the key "):
        native.dumps(FunctionTransformer(kw_args={"held": held}), {})


def test_what_holds_itself_is_not_written():
    held = []
    held.append(held)
    with pytest.raises(ArtifactError, match=r"^FunctionTransformer cannot be saved: max"):
        native.dumps(FunctionTransformer(kw_args={"held": held}), {})


def test_the_same_estimator_gives_the_same_members():
    first, second = (native.dumps(fitted("RandomForestClassifier")[0], {}) for _ in range(2))
    assert hostile.members(first) == hostile.members(second)


def test_what_is_one_object_in_the_estimator_is_one_again():
    held = FunctionTransformer(kw_args={"a": twice, "b": twice})
    first, second = built(skops.io.dumps(held)).kw_args.values()
    assert first is second


def test_every_estimator_of_scikit_learn_is_allowed_and_nothing_else_of_it():
    estimators = {f"{kind.__module__}.{kind.__qualname__}" for _, kind in all_estimators()}
    modules = [each for name, each in sys.modules.items() if name.partition(".")[0] == "sklearn"]
    others = {f"{each.__name__}.{name}" for each in modules for name in vars(each)} | {
        "sklearn.base.BaseEstimator",
        "sklearn.nothing.Estimator",
        "sklearn.linear_model._logistic",
        "sklearn.tests.test_base.MyEstimator",
        "sklearnish.linear_model.Ridge",
    }
    assert {name for name in estimators | others if allowed.is_estimator(name)} == estimators
