import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skops.io
from scipy.sparse import csr_matrix, save_npz
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.gaussian_process.kernels import RBF
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    LabelEncoder,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    SplineTransformer,
)
from sklearn.random_projection import SparseRandomProjection
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from predictor.core import artifacts
from predictor.core.errors import ArtifactError
from tests.predictor.core import hostile
from tests.predictor.core.hostile import json_node, list_node, node, tuple_node

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
y = np.arange(60) % 3

LOGISTIC = LogisticRegression().fit(X, y)
TREE = DecisionTreeClassifier(random_state=0).fit(X, y)
FOREST = RandomForestClassifier(3, random_state=0).fit(X, y)
BOOSTED = GradientBoostingClassifier(n_estimators=2, random_state=0).fit(X, y)
HISTOGRAM = HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]).fit(
    np.column_stack([y, X]), y
)
ISOLATED = IsolationForest(n_estimators=2, random_state=0).fit(X)
NEIGHBORS = KNeighborsClassifier(algorithm="kd_tree", leaf_size=5).fit(X, y)
VECTORS = SVC().fit(X, y)
SPARSE = SVC().fit(csr_matrix(X), y)
POLYNOMIAL = PolynomialFeatures().fit(X)
SPLINES = SplineTransformer().fit(X)
TWO_CLASSES = DummyClassifier(strategy="prior").fit(X, y > 0)
COUNTED = CountVectorizer().fit(["a bad word", "a good word"])

SAVED = skops.io.dumps(LOGISTIC)


def field(name, value, where=slice(None)):
    """Return a function that changes a field of a structured array."""

    def change(array):
        array[name][where] = value
        return array

    return change


def reordered(estimator):
    """Give a search tree indices of points that do not exist."""
    tree = estimator._tree
    state = list(tree.__getstate__())
    state[1] = state[1] + 1000
    tree.__setstate__(tuple(state))


def decreased(estimator):
    """Give the rows of a sparse matrix an end before their start."""
    matrix = estimator.support_vectors_
    matrix.indptr[1] = matrix.indptr[3]
    estimator.support_vectors_ = matrix


def with_sparse(matrix):
    """Return a file with another sparse matrix under the name of the type csr_matrix."""
    buffer = io.BytesIO()
    save_npz(buffer, matrix)
    parts = hostile.read_members(skops.io.dumps(SPARSE))
    changed = {name: buffer.getvalue() for name in parts if name.endswith(".npz")}
    return hostile.pack(parts | changed)


def npy(length, shape):
    """Return an array of zeros with a shape in its header that may not match."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue() + bytes(length)


def with_first_array(content):
    parts = hostile.read_members(SAVED)
    name = next(name for name in parts if name.endswith(".npy"))
    return hostile.pack(parts | {name: content})


def two_of_one_identity():
    """Return a file in which a damaged and a valid array have the same identity."""
    name = next(name for name in hostile.read_members(SAVED) if name.endswith(".npy"))
    arrays = [
        node("NdArrayNode", "numpy", "ndarray", type="numpy", file=file, __id__=7)
        for file in ("odd.npy", name)
    ]
    data = hostile.add_attribute(SAVED, list_node(*arrays))
    return hostile.pack(hostile.read_members(data) | {"odd.npy": npy(8, (10**12,))})


def objects():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def renamed_generator(name):
    """Return a file with a random generator whose state names another bit generator."""

    def change(schema):
        generator = schema["content"]["content"]["kw_args"]["content"]["seed"]
        state = generator["content"]["bit_generator"]["content"]
        state["bit_generator"] = json_node(f'"{name}"')

    data = skops.io.dumps(FunctionTransformer(kw_args={"seed": np.random.default_rng(0)}))
    return hostile.rewrite_schema(data, change)


class Harmful:
    def __reduce__(self):
        return os.system, ("touch harmed",)


def deep():
    return '{"protocol": 2, "a": ' + "[" * 100_000 + "]" * 100_000 + "}"


VERSION = (
    "The model was fitted with {}; scikit-learn 1.9.1 is installed and may return other "
    "predictions. Fit it again with scikit-learn==1.9.1, or accept that: the command `register` "
    "has the option --allow-version, an upload the field allow_version."
)
NEVER_ALLOWED = "The file contains types or functions that are not allowed: {}."
NOT_ALLOWED = (
    f"{NEVER_ALLOWED} Only if you trust their code: add them to the server's setting "
    "TRUSTED_TYPES, and to `trusted_types` of save and publish."
)
INDICES = "A {} in the file has indices or shapes that do not match."
MISMATCH = "The parts of the file do not make up an estimator."
SIZE = "The size of an array in the file differs from its header."
NO_ARCHIVE = "The file is not a complete zip archive."

# For each hostile file, a function that makes it, and the message.
FILES = {
    "0 bytes": (lambda: b"", "The file is empty."),
    "a pickle": (lambda: pickle.dumps(LOGISTIC), NO_ARCHIVE),
    "a pickle that runs a command": (lambda: pickle.dumps(Harmful()), NO_ARCHIVE),
    "truncated": (lambda: SAVED[:-100], NO_ARCHIVE),
    "truncated early": (lambda: SAVED[:1000], NO_ARCHIVE),
    "another zip archive": (
        lambda: hostile.pack({"a.txt": b"a"}),
        "The archive is not a skops file, because it has no schema.json.",
    ),
    "swapped bytes": (lambda: hostile.break_checksum(SAVED), "A member of the archive is damaged."),
    "a bomb": (
        lambda: hostile.make_bomb(SAVED),
        "The archive has a decompressed size of 83,___,___ bytes; the maximum is 67,108,864.",
    ),
    "a path": (
        lambda: hostile.pack(hostile.read_members(SAVED) | {"../../evil.py": b""}),
        "A member of the archive has an unsafe path.",
    ),
    "an absolute path": (
        lambda: hostile.pack(hostile.read_members(SAVED) | {"/etc/evil": b""}),
        "A member of the archive has an unsafe path.",
    ),
    "invalid JSON": (
        lambda: hostile.pack({"schema.json": b"{"}),
        "schema.json in the archive is not valid JSON.",
    ),
    "deep JSON": (
        lambda: hostile.pack({"schema.json": deep().encode()}),
        "schema.json in the archive is not valid JSON.",
    ),
    "an identity that is a list": (
        lambda: hostile.add_attribute(
            SAVED, node("NdArrayNode", "numpy", "ndarray", type="numpy", file="a", __id__=[1])
        ),
        MISMATCH,
    ),
    "a version that is not a node": (
        lambda: hostile.rewrite_schema(
            SAVED, lambda schema: schema["content"]["content"].update(_sklearn_version=1)
        ),
        "The file has a scikit-learn version that cannot be read.",
    ),
    "a version that is nested deeply": (
        lambda: hostile.rewrite_schema(
            SAVED,
            lambda schema: schema["content"]["content"]["_sklearn_version"].update(
                content="[" * 100_000
            ),
        ),
        "The file has a scikit-learn version that cannot be read.",
    ),
    "an old format": (
        lambda: hostile.rewrite_schema(SAVED, lambda schema: schema.update(protocol=0)),
        "The file is not in version 2 of the skops format.",
    ),
    "a missing part": (
        lambda: hostile.pack(
            {k: v for k, v in hostile.read_members(SAVED).items() if ".npy" not in k}
        ),
        "The file refers to a member that the archive does not have.",
    ),
    "an array of objects": (
        lambda: with_first_array(objects()),
        "An array in the file contains pickled objects.",
    ),
    "an array smaller than its header": (lambda: with_first_array(npy(8, (10**12,))), SIZE),
    "an array of negative length": (
        lambda: with_first_array(npy(8, (-1,))),
        "An array in the file has a damaged header.",
    ),
    "two arrays of one identity": (two_of_one_identity, SIZE),
    "a list that contains itself": (
        lambda: hostile.rewrite_schema(
            SAVED,
            lambda schema: schema["content"]["content"].update(
                coef_=list_node(list_node() | {"__id__": 7}) | {"__id__": 7}
            ),
        ),
        MISMATCH,
    ),
    "an array without a header": (
        lambda: with_first_array(b"nonsense"),
        "An array in the file has a damaged header.",
    ),
    "another version": (
        lambda: hostile.rewrite_schema(
            SAVED,
            lambda schema: schema["content"]["content"]["_sklearn_version"].update(
                content='"1.2.3"'
            ),
        ),
        VERSION.format("scikit-learn 1.2.3"),
    ),
    "no version": (
        lambda: skops.io.dumps({"a": 1}),
        VERSION.format("an unknown version of scikit-learn"),
    ),
    "a type outside the lists": (
        lambda: hostile.add_attribute(SAVED, node("ObjectNode", "subprocess", "Popen")),
        NOT_ALLOWED.format("subprocess.Popen"),
    ),
    "a function outside the lists": (
        lambda: skops.io.dumps(FunctionTransformer(os.system)),
        NOT_ALLOWED.format("posix.system"),
    ),
    "a function of NumPy that reads files": (
        lambda: skops.io.dumps(FunctionTransformer(np.load)),
        NOT_ALLOWED.format("numpy.load"),
    ),
    "a type under another loader": (
        lambda: hostile.add_attribute(
            SAVED, node("ListNode", "sklearn.tree._tree", "Tree", content=[])
        ),
        NOT_ALLOWED.format("sklearn.tree._tree.Tree"),
    ),
    "a class as the key of a dictionary": (
        lambda: hostile.add_attribute(SAVED, node("TypeNode", "builtins", "eval")),
        NOT_ALLOWED.format("builtins.eval"),
    ),
    "operator.attrgetter": (
        lambda: hostile.add_attribute(
            SAVED,
            node("OperatorFuncNode", "operator", "attrgetter", attrs=tuple_node(json_node('"a"'))),
        ),
        NEVER_ALLOWED.format("operator.attrgetter"),
    ),
    "operator.methodcaller": (
        lambda: hostile.add_attribute(
            SAVED,
            node(
                "OperatorFuncNode", "operator", "methodcaller", attrs=tuple_node(json_node('"a"'))
            ),
        ),
        NEVER_ALLOWED.format("operator.methodcaller"),
    ),
    "a bound method": (
        lambda: skops.io.dumps(FunctionTransformer(LOGISTIC.predict)),
        NOT_ALLOWED.format("sklearn.linear_model._base.LogisticRegression"),
    ),
    "a distance that calls a function": (
        lambda: hostile.add_attribute(
            SAVED, node("ObjectNode", "sklearn.metrics._dist_metrics", "PyFuncDistance64")
        ),
        NOT_ALLOWED.format("sklearn.metrics._dist_metrics.PyFuncDistance64"),
    ),
    "an unknown bit generator": (
        lambda: renamed_generator("seed"),
        "A random generator in the file has an unknown bit generator.",
    ),
    "a bit generator without bits": (
        lambda: renamed_generator("BitGenerator"),
        "A random generator in the file has an unknown bit generator.",
    ),
    "parts that do not match": (
        lambda: hostile.rewrite_schema(
            SAVED,
            lambda schema: schema["content"]["content"].update(
                coef_=node(
                    "RandomStateNode", "numpy.random.mtrand", "RandomState", content=json_node("1")
                )
            ),
        ),
        MISMATCH,
    ),
    "a child outside of a tree": (
        lambda: hostile.change_arrays(
            skops.io.dumps(TREE), "left_child", field("left_child", 10**9, 0)
        ),
        INDICES.format("Tree"),
    ),
    "a child before its parent": (
        lambda: hostile.change_arrays(
            skops.io.dumps(FOREST), "left_child", field("right_child", 0, 0)
        ),
        INDICES.format("Tree"),
    ),
    "half a leaf": (
        lambda: hostile.change_arrays(
            skops.io.dumps(TREE), "left_child", field("left_child", -1, 0)
        ),
        INDICES.format("Tree"),
    ),
    "a split on no column": (
        lambda: hostile.change_arrays(skops.io.dumps(TREE), "left_child", field("feature", 4, 0)),
        INDICES.format("Tree"),
    ),
    "a tree wider than its estimator": (
        lambda: hostile.save_damaged(TREE, lambda e: setattr(e, "n_features_in_", 2)),
        INDICES.format("DecisionTreeClassifier"),
    ),
    "a forest wider than its first tree": (
        lambda: hostile.save_damaged(
            FOREST, lambda e: e.estimators_.append(DecisionTreeClassifier().fit(X[:, :2], y))
        ),
        INDICES.format("RandomForestClassifier"),
    ),
    "boosting with a tree too few": (
        lambda: hostile.save_damaged(
            BOOSTED, lambda e: setattr(e, "estimators_", e.estimators_[:, :2])
        ),
        INDICES.format("GradientBoostingClassifier"),
    ),
    "a histogram's child outside": (
        lambda: hostile.change_arrays(
            skops.io.dumps(HISTOGRAM), "feature_idx", field("left", 10**6, 0)
        ),
        INDICES.format("TreePredictor"),
    ),
    "a histogram's column outside": (
        lambda: hostile.change_arrays(
            skops.io.dumps(HISTOGRAM), "feature_idx", field("feature_idx", 5000, 0)
        ),
        INDICES.format("HistGradientBoostingClassifier"),
    ),
    "a histogram's categories outside": (
        lambda: hostile.change_arrays(
            skops.io.dumps(HISTOGRAM), "feature_idx", field("bitset_idx", 900, slice(None))
        ),
        INDICES.format("TreePredictor"),
    ),
    "a neighbour of no class": (
        lambda: hostile.save_damaged(NEIGHBORS, lambda e: setattr(e, "_y", e._y + 10**6)),
        INDICES.format("KNeighborsClassifier"),
    ),
    "fewer support vectors": (
        lambda: hostile.save_damaged(
            VECTORS, lambda e: setattr(e, "_n_support", e._n_support + 1000)
        ),
        INDICES.format("SVC"),
    ),
    "a support vector of no row": (
        lambda: hostile.save_damaged(
            SVC(kernel=RBF()).fit(X, y), lambda e: setattr(e, "support_", e.support_ + 1000)
        ),
        INDICES.format("SVC"),
    ),
    "support vectors of other columns": (
        lambda: hostile.save_damaged(VECTORS, lambda e: setattr(e, "n_features_in_", 40)),
        INDICES.format("SVC"),
    ),
    "an isolated tree of other columns": (
        lambda: hostile.save_damaged(ISOLATED, lambda e: setattr(e, "n_features_in_", 2)),
        INDICES.format("IsolationForest"),
    ),
    "points that do not exist": (
        lambda: hostile.save_damaged(NEIGHBORS, reordered),
        INDICES.format("KDTree"),
    ),
    "a search node outside": (
        lambda: hostile.change_arrays(
            skops.io.dumps(NEIGHBORS), "idx_start", field("idx_end", 10**6, 1)
        ),
        INDICES.format("KDTree"),
    ),
    "clusters of other columns": (
        lambda: hostile.save_damaged(
            KMeans(3, n_init=1).fit(X), lambda e: setattr(e, "n_features_in_", 40)
        ),
        INDICES.format("KMeans"),
    ),
    "an encoder of fewer columns": (
        lambda: hostile.save_damaged(
            OneHotEncoder().fit([["a"], ["b"]]), lambda e: setattr(e, "_n_features_outs", [1])
        ),
        INDICES.format("OneHotEncoder"),
    ),
    "infrequent categories without their number": (
        lambda: hostile.save_damaged(
            OneHotEncoder(max_categories=2).fit([["a"], ["b"], ["c"]]),
            lambda e: setattr(e, "_default_to_infrequent_mappings", [None]),
        ),
        INDICES.format("OneHotEncoder"),
    ),
    "no numbers of infrequent categories": (
        lambda: hostile.save_damaged(
            OneHotEncoder(max_categories=2).fit([["a"], ["b"], ["c"]]),
            lambda e: setattr(e, "_default_to_infrequent_mappings", []),
        ),
        "A OneHotEncoder in the file is incomplete.",
    ),
    "a word of no column": (
        lambda: hostile.save_damaged(COUNTED, lambda e: e.vocabulary_.update(bad=10**6)),
        INDICES.format("CountVectorizer"),
    ),
    "a vectorizer that reads files": (
        lambda: skops.io.dumps(HashingVectorizer(input="filename")),
        "A vectorizer would read files named in its input.",
    ),
    "hashing into nothing": (
        lambda: skops.io.dumps(HashingVectorizer(n_features=0)),
        (
            "The 'n_features' parameter of HashingVectorizer must be an int in the range [1, "
            "2147483647). Got 0 instead."
        ),
    ),
    "a sparse matrix that points outside": (
        lambda: hostile.save_damaged(
            SparseRandomProjection(2, random_state=0).fit(X),
            lambda e: setattr(e.components_, "indices", e.components_.indices + 1000),
        ),
        "A csr_matrix in the file is incomplete.",
    ),
    "a sparse matrix in another format": (
        lambda: hostile.save_damaged(
            SPARSE, lambda e: setattr(e, "support_vectors_", e.support_vectors_.tocsc())
        ),
        NOT_ALLOWED.format("scipy.sparse._csc.csc_matrix"),
    ),
    "a sparse matrix in a format of its own": (
        lambda: with_sparse(SPARSE.support_vectors_.tocsc()),
        "A sparse matrix in the file has the format csc; estimators use csr.",
    ),
    "a sparse matrix of decreasing pointers": (
        lambda: hostile.save_damaged(SPARSE, decreased),
        "A csr_matrix in the file is incomplete.",
    ),
    "complex coefficients": (
        lambda: hostile.save_damaged(LOGISTIC, lambda e: setattr(e, "coef_", e.coef_ + 1j)),
        "An array in the file has the type complex128. Use float64 for all numbers.",
    ),
    "coefficients of extended precision": (
        lambda: hostile.save_damaged(
            LOGISTIC, lambda e: setattr(e, "coef_", e.coef_.astype(np.longdouble))
        ),
        "An array in the file has the type float128. Use float64 for all numbers.",
    ),
    "more products than columns": (
        lambda: hostile.save_damaged(POLYNOMIAL, lambda e: setattr(e, "_n_out_full", 40)),
        INDICES.format("PolynomialFeatures"),
    ),
    "fewer products than columns": (
        lambda: hostile.save_damaged(POLYNOMIAL, lambda e: setattr(e, "n_output_features_", 9)),
        INDICES.format("PolynomialFeatures"),
    ),
    "an output that comes twice in a chain": (
        lambda: hostile.save_damaged(
            ClassifierChain(LogisticRegression()).fit(X, np.column_stack([y > 0, y > 1])),
            lambda e: setattr(e, "order_", np.array([1, 1])),
        ),
        INDICES.format("ClassifierChain"),
    ),
    "edges of bins out of order": (
        lambda: hostile.save_damaged(
            KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf").fit(X),
            lambda e: e.bin_edges_[1].put([1], [99.0]),
        ),
        INDICES.format("KBinsDiscretizer"),
    ),
    "quantiles out of order": (
        lambda: hostile.save_damaged(
            QuantileTransformer(n_quantiles=5).fit(X), lambda e: e.quantiles_.put([5], [99.0])
        ),
        INDICES.format("QuantileTransformer"),
    ),
    "thresholds out of order": (
        lambda: hostile.save_damaged(
            IsotonicRegression().fit(X[:, 0], y), lambda e: e.X_thresholds_.put([0], [99.0])
        ),
        INDICES.format("IsotonicRegression"),
    ),
    "thresholds that are not numbers": (
        lambda: hostile.save_damaged(
            IsotonicRegression().fit(X[:, 0], y), lambda e: e.X_thresholds_.fill(np.nan)
        ),
        INDICES.format("IsotonicRegression"),
    ),
    "quantiles of a column without values": (
        lambda: hostile.save_damaged(
            QuantileTransformer(n_quantiles=5).fit(X), lambda e: e.quantiles_[:, 1].fill(np.nan)
        ),
        "A QuantileTransformer was fitted with a column without any value.",
    ),
    "a knot of a spline that is not a number": (
        lambda: hostile.save_damaged(SPLINES, lambda e: e.bsplines_[1].t.put([-1], [np.nan])),
        INDICES.format("BSpline"),
    ),
    "categories out of order": (
        lambda: hostile.save_damaged(
            OrdinalEncoder().fit(np.round(X)), lambda e: e.categories_[2].put([0, 1], [9.0, 8.0])
        ),
        INDICES.format("OrdinalEncoder"),
    ),
    "a missing category in the middle": (
        lambda: hostile.save_damaged(
            OneHotEncoder().fit([[1.0], [2.0], [np.nan]]),
            lambda e: e.categories_[0].put([0, 1, 2], [1, np.nan, 2]),
        ),
        INDICES.format("OneHotEncoder"),
    ),
    "labels out of order": (
        lambda: hostile.save_damaged(
            LabelEncoder().fit(y), lambda e: setattr(e, "classes_", e.classes_[::-1].copy())
        ),
        INDICES.format("LabelEncoder"),
    ),
    "knots of a spline out of order": (
        lambda: hostile.save_damaged(SPLINES, lambda e: e.bsplines_[1].t.put([5], [99.0])),
        INDICES.format("BSpline"),
    ),
    "a spline with fewer coefficients": (
        lambda: hostile.save_damaged(
            SPLINES, lambda e: setattr(e.bsplines_[1], "c", e.bsplines_[1].c[:5])
        ),
        INDICES.format("BSpline"),
    ),
    "a spline of a higher degree than its knots": (
        lambda: hostile.save_damaged(SPLINES, lambda e: setattr(e.bsplines_[1], "k", 9)),
        INDICES.format("BSpline"),
    ),
    "a spline of negative degree": (
        lambda: hostile.save_damaged(SPLINES, lambda e: setattr(e.bsplines_[1], "k", -1)),
        INDICES.format("BSpline"),
    ),
    "fewer scores than trees": (
        lambda: hostile.save_damaged(BOOSTED, lambda e: setattr(e, "init_", TWO_CLASSES)),
        INDICES.format("GradientBoostingClassifier"),
    ),
    "nested in a pipeline": (
        lambda: hostile.change_arrays(
            skops.io.dumps(make_pipeline(FunctionTransformer(), TREE)),
            "left_child",
            field("left_child", 10**9, 0),
        ),
        INDICES.format("Tree"),
    ),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "churn" / "1" / "model.skops"


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_rejected_with_a_message(name, path, monkeypatch):
    make, sentence = FILES[name]
    path.parent.mkdir(parents=True)
    path.write_bytes(make())
    monkeypatch.chdir(path.parent)

    with pytest.raises(ArtifactError) as refusal:
        artifacts.load(path)

    message = str(refusal.value).removeprefix("churn/1/model.skops: ")
    assert len(message) == len(sentence)
    assert all(a == b or (b == "_" and a.isdigit()) for a, b in zip(message, sentence, strict=True))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a child outside of a tree", "more products than columns"])
def test_skops_alone_reads_a_file_with_indices_out_of_range(name):
    # The reason for the checks: the skops package reads the file.
    data = FILES[name][0]()
    types = skops.io.get_untrusted_types(data=data)
    assert skops.io.loads(data, trusted=types).n_features_in_ == 4


def test_a_file_with_flipped_bytes_never_ends_the_process(tmp_path):
    saved = skops.io.dumps(make_pipeline(FunctionTransformer(), FOREST))
    path = tmp_path / "model.skops"
    script = (
        "import sys, random; from pathlib import Path\n"
        "from predictor.core import artifacts\nfrom predictor.core.errors import ArtifactError\n"
        "import numpy as np, warnings; warnings.simplefilter('ignore')\n"
        "path = Path(sys.argv[1]); data = path.read_bytes(); chance = random.Random(0)\n"
        "for _ in range(60):\n"
        "    broken = bytearray(data)\n"
        "    for _ in range(3): broken[chance.randrange(len(broken))] = chance.randrange(256)\n"
        "    path.write_bytes(broken)\n"
        "    try: artifacts.load(path).predict(np.zeros((2, 4)))\n"
        "    except ArtifactError: pass\n"
        "print('alive')\n"
    )
    path.write_bytes(saved)
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script, path], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "alive\n", "")
