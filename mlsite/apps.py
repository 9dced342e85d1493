"""The site as a Django app: its models are tokens and failed logins; and its admin."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps
from django.core import checks


class SiteConfig(AppConfig):
    """App of the tokens and the failed logins."""

    name = "mlsite"
    default = True
    verbose_name = "Access"

    def ready(self) -> None:
        """Register the system check."""
        checks.register(check_fast_path)


class AdminConfig(apps.AdminConfig):
    """Django's admin with the site's own class."""

    default = False
    default_site = "mlsite.admin_site.AdminSite"


def check_fast_path(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Return a warning for each part of the site that switches the fast path off."""
    # Both need the models of the apps.
    from mlsite.fast_path import KNOWN_COMPONENTS  # noqa: PLC0415
    from predictor.fast_path import check  # noqa: PLC0415

    return check(KNOWN_COMPONENTS) if settings.FAST_PATH else []
