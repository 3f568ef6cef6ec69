"""Writing a template: what the customer would read stands beside it as it is typed."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.steps import said
from tests.browser.windows import Windows


def test_one_is_written_with_a_preview_on_a_real_ticket(windows: Windows, site: Site) -> None:
    number, customer = site.rows(
        "SELECT number, name FROM ticket JOIN customer ON customer.id = customer_id"
        " JOIN stint ON stint.ticket_id = ticket.id AND left_at IS NULL"
        " JOIN queue ON queue.id = stint.queue_id WHERE queue.code = 'customer_service' LIMIT 1"
    )[0]
    page = windows.open("wangfang")
    page.goto("/templates")
    page.get_by_role("link", name="写一条").click()
    page.fill("[name=title_zh]", "浏览器写的")
    body, preview = page.locator("[name=body_zh]"), page.locator("[data-preview-target]")
    body.press_sequentially("您好 ，")
    body.press("ArrowLeft")
    page.get_by_role("button", name="{customer}").click()
    expect(body).to_have_value("您好 {customer}，")
    expect(body).to_be_focused()
    expect(preview.locator(".template-gap")).to_have_text("{customer}")
    page.fill("[name=ticket]", number)
    expect(preview.locator("mark:not(.template-gap)")).to_have_text(customer)
    body.press("End")
    body.press_sequentially("{colour}")
    expect(preview).to_contain_text("认不出的占位符：colour")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("[name=body_zh][aria-invalid=true]")).to_be_visible()
    page.locator("[name=body_zh]").fill("您好 {customer}，已催。")
    expect(preview).to_contain_text(f"您好 {customer}，已催。")
    page.get_by_role("button", name="保存").click()
    said(page, "话术已保存")
    page.get_by_role("searchbox", name="搜索", exact=True).fill("llqxd")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("row", name=re.compile("浏览器写的"))).to_be_visible()
