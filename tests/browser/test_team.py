"""The supervisor's people, and the desk of those who are asked."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.steps import NO_TRACKING, open_ticket, panel, said
from tests.browser.windows import Windows


def refreshed(page: Page, path: str) -> None:
    """As after the next quarter of a minute."""
    with page.expect_response(lambda response: path in response.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(100)


def ask_the_warehouse(page: Page, question: str) -> str:
    """Open a ticket and ask; returns its number."""
    number = open_ticket(page, f"{NO_TRACKING} {question}")
    dialog = panel(page, "assist")
    dialog.locator("[name=queue][value=warehouse]").check()
    dialog.locator("[name=question]").fill(question)
    dialog.locator("button.primary").click()
    said(page, "协助")
    return number


def test_the_warehouse_answers_with_one_hand_and_the_asker_sees_it(windows: Windows) -> None:
    asker, warehouse = windows.open("limin"), windows.open("sunqiang", phone=True)
    number = ask_the_warehouse(asker, "这件还能拦下来吗")
    warehouse.goto("/assists")
    card = warehouse.locator(".ask").filter(has_text=number)
    card.get_by_role("button", name="拦截成功").tap()
    expect(card.locator("textarea")).to_have_value("拦截成功")
    card.get_by_role("button", name="答复", exact=True).tap()
    said(warehouse, f"已答复 {number}")
    expect(warehouse.locator(".ask").filter(has_text=number)).to_have_count(0)
    expect(warehouse.locator(".answered")).to_contain_text("拦截成功")
    asker.goto(f"/tickets/{number}")
    expect(asker.locator("main")).to_contain_text("拦截成功")


def test_a_refresh_leaves_alone_what_somebody_is_writing(windows: Windows) -> None:
    asker, here, there = windows.open("limin"), windows.open("sunqiang"), windows.open("zhouda")
    number = ask_the_warehouse(asker, "仓库里还有蓝色的吗")
    for page in (here, there):
        page.goto("/assists")
    card = here.locator(".ask").filter(has_text=number)
    card.locator("textarea").fill("我去货架看一眼")
    there.locator(".ask").filter(has_text=number).locator("textarea").fill("还有三件")
    there.keyboard.press("Control+Enter")
    said(there, f"已答复 {number}")
    refreshed(here, "/assists/rows")
    expect(card.locator("textarea")).to_have_value("我去货架看一眼")
    card.get_by_role("button", name="答复", exact=True).click()
    expect(here.locator("#unsent")).to_have_value("我去货架看一眼")


def test_questions_are_reached_without_the_mouse(windows: Windows) -> None:
    asker, page = windows.open("limin"), windows.open("zhouda")
    ask_the_warehouse(asker, "重量对得上吗")
    page.goto("/assists")
    page.keyboard.press("j")
    expect(page.locator(".ask .ticket-link").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".ask textarea").first).to_be_focused()


def test_a_week_is_planned_and_its_gap_shows(windows: Windows, site: Site) -> None:
    page = windows.open("dinghao")
    page.goto("/team/shifts?queue=warehouse")
    page.locator("a[rel=next]").click()
    page.locator("a[rel=next]").click()
    page.locator("a.cell").first.click()
    for day in range(5):
        page.locator(f"[name=day{day}]").fill("8:30-17")
    page.locator("main button.primary").click()
    said(page, "已保存")
    expect(page.locator(".rota")).to_contain_text("08:30–17:00")
    expect(page.locator(".rota")).to_contain_text("17:00–20:00 无人值班")
    page.locator("[name=weeks]").fill("2")
    page.get_by_role("button", name="往后重复").click()
    said(page, "排了 10 班")
    page.locator("a[rel=next]").click()
    expect(page.locator(".rota")).to_contain_text("08:30–17:00")


def test_capacity_is_set_in_the_row_and_the_page_refreshes_itself(windows: Windows) -> None:
    page, other = windows.open("luolan"), windows.open("chenjie")
    page.goto("/team")
    row = page.locator(".mate").filter(has_text="陈洁")
    row.locator("[name=capacity]").fill("17")
    row.locator("[name=capacity]").press("Enter")
    said(page, "已保存在手上限")
    expect(row.locator("[name=capacity]")).to_have_value("17")
    before = int(row.locator(".mate-share b").inner_text())
    open_ticket(other, f"{NO_TRACKING} 负荷")
    other.locator("[data-key-claim]").click()
    said(other, "分派给你")
    for _ in range(2):  # one that was under way may still tell the figure of before
        refreshed(page, "/team/rows")
    expect(row.locator(".mate-share b")).to_have_text(str(before + 1))


def test_an_absence_is_entered_without_script(windows: Windows) -> None:
    page = windows.open("dinghao", java_script_enabled=False)
    page.goto("/team/absences")
    form = page.locator("form.card")
    form.locator("[name=person]").select_option(label="马亮")
    form.locator("[name=stand_in]").select_option(label="何娟")
    form.locator("button.primary").click()
    said(page, "已登记缺勤")
    line = page.locator(".absence").filter(has_text="马亮")
    expect(line).to_contain_text("何娟 代理")
    line.get_by_role("button", name="取消 马亮 的缺勤").click()
    said(page, "已取消缺勤")
    expect(page.locator(".absence").filter(has_text="马亮")).to_have_count(0)
