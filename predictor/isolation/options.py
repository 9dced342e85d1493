"""Description of an estimator process."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Description of an estimator process: workers with equal options share a process.

    Parameters
    ----------
    sha256 : str
        The SHA-256 of the artifact at registration.
    signature : str
        Output of `Signature.to_json`, as JSON.
    trusted : sequence of str
        Types and functions that the operator adds to the allow-list.
    allow_version : bool
        Whether an estimator of another scikit-learn version is accepted.
    is_batch_safe : bool
        Whether one call may answer several requests: predictions do not change with the
        composition of the batch.
    memory_bytes : int
    time_limit_s : float
        Maximum time of one call of the estimator.
    idle_s : float, optional
        Time without requests after which the process ends; None is no limit.
    packages : sequence of str
        Packages of gradient boosting that fitted the version.
    """

    sha256: str
    signature: str
    trusted: Sequence[str]
    allow_version: bool
    is_batch_safe: bool
    memory_bytes: int
    time_limit_s: float
    idle_s: float | None = None
    packages: Sequence[str] = ()
