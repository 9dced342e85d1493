"""URLs of the site. Each works with and without its trailing slash."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from mlsite import metrics, views
from mlsite.accounts.views import Account
from mlsite.guide import views as guide_views
from predictor import urls as predictor_urls

urlpatterns = [
    *predictor_urls.urlpatterns,  # first and without `include`: predictions resolve fastest
    path("", include("tasks.urls")),
    path("", views.Home.as_view(), name="home"),
    re_path(r"^(?P<number>[12])/?$", views.Hello.as_view(), name="hello"),
    re_path(r"^schema/?$", views.Schema.as_view(), name="schema"),
    re_path(r"^metrics/?$", metrics.Metrics.as_view(), name="metrics"),
    re_path(r"^docs/?$", views.Docs.as_view(), name="docs"),
    re_path(r"^guide/?$", guide_views.Guide.as_view(), name="guide"),
    re_path(
        r"^guide/(?P<name>[a-z0-9/-]+?)/?$", guide_views.GuidePage.as_view(), name="guide-page"
    ),
    path("auth/account/", Account.as_view(), name="account"),
    path("auth/", include("rest_framework.urls")),
    # The admin's own page would not count wrong passwords.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account")),
    path("admin/", admin.site.urls),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
