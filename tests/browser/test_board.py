"""The supervisor's board: it follows what others do, and acts on many at once."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site
from tests.browser.steps import NO_TRACKING, open_ticket, resolve, row, said
from tests.browser.windows import Windows

LATE = "burns_at < now() AND status NOT IN ('resolved', 'closed', 'merged')"
SERVICE = "queue_id = (SELECT id FROM queue WHERE code = 'customer_service')"


def refreshed(page: Page) -> None:
    """As after the next quarter of a minute."""
    with page.expect_response(lambda response: "/lanes" in response.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(100)


def lane(page: Page, name: str) -> Locator:
    return page.locator(f'.lane[aria-label^="{name}"]')


def taken_in(page: Page, *, urgent: bool = True) -> str:
    """A new ticket of customer service; urgent ones stand on the board whatever else is there."""
    number = open_ticket(page, NO_TRACKING)
    if urgent:
        page.goto(f"/tickets/{number}?panel=priority")
        page.locator("#panel-priority [value=P1]").check()
        page.locator("#panel-priority button.primary").click()
        said(page, "优先级已修改")
    return number


def claimed(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    page.locator("[data-key-claim]").click()
    said(page, "分派给你")


def test_a_card_moves_when_somebody_takes_it_and_goes_when_it_is_solved(windows: Windows) -> None:
    board, agent = windows.open("luolan"), windows.open("limin")
    number = taken_in(agent)
    board.goto("/board?by=agent")
    expect(row(lane(board, "未分派"), number)).to_be_visible()  # type: ignore[arg-type]
    claimed(agent, number)
    refreshed(board)
    expect(row(lane(board, "李敏"), number)).to_be_visible()  # type: ignore[arg-type]
    expect(row(board, number)).to_have_count(1)
    agent.goto(f"/tickets/{number}")
    resolve(agent, "explained")
    refreshed(board)
    expect(row(board, number)).to_have_count(0)


def test_a_refresh_keeps_ticks_open_menus_and_focus(windows: Windows) -> None:
    board, agent = windows.open("luolan"), windows.open("limin")
    first, second = taken_in(agent), taken_in(agent)
    board.goto("/board?show=unassigned")
    row(board, first).locator("input[type=checkbox]").check()
    row(board, second).locator(".board-menu summary").click()
    third = taken_in(agent)
    refreshed(board)
    expect(row(board, third)).to_be_visible()
    expect(row(board, first).locator("input[type=checkbox]")).to_be_checked()
    expect(row(board, second).get_by_text("我来接手")).to_be_visible()
    expect(board.locator(".bulk")).to_contain_text("已选 1 张")


def test_an_unchanged_board_costs_an_empty_answer(windows: Windows) -> None:
    page = windows.open("auditor")
    page.goto("/board?by=type&show=approval")
    with page.expect_response(lambda response: "/board/lanes" in response.url) as answer:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert answer.value.status == 304


def test_many_are_reassigned_at_once_and_taken_back(windows: Windows) -> None:
    board = windows.open("luolan")
    numbers = [taken_in(board) for _ in range(2)]
    board.goto("/board?show=unassigned")
    for number in numbers:
        row(board, number).locator("input[type=checkbox]").check()
    expect(board.locator(".bulk")).to_contain_text("已选 2 张")
    board.locator(".bulk [data-dialog=panel-assign]").click()
    dialog = board.locator("#panel-assign")
    expect(dialog).to_contain_text("勾选的工单")
    dialog.locator(".person", has_text="王芳").click()
    dialog.locator("button.primary").click()
    said(board, "已改派 2 张")
    for number in numbers:
        expect(row(board, number)).to_have_count(0)
    board.locator("[data-flash] button", has_text="撤销").click()
    said(board, "已撤销 2 张")
    for number in numbers:
        expect(row(board, number)).to_contain_text("未分派")


def test_one_card_is_reassigned_to_a_member_of_its_queue(windows: Windows) -> None:
    board = windows.open("xuning")
    number = taken_in(windows.open("limin"))
    board.goto("/board?show=unassigned")
    row(board, number).get_by_role("button", name="改派").click()
    dialog = board.locator("#panel-assign")
    expect(dialog).to_contain_text(number)
    expect(dialog.locator(".person", has_text="王芳")).to_be_visible()
    expect(dialog.locator(".person", has_text="孙强")).to_be_hidden()  # works in the warehouse
    dialog.locator(".person", has_text="王芳").click()
    dialog.locator("button.primary").click()
    said(board, "已改派 1 张")
    expect(row(board, number)).to_have_count(0)
    board.goto(f"/tickets/{number}")
    expect(board.locator(".ticket-head-facts")).to_contain_text("王芳")


def test_taking_over_nudging_and_priority_from_the_card(windows: Windows) -> None:
    """Those who have few tickets have room on the board for all of them."""
    board, agent = windows.open("luolan"), windows.open("zhangwei")
    number = taken_in(agent)
    claimed(agent, number)
    board.goto("/board?by=agent")
    row(board, number).get_by_role("button", name="催办").click()
    said(board, "已催办 1 张")
    row(board, number).get_by_role("button", name="催办").click()
    said(board, "10 分钟内已经催办过")
    row(board, number).locator(".board-menu summary").click()
    row(board, number).get_by_text("我来接手").click()
    said(board, "已接手 1 张")
    expect(row(board, number)).to_contain_text("罗兰")
    row(board, number).locator(".board-menu summary").click()
    row(board, number).get_by_text("改为 P3").click()
    said(board, "已把 1 张改为 P3")


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(windows: Windows) -> None:
    board, agent = windows.open("luolan"), windows.open("zhangwei")
    number = taken_in(agent)
    board.goto("/board?show=unassigned")
    claimed(agent, number)
    row(board, number).locator(".board-menu summary").click()
    row(board, number).get_by_text("我来接手").click()
    said(board, "1 张没有做")
    board.goto("/board?by=agent")
    expect(row(board, number)).to_contain_text("张伟")


def test_enter_in_a_tick_does_nothing(windows: Windows) -> None:
    page = windows.open("luolan")
    page.goto("/board")
    page.locator(".ticket-tick input").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    expect(page.locator("[data-flash]")).to_have_count(0)


def test_the_wall_fills_the_screen_and_follows(windows: Windows, site: Site) -> None:
    wall, agent = windows.open("luolan", viewport={"width": 1920, "height": 1080}), windows.open("limin")
    wall.goto("/board/wall?show=unassigned")
    expect(wall.locator("nav")).to_have_count(0)
    expect(wall.locator("[data-wall-time]")).to_have_text(re.compile(r"\d\d:\d\d"))
    late = len(site.numbers(f"{LATE} AND {SERVICE}"))
    expect(wall.locator(".wall-figure b").first).to_have_text(str(late))
    size = wall.locator(".board-card .sla").first.evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    assert size >= 28
    assert wall.evaluate("document.documentElement.scrollWidth <= innerWidth")
    number = wall.locator("[data-ticket]").first.get_attribute("data-number") or ""
    claimed(agent, number)
    refreshed(wall)
    expect(row(wall, number)).to_have_count(0)
    wall.get_by_text("退出大屏").click()
    expect(wall).to_have_url(re.compile(r"/board\?show=unassigned$"))


def test_on_a_phone_lanes_stack_and_cards_can_be_acted_on(windows: Windows) -> None:
    page = windows.open("luolan", phone=True)
    number = taken_in(windows.open("limin"))
    page.goto("/board?show=unassigned")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lefts = page.locator(".lane").evaluate_all("lanes => lanes.map((lane) => lane.getBoundingClientRect().left)")
    assert len(set(lefts)) == 1
    row(page, number).get_by_role("button", name="改派").tap()
    page.locator("#panel-assign .person", has_text="王芳").tap()
    page.locator("#panel-assign button.primary").tap()
    said(page, "已改派 1 张")


def test_without_script_a_card_is_reassigned_too(windows: Windows) -> None:
    number = taken_in(windows.open("limin"))
    page = windows.open("luolan", java_script_enabled=False)
    page.goto("/board?show=unassigned")
    row(page, number).get_by_role("button", name="改派").click()
    page.locator("#panel-assign .person", has_text="王芳").locator("input").check()
    page.locator("#panel-assign button.primary").click()
    said(page, "已改派 1 张")
