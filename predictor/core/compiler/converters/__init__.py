"""Converters of fitted estimators: one module for each module of `compiled`."""

from predictor.core.compiler.converters import (  # noqa: F401 - each adds its converters to the table
    boosters,
    encoders,
    ensembles,
    linear,
    mlp,
    naive_bayes,
    nearest_neighbors,
    pipelines,
    preprocessing,
    tree_ensembles,
)
