"""How the site's own ways to log in are written in OpenAPI."""

from drf_spectacular.authentication import BasicScheme


class SiteBasicScheme(BasicScheme):  # type: ignore[no-untyped-call]  # it registers itself
    """HTTP Basic."""

    target_class = "mlsite.authentication.BasicAuthentication"
