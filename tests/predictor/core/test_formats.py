import hashlib
import os
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from predictor.core import artifacts, save
from predictor.core.columns import Column
from predictor.core.errors import ArtifactError
from predictor.core.signature_inference import infer_signature
from tests.predictor.core import hostile
from tests.predictor.core.onnx_files import FLOAT, classifier, field, model, node, regressor, tree
from tests.predictor.core.tutorial import COEFFICIENTS, INTERCEPTS, final_model

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
y = np.array(["ale", "tea", "wine"])[np.arange(60) % 3]
ESTIMATOR = RandomForestClassifier(3, random_state=0).fit(X, y)

TRUST = (
    " Only if you trust their code: add them to the server's setting TRUSTED_TYPES, and to "
    "`trusted_types` of save and publish."
)

MLMODEL = """\
flavors:
  python_function: {loader_module: mlflow.sklearn, model_path: model.skops}
  sklearn:
    code: null
    pickled_model: model.skops
    serialization_format: skops
    sklearn_version: 1.9.1
mlflow_version: 3.17.2
"""


def ingest(path, **options):
    return artifacts.ingest(path.read_bytes(), path.name, **options)


def load(ingested):
    return artifacts.open_artifact(ingested.data).estimator


def refusal(path, **options):
    with pytest.raises(ArtifactError) as refused:
        ingest(path, **options)
    return str(refused.value)


def test_a_saved_estimator_brings_its_signature(tmp_path):
    path = tmp_path / "churn.skops"
    signature = save(ESTIMATOR, path, sample=X).signature

    ingested = ingest(path)

    assert ingested.data == path.read_bytes()
    assert (ingested.file_format, ingested.source, ingested.notes) == ("skops", "skops", ())
    assert ingested.signature == signature
    assert ingested.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert ingested.fitted_with == artifacts.get_software_versions()


def test_a_plain_skops_file_is_described_by_its_estimator(tmp_path):
    path = tmp_path / "plain.skops"
    skops.io.dump(ESTIMATOR, path)
    ingested = ingest(path)
    assert ingested.signature == infer_signature(ESTIMATOR)
    assert ingested.fitted_with == {"scikit-learn": "1.9.1"}


def test_a_signature_that_does_not_match_its_estimator_is_rejected(tmp_path):
    save(ESTIMATOR, tmp_path / "a.skops")
    save(LogisticRegression().fit(X[:, :2], y), tmp_path / "b.skops")
    members = hostile.read_members((tmp_path / "a.skops").read_bytes())
    other = hostile.read_members((tmp_path / "b.skops").read_bytes())["predictor.json"]
    path = tmp_path / "mixed.skops"
    path.write_bytes(hostile.pack(members | {"predictor.json": other}))
    assert (
        refusal(path)
        == "The signature in the file does not match its estimator. Save the estimator again."
    )
    path.write_bytes(hostile.pack(members | {"predictor.json": b'{"signature": 1}'}))
    assert refusal(path) == "The signature in the file cannot be read. Save the estimator again."


def test_another_version_is_accepted_if_it_is_allowed(tmp_path):
    path = tmp_path / "old.skops"
    change = {"content": '"1.2.3"'}
    path.write_bytes(
        hostile.rewrite_schema(
            skops.io.dumps(LogisticRegression().fit(X, y)),
            lambda schema: schema["content"]["content"]["_sklearn_version"].update(change),
        )
    )
    ingested = ingest(path, allow_version=True)
    assert ingested.notes == ("Fitted with scikit-learn 1.2.3, run by scikit-learn 1.9.1.",)
    assert ingested.fitted_with == {"scikit-learn": "1.2.3"}


def test_the_operator_may_add_a_function(tmp_path):
    from sklearn.preprocessing import FunctionTransformer

    path = tmp_path / "load.skops"
    skops.io.dump(FunctionTransformer(np.copysign).fit(X), path)
    artifacts.load(path)
    skops.io.dump(FunctionTransformer(np.sort).fit(X), path)
    with pytest.raises(ArtifactError, match=r"not allowed: numpy\.sort\."):
        artifacts.load(path)
    loaded = artifacts.load(path, trusted=["numpy.sort"])
    np.testing.assert_array_equal(loaded.transform(X), np.sort(X))


@pytest.mark.parametrize("folder", ["", "model/"])
def test_a_zip_of_a_model_directory_is_read(tmp_path, folder):
    path = tmp_path / "model.zip"
    data = skops.io.dumps(ESTIMATOR)
    path.write_bytes(
        hostile.pack({f"{folder}MLmodel": MLMODEL.encode(), f"{folder}model.skops": data})
    )
    ingested = ingest(path)
    assert (ingested.source, ingested.data) == ("mlflow", data)


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        (
            MLMODEL.replace("skops\n    sklearn_v", "cloudpickle\n    sklearn_v"),
            "MLflow saved the model as cloudpickle. Save it again with "
            "serialization_format='skops'.",
        ),
        (
            MLMODEL.replace("pickled_model: model", "pickled_model: ../../model"),
            "The model file that MLmodel names is not in its directory.",
        ),
        ("flavors: [", "MLmodel does not describe a scikit-learn model."),
        ("flavors: {xgboost: {}}", "MLmodel does not describe a scikit-learn model."),
        (
            MLMODEL.replace("pickled_model: model", "pickled_model: other"),
            "The model file that MLmodel names is not in the archive.",
        ),
    ],
)  # fmt: skip
def test_an_mlflow_model_that_cannot_be_read_is_rejected(tmp_path, description, sentence):
    path = tmp_path / "model.zip"
    path.write_bytes(hostile.pack({"MLmodel": description.encode()}))
    assert refusal(path) == sentence


@pytest.mark.parametrize(
    "write",
    [
        lambda estimator, path: path.write_bytes(pickle.dumps(estimator)),
        lambda estimator, path: path.write_bytes(pickle.dumps(estimator, protocol=0)),
        joblib.dump,
        lambda estimator, path: joblib.dump(estimator, path, compress=3),
    ],
)
def test_a_pickle_is_converted_if_it_is_allowed(tmp_path, write):
    path = tmp_path / "model.pkl"
    encoder = OneHotEncoder().fit(np.array([["a"], ["b"]], dtype=object))
    for estimator in (ESTIMATOR, encoder):
        write(estimator, path)
        assert refusal(path) == (
            "Pickles can execute code. Save the model with predictor.core.save instead. "
            "Only a command on the server reads pickles: `register NAME FILE --allow-pickle`."
        )
    write(ESTIMATOR, path)
    ingested = ingest(path, allow_pickle=True)
    assert (ingested.source, ingested.file_format, ingested.notes) == ("pickle", "skops", ())
    assert ingested.fitted_with == {"scikit-learn": "1.9.1"}
    loaded = load(ingested)
    np.testing.assert_array_equal(loaded.predict_proba(X), ESTIMATOR.predict_proba(X))


class Harmful:
    def __init__(self, function, *arguments):
        self.parts = function, arguments

    def __reduce__(self):
        return self.parts


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (Harmful(os.system, "touch harmed"), "posix.system"),
        (Harmful(eval, "1"), "builtins.eval"),
        (Harmful(getattr, [], "append"), "builtins.getattr"),
    ],
)
def test_a_pickle_that_executes_code_is_rejected(tmp_path, monkeypatch, harm, named):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(harm))
    message = refusal(path, allow_pickle=True, allow_version=True)
    assert message == f"The pickle contains {named}, which is not allowed.{TRUST}"
    array = np.empty(1, dtype=object)
    array[0] = harm
    joblib.dump(array, path)
    message = refusal(path, allow_pickle=True, allow_version=True)
    assert message == f"The pickle contains {named}, which is not allowed.{TRUST}"
    assert not Path("harmed").exists()


def test_a_file_that_is_not_a_pickle_is_rejected(tmp_path):
    path = tmp_path / "model.pkl"
    for content, sentence in (
        (b"", "The file is empty."),
        (b"\x80\x04nonsense", "The file is not a pickle of an estimator."),
        (pickle.dumps({"a": 1}), "The file does not contain a scikit-learn estimator."),
    ):
        path.write_bytes(content)
        assert refusal(path, allow_pickle=True) == sentence


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn._loss._loss", "__pyx_unpickle_CyHalfSquaredError.__globals__.get"),
        ("sklearn._loss._loss", "__pyx_unpickle_CyHalfMultinomialLoss.__class__.__base__"),
        ("scipy.sparse._csr", "csr_matrix.__init__.__globals__.x_matrix"),
        ("scipy.sparse._base", "np.random.os.x_array"),
        ("numpy", "add.__class__"),
        ("sklearn.linear_model._logistic", "LogisticRegression.fit.__globals__"),
    ],
)
def test_a_pickle_cannot_reach_attributes_of_allowed_names(tmp_path, module, name):
    path = tmp_path / "model.pkl"
    words = b"".join(b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name))
    path.write_bytes(b"\x80\x04" + words + b"\x93.")
    sentence = f"The pickle contains {module}.{name}, which is not allowed."
    assert refusal(path, allow_pickle=True) == sentence


def test_the_file_of_the_tutorial_predicts_by_its_coefficients(tmp_path):
    path = tmp_path / "final_model.pkl"
    path.write_bytes(final_model())
    columns = [Column("X1"), Column("X2")]
    assert refusal(path, columns=columns, allow_pickle=True) == (
        "The model was fitted with scikit-learn pre-0.18; scikit-learn 1.9.1 is installed and may "
        "return other predictions. Fit it again with scikit-learn==1.9.1, or accept that: the "
        "command `register` has the option --allow-version, an upload the field allow_version."
    )

    ingested = ingest(path, columns=columns, allow_pickle=True, allow_version=True)

    assert ingested.notes == (
        "Fitted with scikit-learn pre-0.18, run by scikit-learn 1.9.1.",
        "Set n_features_in_ to 2, the width of coef_.",
        "Replaced LogisticRegression(multi_class='ovr') by OneVsRestClassifier with one binary "
        "LogisticRegression for each class and the same coefficients.",
    )  # fmt: skip
    assert ingested.signature.names == ["X1", "X2"]
    assert ingested.signature.classes == (0, 1, 2)
    loaded = load(ingested)
    rows = np.array([[61.1, 17.3], [5.1, 3.5], [6.2, 2.9], [7.7, 3.8]])
    decisions = rows @ COEFFICIENTS.T + INTERCEPTS
    each = 1 / (1 + np.exp(-decisions))
    np.testing.assert_array_equal(loaded.predict(rows), decisions.argmax(axis=1))
    np.testing.assert_allclose(loaded.predict_proba(rows), each / each.sum(axis=1, keepdims=True))


def test_an_onnx_classifier_is_served_unchanged(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(classifier(COEFFICIENTS, INTERCEPTS, ["a", "b", "c"]))
    ingested = ingest(path)
    assert (ingested.file_format, ingested.source) == ("onnx", "onnx")
    assert ingested.signature.classes == ("a", "b", "c")
    assert ingested.signature.methods == ("predict", "predict_proba")
    assert [(c.name, c.dtype) for c in ingested.signature.columns] == [
        ("x0", "float32"),
        ("x1", "float32"),
    ]
    loaded = load(ingested)
    rows, _ = ingested.signature.parse_rows([{"x0": 5.1, "x1": 3.5}, {"x0": 7.7, "x1": 2.1}])
    decisions = rows.astype(float) @ COEFFICIENTS.T + INTERCEPTS
    assert loaded.predict(rows).tolist() == [["a", "b", "c"][k] for k in decisions.argmax(axis=1)]
    exponentials = np.exp(decisions)
    np.testing.assert_allclose(
        loaded.predict_proba(rows),
        exponentials / exponentials.sum(axis=1, keepdims=True),
        rtol=1e-5,
    )


def test_an_onnx_regressor_is_served_unchanged(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(regressor([0.5, -2.0], 1.0))
    ingested = ingest(path)
    assert (ingested.signature.methods, ingested.signature.classes) == (("predict",), None)
    loaded = load(ingested)
    rows, _ = ingested.signature.parse_rows([{"x0": 1, "x1": 2}, {"x0": 3, "x1": 4}])
    np.testing.assert_allclose(loaded.predict(rows), [-2.5, -5.5])


def test_a_sample_of_integers_does_not_change_the_types_of_an_onnx_model(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(regressor([0.5, -2.0], 1.0))
    ingested = ingest(path, sample=np.array([[1, 2], [3, 4]]))
    assert [(c.dtype, c.kind, c.range) for c in ingested.signature.columns] == [
        ("float32", "number", (1.0, 3.0)),
        ("float32", "number", (2.0, 4.0)),
    ]


def test_an_onnx_tree_is_served_unchanged(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(tree(1))
    ingested = ingest(path)
    rows, _ = ingested.signature.parse_rows([{"x0": 9, "x1": 0}, {"x0": 0, "x1": 1}])
    assert load(ingested).predict(rows).tolist() == [1.0, 2.0]


NO_ONNX = "The file is neither a skops file nor an ONNX file."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"nonsense", NO_ONNX),
        (classifier(COEFFICIENTS, INTERCEPTS, ["a", "b", "c"])[:-40], NO_ONNX),
        (tree(2), "A tree of the ONNX model splits on a column that does not exist."),
        (tree(-1), "A tree of the ONNX model splits on a column that does not exist."),
        (
            model(node("Loop", ["X"], ["y"], domain=""), 2, [("y", FLOAT, 1)]),
            "The ONNX model has operators that are not allowed: Loop.",
        ),
        (
            model(node("Identity", ["X"], ["y"], domain="mine"), 2, [("y", FLOAT, 1)]),
            "The ONNX model has operator domains that are not allowed: mine.",
        ),
        (
            model(node("Identity", ["X"], ["y"], domain=""), 2, [("y", FLOAT, 1)], extra=field(5, field(14, 1))),
            "The ONNX model sets TensorProto.data_location, which is not allowed.",
        ),
        (
            model(node("Identity", ["Z"], ["y"], domain=""), 2, [("y", FLOAT, 1)]),
            "ONNX Runtime cannot load the model.",
        ),
    ],
)  # fmt: skip
def test_a_hostile_onnx_file_is_rejected_with_a_message(tmp_path, data, sentence):
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    assert refusal(path) == sentence
