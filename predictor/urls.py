"""The addresses of the prediction service."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
