"""The site as an app: its rows are those of access."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Tokens and failures to sign in."""

    name = "mlsite"
    verbose_name = "Access"
