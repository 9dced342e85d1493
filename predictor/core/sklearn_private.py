"""Private attributes of scikit-learn that have no public equivalent.

`tests/predictor/core/test_sklearn_private.py` names the attributes that a new version of
scikit-learn no longer has. Verified with scikit-learn 1.9.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from textwrap import shorten
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SCALARS = (str, int, float, type(None))
CACHE_SIZE = 10_000
MAX_MESSAGE_LENGTH = 300


def training_rows(estimator: Any) -> Any:
    """Return the rows that nearest neighbours are searched in; None for other estimators."""
    return getattr(estimator, "_fit_X", None)


def training_targets(estimator: Any) -> Any:
    """Return the targets of `training_rows`; labels are positions in `classes_`."""
    return estimator._y  # noqa: SLF001 - no public equivalent


def search_method(estimator: Any) -> str:
    """Return the resolved algorithm of a neighbour search: `algorithm` can be "auto"."""
    return str(estimator._fit_method)  # noqa: SLF001 - no public equivalent


def was_fitted_on_sparse(estimator: Any) -> bool:
    """Return whether a support vector machine was fitted on a sparse matrix."""
    return getattr(estimator, "_sparse", False) is True


def support_parameters(estimator: Any) -> tuple[Any, Any, Any]:
    """Return the numbers of support vectors, the coefficients and the intercepts of libsvm."""
    return estimator._n_support, estimator._dual_coef_, estimator._intercept_  # noqa: SLF001 - no public equivalent


def parameter_constraints(cls: type, name: str) -> list[Any]:
    """Return the constraints of a parameter of a class; an empty list if there are none."""
    constraints = getattr(cls, "_parameter_constraints", {}).get(name, [])
    return constraints if isinstance(constraints, list) else []


def parameter_options(cls: type, name: str) -> set[Any]:
    """Return the values that the constraints of a parameter list."""
    constraints = parameter_constraints(cls, name)
    return {value for each in constraints for value in getattr(each, "options", ())}


def check_parameter(cls: type, name: str, value: Any) -> str:
    """Return why the constraints of a parameter reject a value; empty if they accept it."""
    if isinstance(value, SCALARS):  # a forest repeats its parameters in each tree
        return _check_scalar(cls, name, value)
    return _check_constraints(cls, name, value)


@lru_cache(CACHE_SIZE, typed=True)
def _check_scalar(cls: type, name: str, value: Any) -> str:
    return _check_constraints(cls, name, value)


def _check_constraints(cls: type, name: str, value: Any) -> str:
    from sklearn.utils._param_validation import (  # noqa: PLC0415 - imported late
        InvalidParameterError,
        validate_parameter_constraints,
    )

    if constraints := parameter_constraints(cls, name):
        try:
            validate_parameter_constraints({name: constraints}, {name: value}, cls.__name__)
        except InvalidParameterError as exc:
            return shorten(str(exc), MAX_MESSAGE_LENGTH)
    return ""


def transformer_columns(estimator: Any) -> Mapping[str, Sequence[int]]:
    """Return the positions of the columns that each part of a column transformer reads."""
    columns: Mapping[str, Sequence[int]] = estimator._transformer_to_input_indices  # noqa: SLF001 - the public columns can be names or masks
    return columns


def encoded_widths(estimator: Any) -> Sequence[int]:
    """Return the number of columns that an encoder makes of each column."""
    return getattr(estimator, "_n_features_outs", None) or [1] * len(estimator.categories_)


def count_widths(encoder: Any) -> list[int]:
    """Return the numbers of `encoded_widths` for the categories of a one-hot encoder."""
    return list(encoder._compute_n_features_outs())  # noqa: SLF001 - no public equivalent


def infrequent_categories(encoder: Any) -> Sequence[tuple[Any, Any]]:
    """Return the indices of the infrequent categories, and the number that each category gets.

    Both are None for a column without infrequent categories.
    """
    if not getattr(encoder, "_infrequent_enabled", False):
        return [(None, None)] * len(encoder.categories_)
    numbers = encoder._default_to_infrequent_mappings  # noqa: SLF001 - no public equivalent
    return list(zip(encoder._infrequent_indices, numbers, strict=True))  # noqa: SLF001 - the public attribute has the categories


def link_name(estimator: Any) -> str:
    """Return the class of the link function between the sum of a model and its prediction."""
    loss = estimator._loss if hasattr(estimator, "_loss") else estimator._base_loss  # noqa: SLF001 - no public equivalent
    return type(loss.link).__name__


def initial_scores(estimator: Any) -> Array:
    """Return the scores before the first tree of gradient boosting, shape (n_scores,)."""
    scores: Array = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_)))[0]  # noqa: SLF001 - no public equivalent
    return scores


def baseline_scores(estimator: Any) -> Array:
    """Return the scores before the first tree of histogram boosting, shape (n_scores,)."""
    return np.ravel(estimator._baseline_prediction)  # noqa: SLF001 - no public equivalent


def histogram_predictors(estimator: Any) -> Sequence[Sequence[Any]] | None:
    """Return the trees of histogram boosting for each iteration; None for other estimators."""
    return getattr(estimator, "_predictors", None)


def histogram_preprocessor(estimator: Any) -> Any:
    """Return the transformer that encodes the categories of histogram boosting, if any."""
    return getattr(estimator, "_preprocessor", None)


def isolation_depths(estimator: Any) -> list[Array]:
    """Return the depths that an isolation forest counts for the nodes of each tree."""
    pairs = zip(
        estimator._decision_path_lengths,  # noqa: SLF001 - no public equivalent
        estimator._average_path_length_per_tree,  # noqa: SLF001 - as above
        strict=True,
    )
    return [path + average - 1.0 for path, average in pairs]


def isolation_max_samples(estimator: Any) -> int:
    """Return the resolved number of samples of each tree: `max_samples` can be "auto"."""
    return int(estimator._max_samples)  # noqa: SLF001 - no public equivalent


def stated_products(features: Any) -> tuple[int, int]:
    """Return the numbers of products that polynomial features compute, and return."""
    return features._n_out_full, features.n_output_features_  # noqa: SLF001 - no public equivalent


def count_products(features: Any) -> tuple[int, int]:
    """Return the numbers of `stated_products` for the degrees of polynomial features."""
    full, returned = (
        features._num_combinations(  # noqa: SLF001 - no public equivalent
            n_features=features.n_features_in_,
            min_degree=min_degree,
            max_degree=features._max_degree,  # noqa: SLF001 - as above
            interaction_only=features.interaction_only,
            include_bias=features.include_bias,
        )
        for min_degree in (0, features._min_degree)  # noqa: SLF001 - as above
    )
    return full, returned


def find_thread_pools() -> None:
    """Let scikit-learn find the libraries with threads, which it remembers for later calls.

    It reads /proc/self/maps, which a confined process cannot read.
    """
    from sklearn.utils.parallel import _get_threadpool_controller  # noqa: PLC0415 - imported late

    _get_threadpool_controller()
