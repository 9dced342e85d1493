"""The addresses of the prediction service."""

from django.urls import re_path

from predictor import views
from predictor.models import NAME
from predictor.protocols import open_inference

model = rf"^models/(?P<name>{NAME})"

urlpatterns = [
    re_path(r"^predict/?$", views.Predict.as_view(), name="predict"),
    re_path(rf"{model}/predict/?$", views.Predict.as_view(), name="model-predict"),
    re_path(r"^models/?$", views.ModelList.as_view(), name="model-list"),
    re_path(rf"{model}/?$", views.ModelDetail.as_view(), name="model-detail"),
    re_path(rf"{model}/train/?$", views.Train.as_view(), name="model-train"),
    re_path(rf"{model}/reset/?$", views.Reset.as_view(), name="model-reset"),
    re_path(r"^v2/health/live/?$", open_inference.Live.as_view(), name="live"),
    re_path(r"^v2/health/ready/?$", open_inference.Ready.as_view(), name="ready"),
]
