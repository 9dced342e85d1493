"""The types and functions that a model file may name, each where it may name it.

skops trusts every estimator of scikit-learn, NumPy's arrays and Python's containers by itself,
in any place of a file. This list is tighter: a type stands under the loader that builds it. And it
is wider: it holds what fitted estimators really contain and skops leaves to the user, because
their compiled code indexes by what the file says. `predictor.core.artifacts.bounds` checks that.
"""

import re
from collections.abc import Iterable
from importlib import import_module
from inspect import isabstract, isfunction

# Python's containers, and scikit-learn's own of them.
CONTAINERS = {
    "DictNode": {"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"},
    "DefaultDictNode": {"collections.defaultdict"},
    "ListNode": {"builtins.list"},
    "SetNode": {"builtins.set"},
    "TupleNode": {"builtins.tuple", "sklearn.impute._iterative._ImputerTriplet"},
    "SliceNode": {"builtins.slice"},
    "BytesNode": {"builtins.bytes"},
    "BytearrayNode": {"builtins.bytearray"},
}

# Plain data: the loader itself fixes the type, or the values are those of NumPy and SciPy.
SCALARS = {
    f"numpy.{name}"
    for name in [
        "bool",
        "bool_",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "longdouble",
        "complex64",
        "complex128",
        "str_",
        "bytes_",
        "longlong",
        "ulonglong",
        "intc",
        "uintc",
    ]
}
DATA = {
    "JsonNode": {"builtins.str"},
    "NdArrayNode": {"numpy.ndarray", *SCALARS},
    "MaskedArrayNode": {"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"},
    "DTypeNode": {"numpy.dtype"},
    "SparseMatrixNode": {
        f"scipy.sparse._{form}.{form}_{kind}"
        for form in ("csr", "csc", "coo", "bsr", "dia")
        for kind in ("matrix", "array")
    },
    "RandomStateNode": {"numpy.random.mtrand.RandomState"},
    "RandomGeneratorNode": {"numpy.random._generator.Generator"},
    # A type is a value here: of keys, and of parameters such as OneHotEncoder's dtype.
    "TypeNode": {"builtins.str", "builtins.int", "builtins.float", "builtins.bool", *SCALARS},
}

LOSSES = (
    "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss "
    "HalfPoissonLoss HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss "
    "PinballLoss"
)
METRICS = (
    "Euclidean SEuclidean Manhattan Chebyshev Minkowski Mahalanobis Hamming Canberra BrayCurtis "
    "Jaccard Dice RogersTanimoto RussellRao SokalSneath Haversine"
)  # not PyFunc: it runs a function of the file's choosing


def _named(module: str, names: str, form: str = "{}") -> set[str]:
    return {f"{module}.{form.format(name)}" for name in names.split()}


# Compiled objects. Losses hold at most two numbers, and no method that is served runs them.
COMPILED = {
    "TreeNode": {"sklearn.tree._tree.Tree"},
    "LossNode": _named("sklearn._loss._loss", LOSSES, "Cy{}")
    | _named(
        "sklearn.linear_model._sgd_fast",
        "EpsilonInsensitive Hinge ModifiedHuber SquaredEpsilonInsensitive SquaredHinge",
    ),
}

# Objects that fitted estimators hold beside other estimators.
PARTS = (
    _named("sklearn.metrics._dist_metrics", METRICS, "{}Distance64")
    | _named("sklearn.metrics._dist_metrics", METRICS, "{}Distance32")
    | _named("sklearn.neighbors._kd_tree", "KDTree KDTree32 KDTree64")
    | _named("sklearn.neighbors._ball_tree", "BallTree BallTree32 BallTree64")
    | _named("sklearn._loss.loss", LOSSES)
    | _named(
        "sklearn._loss.link",
        "HalfLogitLink IdentityLink Interval LogitLink LogLink MultinomialLogit",
    )
    | _named(
        "sklearn.ensemble._hist_gradient_boosting", "binning._BinMapper predictor.TreePredictor"
    )
    | _named("sklearn.calibration", "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling")
    | _named("sklearn.cluster._bisect_k_means", "_BisectingTree")
    | _named("sklearn.gaussian_process._gpc", "_BinaryGaussianProcessClassifierLaplace")
    | _named(
        "sklearn.gaussian_process.kernels",
        "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Hyperparameter "
        "Matern PairwiseKernel Product RBF RationalQuadratic Sum WhiteKernel",
    )
    | _named(
        "sklearn.metrics._scorer", "_CurveScorer _MultimetricScorer _PassthroughScorer _Scorer"
    )
    | _named("sklearn.multiclass", "_ConstantPredictor")
    | _named("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer SGDOptimizer")
    | _named("sklearn.utils._metadata_requests", "MetadataRequest MethodMetadataRequest")
    | _named("scipy.interpolate._bsplines", "BSpline")
    | _named(
        "sklearn.model_selection._split",
        "GroupKFold KFold LeaveOneOut LeavePOut PredefinedSplit RepeatedKFold "
        "RepeatedStratifiedKFold ShuffleSplit StratifiedKFold StratifiedShuffleSplit "
        "TimeSeriesSplit",
    )
)

# Functions from arrays to arrays: a file may give them to a FunctionTransformer, or hold them as
# the parameter of an estimator.
FUNCTIONS = (
    _named(
        "numpy",
        "abs amax amin angle around average clip cumprod cumsum diff flip fliplr hypot i0 imag max "
        "mean median min nan_to_num nanmax nanmean nanmedian nanmin nanstd ravel real round sinc "
        "std sum unwrap var",
    )
    | _named(
        "sklearn.feature_selection._univariate_selection",
        "chi2 f_classif f_oneway f_regression r_regression",
    )
    | _named("sklearn.feature_selection._mutual_info", "mutual_info_classif mutual_info_regression")
    | _named("sklearn.cluster._kmeans", "_kmeans_single_elkan _kmeans_single_lloyd")
    # How histogram boosting takes its numeric columns.
    | _named("sklearn.utils.validation", "check_array")
    # How a B-spline of SciPy names NumPy's.
    | _named("scipy._lib.array_api_compat.numpy._aliases", "asarray")
)

# The public part of a module of scikit-learn, and what is in no public part.
PUBLIC_MODULE = re.compile(r"sklearn(\.[a-z]\w*)*", re.ASCII)
INTERNAL = {"tests", "externals", "conftest", "experimental", "estimator_checks"}

# Where NumPy's and SciPy's element-wise functions are found.
UFUNC_MODULES = (
    "numpy",
    "numpy._core.umath",
    "numpy._core._multiarray_umath",
    "scipy.special",
    "scipy.special._ufuncs",
    "scipy.special._special_ufuncs",
)

# Loaders that call what the file names, with what the file says: never.
CALLING = ("MethodNode", "OperatorFuncNode")
CALLERS = ("operator.attrgetter", "operator.itemgetter", "operator.methodcaller")


def by_loader(extra: Iterable[str] = ()) -> dict[str, set[str]]:
    """Return the names that each loader may build.

    Parameters
    ----------
    extra : iterable of str
        Types and functions that the operator adds, by their full names.
    """
    added = set(extra)
    return (
        CONTAINERS
        | DATA
        | COMPILED
        | {
            "ObjectNode": PARTS | added,
            "FunctionNode": FUNCTIONS | added,
            "PartialNode": {"functools.partial"},
            "TypeNode": DATA["TypeNode"] | added,
            "ConstructorFromReduceNode": added,
            "TupleNode": CONTAINERS["TupleNode"] | added,
        }
    )


def is_estimator(name: str) -> bool:
    """Return whether a name is that of one of scikit-learn's public estimators.

    Only the public module that has it is imported: to list them all is to import the whole of
    scikit-learn.
    """
    module, _, kind = name.rpartition(".")
    public = PUBLIC_MODULE.match(module)
    if public is None or kind.startswith("_") or INTERNAL & set(module.split(".")):
        return False
    from sklearn.base import BaseEstimator

    try:
        found = vars(import_module(public[0])).get(kind)
    except ImportError:
        return False
    return (
        isinstance(found, type)
        and issubclass(found, BaseEstimator)
        and found is not BaseEstimator
        and not isabstract(found)
        and (found.__module__, found.__qualname__) == (module, kind)
    )


def is_ufunc(name: str) -> bool:
    """Return whether a name is that of an element-wise function of NumPy or SciPy."""
    import numpy as np

    module, _, attribute = name.rpartition(".")
    if module not in UFUNC_MODULES:
        return False
    return isinstance(getattr(import_module(module), attribute, None), np.ufunc)


def is_metric(name: str) -> bool:
    """Return whether a name is that of one of scikit-learn's public functions of scores.

    Those that make and find scorers are none: a scorer calls the methods of what it is given.
    """
    from sklearn import metrics

    module, _, attribute = name.rpartition(".")
    if attribute not in metrics.__all__ or module == "sklearn.metrics._scorer":
        return False
    function = getattr(metrics, attribute)
    return isfunction(function) and function.__module__ == module
