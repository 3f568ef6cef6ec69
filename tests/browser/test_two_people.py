"""Two people on one ticket: nothing is overwritten, nothing typed is lost."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.steps import NO_TRACKING, heard, open_ticket, panel, row, said
from tests.browser.windows import Windows

WORDS = "您好，\n包裹在中转站，已经催了。"


def test_a_reply_with_a_status_on_an_outdated_page_shows_what_changed_and_keeps_the_words(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    here.fill("#composer-text", WORDS)
    there.goto(f"/tickets/{number}")
    dialog = panel(there, "priority")
    dialog.locator("[value=P1]").check()
    dialog.locator("button.primary").click()
    said(there, "优先级已修改")

    here.select_option(".composer [name=status]", "pending_customer")
    here.locator(".composer [name=next]").uncheck()
    here.click("[data-send]")
    notice = here.locator(".composer .notice.problem")
    expect(notice).to_contain_text("有了变化")
    line = notice.get_by_role("row").filter(has_text="优先级")
    expect(line.get_by_role("cell").first).to_have_text("P2")
    expect(line).to_contain_text("P1 罗兰")
    expect(line).to_contain_text("不改")
    expect(here.locator("#composer-text")).to_have_value(WORDS)
    expect(here.locator(".composer [name=status]")).to_have_value("pending_customer")
    expect(heard(here, "已经催了")).to_have_count(0)

    here.get_by_role("button", name="仍然发送").click()
    said(here, "回复已保存")
    expect(heard(here, "已经催了")).to_have_count(1)
    expect(here.locator(".ticket-head-what")).to_contain_text("待客户")


def test_an_open_page_says_that_the_customer_has_written_and_keeps_what_is_being_typed(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    here.fill("#composer-text", WORDS)
    there.goto(f"/tickets/{number}")
    there.locator(".composer .tab").filter(has_text="客户消息").click()
    there.fill("#composer-text", "今天又动了一下")
    there.locator(".composer [name=next]").uncheck()
    there.click("[data-send]")
    expect(heard(there, "今天又动了一下")).to_be_visible()

    here.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the window is looked at again
    expect(here.get_by_role("status").filter(has_text="客户来了新消息")).to_be_visible()
    expect(heard(here, "今天又动了一下")).to_have_count(0)
    here.get_by_role("link", name="刷新").click()
    expect(heard(here, "今天又动了一下")).to_be_visible()
    expect(here.locator("#composer-text")).to_have_value(WORDS)
    expect(here.locator(".pulse-news")).to_have_count(0)


def test_a_customer_who_wrote_meanwhile_is_read_before_the_answer_goes_out(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    here.fill("#composer-text", WORDS)
    there.goto(f"/tickets/{number}")
    there.locator(".composer .tab").filter(has_text="客户消息").click()
    there.fill("#composer-text", "不用催了，刚刚收到了")
    there.locator(".composer [name=next]").uncheck()
    there.click("[data-send]")
    expect(heard(there, "不用催了")).to_be_visible()

    here.locator(".composer [name=next]").uncheck()
    here.click("[data-send]")
    expect(here.locator(".composer .notice.problem")).to_contain_text("不用催了，刚刚收到了")
    expect(here.locator("#composer-text")).to_have_value(WORDS)


def test_an_outdated_dialog_comes_back_with_what_changed(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    there.goto(f"/tickets/{number}")
    dialog = panel(there, "priority")
    dialog.locator("[value=P3]").check()
    dialog.locator("button.primary").click()
    said(there, "优先级已修改")

    dialog = panel(here, "transfer")
    dialog.locator("[name=queue][value=finance]").check()
    dialog.locator("[name=reason]").fill("运费要财务看")
    dialog.locator("button.primary").click()
    expect(dialog.locator(".notice.problem")).to_contain_text("P3")
    expect(dialog.locator("[name=reason]")).to_have_value("运费要财务看")
    expect(dialog.locator("[name=queue][value=finance]")).to_be_checked()
    dialog.locator("button.primary").click()
    said(here, "已转到新队列")


def test_two_who_change_the_same_field_see_it_side_by_side_and_choose(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    there.goto(f"/tickets/{number}")
    for page, value in ((there, "P1"), (here, "P3")):
        dialog = panel(page, "priority")
        dialog.locator(f"[value={value}]").check()
        dialog.locator("button.primary").click()
    line = dialog.get_by_role("row").filter(has_text="优先级")
    expect(line).to_contain_text("P2")
    expect(line).to_contain_text("P1 罗兰")
    expect(line.get_by_role("cell").last).to_have_text("P3")
    dialog.get_by_role("link", name="保留现在的").click()
    expect(here.locator(".ticket-head-facts")).to_contain_text("P1")
    expect(here.locator("dialog[open]")).to_have_count(0)


def test_one_ticket_has_one_winner(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("zhangwei")
    number = open_ticket(here, NO_TRACKING)
    there.goto(f"/tickets/{number}")
    here.locator("[data-key-claim]").click()
    said(here, "分派给你")
    there.locator("[data-key-claim]").click()
    expect(there.get_by_role("alert")).to_contain_text("已经有人领了")
    expect(there.locator(".ticket-head-facts")).to_contain_text("李敏")


def test_a_draft_survives_a_reload_and_goes_when_it_was_sent(windows: Windows) -> None:
    page = windows.open("limin")
    number = open_ticket(page, NO_TRACKING)
    page.locator(".composer .tab").filter(has_text="内部备注").click()
    page.fill("#composer-text", "已经打电话给网点")
    page.reload()
    expect(page.locator("#composer-text")).to_have_value("已经打电话给网点")
    expect(page.locator("[name=mode][value=note]")).to_be_checked()
    expect(page.locator("[data-composer-hint]")).to_contain_text("已恢复")
    page.locator(".composer [name=next]").uncheck()
    page.click("[data-send]")
    said(page, "备注已保存")
    page.goto(f"/tickets/{number}")
    expect(page.locator("#composer-text")).to_have_value("")


def test_a_placeholder_that_nobody_filled_in_is_not_sent(windows: Windows) -> None:
    page = windows.open("limin")
    open_ticket(page, NO_TRACKING)
    page.fill("#composer-text", "您好，{promise_time} 前给您答复")
    page.click("[data-send]")
    expect(page.locator("[data-composer-hint]")).to_contain_text("{promise_time}")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("今天 18:00")
    expect(page.locator("#composer-text")).to_have_value("您好，今天 18:00 前给您答复")


WITHIN = 10_000
"""Milliseconds after which one knows of the other."""


def test_who_else_looks_at_a_ticket_and_writes_on_it_is_seen_within_ten_seconds(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    there.goto(f"/tickets/{number}")
    onlookers = here.locator("[data-here]")
    expect(onlookers).to_contain_text("罗兰", timeout=WITHIN)
    expect(onlookers).not_to_contain_text("正在写")
    there.fill("#composer-text", "您好")
    expect(onlookers).to_contain_text("正在写", timeout=WITHIN)
    third = windows.open("zhangwei")
    third.goto(f"/tickets?q={number}")
    expect(row(third, number)).to_contain_text("罗兰", timeout=WITHIN)
    there.goto("/tickets")
    expect(onlookers).not_to_contain_text("罗兰", timeout=WITHIN)


def test_a_reply_that_crosses_a_colleagues_is_asked_about_once(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    there.goto(f"/tickets/{number}")
    here.fill("#composer-text", WORDS)
    there.fill("#composer-text", "您好，网点说今天送到")
    there.locator(".composer [name=next]").uncheck()
    there.click("[data-send]")
    said(there, "回复已保存")

    here.locator(".composer [name=next]").uncheck()
    here.click("[data-send]")
    notice = here.locator(".composer .notice.problem")
    expect(notice).to_contain_text("网点说今天送到")
    expect(here.locator("#composer-text")).to_have_value(WORDS)
    expect(heard(here, "已经催了")).to_have_count(0)
    here.get_by_role("button", name="仍然发送").click()
    said(here, "回复已保存")
    expect(heard(here, "已经催了")).to_have_count(1)


def test_what_was_begun_at_the_desk_goes_on_at_the_phone(windows: Windows) -> None:
    desk = windows.open("limin")
    number = open_ticket(desk, NO_TRACKING)
    with desk.expect_response(f"**/tickets/{number}/draft"):
        desk.fill("#composer-text", WORDS)
    phone = windows.open("limin", phone=True)
    phone.goto(f"/tickets/{number}")
    expect(phone.locator("#composer-text")).to_have_value(WORDS)
    expect(phone.locator("[data-composer-hint]")).to_contain_text("已恢复")


def test_undo_restores_exactly_what_was_there(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    here.locator("[data-key-claim]").click()  # what is new is taken up by the first thing that is done, and stays so
    said(here, "分派给你")
    before = state(windows, number)
    there.goto(f"/tickets/{number}")
    dialog = panel(there, "priority")
    dialog.locator("[value=P0], [value=P1]").first.check()
    dialog.locator("button.primary").click()
    said(there, "优先级已修改")
    assert state(windows, number) != before
    there.get_by_role("button", name="撤销").click()
    expect(there.locator("[data-flash]").filter(has_text="撤销")).to_be_visible()
    assert state(windows, number) == before


def state(windows: Windows, number: str) -> list[tuple[Any, ...]]:
    """What a ticket is, and its clocks."""
    rows = windows.site.rows(
        """SELECT ticket.number, type, klass, priority, status, queue_id, owner_id, burns_at,
            kind, due_at, late_after, met_at, cancelled_at, target_seconds
        FROM ticket JOIN clock ON clock.ticket_id = ticket.id ORDER BY clock.id"""
    )
    return [row for row in rows if row[0] == number]
