"""Registration of an estimator of a test, like a bundled model that was trained; its versions."""

from dataclasses import replace

from predictor import conf
from predictor.core import save
from predictor.core.compiler.compile import compile_
from predictor.core.estimator_steps import list_steps
from predictor.isolation.job import Inspection
from predictor.models import ModelVersion
from predictor.registry import queries, registration, storage


def write(fitted, directory, *, enabled=True):
    """Write the files of a version, and return their inspection and their origin."""
    saved = save(
        fitted.estimator,
        directory / "model.skops",
        fitted.X,
        columns=fitted.columns,
        class_names=fitted.class_names,
    )
    compilation = compile_(fitted.estimator, saved.signature, fitted.X, enabled=enabled)
    inspection = Inspection(
        saved.path.name,
        "skops",
        saved.signature.to_json(),
        saved.fitted_with,
        engines=compilation.report,
        compiled=compilation.write(directory),
        description=fitted.description,
        estimator=saved.estimator,
        parts=list_steps(fitted.estimator),
    )
    return inspection, registration.Origin("training", metrics=fitted.metrics)


def register(name, fitted, *, by=None):
    """Register an estimator as the next version of a model."""
    queries.check_name(name)
    with storage.staging() as staged:
        inspection, origin = write(fitted, staged, enabled=conf.uses_compiled())
        return registration.admit(name, staged, inspection, replace(origin, by=by))


def states(name="iris"):
    """Return the state of each version of a model, by its number."""
    versions = ModelVersion.objects.filter(model__name=name).order_by("version")
    return dict(versions.values_list("version", "state"))
