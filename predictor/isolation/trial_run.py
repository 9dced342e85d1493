"""Trial run of a model before its registration: its results follow the signature, and repeat."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from textwrap import shorten
from typing import Any

import numpy as np
from scipy import sparse

from predictor.core.coercion import INTEGER, NUMBER
from predictor.core.compiler.row_generator import random_rows, random_values, replace_unused
from predictor.core.engines import EstimatorEngine
from predictor.core.engines.result_validation import InvalidResult, check_results
from predictor.core.errors import ArtifactError, InvalidInput
from predictor.core.lazy_frame import materialize, slice_rows
from predictor.core.response_values import ESTIMATOR_ONLY, to_array
from predictor.core.served_methods import find_failures
from predictor.core.signature import Signature
from predictor.core.tolerance import Unequal, compare
from predictor.core.unused_columns import mark_unused
from predictor.isolation.memory_fill import SMALL, fill_arrays, filled_memory

SEED = 0

# Kinds of random rows, number of rows of each kind, and number of rows of the first and of the last
# kind that also run alone.
KINDS: Sequence[Mapping[str, bool]] = (
    {},
    {"out_of_range": True},
    {"missing": True},
    {"out_of_range": True, "missing": True},
)
N_ROWS, N_SINGLE_ROWS = 16, 3

# A model that takes longer for its example row runs fewer requests.
SLOW_S = 0.2

# Contents of unused memory. As an index or as a float64, the first is 0, and the second is larger
# than any valid one.
FILLS = (0x00, 0x7F)

# Methods that may return random results. They are not served then.
OPTIONAL_METHODS = {"score_samples", *ESTIMATOR_ONLY}

# Results of each method, or the message with which the estimator rejects the rows.
Results = Mapping[str, Any] | str

# Length of an estimator's message in the message about a rejected file.
MAX_MESSAGE_LENGTH = 300


def run_trial(estimator: Any, signature: Signature) -> tuple[Signature, list[str]]:
    """Run every method twice for the same rows, alone and in batches.

    Rows must not get different results because of the content of unused memory, of the requests
    before them, or by chance. Without a sample the example consists of zeros: a model may reject
    them, but not all rows.

    Returns
    -------
    signature : Signature
        Without the methods that fail, and those of `OPTIONAL_METHODS` that return random results.
        Columns are optional only if other values in them have changed no result.
    notes : list of str
        Sentences about the methods that are not served.

    Raises
    ------
    ArtifactError
        A result does not follow from the signature, or differs between two runs; rows are only
        accepted one by one; the example of a sample, or every row without a sample, is rejected.
    """
    earliest, failing_methods = _run_example(estimator, signature)
    signature = _leave_out(signature, failing_methods)
    requests = _build_requests(estimator, signature)
    first = _run_in_order(estimator, signature, requests, FILLS[0])
    second = _run_in_order(estimator, signature, requests[::-1], FILLS[1])[::-1]
    random_methods = set()
    for pair in (*zip(first, second, strict=True), (earliest, first[0])):
        random_methods |= _find_differences(*pair)
    if required := random_methods - OPTIONAL_METHODS:
        reason = f"{min(required)} returns different results for the same row."
        if _changes_rows(estimator, signature):
            reason = "It changes the rows that it is given. Fit it with copy=True in its steps."
        raise ArtifactError(f"The model in the file cannot be served. {reason}")
    for X, results in zip(requests, first, strict=True):
        if X.shape[0] > 1 and not _is_complete(signature, results):
            _check_rejection(estimator, signature, X)
    _check_acceptance(estimator, signature, first)
    notes = [f"{name} is not served, because it fails." for name in sorted(failing_methods)]
    notes += [
        f"{name} is not served, because its results are random." for name in sorted(random_methods)
    ]
    served = _leave_out(signature, random_methods)
    if not _ignores_unused(estimator, served):
        columns = [replace(c, nullable=c.nullable and c.required) for c in served.columns]
        served = replace(served, columns=mark_unused(columns, ()))
    return served, notes


def _ignores_unused(estimator: Any, signature: Signature) -> bool:
    """Return whether values in the optional columns change no result of random rows."""
    if all(column.required for column in signature.columns):
        return True
    rng = np.random.default_rng(SEED)
    for kind in (KINDS[0], KINDS[-1]):
        values = random_values(signature, N_ROWS, rng, **kind)
        others = replace_unused(signature, values, rng)
        first, second = (
            _run(estimator, signature, signature.build_input(each)) for each in (values, others)
        )
        # The estimator may reject a missing value, which no request sends to it.
        if not isinstance(second, str) and _find_differences(first, second):
            return False
    return True


def _leave_out(signature: Signature, methods: Collection[str]) -> Signature:
    return replace(signature, methods=tuple(n for n in signature.methods if n not in methods))


def _run_example(estimator: Any, signature: Signature) -> tuple[Results, set[str]]:
    """Return the results for the example row, and the methods that fail although the first runs.

    scikit-learn has methods that never run, such as `transform` of a discriminant analysis with
    `lsqr`.
    """
    example = signature.build_example()
    accepted = _run(estimator, signature, example, signature.methods[:1])
    if isinstance(accepted, str):
        return accepted, set()
    results = dict(accepted)
    tolerated: tuple[type[Exception], ...]
    for name in signature.methods[1:]:
        tolerated = (ArtifactError, *find_failures()) if name in ESTIMATOR_ONLY else ()
        with suppress(*tolerated):
            outcome = _run(estimator, signature, example, [name])
            if not isinstance(outcome, str):
                results |= outcome
    return results, set(signature.methods) - results.keys()


def _build_requests(estimator: Any, signature: Signature) -> list[Any]:
    """Return the example row, other single rows, and batches."""
    example = signature.build_example()
    rng = np.random.default_rng(SEED)
    batches = [random_rows(signature, N_ROWS, rng, **kind) for kind in KINDS]
    start = time.monotonic()
    _run(estimator, signature, example)
    if time.monotonic() - start > SLOW_S:
        return [example, batches[-1]]
    ends = (batches[0], batches[-1])
    rows = [slice_rows(X, slice(n, n + 1)) for X in ends for n in range(N_SINGLE_ROWS)]
    return [example, *rows, *batches]


def _run_in_order(
    estimator: Any, signature: Signature, requests: Sequence[Any], fill: int
) -> list[Results]:
    outcomes = []
    with filled_memory(fill):
        for X in requests:
            fill_arrays(fill, SMALL)
            outcomes.append(_run(estimator, signature, X))
    return outcomes


def _run(estimator: Any, signature: Signature, X: Any, methods: Sequence[str] = ()) -> Results:
    """Return the results for rows, or the message with which the estimator rejects them.

    An estimator that rejects the rows in another method than its first accepts them.
    """
    methods = methods or signature.methods
    try:
        results = EstimatorEngine(estimator).run(methods, X)
        arrays = {method: _to_arrays(values) for method, values in results.items()}
        check_results(signature, methods, X.shape[0], arrays)
    except InvalidInput as exc:
        if len(methods) > 1:
            return _run(estimator, signature, X, methods[:1])
        return first_line(exc.__cause__ or exc)
    except InvalidResult as exc:
        raise ArtifactError(f"The model in the file cannot be served. {exc}") from exc
    return {method: _comparable(values) for method, values in arrays.items()}


def first_line(exc: BaseException) -> str:
    """Return the first line of an exception's message, as a sentence."""
    line = str(exc).strip().partition("\n")[0]
    return f"{shorten(line or type(exc).__name__, MAX_MESSAGE_LENGTH).rstrip('.')}."


def _comparable(values: Any) -> Any:
    """Return objects and times as text, so that missing values are equal."""
    has_objects = isinstance(values, np.ndarray) and values.dtype.kind in "OM"
    return values.astype(str) if has_objects else values


def _to_arrays(values: Any) -> Any:
    """Return a copy of a result as the array, or list of arrays, that a worker receives."""
    if isinstance(values, list):
        return [_to_arrays(each) for each in values]
    values = to_array(values)
    return values.copy() if isinstance(values, np.ndarray) else values


def _find_differences(first: Results, second: Results) -> set[str]:
    """Return the methods whose results differ."""
    if isinstance(first, str) or isinstance(second, str):
        return {name for each in (first, second) if not isinstance(each, str) for name in each}
    different = first.keys() ^ second.keys()
    for name in first.keys() & second.keys():
        try:
            compare({name: first[name]}, {name: second[name]})
        except Unequal:
            different.add(name)
    return different


def _changes_rows(estimator: Any, signature: Signature) -> bool:
    """Return whether the estimator writes its own results into the rows."""
    X = materialize(random_rows(signature, N_ROWS, np.random.default_rng(SEED)))
    before = _to_text(X)
    _run(estimator, signature, X)
    return not np.array_equal(before, _to_text(X))


def _to_text(X: Any) -> Any:
    """Return the values of rows as text, so that missing values are equal."""
    return np.asarray(X.data if sparse.issparse(X) else X).astype(str)


def _is_complete(signature: Signature, results: Results) -> bool:
    """Return whether every method accepted the rows."""
    return not isinstance(results, str) and results.keys() == set(signature.methods)


def _check_rejection(estimator: Any, signature: Signature, X: Any) -> None:
    """Check that a batch that a method rejected has a row that is rejected alone too."""
    rows = (slice_rows(X, slice(n, n + 1)) for n in range(X.shape[0]))
    if all(_is_complete(signature, _run(estimator, signature, row)) for row in rows):
        raise ArtifactError("The model in the file cannot be served. It takes one row only.")


def _check_acceptance(estimator: Any, signature: Signature, all_results: list[Results]) -> None:
    """Check that the model accepts its example row, which is the first, or some row at least."""
    rejection = all_results[0]
    if not isinstance(rejection, str):
        return
    if all(column.example is not None for column in signature.columns if column.required):
        raise ArtifactError(f"The model rejects its own example row. {rejection}")
    if all(isinstance(results, str) for results in (*all_results, _run_ones(estimator, signature))):
        raise ArtifactError(
            f"The model rejects every row that was tried. {rejection} If it accepts other rows, "
            "add a sample of them."
        )


def _run_ones(estimator: Any, signature: Signature) -> Results:
    """Run a row of positive numbers, as an estimator may reject the others."""
    values = [
        1 if column.kind in (NUMBER, INTEGER) and not column.categories else column.placeholder
        for column in signature.columns
    ]
    return _run(estimator, signature, signature.build_input([[value] for value in values]))
