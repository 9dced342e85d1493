"""Nodes of XGBoost, LightGBM and CatBoost: a model in the format of its package.

References
----------
https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
https://lightgbm.readthedocs.io/en/stable/pythonapi/lightgbm.Booster.html
https://catboost.ai/docs/en/concepts/python-reference_catboost_load_model
"""

import sys
from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Any

from predictor.core import boosters
from predictor.core.artifacts.skops.callables import CallableFinder
from predictor.core.artifacts.skops.reader import Node, Reader, ReadNode, import_type
from predictor.core.artifacts.skops.writer import WriteNode, Writer, make_node
from predictor.core.errors import ArtifactError

# Attribute that neither a prediction nor the file needs.
CALLBACKS = "callbacks"

MAX_MESSAGE_LENGTH = 300


def _make_booster(kind: type, file: str, **fields: Any) -> Node:
    """Return a node with the file of a model, and the version of the package that wrote it."""
    package = kind.__module__.partition(".")[0]
    version = sys.modules[package].__version__
    return make_node(kind, "BoosterNode", file=file, version=version, **fields)


def _write_xgboost(writer: Writer, value: Any) -> Node:
    """Return the node of a Booster of XGBoost, in UBJSON."""
    file = writer.write_member(value, "ubj", lambda file: file.write(value.save_raw("ubj")))
    return _make_booster(type(value), file)


def _read_xgboost(reader: Reader, node: Node) -> Any:
    data = bytearray(reader.read_member(node))
    return import_type(node)({"nthread": 1}, model_file=data)


def _write_lightgbm(writer: Writer, value: Any) -> Node:
    """Return the node of a Booster of LightGBM, as text with all iterations."""
    text = value.model_to_string(num_iteration=-1)
    file = writer.write_member(value, "txt", lambda file: file.write(text.encode()))
    return _make_booster(type(value), file, best_iteration=int(value.best_iteration))


def _read_lightgbm(reader: Reader, node: Node) -> Any:
    booster = import_type(node)(model_str=reader.read_member(node).decode())
    booster.best_iteration = int(node["best_iteration"])
    return booster


def _write_catboost(writer: Writer, value: Any) -> Node:
    """Return the node of an estimator of CatBoost: its parameters, and its model if fitted."""
    content = writer.write(_keep_data(writer, value, value.get_params()))
    if not value.is_fitted():
        return make_node(type(value), "BoosterNode", content=content)
    if value.get_text_feature_indices() or value.get_embedding_feature_indices():
        raise ValueError("features of texts or embeddings of CatBoost are not supported.")
    file = writer.write_member(value, "cbm", lambda file: file.write(_dump_catboost(value)))
    return _make_booster(type(value), file, content=content)


def _dump_catboost(estimator: Any) -> bytes:
    with TemporaryDirectory() as directory:
        path = Path(directory, "model.cbm")
        estimator.save_model(path, format="cbm")
        return path.read_bytes()


def _read_catboost(reader: Reader, node: Node) -> Any:
    estimator = _get_single_threaded(import_type(node))(**reader.read(node["content"]))
    _check_parameters(estimator)
    if "file" in node:
        estimator.load_model(blob=reader.read_member(node))
    return estimator


def _check_parameters(estimator: Any) -> None:
    """Check the parameters of an estimator of CatBoost.

    CatBoost checks them at the first use of their synonyms, and only then: the first prediction
    would fail, and the next would not.

    Raises
    ------
    ArtifactError
        CatBoost does not accept a parameter, or two of them together.
    """
    from sklearn.base import is_classifier

    if not hasattr(estimator, "__sklearn_tags__"):
        return  # CatBoost is older than scikit-learn 1.6
    try:
        is_classifier(estimator)  # uses the synonyms of the loss function
    except boosters.find_errors() as exc:
        reason = shorten(str(exc).rstrip("."), MAX_MESSAGE_LENGTH)
        raise ArtifactError(
            f"{type(estimator).__name__} does not accept its parameters: {reason}."
        ) from exc


@cache
def _get_single_threaded(kind: Any) -> Any:
    """Return a class of CatBoost whose methods use one thread and return one label for each row.

    CatBoost starts threads at each call, unless an argument says otherwise. It returns the labels
    of several classes as a column. It does not know the number of columns of a model that it read.
    """

    class SingleThreaded(kind):  # type: ignore[misc]  # CatBoost is imported late
        @property
        def n_features_in_(self) -> int | None:
            """Number of columns; None if the estimator is not fitted."""
            return len(self.feature_names_) if self.is_fitted() else None

        def predict(self, X: Any) -> Any:
            """Return the predictions, shape (n_samples,) or (n_samples, n_outputs)."""
            values = super().predict(X, thread_count=1)
            is_column = values.shape[1:] == (1,)
            return values[:, 0] if is_column else values

        if hasattr(kind, "predict_proba"):

            def predict_proba(self, X: Any) -> Any:
                """Return the probabilities, shape (n_samples, n_classes)."""
                return super().predict_proba(X, thread_count=1)

            def predict_log_proba(self, X: Any) -> Any:
                """Return the logarithms of the probabilities, shape (n_samples, n_classes)."""
                return super().predict_log_proba(X, thread_count=1)

    SingleThreaded.__name__, SingleThreaded.__module__ = kind.__name__, kind.__module__
    return SingleThreaded


def _write_xgboost_estimator(writer: Writer, value: Any) -> Node:
    """Return the node of an estimator of XGBoost without functions and callbacks of its fit."""
    content = writer.write(_keep_data(writer, value, value.__getstate__()))
    return make_node(type(value), "ObjectNode", content=content)


def _write_lightgbm_estimator(writer: Writer, value: Any) -> Node:
    """Return the node of an estimator of LightGBM."""
    state = {
        name: dict(item) if isinstance(item, defaultdict) else item
        for name, item in value.__getstate__().items()
    }
    if any(callable(item) for item in state.values()):
        # Its predictions would be raw scores.
        raise ValueError("an objective that is a function is not supported.")
    return make_node(type(value), "ObjectNode", content=writer.write(state))


def _keep_data(writer: Writer, estimator: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return parameters with None in place of functions and callbacks, which only a fit calls."""
    finder = CallableFinder()
    left_out = {
        name
        for name, value in values.items()
        if finder.find_kinds(value) or (name == CALLBACKS and value is not None)
    }
    writer.left_out |= {f"{type(estimator).__name__}.{name}" for name in left_out}
    return {name: None if name in left_out else value for name, value in values.items()}


_READERS_BY_PACKAGE: dict[str, ReadNode] = {
    "xgboost": _read_xgboost,
    "lightgbm": _read_lightgbm,
    "catboost": _read_catboost,
}


def _read_booster(reader: Reader, node: Node) -> Any:
    return _READERS_BY_PACKAGE[node["__module__"].partition(".")[0]](reader, node)


READERS: dict[str, ReadNode] = {"BoosterNode": _read_booster}
WRITERS: dict[str, WriteNode] = {
    "catboost.core.CatBoost": _write_catboost,
    "lightgbm.basic.Booster": _write_lightgbm,
    "lightgbm.sklearn.LGBMModel": _write_lightgbm_estimator,
    "xgboost.core.Booster": _write_xgboost,
    "xgboost.sklearn.XGBModel": _write_xgboost_estimator,
}
