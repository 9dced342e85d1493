"""Take a picture of each page of a site with realistic models and tasks."""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.chromium import find_chromium, launch, sign_in
from tests.browser.pages import PAGES, PASSWORD, VARIABLES
from tests.serving import ROOT, Site, python

MODEL = "penguins"
MAX_HEIGHT = 1200  # of a picture, in pixels
QUALITY = 40

# Every run shows the same address and the same request id.
HOST = "localhost:8000"
HEADERS = {"X-Request-ID": "5b1f0c62e5d94f8fa1c6ce0c3a87d240"}

# Without its sidebar, the admin has room for the tables.
CLOSE_SIDEBAR = "localStorage.setItem('django.admin.navSidebarIsOpen', 'false')"


def main():
    parser = ArgumentParser(description="Takes a picture of each page.")
    parser.add_argument("directory", type=Path, nargs="?", default=ROOT / "docs" / "screenshots")
    parser.add_argument("--width", type=int, default=1040, metavar="PIXELS")
    parser.add_argument("--dark", action="store_true", help="Prefer dark pages.")
    options = parser.parse_args()
    options.directory.mkdir(exist_ok=True)
    with TemporaryDirectory() as directory:
        home = Path(directory)
        filled = python(home, "-m", "tests.browser.demonstration", **VARIABLES)
        if filled.returncode:
            raise SystemExit(filled.stderr)
        with (
            Site(home, "--workers", "1", **VARIABLES) as site,
            launch(
                find_chromium(), f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{site.port}"
            ) as browser,
        ):
            take_all(browser, options)


def take_all(browser, options):
    tabs = {user: open_tab(browser, user, options) for user in {page.user for page in PAGES}}
    for page in PAGES:
        if page.name:
            take(tabs[page.user], page, options)


def open_tab(browser, user, options):
    """Open a tab in which the user is signed in."""
    tab = browser.new_page(
        base_url=f"http://{HOST}",
        viewport={"width": options.width, "height": 800},
        color_scheme="dark" if options.dark else "light",
        extra_http_headers=HEADERS,
        reduced_motion="reduce",
        timezone_id="UTC",
    )
    tab.add_init_script(CLOSE_SIDEBAR)
    if user:
        tab.goto("/auth/login/")
        sign_in(tab, user, PASSWORD)
        tab.locator(".signed-in").wait_for()
    return tab


def take(tab, page, options):
    tab.goto(page.address.format(model=MODEL))
    if page.steps:
        page.steps(tab, MODEL)
    tab.wait_for_load_state("networkidle")  # the images of styles
    height = min(tab.evaluate("document.documentElement.scrollHeight"), MAX_HEIGHT)
    tab.screenshot(
        path=options.directory / f"{page.name}.webp",
        type="webp",
        quality=QUALITY,
        full_page=True,
        clip={"x": 0, "y": 0, "width": options.width, "height": height},
    )


if __name__ == "__main__":
    main()
