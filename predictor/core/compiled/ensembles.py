"""Ensembles of any estimators: bagged, stacked."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from predictor.core.compiled.compiled_estimator import (
    ANY,
    VALUES,
    Array,
    CompiledEstimator,
    given,
)


@dataclass
class Stacked(CompiledEstimator):
    """What several estimators say, side by side.

    Parameters
    ----------
    parts : list of CompiledEstimator
    methods : list of str
        What each is asked.
    skipped : list of int
        How many of each one's columns are left out, counted from the first.
    """

    reads: ClassVar[str] = VALUES
    takes: ClassVar[str] = ANY

    parts: list[CompiledEstimator]
    methods: list[str]
    skipped: list[int]

    def transform(self, X: Any) -> Array:
        """Return the answers, shape (n_samples, n_answers)."""
        blocks = []
        for part, method, skipped in zip(self.parts, self.methods, self.skipped, strict=True):
            said = getattr(part, method)(given(part, X))
            blocks.append(said.reshape(-1, 1) if said.ndim == 1 else said[:, skipped:])
        return np.concatenate(blocks, axis=1)
