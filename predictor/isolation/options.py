"""Description of an estimator process."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Description of an estimator process: workers with equal options share a process."""

    sha256: str  # of the artifact at registration
    signature: str  # output of `Signature.to_json`, as JSON
    trusted: Sequence[str]  # types and functions that the operator adds to the allow-list
    allow_version: bool  # whether an estimator of another scikit-learn version is accepted
    is_batch_safe: bool  # whether predictions do not change with the composition of the batch
    memory_bytes: int
    time_limit_s: float  # for one call of the estimator
    idle_s: float | None = None  # time without requests after which the process ends
    packages: Sequence[str] = ()  # packages of gradient boosting that fitted the version
