"""The list refreshes itself under people's hands, and its clocks go on between two answers."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.pages import ACTIVE
from tests.browser.site import Site
from tests.browser.steps import NO_TRACKING, open_ticket, row, said
from tests.browser.windows import Windows


def refreshed(page: Page) -> None:
    """As after the next quarter of a minute."""
    with page.expect_response(lambda response: "/tickets/rows" in response.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(100)


def test_a_refresh_keeps_ticks_and_focus_while_others_work(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    first, second = (open_ticket(there, f"{NO_TRACKING} {one}") for one in ("甲", "乙"))
    here.goto("/tickets?tab=unassigned")
    row(here, first).locator("input[type=checkbox]").check()
    row(here, second).locator(".ticket-link").focus()

    third = open_ticket(there, f"{NO_TRACKING} 丙")
    there.goto(f"/tickets/{first}?panel=priority")
    there.locator("#panel-priority [value=P1]").check()
    there.locator("#panel-priority button.primary").click()
    said(there, "优先级已修改")
    refreshed(here)

    expect(row(here, third)).to_be_visible()
    expect(row(here, first)).to_contain_text("P1")
    expect(row(here, first).locator("input[type=checkbox]")).to_be_checked()
    expect(row(here, second).locator(".ticket-link")).to_be_focused()
    expect(here.locator(".bulk")).to_contain_text("已选 1 张")


def test_what_somebody_else_takes_leaves_the_list_of_what_nobody_has(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("zhangwei")
    number = open_ticket(there, NO_TRACKING)
    here.goto("/tickets?tab=unassigned")
    expect(row(here, number)).to_be_visible()
    there.locator("[data-key-claim]").click()
    said(there, "分派给你")
    refreshed(here)
    expect(row(here, number)).to_have_count(0)


def test_an_unchanged_list_costs_an_empty_answer(windows: Windows) -> None:
    page = windows.open("auditor")
    page.goto("/tickets?status=closed")
    page.route("**/tickets/rows*", lambda route: route.continue_())
    with page.expect_response(lambda response: "/tickets/rows" in response.url) as answer:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert answer.value.status == 304


def test_a_lost_connection_is_said_and_found_again(windows: Windows) -> None:
    page = windows.open("limin")
    page.goto("/tickets")
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-live-state]")).to_contain_text("连接中断")
    page.context.set_offline(False)
    refreshed(page)
    expect(page.locator("[data-live-state]")).to_contain_text("每 15 秒自动刷新")


def test_a_clock_counts_down_between_two_answers(windows: Windows, site: Site) -> None:
    """A late ticket is the one whose words change at any time of the day."""
    page = windows.open("xuning")
    page.clock.install()
    page.route("**/tickets/rows*", lambda _route: None)  # no answer sets the clock right
    page.goto("/tickets?overdue=1")
    number = site.number(f"burns_at < now() AND burns_at > datetime(now(), '-20 hours') AND {ACTIVE}")
    clock = row(page, number).locator("[data-clock-text]")
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
    before = minutes(clock.inner_text())
    page.clock.fast_forward(30 * 60 * 1000)
    page.clock.run_for(6000)
    after = minutes(clock.inner_text())
    assert clock.inner_text().startswith("超时")
    assert before < 24 * 60, "days are shown without minutes"
    assert 29 <= after - before <= 32


def minutes(text: str) -> int:
    """'超时 6时26分' as minutes."""
    units = {"天": 24 * 60, "时": 60, "分": 1}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)(天|时|分)", text))
