"""Many tickets at once, as people do it: by keys, on a phone, without script, and with fifty and more."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.steps import listed
from tests.browser.windows import Windows


def plan_a_tag(page: Page, tag: str) -> None:
    page.locator("[name=kind][value=tag]").check()
    page.locator("#tag-value").fill(tag)
    page.locator(".bulk-deed .btn").click()
    expect(page.locator("#plan-title")).to_contain_text(tag)


def test_x_ticks_and_b_leads_to_the_deed_and_all_is_taken_back(windows: Windows) -> None:
    page = windows.open("limin")
    page.goto("/tickets")
    first = listed(page)[0]
    for key in ("j", "x", "j", "x", "b"):
        page.keyboard.press(key)
    page.wait_for_url("**/tickets/bulk/*")
    expect(page.locator("h1")).to_have_text("批量操作 2 张工单")
    plan_a_tag(page, "keys")
    page.locator("#plan .btn.primary").click()
    expect(page.locator("#plan")).to_contain_text("已改 2")
    page.locator("#plan form[action$=undo] button").click()
    expect(page.locator("#plan")).to_contain_text("已撤销 2")
    page.goto(f"/tickets/{first}")
    expect(page.locator("#timeline")).to_contain_text("批量操作")


def test_more_than_fifty_are_watched_to_their_end(windows: Windows) -> None:
    page = windows.open("luolan")
    page.goto("/tickets")
    page.locator("button[name=all]").first.click()
    plan_a_tag(page, "many")
    page.locator("#plan .btn.primary").click()
    expect(page.locator("[data-progress=over]")).to_be_visible(timeout=30_000)
    expect(page.locator("#plan")).to_contain_text("已完成")


def test_on_a_phone_the_bar_stands_at_the_bottom(windows: Windows) -> None:
    page = windows.open("limin", phone=True)
    page.goto("/tickets")
    page.locator(".ticket-tick").first.tap()
    expect(page.locator(".bulk")).to_contain_text("已选 1 张")
    page.locator("[data-key-bulk]").tap()
    expect(page.locator("h1")).to_have_text("批量操作 1 张工单")


def test_it_works_without_script(windows: Windows) -> None:
    page = windows.open("limin", java_script_enabled=False)
    page.goto("/tickets")
    page.locator(".ticket-tick input").first.check()
    page.locator("[data-key-bulk]").click()
    plan_a_tag(page, "plain")
    page.locator("#plan .btn.primary").click()
    expect(page.locator("#plan")).to_contain_text("已改 1")
