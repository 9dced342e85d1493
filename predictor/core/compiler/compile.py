"""Compile a fitted estimator: convert, verify, time and report."""

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from predictor.core.coercion import DATETIME
from predictor.core.compiled import serialization
from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable
from predictor.core.compiler import crossover
from predictor.core.compiler.batch_safety import reason_against_batching
from predictor.core.compiler.converters.dispatch import convert
from predictor.core.compiler.verification import verify
from predictor.core.compiler.verifier import MethodVerification
from predictor.core.engines.compiled import built_with, file_name
from predictor.core.engines.estimator import SCIKIT_LEARN
from predictor.core.input_builders import ARRAY, FRAME
from predictor.core.signature import Signature

# Number of rows that the report means by "many".
MANY = 256

SLOWER = "The compiled estimator is not faster."

# Larger compiled estimators are not kept.
MAX_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Compilation:
    """Outcome of compiling an estimator.

    Parameters
    ----------
    report : mapping
        JSON object with the engine, the reason if there is none, and the outcome of the
        verification and the times of each method.
    data : bytes
        Serialized compiled estimator; empty if there is none.
    """

    report: Mapping[str, Any]
    data: bytes = field(default=b"", repr=False)

    def write(self, directory: Path) -> str:
        """Write the compiled estimator, if any, to a directory; return its SHA-256 or ""."""
        if not self.data:
            return ""
        sha256 = hashlib.sha256(self.data).hexdigest()
        (directory / file_name(sha256)).write_bytes(self.data)
        return sha256


# Without "built_with", the version is compiled as soon as compiling is switched on.
SWITCHED_OFF = Compilation(
    {"engine": SCIKIT_LEARN, "reason": "Compiling is switched off.", "methods": {}}
)


def compile_(
    estimator: Any, signature: Signature, sample: Any = None, *, enabled: bool = True
) -> Compilation:
    """Compile an estimator, and decide whether requests for it may be batched.

    Parameters
    ----------
    estimator : estimator
    signature : Signature
    sample : array or DataFrame, optional
        Rows as the estimator reads them.
    enabled : bool
        Whether compiling is switched on.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # estimators warn of unusual rows
        compilation = _compile(estimator, signature, sample) if enabled else SWITCHED_OFF
        reason = reason_against_batching(estimator, signature)
    report = {**compilation.report, "joined": not reason, "alone": reason}
    return replace(compilation, report=report)


def _compile(estimator: Any, signature: Signature, sample: Any) -> Compilation:
    if reason := _reason_against_compiling(signature):
        return not_compiled(reason)
    start = perf_counter()
    try:
        compiled = convert(estimator)
        methods = {
            name: _method_report(estimator, compiled, signature, name, method)
            for name, method in verify(estimator, compiled, signature, sample).items()
        }
        max_rows = {name: m["up_to_rows"] for name, m in methods.items() if not m["reason"]}
        data = serialization.dumps(compiled, max_rows) if max_rows else b""
    except NotCompilable as exc:
        return not_compiled(str(exc))
    except Exception as exc:  # noqa: BLE001 - reported; scikit-learn runs the model
        return not_compiled(f"Compiling fails with {type(exc).__name__}.")
    if not max_rows:
        reasons = {each["reason"] for each in methods.values()}
        return not_compiled(" ".join(sorted(reasons)), methods)
    if len(data) > MAX_BYTES:
        return not_compiled(f"The compiled estimator is too large: {len(data):,} bytes.")
    report = {
        "engine": compiled.engine_name,
        "reason": "",
        "methods": methods,
        "seconds": round(perf_counter() - start, 3),
        "built_with": built_with(),
    }
    return Compilation(report, data)


def _reason_against_compiling(signature: Signature) -> str:
    """Return why rows of a signature are not compiled; empty if they may be."""
    if signature.container not in (ARRAY, FRAME):
        return "Sparse rows and texts are not compiled."
    if any(column.required and column.kind == DATETIME for column in signature.columns):
        return "Columns of times are not compiled."
    return ""


def not_compiled(reason: str, methods: Mapping[str, Any] | None = None) -> Compilation:
    """Return the outcome for an estimator that scikit-learn runs."""
    return Compilation(
        {
            "engine": SCIKIT_LEARN,
            "reason": reason,
            "methods": methods or {},
            "built_with": built_with(),
        }
    )


def _method_report(
    estimator: Any,
    compiled: CompiledEstimator,
    signature: Signature,
    name: str,
    method: MethodVerification,
) -> dict[str, Any]:
    """Return the report of one method; its keys are part of the API."""
    if method.reason:
        return {"one": SCIKIT_LEARN, "many": SCIKIT_LEARN, "up_to_rows": 0, "reason": method.reason}
    engine = compiled.engine_name
    times = crossover.time_engines(estimator, compiled, signature, name)
    max_rows = crossover.max_rows(times)
    return {
        "one": SCIKIT_LEARN if max_rows == 0 else engine,
        "many": engine if max_rows is None or max_rows >= MANY else SCIKIT_LEARN,
        "up_to_rows": max_rows,
        "microseconds": {
            str(size): {engine: round(compiled_us, 1), SCIKIT_LEARN: round(estimator_us, 1)}
            for size, (compiled_us, estimator_us) in times.items()
        },
        "rows_tried": method.n_rows,
        "difference": method.difference,
        "reason": SLOWER if max_rows == 0 else "",
    }
