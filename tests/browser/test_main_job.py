"""The main job on real input, to its end in the browser: a real message becomes a solved ticket."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.steps import heard, resolve, row, said
from tests.browser.windows import Windows
from tests.conformance.real_messages import as_table, needs_messages


@needs_messages
def test_a_real_message_is_imported_answered_and_resolved(windows: Windows, site: Site, tmp_path: Path) -> None:
    before = {number for (number,) in site.rows("SELECT number FROM ticket")}
    table = tmp_path / "messages.csv"
    count = as_table(table)
    assert f"created={count}" in site.flask("import", "tickets", str(table))
    customer_service = "queue_id = (SELECT id FROM queue WHERE code = 'customer_service')"
    chosen = f"{customer_service} AND type <> 'other' AND tier = 'auto' AND order_id IS NULL AND owner_id IS NULL"
    number = next(number for number in site.numbers(chosen) if number not in before)

    page = windows.open("liuyang")
    page.goto(f"/tickets?q={number}")
    row(page, number).locator(".ticket-link").click()
    expect(page.locator(".bubble mark").first).to_be_visible()
    page.locator("[data-key-claim]").click()
    said(page, "分派给你")
    page.fill("#composer-text", "您好，已经为您登记，今天内给您答复。")
    page.locator(".composer [name=solution]").check()
    page.locator(".composer [name=next]").uncheck()
    page.click("[data-send]")
    heard(page, "今天内给您答复").get_by_role("button", name="复制并标记已发").click()
    said(page, "已标记发送")
    resolve(page, "explained", "undetermined")
    expect(page.locator(".ticket-head-what")).to_contain_text("已解决")
    expect(page.locator(".clocks")).not_to_contain_text("剩")
