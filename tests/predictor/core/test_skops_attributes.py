"""A skops file must not choose the functions and methods that its reader or a prediction calls."""

from collections import defaultdict
from copy import deepcopy
from functools import partial
from importlib import import_module
from inspect import getattr_static, signature

import numpy as np
import pytest
import skops.io
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import StackingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, CompoundKernel, PairwiseKernel, Sum
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, get_scorer, make_scorer
from sklearn.metrics._scorer import _Scorer
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Bunch, all_estimators

from predictor.core.artifacts.skops import (
    attributes,
    callables,
    fit_only,
    model_file,
    trusted_types,
)
from predictor.core.errors import ArtifactError
from tests.predictor.core import hostile
from tests.predictor.core.hostile import json_node, list_node, node

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
y = np.arange(60) % 2

LOGISTIC = LogisticRegression().fit(X, y)
SEARCH = GridSearchCV(LogisticRegression(), {"C": [1, 2]}, scoring="accuracy").fit(X, y)
STACKED = StackingClassifier([("a", LogisticRegression())], cv=2).fit(X, y)
CHAIN = ClassifierChain(LogisticRegression()).fit(X, np.column_stack([y, 1 - y]))
PROCESS = GaussianProcessRegressor(Sum(RBF(), RBF()), optimizer=None).fit(X, y)
COUNTED = CountVectorizer().fit(["a bad word", "a good word"])
NEIGHBORS = KNeighborsClassifier().fit(X, y)
TREE = DecisionTreeClassifier(max_depth=2).fit(X, y)
SELECTED = SelectFromModel(LogisticRegression()).fit(X, y)

# Name of the file that the attacks write, in the current directory.
WRITTEN = "written"


def with_attributes(estimator, **values):
    """Return a copy of an estimator with additional or replaced attributes."""
    copy = deepcopy(estimator)
    vars(copy).update(values)
    return copy


def saved(estimator, **values):
    return skops.io.dumps(with_attributes(estimator, **values))


def changed(estimator, change, **values):
    """Return a file whose nodes of the attributes are changed."""
    return hostile.rewrite_schema(
        saved(estimator, **values), lambda schema: change(schema["content"]["content"])
    )


def writer():
    """Return a callable that takes the name of a file and writes an array to that file.

    The scorer calls `transform` of the stack, and the stack calls `tofile` of the array.
    """
    array = np.array([b"anything at all"])
    stack = with_attributes(STACKED, estimators_=[array], stack_method_=["tofile"])
    return partial(_Scorer(accuracy_score, 1, {}, "transform"), stack, y_true=None)


def key_type():
    def change(content):
        content["extra"]["key_types"] = content.pop("kinds")

    return changed(LOGISTIC, change, kinds=[writer()], extra={WRITTEN: 1})


def read_by_skops(data):
    """Return the estimator that skops itself reads from a file."""
    return skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))


# For each attack, how to make the file, and how a prediction uses its estimator.
ATTACKS = {
    "the type of a key": (key_type, lambda _: None),
    "a default": (
        lambda: saved(
            COUNTED,
            vocabulary_=defaultdict(
                partial(writer().func, writer().args[0], WRITTEN, None), COUNTED.vocabulary_
            ),
        ),
        lambda estimator: estimator.transform(["other words"]),
    ),
    "a partial": (
        lambda: saved(FunctionTransformer(partial(writer().func, writer().args[0], WRITTEN))),
        lambda estimator: estimator.transform(X),
    ),
    "a method": (
        lambda: saved(LOGISTIC, predict=partial(writer().func, writer().args[0], WRITTEN)),
        lambda estimator: estimator.predict(X),
    ),
    "a kernel": (
        lambda: saved(PROCESS, kernel_=partial(writer().func, writer().args[0], WRITTEN)),
        lambda estimator: estimator.predict(X),
    ),
    "the name of a method": (
        lambda: skops.io.dumps(
            make_pipeline(
                FunctionTransformer(
                    np.sum, kw_args={"dtype": "object", "where": False, "initial": WRITTEN}
                ),
                writer().args[0],
            )
        ),
        lambda estimator: estimator.transform(X),
    ),
}


@pytest.mark.filterwarnings("ignore")  # scorers are called in odd ways
@pytest.mark.parametrize("name", ATTACKS)
def test_a_file_that_writes_another_file_is_rejected(name, tmp_path, monkeypatch):
    made, use = ATTACKS[name]
    monkeypatch.chdir(tmp_path)
    data = made()
    with pytest.raises(ArtifactError):
        model_file.loads(data)
    assert list(tmp_path.iterdir()) == []

    # The attack works if skops reads the file without these checks.
    with pytest.raises((AttributeError, TypeError, ValueError)):
        use(read_by_skops(data))
    assert (tmp_path / WRITTEN).read_bytes() == b"anything at all"


def interface(array):
    """Return an attribute value by which NumPy reads the memory of an array."""
    return {
        "data": (array.ctypes.data, False),
        "typestr": "<f8",
        "shape": array.shape,
        "version": 3,
    }


@pytest.mark.parametrize("wrap", ["an attribute", "a key of a Bunch", "a step"])
def test_a_file_that_reads_memory_is_rejected(wrap):
    secret = np.arange(4.0)
    claim = {"__array_interface__": interface(secret)}
    estimator = {
        "an attribute": with_attributes(LOGISTIC, **claim),
        "a key of a Bunch": FunctionTransformer(kw_args={"a": Bunch(**claim)}),
        "a step": make_pipeline(StandardScaler(), LOGISTIC),
    }[wrap]
    if wrap == "a step":
        estimator.steps += claim.items()
    data = skops.io.dumps(estimator)
    with pytest.raises(ArtifactError, match=r"reserved\.$"):
        model_file.loads(data)

    loaded = read_by_skops(data)
    reads = {
        "an attribute": lambda: loaded,
        "a key of a Bunch": lambda: loaded.kw_args["a"],
        "a step": lambda: loaded.named_steps,
    }[wrap]()
    np.testing.assert_array_equal(np.asarray(reads), secret)


FUNCTION = node("FunctionNode", "numpy", "log1p")
NO_PLAIN_TYPE = "A dictionary in the file has a key type that is not a plain type."
NO_FUNCTION = "A partial in the file must wrap an allowed function, with arguments that are data."
BY_A_FUNCTION = "An object in the file names a function instead of its type."
NOT_SERVED = "The attribute {} of a {} names a method that is not served."
NOT_ACCEPTED = "The attribute {0} of a {1} contains a {2}, which {1} does not accept there."
HIDES = "The attribute {} of a LogisticRegression hides a method or constant of its class."
NO_DICT = "The state of a {} must be a dictionary."
RESERVED = "A LogisticRegression has an attribute whose name is reserved."
NOT_PUBLIC = "The attribute {} of a {} uses private attributes."
NOT_ALLOWED = (
    "The file contains types or functions that are not allowed: {}. Only if you trust their code: "
    "add them to the server's setting TRUSTED_TYPES, and to `trusted_types` of save and publish."
)


def keyed_by(kinds):
    return changed(
        LOGISTIC, lambda content: content["extra"].update(key_types=kinds), extra={"a": 1}
    )


def two_of_one_identity():
    """Return a file with a list of types that has the identity of a list of functions."""

    def change(content):
        functions = content["param_grid"]["content"]["func"]
        types = list_node(node("TypeNode", "builtins", "str"))
        content["extra"]["key_types"] = types | {"__id__": functions["__id__"]}

    return changed(
        GridSearchCV(FunctionTransformer(), {"func": [np.log1p]}), change, extra={"a": 1}
    )


def state_of(estimator, state, *names):
    """Return a file in which the state of an object is replaced."""

    def change(schema):
        for name in names:
            schema = schema["content"]["content"][name]
        schema["content"] = state

    return hostile.rewrite_schema(skops.io.dumps(estimator), change)


def pair(name, value):
    return hostile.tuple_node(json_node(f'"{name}"'), value)


def masked(item):
    return np.ma.MaskedArray(np.array([item], dtype=object), mask=[True])


def mask_of_no_array():
    def change(content):
        content["extra"]["content"]["data"] = json_node("[1, 2]")

    return changed(LOGISTIC, change, extra=np.ma.MaskedArray([1, 2], mask=[0, 1]))


def scored(name):
    return with_attributes(SEARCH, scorer_=_Scorer(accuracy_score, 1, {}, name))


SCORER = get_scorer("accuracy")

# For each hostile attribute, how to make the file, and the message.
FILES = {
    "keys made by a function": (lambda: keyed_by(list_node(FUNCTION)), NO_PLAIN_TYPE),
    "keys made by a partial": (
        lambda: changed(
            LOGISTIC,
            lambda content: content["extra"].update(key_types=content.pop("kinds")),
            kinds=[partial(np.log1p)],
            extra={"a": 1},
        ),
        NO_PLAIN_TYPE,
    ),
    "keys made by an estimator": (
        lambda: changed(
            LOGISTIC,
            lambda content: content["extra"].update(key_types=content.pop("kinds")),
            kinds=[RBF()],
            extra={"a": 1},
        ),
        NO_PLAIN_TYPE,
    ),
    "keys made by a function of the same identity": (two_of_one_identity, NO_PLAIN_TYPE),
    "defaults made by a function": (
        lambda: saved(LOGISTIC, extra=defaultdict(np.log1p)),
        NOT_ALLOWED.format("collections.defaultdict"),
    ),
    "defaults that invent columns": (
        lambda: saved(COUNTED, vocabulary_=defaultdict(int, COUNTED.vocabulary_)),
        NOT_ALLOWED.format("collections.defaultdict"),
    ),
    "a partial of a scorer": (
        lambda: skops.io.dumps(FunctionTransformer(partial(SCORER, LOGISTIC))),
        NO_FUNCTION,
    ),
    "a partial of a type": (
        lambda: skops.io.dumps(FunctionTransformer(partial(np.float64))),
        NO_FUNCTION,
    ),
    "a partial of a kernel": (
        lambda: skops.io.dumps(FunctionTransformer(partial(RBF()))),
        NO_FUNCTION,
    ),
    "a partial of a function over a function": (
        lambda: skops.io.dumps(FunctionTransformer(partial(np.clip, a_min=[np.log1p]))),
        NO_FUNCTION,
    ),
    "a partial of a partial": (
        lambda: changed(
            FunctionTransformer(partial(np.clip)),
            lambda content: content["func"]["content"].update(func=content.pop("inverse_func")),
            inverse_func=partial(np.clip),
        ),
        NO_FUNCTION,
    ),
    "a function that makes scorers": (
        lambda: skops.io.dumps(FunctionTransformer(make_scorer)),
        NOT_ALLOWED.format("sklearn.metrics._scorer.make_scorer"),
    ),
    "a function that finds scorers": (
        lambda: skops.io.dumps(FunctionTransformer(get_scorer)),
        NOT_ALLOWED.format("sklearn.metrics._scorer.get_scorer"),
    ),
    "a scorer for a function": (
        lambda: skops.io.dumps(FunctionTransformer(SCORER)),
        NOT_ACCEPTED.format("func", "FunctionTransformer", "scorer"),
    ),
    "a scorer for the weights of neighbours": (
        lambda: saved(NEIGHBORS, weights=SCORER),
        NOT_ACCEPTED.format("weights", "KNeighborsClassifier", "scorer"),
    ),
    "a scorer for a kernel": (
        lambda: saved(PROCESS, kernel_=SCORER),
        NOT_ACCEPTED.format("kernel_", "GaussianProcessRegressor", "scorer"),
    ),
    "a scorer in a kernel": (
        lambda: skops.io.dumps(with_attributes(PROCESS, kernel_=Sum(RBF(), SCORER))),
        NOT_ACCEPTED.format("k2", "Sum", "scorer"),
    ),
    "a scorer in a list of kernels": (
        lambda: skops.io.dumps(with_attributes(PROCESS, kernel_=CompoundKernel([SCORER]))),
        NOT_ACCEPTED.format("kernels", "CompoundKernel", "scorer"),
    ),
    "a kernel for a function": (
        lambda: skops.io.dumps(FunctionTransformer(RBF())),
        NOT_ACCEPTED.format("func", "FunctionTransformer", "kernel"),
    ),
    "a function for a kernel": (
        lambda: saved(PROCESS, kernel_=np.hypot),
        NOT_ACCEPTED.format("kernel_", "GaussianProcessRegressor", "function"),
    ),
    "a function where data belongs": (
        lambda: saved(LOGISTIC, coef_=np.log1p),
        NOT_ACCEPTED.format("coef_", "LogisticRegression", "function"),
    ),
    "a type where data belongs": (
        lambda: saved(LOGISTIC, coef_=np.float64),
        NOT_ACCEPTED.format("coef_", "LogisticRegression", "type"),
    ),
    "a function that only one class would call": (
        lambda: saved(DecisionTreeClassifier(), predict_many=[{"a": (np.log1p,)}]),
        NOT_ACCEPTED.format("predict_many", "DecisionTreeClassifier", "function"),
    ),
    "a function under a mask": (
        lambda: saved(LOGISTIC, coef_=masked(np.log1p)),
        NOT_ACCEPTED.format("coef_", "LogisticRegression", "function"),
    ),
    "a function in an array of objects": (
        lambda: saved(LOGISTIC, coef_=np.array([[np.log1p]], dtype=object)),
        NOT_ACCEPTED.format("coef_", "LogisticRegression", "function"),
    ),
    "a function in a Bunch": (
        lambda: saved(STACKED, named_estimators_=Bunch(a=np.log1p)),
        NOT_ACCEPTED.format("named_estimators_", "StackingClassifier", "function"),
    ),
    "a function for a metric's parameters": (
        lambda: saved(NEIGHBORS, effective_metric_params_={"p": np.log1p}),
        NOT_ACCEPTED.format("effective_metric_params_", "KNeighborsClassifier", "function"),
    ),
    "a mask of no array": (mask_of_no_array, "The parts of the file do not make up an estimator."),
    "the method of a stack": (
        lambda: saved(STACKED, stack_method_=["fit"]),
        NOT_SERVED.format("stack_method_", "StackingClassifier"),
    ),
    "the method of a stack, as an array": (
        lambda: saved(STACKED, stack_method_=np.array(["fit"])),
        NOT_SERVED.format("stack_method_", "StackingClassifier"),
    ),
    "the method of a stack, as a dictionary": (
        lambda: saved(STACKED, stack_method_={"fit": 1}),
        NOT_SERVED.format("stack_method_", "StackingClassifier"),
    ),
    "the method of a stack, as NumPy's text": (
        lambda: saved(STACKED, stack_method_=[np.str_("fit")]),
        NOT_SERVED.format("stack_method_", "StackingClassifier"),
    ),
    "the method of a stack, all in JSON": (
        lambda: state_of(STACKED, json_node('{"stack_method_": ["fit"]}')),
        NOT_SERVED.format("stack_method_", "StackingClassifier"),
    ),
    "the method of a chain": (
        lambda: saved(CHAIN, chain_method_="fit"),
        NOT_SERVED.format("chain_method_", "ClassifierChain"),
    ),
    "the parameter with the method of a chain": (
        lambda: saved(CHAIN, chain_method=["predict_proba", "fit"]),
        NOT_SERVED.format("chain_method", "ClassifierChain"),
    ),
    "the method of a scorer": (
        lambda: skops.io.dumps(scored("fit")),
        NOT_SERVED.format("_response_method", "_Scorer"),
    ),
    "one of the methods of a scorer": (
        lambda: skops.io.dumps(scored(("predict", "fit"))),
        NOT_SERVED.format("_response_method", "_Scorer"),
    ),
    "a method in an unknown attribute": (
        lambda: saved(LOGISTIC, future_method_="tofile"),
        NOT_SERVED.format("future_method_", "LogisticRegression"),
    ),
    "importance that is not public": (
        lambda: saved(SELECTED, importance_getter="coef_.__class__.mro"),
        NOT_PUBLIC.format("importance_getter", "SelectFromModel"),
    ),
    "names that read attributes": (
        lambda: skops.io.dumps(
            ColumnTransformer(
                [("a", StandardScaler(), [0])],
                verbose_feature_names_out="{feature_name.fit.__globals__}",
            )
        ),
        NOT_PUBLIC.format("verbose_feature_names_out", "ColumnTransformer"),
    ),
    "predict": (lambda: saved(LOGISTIC, predict=None), HIDES.format("predict")),
    "the validation of rows": (
        lambda: saved(TREE, _validate_X_predict=np.log1p),
        HIDES.format("_validate_X_predict").replace("LogisticRegression", "DecisionTreeClassifier"),
    ),
    "a number of neighbours below one": (
        lambda: saved(NEIGHBORS, n_neighbors=-1),
        (
            "The 'n_neighbors' parameter of KNeighborsClassifier must be an int in the range [1, "
            "inf) or None. Got -1 instead."
        ),
    ),
    "a parameter of a nested estimator": (
        lambda: skops.io.dumps(make_pipeline(StandardScaler(with_mean=3), LogisticRegression())),
        (
            "The 'with_mean' parameter of StandardScaler must be an instance of 'bool' or an "
            "instance of 'numpy.bool'. Got 3 instead."
        ),
    ),
    "a constant": (
        lambda: skops.io.dumps(with_attributes(SVC(), _sparse_kernels=["rbf"])),
        HIDES.format("_sparse_kernels").replace("LogisticRegression", "SVC"),
    ),
    "a private method": (
        lambda: saved(LOGISTIC, _predict_proba_lr=1),
        HIDES.format("_predict_proba_lr"),
    ),
    "a method with a condition": (
        lambda: saved(SEARCH, predict_proba=1),
        HIDES.format("predict_proba").replace("LogisticRegression", "GridSearchCV"),
    ),
    "a property": (
        lambda: state_of(SEARCH, json_node('{"classes_": [1]}')),
        HIDES.format("classes_").replace("LogisticRegression", "GridSearchCV"),
    ),
    "a static method": (
        lambda: saved(KMeans(), _repr_html_inner=1),
        HIDES.format("_repr_html_inner").replace("LogisticRegression", "KMeans"),
    ),
    "a class": (
        lambda: saved(LOGISTIC, __class__=1),
        RESERVED,
    ),
    "tags": (
        lambda: saved(LOGISTIC, __sklearn_is_fitted__=1),
        RESERVED,
    ),
    "a copy": (
        lambda: saved(LOGISTIC, __deepcopy__=1),
        RESERVED,
    ),
    "a state of pairs": (
        lambda: state_of(LOGISTIC, list_node(pair("predict", FUNCTION))),
        NO_DICT.format("LogisticRegression"),
    ),
    "a state of pairs, for a kernel": (
        lambda: state_of(PROCESS, list_node(pair("k1", FUNCTION)), "kernel"),
        NO_DICT.format("Sum"),
    ),
    "a state of pairs, for a tree of a histogram": (
        lambda: changed(
            LOGISTIC,
            lambda content: content.update(
                extra=node(
                    "ObjectNode",
                    "sklearn.ensemble._hist_gradient_boosting.predictor",
                    "TreePredictor",
                    content=list_node(pair("predict", FUNCTION)),
                )
            ),
            extra=1,
        ),
        NO_DICT.format("TreePredictor"),
    ),
}


OF_NO_VERSION = " Fitted with an unknown version of scikit-learn, run by scikit-learn 1.9.1."


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_attribute_is_rejected_with_a_message(name):
    made, sentence = FILES[name]
    with pytest.raises(ArtifactError) as refusal:
        model_file.loads(made(), allow_version=True)  # a state in JSON has no version
    assert str(refusal.value).removesuffix(OF_NO_VERSION) == sentence


class Operators:
    """A class in TRUSTED_TYPES."""

    def __init__(self, *args):
        self.args = args

    def get_params(self):
        return {}


OPERATORS = f"{Operators.__module__}.Operators"
SORT = ("numpy", "sort")


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (node("ConstructorFromReduceNode", *SORT, content=list_node()), BY_A_FUNCTION),
        (node("ObjectNode", *SORT), BY_A_FUNCTION),
        (node("TupleNode", *SORT, content=[]), BY_A_FUNCTION),
        (
            node(
                "DictNode",
                "builtins",
                "dict",
                content={"a": json_node("1")},
                key_types=list_node(node("TypeNode", *SORT)),
            ),
            NO_PLAIN_TYPE,
        ),
        (
            node(
                "DictNode",
                "builtins",
                "dict",
                content={"a": json_node("1")},
                key_types=list_node(node("TypeNode", *OPERATORS.rsplit(".", 1))),
            ),
            NO_PLAIN_TYPE,
        ),
        (
            node("TypeNode", *SORT),
            NOT_ACCEPTED.format("extra", "LogisticRegression", "function"),
        ),
    ],
)
def test_a_trusted_function_is_not_called_while_reading(extra, sentence):
    data = changed(LOGISTIC, lambda content: content.update(extra=extra), extra=1)
    with pytest.raises(ArtifactError) as refusal:
        model_file.loads(data, trusted=["numpy.sort", OPERATORS])
    assert str(refusal.value) == sentence


def by_name(name):
    module, _, kind = name.rpartition(".")
    return getattr(import_module(module), kind)


ESTIMATORS = [kind for _, kind in all_estimators()]
NAMES = trusted_types.PARTS.union(
    *trusted_types.COMPILED.values(), *trusted_types.CONTAINERS.values()
)
KINDS = [*ESTIMATORS, *(by_name(name) for name in NAMES)]


def test_no_attribute_hides_a_method():
    for kind in KINDS:
        for name in dir(kind):
            member = getattr_static(kind, name)
            if callable(member) or isinstance(member, property | classmethod | staticmethod):
                with pytest.raises(ArtifactError):
                    attributes.check_name(kind, name)


def test_every_callable_class_has_a_kind_and_attributes():
    callable_kinds = {
        kind for kind in KINDS if any("__call__" in vars(base) for base in kind.__mro__)
    }
    classes = tuple(by_name(name) for name in callables.KIND_BY_CLASS)
    assert callable_kinds == {kind for kind in KINDS if issubclass(kind, classes)}
    accepted = attributes.CALLABLE_ATTRIBUTES.keys()
    assert accepted >= set(callables.KIND_BY_CLASS.values())


DEFAULTS = [
    (kind, name, parameter.default)
    for kind in ESTIMATORS
    for name, parameter in signature(kind).parameters.items()
    if "method" in name and not fit_only.is_fit_only(kind.__module__, name)
]


def test_every_parameter_with_method_in_its_name_accepts_only_its_options():
    assert len(DEFAULTS) > 10
    for kind, name, default in DEFAULTS:
        attributes.check(kind, {name: default}, callables.CallableFinder())
        with pytest.raises(ArtifactError, match="that is not served"):
            attributes.check(kind, {name: "tofile"}, callables.CallableFinder())


def named_keys():
    """Return a file in which the names of attributes are strings of NumPy."""

    def change(schema):
        kinds = schema["content"]["key_types"]["content"]
        kinds[:] = [node("TypeNode", "numpy", "str_") for _ in kinds]

    return hostile.rewrite_schema(saved(LOGISTIC, predict=1), change)


def test_a_name_that_is_a_string_of_numpy_is_checked():
    with pytest.raises(ArtifactError, match=r"predict of a LogisticRegression hides a method"):
        model_file.loads(named_keys())


positive = np.abs(X) + 1
WEIGHED = partial(np.clip, a_min=0.1, a_max=1)

# Usual estimators with functions, scorers and kernels.
GOOD = {
    "a search by a scorer": GridSearchCV(
        LogisticRegression(), {"C": [1, 2]}, scoring=make_scorer(f1_score, average="macro")
    ),
    "a search by a function": GridSearchCV(
        SVC(), {"C": [1, 2]}, scoring=make_scorer(accuracy_score, response_method=("predict",))
    ),
    "a search by several scorers": GridSearchCV(
        LogisticRegression(), {"C": [1, 2]}, scoring=["accuracy", "roc_auc"], refit="accuracy"
    ),
    "a search for a function": GridSearchCV(
        make_pipeline(FunctionTransformer(), LogisticRegression()),
        {"functiontransformer__func": [np.tanh, np.cbrt, WEIGHED]},
    ),
    "a search for a kernel": GridSearchCV(
        GaussianProcessRegressor(optimizer=None), {"kernel": [RBF(2), RBF(3) + RBF(4)]}
    ),
    "a process": GaussianProcessRegressor(2 * RBF() + PairwiseKernel(metric="rbf"), optimizer=None),
    "a kernel of a process for support vectors": SVC(kernel=RBF()),
    "distances by a function": KNeighborsClassifier(
        algorithm="brute", metric=np.vdot, weights=WEIGHED
    ),
    "importance by a path": make_pipeline(
        SelectFromModel(
            make_pipeline(StandardScaler(), LogisticRegression()),
            importance_getter="named_steps.logisticregression.coef_",
        ),
        LinearRegression(),
    ),
    "names by a pattern": make_pipeline(
        ColumnTransformer(
            [("a", StandardScaler(), [0, 1])],
            verbose_feature_names_out="{feature_name}-{transformer_name}",
        ),
        LinearRegression(),
    ),
    "columns chosen by dtype and name": make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        ColumnTransformer(
            [("a", StandardScaler(), make_column_selector("x[01]", dtype_include=float))]
        ),
        LinearRegression(),
    ),
    "a chain": ClassifierChain(LogisticRegression(), chain_method=["predict_proba", "predict"]),
    "a type for a function": make_pipeline(
        FunctionTransformer(np.round, kw_args={"decimals": 1}),
        FunctionTransformer(np.cumsum, kw_args={"axis": 1, "dtype": np.float32}),
        LinearRegression(),
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_an_estimator_with_callables_is_read(name):
    target = np.column_stack([y, 1 - y]) if name == "a chain" else y
    estimator = GOOD[name].fit(positive, target)
    for data in (model_file.dumps(estimator, {}), skops.io.dumps(estimator)):
        loaded = model_file.loads(data, trusted=["numpy.vdot"]).estimator
        np.testing.assert_array_equal(loaded.predict(positive), estimator.predict(positive))


def test_an_object_of_a_trusted_class_may_contain_functions():
    data = saved(Operators(), function=np.log1p, method="private", steps="many")
    loaded = model_file.loads(data, trusted=[OPERATORS], allow_version=True).estimator
    assert (loaded.function, loaded.method, loaded.steps) == (np.log1p, "private", "many")
