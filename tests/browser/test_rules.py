"""Lists of rules with script: lines come and go at once, and the preview follows what is typed."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.windows import Windows


def test_lines_come_and_go_and_the_preview_follows(windows: Windows, site: Site) -> None:
    page = windows.open("xuning")
    page.goto("/escalation/stages")
    lines, preview = page.locator("[data-rows] > [data-row]"), page.locator(".rule-steps li")
    expect(lines).to_have_count(5)
    expect(preview).to_have_count(4)
    page.locator("[data-add-row]").click()
    expect(lines).to_have_count(6)
    added = lines.last
    added.locator("select").first.select_option("before")
    added.locator("[name$=-amount]").fill("10")
    added.get_by_label("负责人").check()
    expect(preview).to_have_count(5)
    expect(page.locator("[data-rules-preview]")).to_contain_text("目标前 10分")
    lines.first.locator("[data-remove-row]").click()
    expect(lines).to_have_count(5)
    expect(preview).to_have_count(4)
    added.locator("[name$=-amount]").fill("99999")
    expect(page.locator("[data-rules-preview]")).to_contain_text("改好后才能预览")


def test_what_the_customer_is_told_is_asked_only_where_he_is_told(windows: Windows, site: Site) -> None:
    page = windows.open("xuning")
    page.goto("/escalation/pauses/internal")
    line = page.locator("[data-rows] > [data-row]").first
    expect(line.locator("[name$=-text_zh]")).not_to_be_visible()
    line.locator("[name$=-action]").select_option("remind_customer")
    expect(line.locator("[name$=-text_zh]")).to_be_visible()
    page.get_by_role("button", name="保存").last.click()
    expect(page.locator(".field-error")).to_contain_text("中英文都要填写")
