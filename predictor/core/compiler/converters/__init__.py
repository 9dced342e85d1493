"""Convert fitted estimators to compiled ones: one module for each module of `compiled`."""

from predictor.core.compiler.converters import (
    compositions,
    dispatch,
    encoders,
    feature_expansion,
    kernel_svm,
    linear,
    mlp,
    naive_bayes,
    nearest_neighbors,
    preprocessing,
    tree_ensembles,
)

for module in (
    compositions,
    encoders,
    feature_expansion,
    kernel_svm,
    linear,
    mlp,
    naive_bayes,
    nearest_neighbors,
    preprocessing,
    tree_ensembles,
):
    dispatch.COMPILED.update(module.COMPILED)
