"""Compiled estimators come from a process that a model file may control: reading checks them."""

import io
import json
import zipfile

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from predictor.core.compiled import onnx_trees, serialization
from predictor.core.compiled.compiled_estimator import NotCompilable
from predictor.core.compiler.compile import compile_
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.engines import EstimatorEngine, load_compiled
from predictor.core.errors import ArtifactError
from predictor.core.signature_inference import infer_signature

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 3))
y = RNG.integers(0, 3, 100)

LINEAR = convert(LogisticRegression().fit(X, y))
FOREST = convert(RandomForestClassifier(3, random_state=0).fit(X, y))
BOOSTED = convert(
    HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]).fit(
        np.column_stack([y, X[:, 1:]]), y
    )
)


def changed(estimator, change):
    """The bytes of a compiled estimator with changed fields."""
    data = serialization.dumps(estimator, {"predict": None})
    with np.load(io.BytesIO(data)) as archive:
        arrays = dict(archive)
    description = json.loads(arrays.pop("description").tobytes())
    change(description["estimator"]["fields"], arrays)
    text = np.frombuffer(json.dumps(description).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, description=text, **arrays)
    return buffer.getvalue()


def set_field(name, value):
    return lambda fields, _arrays: fields.update({name: value})


def set_array(name, change):
    """Change the array in a field, or the array of trees with this name."""

    def set_array(fields, arrays):
        node = fields[name] if name in fields else fields["nodes"]["items"][name]
        arrays[node["array"]] = change(arrays[node["array"]])

    return set_array


def put(place, value):
    def put(array):
        array[place] = value
        return array

    return put


FILES = {
    "a class outside of the list": (LINEAR, set_field("coef", {"class": "dict", "fields": {}})),
    "a field that does not exist": (LINEAR, set_field("other", 1)),
    "a string for an array": (LINEAR, set_field("coef", "1.0")),
    "a list for a string": (LINEAR, set_field("link", ["softmax"])),
    "an array of objects": (LINEAR, set_array("coef", lambda a: a.astype(object))),
    "complex numbers": (LINEAR, set_array("coef", lambda a: a.astype(complex))),
    "numbers of extended precision": (LINEAR, set_array("coef", lambda a: a.astype("g"))),
    "labels that no response can contain": (
        LINEAR,
        set_array("classes", lambda _: np.array(["a", "b", "\ud800"])),
    ),
    "a string for a number": (FOREST, set_field("n_features", "3")),
    "trees without leaves": (
        FOREST,
        lambda fields, _: fields["nodes"]["items"].pop("leaf_weights"),
    ),
    "fewer leaves": (FOREST, set_array("leaf_weights", lambda a: a[:-1])),
    "fewer nodes": (FOREST, set_array("nodes_splits", lambda a: a[:-1])),
    "another dtype": (FOREST, set_array("nodes_featureids", lambda a: a.astype(np.int64))),
    "a table of nodes": (FOREST, set_array("nodes_splits", lambda a: a[:, None])),
    "a column that does not exist": (FOREST, set_array("nodes_featureids", put(0, 3))),
    "a column before the first": (FOREST, set_array("nodes_featureids", put(0, -1))),
    "a sum that does not exist": (FOREST, set_array("leaf_targetids", put(0, 2))),
    "a child that does not exist": (FOREST, set_array("nodes_truenodeids", put(0, 10**6))),
    "a child before the first": (FOREST, set_array("nodes_truenodeids", put(0, -5))),
    "a node that is its child": (FOREST, set_array("nodes_falsenodeids", put(0, 0))),
    "a child of two nodes": (FOREST, set_array("nodes_truenodeids", lambda a: np.sort(a)[::-1])),
    "a root that does not exist": (FOREST, set_array("tree_roots", put(0, 10**6))),
    "a root that is a child": (FOREST, set_array("tree_roots", put(0, 1))),
    "no roots": (FOREST, set_array("tree_roots", lambda a: a[:0])),
    "another operator": (FOREST, set_array("nodes_modes", put(0, 3))),
    "categories without a node": (BOOSTED, set_array("nodes_modes", lambda a: a * 0)),
    "categories without an end": (BOOSTED, set_array("membership_values", lambda a: a[:-1])),
}


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_compiled_estimator_is_not_read(name):
    estimator, change = FILES[name]
    serialization.loads(changed(estimator, lambda _fields, _arrays: None))
    with pytest.raises(ArtifactError, match=r"^The compiled estimator cannot be read\.$"):
        serialization.loads(changed(estimator, change))


@pytest.mark.parametrize(
    "change",
    [
        set_array("coef", lambda a: a[:, :2]),
        set_array("coef", lambda a: a[:1]),
        set_array("classes", lambda a: a[:0]),
    ],
)
def test_a_compiled_estimator_that_does_not_fit_the_signature_is_not_loaded(change):
    fallback = EstimatorEngine(LogisticRegression().fit(X, y))
    signature = infer_signature(fallback.estimator)
    load_compiled(changed(LINEAR, lambda _fields, _arrays: None), fallback, signature)
    with pytest.raises(ArtifactError, match=r"^The compiled estimator does not fit the signature"):
        load_compiled(changed(LINEAR, change), fallback, signature)


def test_a_compressed_archive_is_not_read():
    data = serialization.dumps(LINEAR, {"predict": None})
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as compressed,
    ):
        for name in archive.namelist():
            compressed.writestr(name, archive.read(name))
    with pytest.raises(ArtifactError):
        serialization.loads(buffer.getvalue())


def test_an_estimator_whose_labels_no_worker_reads_is_not_compiled():
    estimator = LogisticRegression().fit(X, y)
    estimator.classes_ = np.array([b"a", b"b", b"c"])
    compilation = compile_(estimator, infer_signature(LogisticRegression().fit(X, y)))
    assert compilation.data == b""
    assert compilation.report["reason"] == "The compiled estimator fails for random rows."


def test_trees_that_are_read_predict_as_before():
    read, _ = serialization.loads(serialization.dumps(BOOSTED, {"predict": 5}))
    rows = np.column_stack([[0.0, 7.0, np.nan, 2.0], X[:4, 1:]])
    np.testing.assert_array_equal(read.predict_proba(rows), BOOSTED.predict_proba(rows))


def test_a_tree_of_too_many_levels_is_not_compiled():
    # ONNX Runtime ends the process when it reads a tree of 20,000 levels.
    rows = np.cumsum(2.0 ** np.arange(-20, -20 + 40))[:, None]
    deep = DecisionTreeRegressor(min_samples_leaf=1).fit(rows, np.cumsum(2.0 ** np.arange(40)) ** 2)
    assert deep.get_depth() > 20
    report = compile_(deep, infer_signature(deep)).report
    assert report["engine"] == "onnxruntime"
    chain = np.arange(onnx_trees.MAX_DEPTH + 1, dtype=np.int32)
    arrays = {name: np.zeros(len(chain), dtype) for name, dtype in onnx_trees.NODES.items()}
    arrays |= {name: np.zeros(len(chain) + 1, dtype) for name, dtype in onnx_trees.LEAVES.items()}
    arrays |= {"tree_roots": chain[:1], "membership_values": np.empty(0)}
    arrays["nodes_trueleafs"] |= True
    arrays["nodes_truenodeids"] = chain
    arrays["nodes_falsenodeids"] = chain + 1
    arrays["nodes_falseleafs"][-1] = True
    with pytest.raises(NotCompilable, match=r"A tree has more than 2,000 levels\."):
        onnx_trees.check_trees(arrays, 1, 1)
    assert onnx_trees.to_onnx(arrays, 1, np.float64)
