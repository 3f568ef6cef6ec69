"""Ten types decided without the mouse, and the way back."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.browser.pages import ACTIVE, CUSTOMER_SERVICE
from tests.browser.windows import Windows

LOGIN = "wangfang"
WANTED = 10
MINUTE = 60
MOST_TRIES = 40
UNSURE = " AND ".join((ACTIVE, CUSTOMER_SERVICE, "tier IN ('suggest', 'none')"))
MESSAGES = ("在吗", "你好，有人吗", "问一下这个", "亲，在不在", "麻烦看一下")


def pile_up(page: Page, windows: Windows) -> None:
    """Enough that no rule is sure of: what the demo brings, and what is missing written by hand."""
    for place in range(MOST_TRIES):
        if len(windows.site.numbers(UNSURE)) >= WANTED + 2:
            return
        page.goto("/tickets/new")
        page.fill("[name=text]", f"{MESSAGES[place % len(MESSAGES)]}。")
        page.locator("main form").last.locator("button.primary[type=submit]").click()
        page.wait_for_url("**/tickets/EX-*")


def opened(page: Page) -> str:
    card = page.locator("[data-card][open]")
    return (card.get_attribute("data-card") or "") if card.count() else ""


def test_ten_decisions_by_keyboard_in_a_minute(windows: Windows) -> None:
    page = windows.open(LOGIN)
    pile_up(page, windows)
    page.goto("/triage")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    decided: list[str] = []
    began = time.monotonic()
    for place in range(WANTED):
        decided.append(opened(page))
        if place == 4:  # one that none of the candidates is
            page.keyboard.press("/")
            expect(page.locator("#triage-types [data-filter]")).to_be_focused()
            page.keyboard.type("zhiliang")
            expect(page.locator("#triage-type-list > li:visible")).to_have_count(1)
        else:
            page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator("[data-told-text]")).to_contain_text(decided[-1])
    assert time.monotonic() - began < MINUTE
    assert all(decided)
    assert len(set(decided)) == WANTED
    assert len([url for url in asked if "/triage/" in url]) == WANTED
    still = set(windows.site.numbers(UNSURE))
    assert still.isdisjoint(decided)

    before = opened(page)
    page.keyboard.press("u")
    expect(page.locator(f"[data-card='{decided[-1]}'][open]")).to_be_visible()
    assert decided[-1] in windows.site.numbers(UNSURE)
    page.keyboard.press("s")
    expect(page.locator(f"[data-card='{decided[-1]}']")).to_be_hidden()
    if before:
        assert opened(page) == before


def test_two_at_the_same_pile(windows: Windows) -> None:
    first, second = windows.open(LOGIN), windows.open("limin")
    pile_up(first, windows)
    first.goto("/triage")
    second.goto("/triage")
    number = opened(first)
    second.evaluate("number => document.querySelector(`[data-card='${number}']`).open = true", number)
    card = first.locator(f"[data-card='{number}']")
    card.locator("select[name=other]").select_option("other")  # with which it stays where both can see it
    card.locator("button.primary").click()
    expect(first.locator("[data-told-text]")).to_contain_text(number)
    second.locator(f"[data-card='{number}'] form button.primary").click()
    expect(second.locator("[data-told-text]")).to_contain_text("已经有人定了")
    assert opened(second) != number
    refused = f"409 POST {windows.site.url}/triage/{number}"  # which is how the page hears of it
    assert windows.complaints == [refused]
    windows.complaints.clear()
