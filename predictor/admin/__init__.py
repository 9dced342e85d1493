"""The registry in the Django admin."""

from django.contrib import admin

from predictor.admin.events import EventAdmin
from predictor.admin.models import RegisteredModelAdmin
from predictor.admin.versions import ModelVersionAdmin
from predictor.models import Event, ModelVersion, RegisteredModel

admin.site.register(RegisteredModel, RegisteredModelAdmin)
admin.site.register(ModelVersion, ModelVersionAdmin)
admin.site.register(Event, EventAdmin)
