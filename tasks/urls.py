"""The addresses of the task list."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
