from __future__ import annotations

from playwright.sync_api import Page


def test_the_browser_of_this_machine_shows_chinese(page: Page) -> None:
    page.set_content("<meta charset='utf-8'><p>异常工单台</p>")
    assert page.inner_text("p") == "异常工单台"
    assert page.evaluate("navigator.language") == "zh-CN"
