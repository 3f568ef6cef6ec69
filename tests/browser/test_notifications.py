"""The bell, one's own settings and a target tried out, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.adapters.servers import web_server
from tests.browser.steps import NO_TRACKING, open_ticket, panel, said
from tests.browser.windows import Windows


def asked_again(page: Page) -> None:
    """As after the next third of a minute."""
    with page.expect_response(lambda response: response.url.endswith("/notifications/bell")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def unread(page: Page) -> int:
    return int(page.locator(".bell [data-bell-sign]").get_attribute("data-unread") or 0)


def told(here: Page, there: Page, words: str) -> str:
    """A supervisor gives Wang Fang a ticket, and her page hears of it; returns the ticket's number."""
    before = unread(here)
    number = open_ticket(there, words)
    dialog = panel(there, "assign")
    names = dialog.locator("option").all_text_contents()
    dialog.locator("select").select_option(label=next(name for name in names if "王芳" in name))
    dialog.locator("button.primary").click()
    for _ in range(40):
        asked_again(here)
        if unread(here) > before:
            break
        here.wait_for_timeout(500)
    assert unread(here) > before
    return number


def test_the_count_rises_by_itself_when_somebody_assigns_a_ticket(windows: Windows) -> None:
    here, there = windows.open("wangfang"), windows.open("luolan")
    here.goto("/account")
    number = told(here, there, f"{NO_TRACKING} 铃")
    expect(here).to_have_title(re.compile(r"^\(\d+\+?\) "))
    expect(here.locator("[data-announcer]")).to_contain_text("EX-")  # the newest piece of news, maybe a later one

    here.locator(".bell summary").click()
    line = here.locator(".bell-row.unread").filter(has_text=number).first
    expect(line).to_be_visible()
    line.locator("a").click()
    here.wait_for_url(f"**/tickets/{number}")
    here.goto("/notifications?show=unread")
    expect(here.locator("main")).not_to_contain_text(number)  # other news may have come meanwhile


def test_everything_is_read_without_losing_what_is_being_written(windows: Windows) -> None:
    page = windows.open("wangfang")
    page.goto("/account")
    told(page, windows.open("luolan"), f"{NO_TRACKING} 响")
    page.fill("[name=name]", "王芳芳")
    page.locator(".bell summary").click()
    page.locator(".bell-menu").get_by_role("button", name="全部已读").click()
    expect(page.locator(".bell .bell-count")).to_have_count(0)
    expect(page.locator(".bell-row.unread")).to_have_count(0)
    expect(page.locator("[name=name]")).to_have_value("王芳芳")
    assert not page.title().startswith("(")


def test_own_settings_are_saved(windows: Windows) -> None:
    page = windows.open("liuyang")
    page.goto("/account/notifications")
    page.get_by_role("checkbox", name="分派给我，邮件").check()
    page.fill("[name=email]", "liuyang@example.com")
    page.fill("[name=quiet_from]", "22:00")
    page.fill("[name=quiet_to]", "08:00")
    page.get_by_role("button", name="保存").click()
    said(page, "已保存")
    expect(page.get_by_role("checkbox", name="分派给我，邮件")).to_be_checked()
    expect(page.locator("[name=quiet_from]")).to_have_value("22:00")


def test_a_robot_is_tried_out_and_its_token_never_shown(windows: Windows) -> None:
    page = windows.open("xuning")
    with web_server() as robot:
        page.goto("/targets/new?kind=dingtalk")
        page.fill("[name=url]", robot.url())
        page.fill("[name=sign]", "SECsigning")
        page.fill("[name=name]", "浏览器试的群")
        page.get_by_role("button", name="新建", exact=True).click()
        said(page, "已新建通知目标")
        page.get_by_role("button", name="向浏览器试的群发测试消息").click()
        expect(page.locator("[data-test-state=done]")).to_be_visible(timeout=30_000)
        tried = [body for _path, _headers, body in robot.asked if "测试消息" in str(body)]  # real news may come too
        assert [body["msgtype"] for body in tried] == ["text"]
    assert "t0ken" not in page.content()
    page.get_by_role("link", name="编辑浏览器试的群").click()
    expect(page.locator("[name=url]")).to_have_value("")
    for secret in ("t0ken", "SECsigning"):
        assert secret not in page.content()
