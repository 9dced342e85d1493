"""The reader and the writer of skops files give the same results as the skops package."""

import io
import json
import sys
from collections import OrderedDict
from functools import partial
from operator import attrgetter, itemgetter, methodcaller

import numpy as np
import pytest
import skops.io
from scipy.sparse import csr_array, csr_matrix
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import all_estimators

from predictor.core.artifacts.skops import model_file, trusted_types, zip_archive
from predictor.core.artifacts.skops.audit import audit, get_name, iter_nodes, read_schema
from predictor.core.artifacts.skops.reader import Reader
from predictor.core.errors import ArtifactError
from tests.predictor.core import hostile
from tests.predictor.zoo import CASES, each, fitted

pytestmark = pytest.mark.filterwarnings("ignore")  # estimators warn of their own rows

# Estimators that are not fitted on rows.
NOT_OF_ROWS = ("DictVectorizer", "MultiLabelBinarizer")

# Cases with a Birch. skops rejects its tree of clusters; this writer omits the tree.
REJECTED_BY_SKOPS = ("Birch", "clusters of a few", "clusters after scaling")

# Cases of packages whose models are written in another way than by skops.
OTHER_PACKAGES = ("CatBoost", "LightGBM", "XGBoost", "resampled")

# Cases with requests for metadata, which this writer omits.
WITH_REQUESTS = ("TunedThresholdClassifierCV",)

# Cases with sparse matrices. SciPy converts their indices to 32 bits when it reads them.
NARROWED = ("sparse rows, support vectors",)


def read(data, trusted=(), **options):
    """Return the object in a file, as this reader builds it."""
    with zip_archive.open_archive(data) as file:
        schema = read_schema(file)
        audit(iter_nodes(schema), trusted)
        return Reader(file, model_file.READERS, **options).read(schema)


def read_by_skops(data):
    """Return the object in a file, as the skops package builds it."""
    with zip_archive.open_archive(data) as file:
        names = {get_name(node) for node in iter_nodes(read_schema(file))}
    return skops.io.loads(data, trusted=sorted(names))


def write(value):
    """Return the parsed content of the file that this writer makes of an object."""
    return parse(model_file.dumps(value, {}))


def parse(data):
    """Return the nodes and arrays of a file. Identities are numbered by first appearance."""
    parts = hostile.read_members(data)
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
    """Return the bytes of an array by field, without the padding, which is not initialised."""
    if not data.startswith(b"\x93NUMPY"):
        return data
    array = np.load(io.BytesIO(data))
    names = array.dtype.names
    return {name: array[name].tobytes() for name in names} if names else data


NAMES = [name for name in CASES if name not in NOT_OF_ROWS and not name.startswith(OTHER_PACKAGES)]


@pytest.mark.parametrize("name", each(NAMES))
def test_every_estimator_is_written_and_read_as_by_skops(name):
    estimator = fitted(name)[0]
    data = model_file.dumps(estimator, {})
    content = parse(data)
    if name not in REJECTED_BY_SKOPS + WITH_REQUESTS:
        assert content == parse(skops.io.dumps(estimator))
    expected = write(read_by_skops(data)) if name in NARROWED else content
    assert write(read(data)) == expected


class Bare:
    """A class that an operator may trust."""

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return Bare, (self.value,)


twice = np.arange(3.0)
LISTS = np.empty(2, dtype=object)
LISTS[0], LISTS[1] = [1, 2], [3, 4]
VALUES = {
    "keys of several kinds": {1: "a", "1x": 2.5, 2.5: None, np.int64(7): (1, "b")},
    "an ordered dictionary": OrderedDict(b=1, a=2),
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
    "sparse matrices": [csr_matrix(np.eye(3)), csr_array(np.eye(2))],
    "a random state": np.random.RandomState(3),
    "random generators": [np.random.default_rng(3), np.random.Generator(np.random.Philox(1))],
    "one array twice": [twice, {"again": twice}],
    "a class that the operator trusts": Bare((1, 2)),
}


@pytest.mark.parametrize("name", VALUES)
def test_every_value_in_an_estimator_is_written_and_read_as_by_skops(name):
    trusted = [f"{Bare.__module__}.Bare"]
    value = VALUES[name]
    # A search need not keep its candidates, so that their types need not be trusted.
    search = GridSearchCV(FunctionTransformer(), {"kw_args": [value]})
    estimator = transformer(value) if isinstance(value, Bare) else search
    data = skops.io.dumps(estimator)
    assert write(estimator) == parse(data)
    assert write(read(data, trusted)) == write(read_by_skops(data))


def transformer(value):
    return FunctionTransformer(kw_args={"value": value})


def test_keys_that_are_booleans_are_read_back():
    weights = {False: 1.0, True: 5.0}
    for value in (weights, {np.bool_(key): weight for key, weight in weights.items()}):
        data = model_file.dumps(transformer(value), {})
        assert read(data).kw_args["value"] == value
        assert read_by_skops(data).kw_args["value"] == value


CALLERS = [StandardScaler().fit, attrgetter("a"), itemgetter(1), methodcaller("a"), iter([1])]


@pytest.mark.parametrize("value", CALLERS, ids=lambda value: type(value).__name__)
def test_an_object_that_calls_a_method_is_not_written(value):
    reasons = "TRUSTED_TYPES|neither a state nor arguments"
    with pytest.raises(ArtifactError, match=rf"{type(value).__name__}.*({reasons})"):
        model_file.dumps(transformer(value), {})


def test_an_object_that_calls_a_method_is_not_read_even_if_it_is_trusted():
    data = skops.io.dumps(transformer("operator.attrgetter"))
    attrgetter_node = {
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
    data = hostile.add_attribute(data, attrgetter_node)
    with pytest.raises(ArtifactError, match=r"not allowed: operator\.attrgetter"):
        read(data, ["operator.attrgetter"])


def test_an_array_of_objects_without_a_dimension_is_not_written():
    with pytest.raises(ArtifactError, match="an array of objects has no dimension"):
        model_file.dumps(transformer(np.array("abc", dtype=object)), {})


@pytest.mark.parametrize("value", [{None: "a"}, {(1, 2): "a"}, {1: "a", "1": "b"}], ids=repr)
def test_keys_that_cannot_be_read_back_are_not_written(value):
    with pytest.raises(ArtifactError, match=r" saved: a dictionary has the key "):
        model_file.dumps(transformer(value), {})


def test_a_list_that_contains_itself_is_not_written():
    value = []
    value.append(value)
    with pytest.raises(ArtifactError, match=r"^FunctionTransformer cannot be saved: max"):
        model_file.dumps(transformer(value), {})


def test_all_data_of_a_file_counts_against_the_limit():
    arrays = skops.io.dumps(transformer([np.zeros(100), np.ones(100)]))
    matrix = skops.io.dumps(transformer(csr_matrix(np.zeros((1000, 1000)))))
    for data, size in ((arrays, 2 * 928), (matrix, 5000)):
        read(data, max_bytes=2 * size)
        with pytest.raises(ArtifactError, match=r"^The arrays in the file take more memory"):
            read(data, max_bytes=size - 1)


def test_an_array_without_an_identity_counts_at_each_mention():
    def mention_twice(schema):
        items = schema["content"]["content"]["kw_args"]["content"]["value"]["content"]
        del items[0]["__id__"]
        items.append(items[0])

    data = hostile.rewrite_schema(skops.io.dumps(transformer([np.zeros(100)])), mention_twice)
    assert len(read(data, max_bytes=2 * 928).kw_args["value"]) == 2
    with pytest.raises(ArtifactError, match=r"^The arrays in the file take more memory"):
        read(data, max_bytes=2 * 928 - 1)


def test_the_same_estimator_is_written_as_the_same_members():
    first, second = (model_file.dumps(fitted("RandomForestClassifier")[0], {}) for _ in range(2))
    assert hostile.read_members(first) == hostile.read_members(second)


def test_two_references_to_one_object_are_read_as_one_object():
    estimator = FunctionTransformer(kw_args={"a": twice, "b": twice})
    first, second = read(skops.io.dumps(estimator)).kw_args.values()
    assert first is second


def test_only_the_estimators_of_scikit_learn_are_allowed_by_name():
    estimators = {f"{kind.__module__}.{kind.__qualname__}" for _, kind in all_estimators()}
    modules = [each for name, each in sys.modules.items() if name.partition(".")[0] == "sklearn"]
    others = {f"{each.__name__}.{name}" for each in modules for name in vars(each)} | {
        "sklearn.base.BaseEstimator",
        "sklearn.nothing.Estimator",
        "sklearn.linear_model._logistic",
        "sklearn.tests.test_base.MyEstimator",
        "sklearnish.linear_model.Ridge",
    }
    assert {name for name in estimators | others if trusted_types.is_estimator(name)} == estimators
