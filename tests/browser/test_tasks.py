"""The task list, by hand."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.chromium import tab_to

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("who", ["admin", "plain_page"])
def test_a_task_is_added_ticked_found_changed_and_deleted(request, who):
    page = request.getfixturevalue(who)
    title = f"Read a book as {who}"
    page.goto("/tasks/")
    page.get_by_label("New task").fill(title)
    page.get_by_label("Due (UTC)").fill("2030-01-31T12:00")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_have_text(f"Added {title}.")
    row = page.get_by_role("row", name=title)
    expect(row).to_contain_text(re.compile("in [0-9]+ (months|years)"))

    row.get_by_role("checkbox").click()
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(page).to_have_url(re.compile("/tasks/#task-[0-9]+$"))
    page.get_by_role("navigation", name="State").get_by_role("link", name="Done").click()
    page.get_by_role("searchbox").fill(title.upper())
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 of 1 task")).to_be_visible()

    row.get_by_role("link").click()
    expect(page.get_by_role("main").get_by_label("Done")).to_be_checked()
    expect(page.get_by_label("Due date")).to_have_value("2030-01-31T12:00")
    page.get_by_label("Priority").select_option("High")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_label("Priority")).to_have_value("3")

    page.get_by_text("Delete this task…").click()
    expect(page.get_by_text(f"This deletes “{title}”.")).to_be_visible()
    page.get_by_role("button", name=f"Delete “{title}”").click()
    expect(page.get_by_role("status")).to_have_text(f"Deleted {title}.")
    expect(page.get_by_role("row", name=title)).to_have_count(0)


@pytest.mark.parametrize("who", ["admin", "plain_page"])
def test_a_double_click_adds_one_task(request, who):
    page = request.getfixturevalue(who)
    title = f"Click twice as {who}"
    page.goto("/tasks/")
    page.get_by_label("New task").fill(title)
    page.get_by_role("button", name="Add").dblclick()
    expect(page.get_by_role("status")).to_have_text(f"Added {title}.")
    expect(page.get_by_role("row", name=title)).to_have_count(1)


def test_a_task_is_added_and_ticked_with_the_keyboard_alone(page):
    page.goto("/tasks/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("New task"))
    page.keyboard.type("Water the plants")
    page.keyboard.press("Enter")
    row = page.get_by_role("row", name="Water the plants")
    tab_to(page, row.get_by_role("checkbox"))
    page.keyboard.press("Space")
    expect(row.get_by_role("checkbox")).to_be_checked()


def test_tasks_are_cleared_after_a_sentence_about_them(page):
    page.goto("/tasks/")
    for title in ("Sweep here", "Sweep there"):
        page.get_by_label("New task").fill(title)
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("status")).to_contain_text(title)
    page.get_by_role("searchbox").fill("sweep")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("Delete these tasks…").click()
    expect(page.locator("details[open]")).to_contain_text("all 2 tasks that match")
    assert violations(page) == {}
    page.get_by_role("button", name="Delete 2 tasks").click()
    expect(page.get_by_role("status")).to_have_text("Deleted 2 tasks.")


def test_a_form_that_is_older_than_a_change_is_not_saved(page, admin):
    page.goto("/tasks/1")
    admin.goto("/tasks/1")
    admin.get_by_label("Description").fill("theirs")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("status")).to_have_text("Saved.")
    page.get_by_label("Description").fill("mine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    expect(page.get_by_role("row", name="Description")).to_have_text(
        "Description theirs mine", use_inner_text=True
    )
    assert violations(page) == {}
    page.get_by_role("link", name="discard your changes").click()
    expect(page.get_by_label("Description")).to_have_value("theirs")


def test_a_refused_form_says_why_at_the_field_and_keeps_the_rest(page):
    page.goto("/tasks/")
    form = page.get_by_role("form", name="Add a task")
    form.get_by_label("Priority").select_option("Urgent")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("New task")).to_have_accessible_description(
        "Title: This field may not be blank."
    )
    expect(form.get_by_label("Priority")).to_have_value("4")
    assert violations(page) == {}
    page.goto("/tasks/?priority=9")
    expect(page.locator("details").get_by_label("Priority")).to_have_accessible_description(
        "Expected one of 1, 2, 3, 4; got 9."
    )
    page.get_by_role("link", name="Repeat without parameters").click()
    expect(page).to_have_url("/tasks/")


def test_pages_follow_one_another(page):
    page.goto("/tasks/?page_size=1")
    pages = page.get_by_role("navigation", name="Pages")
    expect(pages.get_by_role("link")).to_have_text(["Next page"])
    assert violations(page) == {}
    pages.get_by_role("link").click()
    expect(page.get_by_role("row", name="cook")).to_be_visible()
    pages.get_by_role("link", name="Previous page").click()
    expect(page.get_by_role("row", name="buy")).to_be_visible()


def test_raw_data_is_sent_without_javascript(plain_page):
    plain_page.goto("/tasks/2?format=api")
    put = plain_page.get_by_role("region", name="PUT and PATCH")
    put.get_by_label("Content").fill('{"description": "Cook rice"}')
    put.get_by_role("button", name="PATCH").click()
    expect(plain_page.locator("pre")).to_contain_text('"description": "Cook rice"')
    put.get_by_label("Media type").select_option("application/x-www-form-urlencoded")
    put.get_by_label("Content").fill("description=Cook")
    put.get_by_role("button", name="PATCH").click()
    expect(plain_page.locator("pre")).to_contain_text('"description": "Cook"')
    plain_page.get_by_role("button", name="OPTIONS").click()
    expect(plain_page.locator("pre")).to_contain_text('"parses"')


def test_times_are_in_the_zone_of_the_browser(chromium, site):
    context = chromium.new_context(base_url=site.url, timezone_id="Asia/Tokyo", locale="en-GB")
    page = context.new_page()
    page.goto("/tasks/2")
    created = page.locator("time").first
    expect(created).to_have_text("1 Jan 2016, 09:00")
    expect(created).to_have_attribute("title", "2016-01-01 00:00 UTC")
    context.close()


def test_due_times_are_typed_in_the_zone_of_the_browser(chromium, site, admin):
    context = chromium.new_context(
        base_url=site.url, timezone_id="Asia/Tokyo", storage_state=admin.context.storage_state()
    )
    page = context.new_page()
    page.goto("/tasks/")
    page.get_by_label("New task").fill("Call Osaka")
    page.get_by_label("Due (Asia/Tokyo)").fill("2030-02-01T08:30")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("status").get_by_role("link", name="Call Osaka").click()

    due = page.get_by_label("Due date")
    expect(page.get_by_text("When it has to be done, in Asia/Tokyo.")).to_be_visible()
    expect(due).to_have_value("2030-02-01T08:30")
    for shown, saved in {
        "2030-02-01T08:30": "2030-01-31T23:30:00Z",
        "2030-02-01T09:30": "2030-02-01T00:30:00Z",
        "": None,
    }.items():
        due.fill(shown)
        with page.expect_navigation():
            page.get_by_role("button", name="Save").click()
        expect(due).to_have_value(shown)
        task = page.request.get(page.url, headers={"Accept": "application/json"}).json()
        assert task["due_at"] == saved

    # Firefox restores the value of an input when it reloads a page, before the scripts run.
    page.add_init_script(
        "document.addEventListener('readystatechange', () => {"
        "  const input = document.querySelector('[name=due_at]');"
        "  if (document.readyState === 'interactive') input.value = '2030-02-01T08:30';"
        "});"
    )
    page.reload()
    expect(due).to_have_value("")
    context.close()
