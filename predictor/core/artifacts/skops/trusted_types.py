"""Types and functions that a skops file may name, by the loader that may name them.

The skops package trusts estimators, arrays and containers under any loader. These lists allow a
type only under the loader that builds it. They also contain the compiled parts of fitted
estimators, which skops leaves to its user. They run only in confined processes.
"""

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from inspect import isabstract, isfunction


def qualify(names_by_module: Mapping[str, str]) -> set[str]:
    """Return full names from the names in each module, which spaces separate."""
    return {
        f"{module}.{name}" for module, names in names_by_module.items() for name in names.split()
    }


# Types by loader. In the nodes of plain data, the loader determines the type, or the values are
# those of NumPy and SciPy.
CONTAINERS = {
    "DictNode": {"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"},
    "ListNode": {"builtins.list"},
    "SetNode": {"builtins.set"},
    "TupleNode": {"builtins.tuple", "sklearn.impute._iterative._ImputerTriplet"},
    "SliceNode": {"builtins.slice"},
    "BytesNode": {"builtins.bytes"},
    "BytearrayNode": {"builtins.bytearray"},
}

SCALARS = qualify(
    {
        "numpy": "bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 "
        "float64 str_ bytes_ longlong ulonglong intc uintc"
    }
)
DATA = {
    "JsonNode": {"builtins.str"},
    "NdArrayNode": {"numpy.ndarray", *SCALARS},
    "MaskedArrayNode": {"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"},
    "DTypeNode": {"numpy.dtype"},
    # The layout of all sparse attributes of fitted estimators.
    "SparseMatrixNode": qualify({"scipy.sparse._csr": "csr_matrix csr_array"}),
    "TimestampNode": {"pandas.Timestamp"},
    "RandomStateNode": {"numpy.random.mtrand.RandomState"},
    "RandomGeneratorNode": {"numpy.random._generator.Generator"},
    # Types as values: of keys, of parameters such as OneHotEncoder's dtype, of the columns that
    # make_column_selector selects, and the splitters that a splitter repeats.
    "TypeNode": SCALARS
    | qualify(
        {
            "builtins": "bool float int object str",
            "numpy": "datetime64 floating inexact integer number object_ signedinteger "
            "timedelta64 unsignedinteger",
            "sklearn.model_selection._split": "KFold StratifiedKFold",
        }
    ),
}

LOSSES = (
    "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss "
    "HalfPoissonLoss HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss "
    "PinballLoss"
)
METRICS = (
    "Euclidean SEuclidean Manhattan Chebyshev Minkowski Mahalanobis Hamming Canberra BrayCurtis "
    "Jaccard Dice RogersTanimoto RussellRao SokalSneath Haversine"
)  # not PyFunc, which calls a function that the file chooses

# Compiled objects. A loss contains at most two numbers, and no served method calls it.
COMPILED = {
    "TreeNode": {"sklearn.tree._tree.Tree"},
    "LossNode": qualify(
        {
            "sklearn._loss._loss": " ".join(f"Cy{name}" for name in LOSSES.split()),
            "sklearn.linear_model._sgd_fast": "EpsilonInsensitive Hinge ModifiedHuber "
            "SquaredEpsilonInsensitive SquaredHinge",
        }
    ),
}

# Objects that fitted estimators contain besides other estimators.
PARTS = qualify(
    {
        "scipy.interpolate._bsplines": "BSpline",
        "sklearn._loss.link": "HalfLogitLink IdentityLink Interval LogitLink LogLink "
        "MultinomialLogit",
        "sklearn._loss.loss": LOSSES,
        "sklearn.calibration": "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling",
        "sklearn.cluster._bisect_k_means": "_BisectingTree",
        "sklearn.compose._column_transformer": "make_column_selector",
        "sklearn.ensemble._hist_gradient_boosting": "binning._BinMapper predictor.TreePredictor",
        "sklearn.gaussian_process._gpc": "_BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels": "CompoundKernel ConstantKernel DotProduct "
        "ExpSineSquared Exponentiation Hyperparameter Matern PairwiseKernel Product RBF "
        "RationalQuadratic Sum WhiteKernel",
        "sklearn.metrics._dist_metrics": " ".join(
            f"{name}Distance32 {name}Distance64" for name in METRICS.split()
        ),
        "sklearn.metrics._scorer": "_CurveScorer _MultimetricScorer _PassthroughScorer _Scorer",
        "sklearn.model_selection._split": "GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut "
        "LeaveOneOut LeavePGroupsOut LeavePOut PredefinedSplit RepeatedKFold "
        "RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold StratifiedKFold "
        "StratifiedShuffleSplit TimeSeriesSplit _CVIterableWrapper",
        "sklearn.multiclass": "_ConstantPredictor",
        "sklearn.neighbors._ball_tree": "BallTree BallTree32 BallTree64",
        "sklearn.neighbors._kd_tree": "KDTree KDTree32 KDTree64",
        "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
        "sklearn.utils._metadata_requests": "MetadataRequest MethodMetadataRequest",
    }
)

# Estimators of other packages, which are accepted if the package is installed. Their trees are in a
# node of their own, in the format of the package. Estimators of CatBoost are such nodes themselves.
BOOSTED = qualify(
    {
        "lightgbm.sklearn": "LGBMClassifier LGBMRanker LGBMRegressor",
        "xgboost.sklearn": "XGBClassifier XGBRanker XGBRegressor XGBRFClassifier XGBRFRegressor",
    }
)
BOOSTERS = qualify(
    {
        "catboost.core": "CatBoostClassifier CatBoostRanker CatBoostRegressor",
        "lightgbm.basic": "Booster",
        "xgboost.core": "Booster",
    }
)

# Functions of arrays that a FunctionTransformer may call or a parameter may contain.
FUNCTIONS = qualify(
    {
        "numpy": "abs amax amin angle around average clip cumprod cumsum diff flip fliplr hypot i0 "
        "imag max mean median min nan_to_num nanmax nanmean nanmedian nanmin nanstd ravel real "
        "round sinc std sum unwrap var",
        "scipy._lib.array_api_compat.numpy._aliases": "asarray",  # in a B-spline
        "sklearn.cluster._kmeans": "_kmeans_single_elkan _kmeans_single_lloyd",
        "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
        "sklearn.feature_selection._univariate_selection": "chi2 f_classif f_oneway f_regression "
        "r_regression",
        "pandas": "NA NaT",  # missing values, which are written like functions
        "sklearn.utils.validation": "check_array",  # in histogram boosting
    }
)

# Estimators that are public after the import of a module.
EXPERIMENTAL = {
    "sklearn.impute._iterative.IterativeImputer": "sklearn.experimental.enable_iterative_imputer",
    **dict.fromkeys(
        qualify(
            {
                "sklearn.model_selection._search_successive_halving": "HalvingGridSearchCV "
                "HalvingRandomSearchCV"
            }
        ),
        "sklearn.experimental.enable_halving_search_cv",
    ),
}

# Public part of a module name of scikit-learn, and modules without served estimators.
PUBLIC_MODULE = re.compile(r"sklearn(\.[a-z]\w*)*", re.ASCII)
INTERNAL = {"tests", "externals", "conftest", "experimental", "estimator_checks"}

# Modules that contain element-wise functions of NumPy and SciPy.
UFUNC_MODULES = (
    "numpy numpy._core.umath numpy._core._multiarray_umath "
    "scipy.special scipy.special._ufuncs scipy.special._special_ufuncs"
).split()

# Loaders and functions that call a method which the file chooses. They are never allowed.
CALLING = ("MethodNode", "OperatorFuncNode")
CALLERS = ("operator.attrgetter", "operator.itemgetter", "operator.methodcaller")


def by_loader(trusted: Iterable[str] = ()) -> dict[str, set[str]]:
    """Return the names that are allowed under each loader, with those that the operator adds."""
    added = set(trusted)
    extended = {
        "BoosterNode": BOOSTERS,
        "ObjectNode": PARTS | BOOSTED | added,
        "FunctionNode": FUNCTIONS | added,
        "TypeNode": DATA["TypeNode"] | added,
        "ConstructorFromReduceNode": added,
        "TupleNode": CONTAINERS["TupleNode"] | added,
    }
    return CONTAINERS | DATA | COMPILED | {"PartialNode": {"functools.partial"}} | extended


def explain_setting(names: Iterable[str]) -> str:
    """Return sentences about the setting that can allow names; empty if it cannot."""
    if not set(names).isdisjoint(CALLERS):
        return ""
    setting = (
        " Only if you trust their code: add them to the server's setting TRUSTED_TYPES, and to "
        "`trusted_types` of save and publish."
    )
    if any(name.startswith("__main__.") for name in names):
        return f" Move those of __main__ to a module that the server can import.{setting}"
    return setting


def is_estimator(name: str) -> bool:
    """Return whether a full name is that of a public estimator of scikit-learn.

    Only the module of the estimator is imported. A list of all estimators would need all of
    scikit-learn.
    """
    module, _, class_name = name.rpartition(".")
    public = PUBLIC_MODULE.match(module)
    if public is None or class_name.startswith("_") or INTERNAL & set(module.split(".")):
        return False
    from sklearn.base import BaseEstimator

    if name in EXPERIMENTAL:
        import_module(EXPERIMENTAL[name])
    try:
        kind = vars(import_module(public[0])).get(class_name)
    except ImportError:
        return False
    return (
        isinstance(kind, type)
        and issubclass(kind, BaseEstimator)
        and kind is not BaseEstimator
        and not isabstract(kind)
        and (kind.__module__, kind.__qualname__) == (module, class_name)
    )


def is_ufunc(name: str) -> bool:
    """Return whether a full name is that of an element-wise function of NumPy or SciPy."""
    import numpy as np

    module, _, attribute = name.rpartition(".")
    if module not in UFUNC_MODULES:
        return False
    return isinstance(getattr(import_module(module), attribute, None), np.ufunc)


def is_metric(name: str) -> bool:
    """Return whether a full name is that of a public metric of scikit-learn.

    Functions that make or find scorers are excluded, because a scorer calls methods by name.
    """
    from sklearn import metrics

    module, _, attribute = name.rpartition(".")
    if attribute not in metrics.__all__ or module == "sklearn.metrics._scorer":
        return False
    function = getattr(metrics, attribute)
    return isfunction(function) and function.__module__ == module
