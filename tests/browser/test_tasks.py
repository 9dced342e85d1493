"""The task list, by hand."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import violations

pytestmark = pytest.mark.xdist_group("browser")


def make(page, title):
    """Make a task with the form, and open its page."""
    page.goto("/tasks/")
    form = page.get_by_role("main")
    form.get_by_label("Title").fill(title)
    form.get_by_label("Done").check()
    form.get_by_label("Due date").fill("2030-01-31T12:00")
    page.get_by_role("button", name="POST").click()
    expect(page.get_by_text("HTTP 201 Created")).to_be_visible()
    page.get_by_role("status").get_by_role("link").click()


def test_a_task_is_made_changed_and_deleted(admin):
    make(admin, "Read a book")
    expect(admin.get_by_label("Title")).to_have_value("Read a book")
    expect(admin.get_by_label("Done")).to_be_checked()
    expect(admin.get_by_label("Due date")).to_have_value("2030-01-31T12:00")

    admin.get_by_label("Done").uncheck()
    admin.get_by_label("Priority").select_option("High")
    admin.get_by_role("button", name="PUT").click()
    expect(admin.locator("pre")).to_contain_text('"done": false')
    expect(admin.locator("pre")).to_contain_text('"priority": 3')
    expect(admin.get_by_role("status")).to_have_text("Saved.")
    assert violations(admin) == {}

    address = admin.url
    admin.get_by_role("button", name="DELETE").click()
    dialog = admin.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Delete Read a book?")
    assert violations(admin) == {}
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    admin.get_by_role("button", name="DELETE").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(admin.get_by_role("status")).to_contain_text("Deleted.")
    expect(admin.get_by_role("button", name="DELETE")).to_have_count(0)
    assert violations(admin) == {}
    admin.get_by_role("link", name="Back to Tasks").click()
    expect(admin).to_have_url("/tasks/")
    assert admin.goto(address).status == 404


def test_the_list_is_filtered_in_a_dialog(page):
    make(page, "Water the plants")
    page.goto("/tasks/")
    page.get_by_role("button", name="Filters").click()
    dialog = page.get_by_role("dialog", name="Filters")
    assert violations(page) == {}
    dialog.get_by_label("Title or description contains").fill("plants")
    dialog.get_by_label("Done").select_option("yes")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.locator(".applied")).to_contain_text("search: plants")
    expect(page.locator("pre")).to_contain_text("Water the plants")
    expect(page.locator("pre")).not_to_contain_text("cook")
    page.locator("pre").get_by_role("link").first.click()
    expect(page.get_by_label("Title")).to_have_value("Water the plants")
    page.go_back()
    page.get_by_role("link", name="Clear").first.click()
    expect(page.locator("pre")).to_contain_text("cook")


def test_a_filter_that_is_refused_leads_back_to_the_list(page):
    page.goto("/tasks/?priority=9")
    page.get_by_role("button", name="Filters").click()
    dialog = page.get_by_role("dialog", name="Filters")
    expect(dialog.get_by_label("Priority")).to_have_accessible_description(
        "Expected one of 1, 2, 3, 4; got 9."
    )
    assert violations(page) == {}
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Repeat without parameters").click()
    expect(page).to_have_url("/tasks/")


def test_pages_follow_one_another(page):
    page.goto("/tasks/?page_size=1")
    pages = page.get_by_role("navigation", name="Pages")
    expect(pages.get_by_role("link")).to_have_text(["Next page"])
    assert violations(page) == {}
    pages.get_by_role("link").click()
    expect(page.locator("pre")).to_contain_text('"title": "cook"')
    pages.get_by_role("link", name="Previous page").click()
    expect(page.locator("pre")).to_contain_text('"title": "buy"')


def test_a_refused_form_says_why_at_the_field_and_keeps_the_rest(page):
    page.goto("/tasks/")
    form = page.get_by_role("main")
    form.get_by_label("Description").fill("of the <b>living room</b>")
    form.get_by_role("button", name="POST").click()
    title = form.get_by_label("Title")
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(title).to_have_accessible_description(
        "This field may not be blank. Short description of the task."
    )
    expect(form.get_by_label("Description")).to_have_value("of the <b>living room</b>")
    assert violations(page) == {}


def test_raw_data_is_sent_as_the_media_type_says(admin):
    admin.goto("/tasks/2")
    admin.get_by_role("link", name="Raw data").click()
    assert violations(admin) == {}
    admin.get_by_label("Content").fill('{"description": "Cook rice"}')
    admin.get_by_role("button", name="PATCH").click()
    expect(admin.locator("pre")).to_contain_text('"description": "Cook rice"')
    admin.get_by_label("Media type").select_option("application/x-www-form-urlencoded")
    admin.get_by_label("Content").fill("description=Cook")
    admin.get_by_role("button", name="PATCH").click()
    expect(admin.locator("pre")).to_contain_text('"description": "Cook"')
