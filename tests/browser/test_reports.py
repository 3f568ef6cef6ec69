"""The monthly report as an operations manager reads it on the first: month by month, down to the tickets, on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import Windows, widest

PAGE_OF_PDF = re.compile(rb"/Type\s*/Page\b(?!s)")


@pytest.fixture
def report(windows: Windows) -> Page:
    page = windows.open("xuning")
    page.goto("/reports?month=2026-10")
    return page


def test_the_month_is_switched_and_kept_on_the_way_to_the_tickets_and_back(report: Page) -> None:
    report.get_by_role("link", name="上一期").click()
    expect(report.locator("h1 + nav [aria-current]")).to_have_text("2026年9月")
    report.get_by_role("navigation", name="按什么拆分").get_by_role("link", name="队列").click()
    count = report.locator(".report-table tbody .big").first
    shown = count.inner_text()
    count.click()
    expect(report.locator("#behind-title")).to_have_text(f"{shown} 张")
    report.get_by_role("link", name="回到报表").click()
    expect(report.locator("h1 + nav [aria-current]")).to_have_text("2026年9月")
    expect(report.get_by_role("navigation", name="按什么拆分").locator("[aria-current]")).to_have_text("队列")


def test_a_mark_of_a_chart_opens_its_tickets(report: Page) -> None:
    mark = report.locator("a:has(> .heat-6)").first
    title = mark.locator("title").text_content() or ""
    mark.click()
    expect(report.locator("#behind-title")).to_have_text(f"{title.split()[-1]} 张")


def test_a_chart_is_told_as_a_table_too(report: Page) -> None:
    card = report.locator(".chart-card").first
    card.locator("summary").click()
    expect(card.get_by_role("row")).to_have_count(13)
    expect(card.get_by_role("row").last).to_contain_text("2026年10月")


def test_days_are_asked_for_and_what_is_wrong_is_said(report: Page) -> None:
    report.locator(".report-days summary").click()
    report.fill("[name=from]", "2026-10-12")
    report.fill("[name=to]", "2026-10-05")
    report.get_by_role("button", name="看报表").click()
    expect(report.locator("main")).to_contain_text("结束日期早于开始日期")
    report.go_back()
    report.locator(".report-days summary").click()
    report.fill("[name=from]", "2026-10-05")
    report.fill("[name=to]", "2026-10-11")
    report.get_by_role("button", name="看报表").click()
    expect(report.locator("h1 + nav [aria-current]")).to_have_text("2026-10-05 至 2026-10-11")


def test_it_prints_on_two_pages_without_the_menu(report: Page, tmp_path: Path) -> None:
    report.emulate_media(media="print", color_scheme="dark")
    expect(report.locator(".side")).to_be_hidden()
    expect(report.locator(".top")).to_be_hidden()
    expect(report.locator(".report-period")).to_have_text("2026年10月")
    assert report.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    file = tmp_path / "report.pdf"
    report.pdf(path=file, prefer_css_page_size=True)
    assert len(PAGE_OF_PDF.findall(file.read_bytes())) == 2


def test_a_phone_shows_each_type_as_a_card_with_charts_that_can_be_read(windows: Windows) -> None:
    page = windows.open("xuning", phone=True, color_scheme="dark")
    page.goto("/reports?month=2026-10")
    assert widest(page) == 0
    sizes = page.locator(".chart text:visible").evaluate_all(
        "texts => texts.map(text => text.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 11
    first = page.locator(".report-table tbody tr").first
    box = first.bounding_box()
    assert box
    assert box["width"] <= 390
    assert box["height"] < 420
    expect(first).to_contain_text("时限达成")


def test_a_supervisor_reads_of_his_queues_alone(windows: Windows) -> None:
    page = windows.open("luolan")
    page.goto("/reports?month=2026-10")
    expect(page.locator(".report-state")).to_contain_text("只含你的队列：客服")
