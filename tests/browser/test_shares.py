"""Responsibility as three people handle it: one says, the blamed queue disputes, a supervisor decides."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.steps import NO_TRACKING, open_ticket, panel, said
from tests.browser.windows import Windows, widest

WHY = "交接单上快递已经签收，是他们压件"


def blame(page: Page, party: str) -> None:
    """Say on the open ticket that one party is responsible for all of it."""
    card = page.locator("#responsibility")
    card.locator("summary").filter(has_text="手工判定").click()
    card.locator("[name=party]:visible").first.select_option(party)
    card.locator("[name=percent]:visible").first.fill("100")
    card.get_by_role("button", name="保存").click()
    said(page, "责任归属已登记")


def test_the_blamed_queue_appeals_and_the_supervisor_decides(windows: Windows) -> None:
    here, there, judge = windows.open("limin"), windows.open("sunqiang"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    blame(here, "warehouse")

    there.goto("/shares/appeals")
    card = there.locator(".approval").filter(has_text=number)
    expect(card).to_contain_text("仓库 100% 的责任")
    card.locator("summary").click()
    card.locator("[name=reason]").fill(WHY)
    card.get_by_role("button", name="提交申诉").click()
    said(there, "申诉已提出")
    here.reload()
    expect(here.locator("#responsibility")).to_contain_text("申诉裁定之前，责任归属不能改")

    judge.goto("/shares/appeals")
    card = judge.locator(".approval").filter(has_text=number)
    expect(card).to_contain_text(WHY)
    card.locator("summary").filter(has_text="申诉成立").click()
    card.locator("[name=party]").first.select_option("courier")
    card.locator("[name=percent]").first.fill("100")
    card.locator("[name=reason]:visible").fill("有交接单")
    card.get_by_role("button", name="确认改判").click()
    said(judge, "申诉成立")
    expect(judge.locator(".money-row").filter(has_text=number)).to_contain_text("申诉成立")

    here.reload()
    expect(here.locator("#responsibility .card-head")).to_contain_text("快递 100%")
    expect(here.locator("#responsibility")).to_contain_text("有交接单")


def test_ticked_evidence_gives_a_proposal_that_one_press_takes_over_and_resolving_is_filled_in(
    windows: Windows,
) -> None:
    page = windows.open("limin")
    open_ticket(page, NO_TRACKING)
    card = page.locator("#responsibility")
    expect(card).to_contain_text("先核对：物流轨迹")
    card.locator("[name=mark-tracking_record]").select_option("present")
    card.get_by_role("button", name="登记证据").click()
    said(page, "证据已登记")
    expect(card).to_contain_text("轨迹停在快递手里")
    card.get_by_role("button", name="采用建议").click()
    said(page, "责任归属已登记")
    expect(card.locator(".card-head")).to_contain_text("快递 100%")
    dialog = panel(page, "resolve")
    expect(dialog.locator("[name=party]").first).to_have_value("courier")


def test_what_was_typed_survives_that_somebody_else_said_otherwise_meanwhile(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    there.goto(f"/tickets/{number}")
    blame(there, "courier")
    card = here.locator("#responsibility")
    card.locator("summary").filter(has_text="手工判定").click()
    card.locator("[name=party]:visible").first.select_option("warehouse")
    card.locator("[name=percent]:visible").first.fill("100")
    card.locator("[name=reason]:visible").fill("仓库晚交件")
    card.get_by_role("button", name="保存").click()
    expect(card.locator(".notice.problem")).to_contain_text("责任归属被别人改过了")
    expect(card.locator("[name=reason]:visible")).to_have_value("仓库晚交件")
    expect(card.locator("[name=party]:visible").first).to_have_value("warehouse")


def test_on_a_phone_without_script_the_same_forms_do_it(windows: Windows) -> None:
    here = windows.open("limin", java_script_enabled=False)
    number = open_ticket(here, NO_TRACKING)
    blame(here, "warehouse")
    phone = windows.open("sunqiang", phone=True)
    phone.goto("/shares/appeals")
    card = phone.locator(".approval").filter(has_text=number)
    card.locator("summary").tap()
    card.locator("[name=reason]").fill(WHY)
    assert widest(phone) == 0
    card.get_by_role("button", name="提交申诉").tap()
    said(phone, "申诉已提出")
