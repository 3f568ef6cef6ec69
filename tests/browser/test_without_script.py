"""The main job in a browser without JavaScript: forms, links and pages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.steps import NO_TRACKING, WRONG_ITEM, heard, number_of, open_ticket, panel, said
from tests.browser.windows import Windows, log_in


@pytest.fixture
def page(windows: Windows, site: Site) -> Page:
    opened = windows.open(java_script_enabled=False)
    log_in(opened, "chenjie", site.passwords["chenjie"])
    return opened


def test_a_ticket_is_opened_answered_with_a_template_and_resolved(page: Page) -> None:
    number = open_ticket(page, NO_TRACKING)
    page.locator("#suggestions a[data-insert]").first.click()
    expect(page).to_have_url(re.compile("template="))
    expect(page.locator("#composer-text")).not_to_have_value("")
    page.fill("#composer-text", "您好，已经催了快递，今天给您回复。")
    page.locator(".composer [name=next]").uncheck()
    page.click("[data-send]")
    said(page, "回复已保存")
    expect(heard(page, "已经催了快递")).to_be_visible()

    page.get_by_role("link", name="标记已解决").click()
    page.locator("#panel-resolve [value=explained]").check()
    page.locator("#panel-resolve [name=next]").uncheck()
    page.locator("#panel-resolve button.primary").click()
    said(page, "已标记解决")
    assert number_of(page) == number


def test_the_words_of_a_new_ticket_can_be_judged_before_it_is_opened(page: Page) -> None:
    page.goto("/tickets/new")
    page.fill("[name=text]", WRONG_ITEM)
    page.get_by_role("button", name="判定一下").click()
    expect(page.locator(".preview-card")).to_contain_text("发错货")
    expect(page.locator("[name=text]")).to_have_value(WRONG_ITEM)


def test_filters_theme_and_language_are_plain_forms(page: Page) -> None:
    page.goto("/tickets")
    page.select_option("form.chips [name=class]", "B")
    page.get_by_role("button", name="应用").click()
    expect(page).to_have_url(re.compile("class=B"))
    page.get_by_role("button", name="切换深浅色").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page).to_have_url(re.compile("class=B"))


def test_a_refused_form_comes_back_as_it_was_typed(page: Page, windows: Windows) -> None:
    number = open_ticket(page, NO_TRACKING)
    page.get_by_role("link", name="转队列").click()
    dialog = page.locator("#panel-transfer")
    dialog.locator("[name=reason]").fill("运费要财务核对")
    dialog.locator("[value=finance]").check()

    there = windows.open("luolan")
    there.goto(f"/tickets/{number}")
    urgent = panel(there, "priority")
    urgent.locator("[value=P1]").check()
    urgent.locator("button.primary").click()
    said(there, "优先级已修改")

    dialog.locator("button.primary").click()
    expect(dialog.get_by_role("alert")).to_contain_text("P1")
    expect(dialog.locator("[name=reason]")).to_have_value("运费要财务核对")
    expect(dialog.locator("[value=finance]")).to_be_checked()
    dialog.locator("button.primary").click()
    said(page, "已转到新队列")
