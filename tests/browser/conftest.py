"""One site and one browser for all tests of the pages."""

import os
import shutil
import sqlite3
from contextlib import closing
from functools import cache

import pytest
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import expect

from tests.browser.chromium import find_chromium, launch, sign_in
from tests.browser.pages import PASSWORD, STAFF, VARIABLES, VISITOR
from tests.served_settings import QuickHasher
from tests.serving import Site

DESK = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}


# These last as long as this package, not as the session: while Playwright runs, Django takes the
# process for an asynchronous one and refuses the database to the tests that follow.


@pytest.fixture(scope="package")
def chromium():
    """The system's own Chromium, started once; the one without windows where it is there."""
    path = find_chromium()
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium is not installed")
    if path is None:
        pytest.skip("Chromium is not installed")
    with launch(path) as browser:
        yield browser


@pytest.fixture(scope="package")
def site(chromium, prepared, tmp_path_factory):
    """A site with a user who is not staff, and a second version of iris that is not live."""
    home = shutil.copytree(prepared, tmp_path_factory.mktemp("site") / "home")
    add_user(home / "db.sqlite3", VISITOR, PASSWORD)
    (file,) = home.glob("models/iris/1/model.*")
    with Site(home, "--workers", "1", **VARIABLES) as site:
        upload = (
            f"curl -u {STAFF}:{site.password()} -F artifact=@{file} {site.url}/models/iris/versions"
        )
        assert site.curl(upload)[0] == 201
        yield site


def add_user(path, name, password):
    """Add a user to a site's database: a process with the site's settings would take a second."""
    user = User(username=name, password=QuickHasher().encode(password, "salt"))
    row = {
        field.column: field.get_db_prep_save(getattr(user, field.attname), connection)
        for field in User._meta.concrete_fields
    }
    columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"INSERT INTO auth_user ({columns}) VALUES ({values})", row)  # noqa: S608 - columns


@pytest.fixture(scope="package")
def load_errors():
    """Errors of the tabs that no test has reported yet."""
    return []


@pytest.fixture(scope="package")
def tab(chromium, site, load_errors):
    """Opens one tab per user: a new tab for every test costs more than the pages do."""

    @cache
    def tab(user=None, password=None):
        page = chromium.new_page(base_url=site.url, reduced_motion="reduce", viewport=DESK)
        watch(page, site.url, load_errors)
        if user is not None:
            page.goto("/auth/login/")
            sign_in(page, user, password)
            expect(page.locator(".signed-in")).to_have_text(user)
        return page

    return tab


@pytest.fixture
def visit(tab, load_errors):
    """Gives the tab of a user, and checks after the test that it had no errors."""
    used = []

    def visited(*who):
        used.append(tab(*who))
        return used[-1]

    yield visited
    for page in used:
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
    noted = load_errors.copy()
    load_errors.clear()
    assert noted == []


def watch(page, home, load_errors):
    """Record log messages, exceptions, failed loads and requests to other hosts."""

    def logged(message):
        # Failed loads are recorded below, with their status.
        told = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not told:
            load_errors.append(message.text)

    def answered(response):
        page_itself = response.request.resource_type in ("document", "xhr", "fetch")
        if response.status >= 400 and not page_itself:
            load_errors.append(f"{response.status} {response.url}")

    def asked(request):
        if not request.url.startswith((f"{home}/", "data:")):
            load_errors.append(f"asked {request.url}")

    page.on("console", logged)
    page.on("pageerror", lambda error: load_errors.append(str(error)))
    page.on("response", answered)
    page.on("request", asked)


@pytest.fixture
def page(visit):
    """A page of an anonymous user without cookies."""
    page = visit()
    page.context.clear_cookies()
    return page


@pytest.fixture
def plain_page(chromium, site, load_errors):
    """A page on a dark phone without JavaScript."""
    context = chromium.new_context(
        base_url=site.url, java_script_enabled=False, viewport=PHONE, color_scheme="dark"
    )
    page = context.new_page()
    watch(page, site.url, load_errors)
    yield page
    context.close()
    assert load_errors == []


@pytest.fixture
def admin(visit, site):
    """A page of the administrator."""
    return visit(STAFF, site.password())


@pytest.fixture
def visitor(visit):
    """A page of a user who is not staff."""
    return visit(VISITOR, PASSWORD)
