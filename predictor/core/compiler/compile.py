"""Estimator to compiled form: drawn, proven, timed, chosen, and all of it told."""

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from predictor.core.compiled import serialization
from predictor.core.compiled.compiled_estimator import CompiledEstimator, NotCompilable
from predictor.core.compiler import crossover, verification
from predictor.core.compiler.batch_safety import why_alone
from predictor.core.compiler.comparison import Proof
from predictor.core.compiler.converters.dispatch import drawn
from predictor.core.engines.compiled import built_with, file_name
from predictor.core.engines.estimator import SCIKIT_LEARN
from predictor.core.input_builders import ARRAY, FRAME
from predictor.core.signature import Signature

# What the card calls many rows.
MANY = 256

SLOWER = "It is not faster."

# Larger forms are not kept.
MOST_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Compilation:
    """What became of compiling an estimator.

    Parameters
    ----------
    report : mapping
        What there is to tell: the engine, why there is none, each method's proof and times.
    data : bytes
        The form with its choice; empty where there is none.
    """

    report: Mapping[str, Any]
    data: bytes = field(default=b"", repr=False)

    def write(self, directory: Path) -> str:
        """Write the form, if there is one, into a directory; return its SHA-256."""
        if not self.data:
            return ""
        sha256 = hashlib.sha256(self.data).hexdigest()
        (directory / file_name(sha256)).write_bytes(self.data)
        return sha256


# What the versions that compile are is not told: it is done as soon as it is switched on.
SWITCHED_OFF = Compilation(
    {"engine": SCIKIT_LEARN, "reason": "Compiling is switched off.", "methods": {}}
)


def compile_(
    estimator: Any, signature: Signature, sample: Any = None, *, forms: bool = True
) -> Compilation:
    """Compile an estimator, and find whether requests for it may be joined.

    Parameters
    ----------
    estimator : estimator
    signature : Signature
    sample : array or DataFrame, optional
        Rows as the estimator takes them.
    forms : bool
        Whether it is to be compiled at all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # estimators warn of rows that are tried
        found = _compiled(estimator, signature, sample) if forms else SWITCHED_OFF
        alone = why_alone(estimator, signature)
    return replace(found, report={**found.report, "joined": not alone, "alone": alone})


def _compiled(estimator: Any, signature: Signature, sample: Any) -> Compilation:
    """Compile an estimator where that is proven equal and faster."""
    start = perf_counter()
    try:
        form, methods = _tried(estimator, signature, sample)
    except NotCompilable as exc:
        return uncompiled(str(exc))
    except Exception as exc:  # noqa: BLE001 - told on the card: the estimator answers as it is
        return uncompiled(f"Compiling it fails: {type(exc).__name__}.")
    used = {name: found["up_to_rows"] for name, found in methods.items() if not found["reason"]}
    if not used:
        reasons = {found["reason"] for found in methods.values()}
        return Compilation({**uncompiled(" ".join(sorted(reasons))).report, "methods": methods})
    data = serialization.dumps(form, used)
    if len(data) > MOST_BYTES:
        return uncompiled(f"The compiled form has {len(data):,} bytes.")
    report = {
        "engine": form.runs_on,
        "reason": "",
        "methods": methods,
        "seconds": round(perf_counter() - start, 3),
        "built_with": built_with(),
    }
    return Compilation(report, data)


def uncompiled(reason: str) -> Compilation:
    """Return what there is to tell of an estimator that is not compiled."""
    return Compilation(
        {"engine": SCIKIT_LEARN, "reason": reason, "methods": {}, "built_with": built_with()}
    )


def _tried(
    estimator: Any, signature: Signature, sample: Any
) -> tuple[CompiledEstimator, dict[str, dict[str, Any]]]:
    """Return the form, and what was found of each method."""
    if signature.container not in (ARRAY, FRAME):
        raise NotCompilable("Sparse rows and texts are not compiled.")
    try:
        form = drawn(estimator)
    except NotCompilable:
        raise
    except Exception as exc:
        raise NotCompilable(f"{type(estimator).__name__} cannot be compiled.") from exc
    proofs = verification.prove(estimator, form, signature, sample)
    return form, {
        name: _method(estimator, form, signature, name, proof) for name, proof in proofs.items()
    }


def _method(
    estimator: Any, form: CompiledEstimator, signature: Signature, name: str, proof: Proof
) -> dict[str, Any]:
    """Return what there is to tell of one method."""
    if proof.reason:
        return {"one": SCIKIT_LEARN, "many": SCIKIT_LEARN, "up_to_rows": 0, "reason": proof.reason}
    engine = form.runs_on
    times = crossover.timed(estimator, form, signature, name)
    most = crossover.most_rows(times)
    return {
        "one": SCIKIT_LEARN if most == 0 else engine,
        "many": engine if most is None or most >= MANY else SCIKIT_LEARN,
        "up_to_rows": most,
        "microseconds": {
            str(size): {engine: round(own, 1), SCIKIT_LEARN: round(its, 1)}
            for size, (own, its) in times.items()
        },
        "rows_tried": proof.rows,
        "difference": proof.difference,
        "reason": SLOWER if most == 0 else "",
    }
