"""Converters of fitted estimators: one module for each module of `compiled`."""

from predictor.core.compiler.converters import (
    dispatch,
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

for module in (
    encoders,
    ensembles,
    linear,
    mlp,
    naive_bayes,
    nearest_neighbors,
    pipelines,
    preprocessing,
    tree_ensembles,
):
    dispatch.CONVERTERS.update(module.CONVERTERS)
