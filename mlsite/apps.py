"""The site as a Django app: its models are tokens and failed logins."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """App of the tokens and the failed logins."""

    name = "mlsite"
    verbose_name = "Access"
