"""URLs of the prediction service."""

from django.urls import re_path

from predictor.api import lifecycle, tables, versions, views
from predictor.core.model_name import NAME, NUMBER
from predictor.protocols import open_inference

model = rf"^models/(?P<name>{NAME})"
version = rf"{model}/versions/(?P<version>{NUMBER})"

urlpatterns = [
    re_path(r"^predict/?$", views.Predict.as_view(), name="predict"),
    re_path(r"^predict/table/?$", tables.PredictTable.as_view(), name="predict-table"),
    re_path(rf"{model}/predict/?$", views.Predict.as_view(), name="model-predict"),
    re_path(rf"{model}/predict/table/?$", tables.PredictTable.as_view(), name="model-table"),
    re_path(r"^models/?$", views.ModelList.as_view(), name="model-list"),
    re_path(rf"{model}/?$", views.ModelDetail.as_view(), name="model-detail"),
    re_path(rf"{model}/train/?$", lifecycle.Train.as_view(), name="model-train"),
    re_path(rf"{model}/promote/?$", lifecycle.Promote.as_view(), name="model-promote"),
    re_path(rf"{model}/rollback/?$", lifecycle.Rollback.as_view(), name="model-rollback"),
    re_path(rf"{model}/reset/?$", lifecycle.Reset.as_view(), name="model-reset"),
    re_path(rf"{model}/unpublish/?$", lifecycle.Unpublish.as_view(), name="model-unpublish"),
    re_path(rf"{model}/retire/?$", lifecycle.Retire.as_view(), name="model-retire"),
    re_path(rf"{model}/purge/?$", lifecycle.Purge.as_view(), name="model-purge"),
    re_path(rf"{model}/versions/?$", versions.VersionList.as_view(), name="model-versions"),
    re_path(rf"{version}/?$", versions.VersionDetail.as_view(), name="model-version"),
    re_path(
        rf"{version}/predict/?$", versions.VersionPredict.as_view(), name="model-version-predict"
    ),
    re_path(
        rf"{version}/predict/table/?$",
        tables.VersionPredictTable.as_view(),
        name="model-version-table",
    ),
    re_path(r"^software/?$", views.Software.as_view(), name="software"),
    re_path(r"^v2/health/live/?$", open_inference.Live.as_view(), name="live"),
    re_path(r"^v2/health/ready/?$", open_inference.Ready.as_view(), name="ready"),
]
