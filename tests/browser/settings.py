"""Settings of a site with URLs that always fail, for the pages of errors."""

from tests.served_settings import *  # noqa: F403 - the settings of the other tests

ROOT_URLCONF = "tests.site.failing_urls"
