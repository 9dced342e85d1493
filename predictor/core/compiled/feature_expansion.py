"""Transformers that make new columns: products of columns, and distances from centres."""

from dataclasses import dataclass

import numpy as np

from predictor.core.compiled.compiled_estimator import Array, CompiledEstimator


@dataclass
class PolynomialExpansion(CompiledEstimator):
    """Products of columns.

    Parameters
    ----------
    factors : array of int, shape (degree, n_out)
        Columns to multiply, in reverse order; 0 is the constant 1, and n is column n - 1.
    """

    factors: Array

    def transform(self, X: Array) -> Array:
        """Return the products, shape (n_samples, n_out)."""
        padded = np.empty((len(X), X.shape[1] + 1))
        padded[:, 0] = 1.0
        padded[:, 1:] = X
        products: Array = padded.take(self.factors[-1], axis=1)
        for columns in self.factors[-2::-1]:
            products *= padded.take(columns, axis=1)
        return products


@dataclass
class ClusterCentres(CompiledEstimator):
    """Distances from cluster centres, and the nearest centre.

    Parameters
    ----------
    centres : array of shape (n_clusters, n_features)
    """

    centres: Array

    def __post_init__(self) -> None:
        self.squares = np.einsum("ij,ij->i", self.centres, self.centres)

    def transform(self, X: Array) -> Array:
        """Return the distances, shape (n_samples, n_clusters)."""
        distances: Array = -2 * (X @ self.centres.T)
        distances += np.einsum("ij,ij->i", X, X)[:, None]
        distances += self.squares
        np.maximum(distances, 0, out=distances)
        return np.sqrt(distances, out=distances)

    def predict(self, X: Array) -> Array:
        """Return the number of the nearest centre, shape (n_samples,), int32."""
        nearest: Array = (self.squares - 2 * (X @ self.centres.T)).argmin(axis=1).astype(np.int32)
        return nearest
