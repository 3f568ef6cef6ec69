"""The composer by keyboard: the right sentence and the right offer, put in with one key and sent with another."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site
from tests.browser.steps import NO_TRACKING, heard, open_ticket, panel, said
from tests.browser.windows import Windows

ACTIONS = [
    {"kind": "tag", "tag": "催过快递"},
    {"kind": "transfer", "queue": "warehouse"},
    {"kind": "propose", "policy": "logistics_stuck_coupon"},
]
TEMPLATES = {
    "browser_coupon": ("测试催件致歉券", "zzqq", "您好，已催快递，另送您 {amount} 优惠券。", ACTIONS),
    "browser_gaps": ("测试要补的话", "zzbb", "{tracking} 的包裹，{price_difference} 前答复。", []),
}
COUPON = "您好，已催快递，另送您 ¥3.00 优惠券。"


@pytest.fixture
def shelf(site: Site) -> None:
    """Templates of the test's own, which would not be among the first three."""
    with closing(sqlite3.connect(site.data / "unsnag.sqlite3")) as database, database:
        for code, (title, shortcut, body, actions) in TEMPLATES.items():
            row = database.execute(
                "INSERT OR IGNORE INTO reply_template (code, scope, type, shortcut, version, active)"
                " VALUES (?, 'all', 'address_change', ?, 1, 1)",
                (code, shortcut),
            )
            if row.rowcount == 1:
                database.execute(
                    "INSERT INTO reply_template_version (template_id, version, title_zh, title_en, body_zh, body_en,"
                    " words, marks_solution, set_status, actions, created_at)"
                    " VALUES (?, 1, ?, ?, ?, ?, '', 1, 'pending_customer', ?, '2026-11-23 00:00:00')",
                    (row.lastrowid, title, title, body, body, json.dumps(actions)),
                )


@pytest.fixture
def page(windows: Windows, shelf: None) -> Page:
    return windows.open("wangfang")


def finder(page: Page) -> Locator:
    return page.get_by_role("combobox", name="搜索话术")


def found(page: Page, query: str) -> Locator:
    """Search from the empty composer, by keyboard."""
    page.keyboard.press("r")
    page.keyboard.type("/" + query)
    options = page.locator("#template-options [role=option]")
    expect(options.first).to_be_visible()
    return options


def with_coupon(page: Page) -> str:
    """A new ticket with the coupon's template in its composer, the evidence seen. Returns its number."""
    number = open_ticket(page, NO_TRACKING)
    found(page, "zzqq")
    page.keyboard.press("Enter")
    page.locator(".staged [name=evidence]").check()
    page.locator(".composer [name=next]").uncheck()
    return number


def promised(site: Site, number: str) -> list[tuple[int, str]]:
    return site.rows(
        "SELECT amount_fen, state FROM compensation JOIN ticket ON ticket.id = ticket_id"  # noqa: S608
        f" WHERE number = '{number}'"
    )


def test_a_slash_finds_by_initials_and_enter_inserts(page: Page) -> None:
    open_ticket(page, NO_TRACKING)
    options = found(page, "csyb")
    expect(options).to_have_count(1)
    expect(finder(page)).to_be_focused()
    expect(finder(page)).to_have_attribute("aria-activedescendant", "template-option-0")
    expect(options.first).to_contain_text("测试要补的话")
    page.keyboard.press("Enter")
    expect(finder(page)).to_be_hidden()
    expect(page.locator("#composer-text")).to_be_focused()
    expect(page.locator("#composer-text")).to_have_value("{tracking} 的包裹，{price_difference} 前答复。")


def test_arrows_choose_escape_closes_and_a_second_slash_is_one(page: Page) -> None:
    open_ticket(page, NO_TRACKING)
    options = found(page, "")
    expect(options).to_have_count(20)
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(finder(page)).to_be_hidden()
    text = page.locator("#composer-text")
    expect(text).to_be_focused()
    expect(text).to_have_value("")
    page.keyboard.type("//")
    expect(text).to_have_value("/")
    page.keyboard.type("1 a/b\n/没有这样的话")
    expect(text).to_have_value("/1 a/b\n")
    expect(page.locator("[data-template-search] [role=status]")).to_contain_text("没有找到")


def test_on_a_phone_a_tap_inserts(windows: Windows, shelf: None) -> None:
    phone = windows.open("wangfang", phone=True)
    open_ticket(phone, NO_TRACKING)
    phone.locator("#composer-text").press_sequentially("、")  # what a Chinese keyboard gives for the slash
    finder(phone).press_sequentially("zzqq")
    phone.locator("#template-options [role=option]").first.tap()
    expect(phone.locator("#composer-text")).to_have_value(COUPON)
    expect(phone.locator(".staged")).to_be_visible()


def test_one_key_inserts_a_suggestion_and_another_sends_it(page: Page, site: Site) -> None:
    number = open_ticket(page, NO_TRACKING)
    code = page.locator("[data-rank='2']").get_attribute("data-template")
    page.keyboard.press("2")
    text = page.locator("#composer-text")
    expect(text).to_be_focused()
    while page.locator(".gap").count():
        page.keyboard.type("今天 18:00")
        page.keyboard.press("Tab")
    for seen in page.locator(".staged [name=evidence]").all():
        seen.check()
    page.locator(".composer [name=next]").uncheck()
    text.press("Control+Enter")
    said(page, "回复已保存")
    used = site.rows(
        "SELECT reply_template.code, template_use.version, rank, distance <= length FROM template_use"  # noqa: S608
        " JOIN reply_template ON reply_template.id = template_id JOIN ticket ON ticket.id = ticket_id"
        f" WHERE number = '{number}'"
    )
    assert used == [(code, used[0][1], 2, 1)]


def test_what_is_staged_is_sent_along_but_for_what_was_unticked(page: Page, site: Site) -> None:
    number = with_coupon(page)
    staged = page.locator(".staged")
    expect(page.locator("#composer-text")).to_have_value(COUPON)
    for words in ("加标签“催过快递”", "转到仓库", "提议补偿：", "主管审批", "还可补", "待客户"):
        expect(staged).to_contain_text(words)
    staged.get_by_label("转到仓库").uncheck()
    staged.get_by_label("发送后：待客户").uncheck()
    expect(page.locator(".composer [name=status]")).to_have_value("")
    staged.get_by_label("补偿金额").fill("4.00")  # the words follow the figure
    expect(page.locator("#composer-text")).to_have_value(COUPON.replace("3.00", "4.00"))
    page.locator("#composer-text").press("Control+Enter")
    said(page, "回复已保存")
    expect(heard(page, "另送您 ¥4.00 优惠券")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("加上标签“催过快递”")
    expect(page.locator(".timeline")).not_to_contain_text("转交")
    assert site.rows(f"SELECT status FROM ticket WHERE number = '{number}'") == [("open",)]  # noqa: S608
    assert promised(site, number) == [(400, "proposed")]


def test_what_cannot_be_done_sends_nothing_and_keeps_all_of_it(page: Page, site: Site) -> None:
    number = with_coupon(page)
    page.locator(".staged [name=amount]").fill("80")
    page.locator("#composer-text").press("Control+Enter")
    expect(page.locator(".composer .notice.problem")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value(COUPON.replace("3.00", "80.00"))
    expect(page.locator(".staged [name=amount]")).to_have_value("80")
    expect(page.locator(".staged [name=action]:checked")).to_have_count(3)
    expect(page.locator(".staged [name=evidence]")).to_be_checked()
    assert promised(site, number) == []
    assert site.rows(f"SELECT version, priority FROM ticket WHERE number = '{number}'") == [(1, "P2")]  # noqa: S608
    page.locator(".staged [name=amount]").fill("3")
    page.locator("#composer-text").press("Control+Enter")
    said(page, "回复已保存")
    assert promised(site, number) == [(300, "proposed")]


def test_an_outdated_page_shows_what_changed_and_keeps_words_and_actions(
    page: Page, windows: Windows, site: Site
) -> None:
    number = with_coupon(page)
    there = windows.open("luolan")
    there.goto(f"/tickets/{number}")
    dialog = panel(there, "priority")
    dialog.locator("[value=P1]").check()
    dialog.locator("button.primary").click()
    said(there, "优先级已修改")

    page.locator(".staged").get_by_label("转到仓库").uncheck()
    page.locator("#composer-text").press("Control+Enter")
    line = page.locator(".composer .notice.problem").get_by_role("row").filter(has_text="优先级")
    expect(line).to_contain_text("P1 罗兰")
    expect(page.locator("#composer-text")).to_have_value(COUPON)
    expect(page.locator(".staged [name=action]:checked")).to_have_count(2)
    assert promised(site, number) == []
    page.get_by_role("button", name="仍然发送").click()
    said(page, "回复已保存")
    assert promised(site, number) == [(300, "proposed")]


def test_open_placeholders_are_lit_tab_goes_through_them_and_they_block(page: Page) -> None:
    open_ticket(page, NO_TRACKING)
    found(page, "zzbb")
    page.keyboard.press("Enter")
    text, lit = page.locator("#composer-text"), page.locator(".gap")
    expect(lit).to_have_text(["{tracking}", "{price_difference}"])
    text.press("Control+Enter")
    expect(text).to_be_focused()
    expect(page.locator("[data-composer-hint]")).to_contain_text("{tracking}")
    page.keyboard.type("SF1")  # the first is selected
    expect(lit).to_have_text(["{price_difference}"])
    page.keyboard.press("Tab")
    page.keyboard.type("明天")
    expect(text).to_have_value("SF1 的包裹，明天 前答复。")
    expect(page.locator("[data-gaps]")).to_be_hidden()
    page.keyboard.press("Tab")
    expect(text).not_to_be_focused()
