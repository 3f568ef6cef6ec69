"""What people do again and again, as they do it: through the pages."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

WRONG_ITEM = "你们发错货了，我要的是米白色，寄来的是藏青色，麻烦换一下"
NO_TRACKING = "快递五天没有更新了，物流信息一直停在中转站"


def open_ticket(page: Page, text: str, **fields: str) -> str:
    """Write down a customer's words; returns the new ticket's number. Its page is open afterwards."""
    page.goto("/tickets/new")
    page.fill("[name=text]", text)
    for name, value in fields.items():
        page.fill(f"[name={name}]", value)
    page.click("main button.primary[type=submit]")
    page.wait_for_url(re.compile(r"/tickets/EX-\d{6}-\d+"))
    return number_of(page)


def number_of(page: Page) -> str:
    """Of the ticket whose page is open."""
    found = re.search(r"/tickets/(EX-\d{6}-\d+)", page.url)
    assert found, page.url
    return found.group(1)


def listed(page: Page) -> list[str]:
    """Numbers of the tickets on the list, from the top."""
    return [row.get_attribute("data-number") or "" for row in page.locator("[data-ticket]").all()]


def row(page: Page, number: str) -> Locator:
    return page.locator(f'[data-ticket][data-number="{number}"]')


def said(page: Page, text: str) -> None:
    """The page says so on top."""
    expect(page.locator("[data-flash]").filter(has_text=text)).to_be_visible()


def heard(page: Page, text: str) -> Locator:
    """A message of the conversation."""
    return page.locator(".message").filter(has_text=text)


def panel(page: Page, name: str) -> Locator:
    """Open one of the ticket's dialogs by its button."""
    page.locator(f'[data-dialog="panel-{name}"]').first.click()
    opened = page.locator(f"#panel-{name}")
    expect(opened).to_be_visible()
    return opened


def resolve(page: Page, outcome: str, party: str = "") -> None:
    """Resolve the open ticket with the outcome and, if named, the party that all of it is owed to."""
    dialog = panel(page, "resolve")
    dialog.locator(f'[name=outcome][value="{outcome}"]').check()
    if party:
        dialog.locator("[name=party]").first.select_option(party)
    dialog.locator("[name=next]").set_checked(False)
    dialog.locator("button.primary").click()
    said(page, "已标记解决")
