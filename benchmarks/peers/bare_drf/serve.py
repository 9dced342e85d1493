"""A stock APIView that returns a constant, in the smallest Django project."""

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of a site that lives for a minute",  # noqa: S106
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the settings come first
from django.urls import path  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Constant(APIView):
    def get(self, request):
        return Response("ready")

    def post(self, request):
        return Response({"prediction": 0} if request.data else None)


urlpatterns = [path("predict", Constant.as_view())]
app = get_wsgi_application()
