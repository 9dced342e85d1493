"""URLs of the site, and views that fail."""

from django.db import OperationalError
from django.urls import path

from mlsite import urls
from mlsite.accounts.login_throttle import LockedOut

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


def fail(_request):
    raise RuntimeError("a secret")


def lock_out(_request):
    raise LockedOut(60)


def fail_without_database(*_arguments):
    raise OperationalError("no connection")


urlpatterns = [
    *urls.urlpatterns,
    path("failing", fail),
    path("locked-out", lock_out),
    path("without-database", fail_without_database),
]
