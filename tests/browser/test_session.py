"""Login, logout, and the buttons that each user sees."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.chromium import sign_in, tab_to
from tests.browser.pages import PASSWORD, STAFF, VISITOR

TRAINING_MS = 30_000  # generous: the machine may be busy

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("browser")]


def test_signing_in_returns_to_the_page_and_signing_out_leads_home(page):
    page.goto("/tasks/?done=false")
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, VISITOR, PASSWORD)
    expect(page).to_have_url("/tasks/?done=false")
    expect(page.locator(".signed-in")).to_have_text(VISITOR)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url("/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto("/models/iris/train")
    expect(page).to_have_url("/auth/login/?next=/models/iris/train")


def test_a_wrong_password_is_told(page):
    page.goto("/auth/login/?next=/tasks/")
    sign_in(page, VISITOR, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("Please enter a correct username")
    expect(page.get_by_label("Username")).to_have_value(VISITOR)
    assert violations(page) == {}
    sign_in(page, VISITOR, PASSWORD)
    expect(page).to_have_url("/tasks/")


@pytest.mark.parametrize("address", ["/", "/nope", "/docs/", "/predict"])
def test_who_is_signed_in_stands_on_every_page(visitor, address):
    visitor.goto(address)
    expect(visitor.locator(".signed-in")).to_have_text(VISITOR)


def test_the_account_of_a_user_is_behind_the_name(visitor):
    visitor.goto("/tasks/")
    visitor.get_by_role("link", name=VISITOR, exact=True).click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text(f"Account of {VISITOR}")
    visitor.get_by_label("Old password").fill("wrong")
    visitor.get_by_label("New password", exact=True).fill(PASSWORD)
    visitor.get_by_label("New password confirmation").fill(PASSWORD)
    visitor.get_by_role("button", name="Change the password").click()
    expect(visitor.get_by_text("Your old password was entered incorrectly.")).to_be_visible()
    assert violations(visitor) == {}


def test_staff_train_a_model_and_roll_it_back_from_its_page(admin):
    admin.goto("/models/iris/")
    main = admin.get_by_role("main")
    expect(main.get_by_role("link", name="Roll back")).to_have_count(0)
    assert violations(admin) == {}
    main.get_by_role("button", name="Train and make live").dblclick()
    expect(main.get_by_role("status")).to_have_text("Version 3 is live.", timeout=TRAINING_MS)
    expect(admin).to_have_url("/models/iris")
    assert violations(admin) == {}
    admin.reload()
    expect(main.get_by_role("status")).to_have_count(0)
    main.get_by_role("link", name="Roll back to version 1").click()
    expect(main.get_by_role("heading", name="Before you go on")).to_be_visible()
    assert violations(admin) == {}
    main.get_by_role("button", name="Roll back").click()
    expect(main.get_by_role("status")).to_have_text("Version 1 is live.")


def test_what_is_for_staff_is_not_offered_to_others(page, visitor):
    for somebody in (page, visitor):
        somebody.goto("/models/iris/")
        actions = somebody.locator(".actions")
        expect(actions.get_by_role("link")).to_have_text(["Try iris"])
        expect(actions.get_by_role("button")).to_have_count(0)
    assert visitor.goto("/models/iris/train").status == 403
    expect(visitor.get_by_role("alert")).to_contain_text("permission")
    expect(visitor.locator("main form")).to_have_count(0)
    assert violations(visitor) == {}


def test_the_training_page_is_a_form_for_staff(admin):
    assert admin.goto("/models/iris/train").status == 200
    admin.get_by_label("If missing").check()
    admin.get_by_role("main").get_by_role("button", name="Train").click()
    expect(admin.get_by_role("status")).to_have_text("Version 1 is live.")


def test_an_upload_without_javascript_shows_its_findings_before_it_is_live(plain_page, site):
    page, main = plain_page, plain_page.get_by_role("main")
    (file,) = (site.home / "models" / "iris" / "1").glob("model.*")
    page.goto("/auth/login/")
    sign_in(page, STAFF, site.password())
    page.goto("/admin/predictor/modelversion/add/")
    page.get_by_label("Model:").fill("lilies")
    page.get_by_label("Artifact:").set_input_files(file)
    page.get_by_role("button", name="Upload").dblclick()
    expect(page.get_by_role("heading", name="lilies 1")).to_be_visible(timeout=TRAINING_MS)
    page.goto("/models/lilies/versions/")
    expect(main.get_by_role("link", name="2", exact=True)).to_have_count(0)
    main.get_by_role("link", name="1", exact=True).click()
    expect(main.get_by_role("heading", name="Findings of the registration")).to_be_visible()
    main.get_by_role("link", name="Make live").click()
    expect(main.get_by_role("heading", level=1)).to_have_text("Make version 1 of lilies live")
    expect(main).to_contain_text("The version has no metrics")
    main.get_by_role("button", name="Make live").click()
    expect(main.get_by_role("status")).to_have_text("Version 1 is live.")


def test_staff_make_a_version_live_and_roll_it_back_with_the_keyboard_alone(page, site):
    main = page.get_by_role("main")
    page.goto("/auth/login/?next=/models/iris/versions/2")
    for label, text in (("Username", STAFF), ("Password", site.password())):
        field = page.get_by_label(label)
        if not field.evaluate("element => element === document.activeElement"):
            tab_to(page, field)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    tab_to(page, main.get_by_role("link", name="Make live"))
    page.keyboard.press("Enter")
    expect(main.get_by_role("heading", level=1)).to_have_text("Make version 2 of iris live")
    tab_to(page, main.get_by_role("button", name="Make live"))
    page.keyboard.press("Enter")
    expect(main.get_by_role("status")).to_have_text("Version 2 is live.")
    tab_to(page, main.get_by_role("link", name="Roll back to version 1"))
    page.keyboard.press("Enter")
    tab_to(page, main.get_by_role("button", name="Roll back"))
    page.keyboard.press("Enter")
    expect(main.get_by_role("status")).to_have_text("Version 1 is live.")
