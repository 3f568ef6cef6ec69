"""Theme and language follow the system and the person, and stay."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.windows import Windows


def test_the_theme_follows_the_system_until_somebody_chooses(windows: Windows) -> None:
    page = windows.open("zhaolei", color_scheme="dark")
    page.goto("/tickets")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_response("**/account/theme"):
        page.get_by_role("button", name="切换深浅色").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_the_language_stays_with_the_person_on_every_machine(windows: Windows) -> None:
    page = windows.open("zhaolei")
    page.goto("/tickets?tab=mine")
    page.get_by_role("button", name="Switch to English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_url(re.compile("tab=mine"))  # where one was
    page.reload()
    expect(page.get_by_role("link", name="New ticket").first).to_be_visible()
    elsewhere = windows.open("zhaolei")
    elsewhere.goto("/account")
    expect(elsewhere.locator("html")).to_have_attribute("lang", "en")
    elsewhere.get_by_role("button", name="切换到中文").click()
    expect(elsewhere.locator("html")).to_have_attribute("lang", "zh-CN")


def test_who_is_not_logged_in_reads_the_language_of_his_browser_or_the_one_he_chose(windows: Windows) -> None:
    page = windows.open()
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="Switch to English").click()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
