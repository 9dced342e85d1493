"""A fitted model behind Django REST framework, as in its tutorial."""

import os

import django
import joblib
from django.conf import settings

settings.configure(
    SECRET_KEY="of a site that lives for a minute",  # noqa: S106
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the settings come first
from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

model = joblib.load(os.environ["MODEL"])
columns = [f"x{n}" for n in range(model.n_features_in_)]

RowSerializer = type(
    "RowSerializer",
    (serializers.Serializer,),
    {column: serializers.FloatField() for column in columns},
)


class Ready(APIView):
    def get(self, request):
        return Response("ready")


class Predict(APIView):
    many = False

    def post(self, request):
        serializer = RowSerializer(data=request.data, many=self.many)
        serializer.is_valid(raise_exception=True)
        rows = serializer.validated_data if self.many else [serializer.validated_data]
        labels = model.predict([[row[column] for column in columns] for row in rows]).tolist()
        return Response({"predictions": labels} if self.many else {"prediction": labels[0]})


urlpatterns = [
    path("ready", Ready.as_view()),
    path("predict", Predict.as_view()),
    path("predict/rows", Predict.as_view(many=True)),
]
app = get_wsgi_application()
