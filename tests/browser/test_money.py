"""Money as two people handle it: offered here, agreed there; on a phone in two taps; nothing overwritten or lost."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.steps import NO_TRACKING, open_ticket, panel, said
from tests.browser.windows import Windows, widest

WHY = "停了五天，客户要赶着送人"


def offer(page: Page, amount: str, why: str = WHY) -> None:
    """Choose the first offer of the open ticket's card and fill it in."""
    card = page.locator("#compensation")
    card.locator("[name=policy]").first.check()
    option = card.locator(".option:has([name=policy]:checked)")
    option.locator("[name^=amount-]").fill(amount)
    for tick in option.locator("[name^=evidence-]").all():
        tick.check()
    card.locator("[name=why]").fill(why)


def beyond_his_limit(page: Page) -> str:
    """A new ticket with an offer on it that takes a supervisor; its number."""
    number = open_ticket(page, NO_TRACKING)
    offer(page, "3.00")
    expect(page.locator("[data-offer-answer]")).to_contain_text("主管审批")
    page.locator("#compensation").get_by_role("button", name="提出补偿").click()
    said(page, "补偿已提出")
    return number


def test_what_one_proposes_another_approves(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = beyond_his_limit(here)
    expect(here.locator(".promise")).to_contain_text("待审批")
    there.goto("/approvals")
    card = there.locator(".approval").filter(has_text=number)
    expect(card).to_contain_text(WHY)
    expect(card).to_contain_text("李敏")
    card.get_by_role("button", name=re.compile("^批准")).click()
    said(there, "已批准")
    expect(there.locator(".approval").filter(has_text=number)).to_have_count(0)
    here.reload()
    expect(here.locator(".promise")).to_contain_text("待兑现")
    here.get_by_role("button", name="已发给客户").click()
    said(here, "已登记发出")
    expect(here.locator(".promise")).to_contain_text("已兑现")


def test_on_a_phone_it_takes_two_taps(windows: Windows) -> None:
    number = beyond_his_limit(windows.open("limin"))
    phone = windows.open("luolan", phone=True)
    phone.goto("/tickets")
    phone.locator(".bottom-nav").get_by_role("link", name=re.compile("审批")).tap()
    card = phone.locator(".approval").filter(has_text=number)
    expect(card).to_be_visible()
    assert widest(phone) == 0
    card.get_by_role("button", name=re.compile("^批准")).tap()
    said(phone, "已批准")


def test_a_refusal_takes_a_reason_which_the_proposer_reads(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = beyond_his_limit(here)
    there.goto("/approvals")
    card = there.locator(".approval").filter(has_text=number)
    card.locator(".approval-reject summary").click()
    card.get_by_role("button", name="确认驳回").click()
    expect(card.locator("[name=reason]")).to_be_focused()  # the browser asks for it
    card.locator("[name=reason]").fill("先催快递，再说补偿")
    card.get_by_role("button", name="确认驳回").click()
    said(there, "已驳回")
    here.reload()
    expect(here.locator(".promise")).to_contain_text("先催快递，再说补偿")


def test_an_offer_on_a_ticket_that_moved_on_shows_what_changed_and_keeps_what_was_typed(windows: Windows) -> None:
    here, there = windows.open("limin"), windows.open("luolan")
    number = open_ticket(here, NO_TRACKING)
    offer(here, "3.50")
    there.goto(f"/tickets/{number}")
    dialog = panel(there, "priority")
    dialog.locator("[value=P1]").check()
    dialog.locator("button.primary").click()
    said(there, "优先级已修改")

    send = here.locator("#compensation").get_by_role("button", name="提出补偿")
    send.click()
    notice = here.locator("#compensation .notice.problem")
    expect(notice.get_by_role("row").filter(has_text="优先级")).to_contain_text("P1 罗兰")
    expect(here.locator("#compensation [name=why]")).to_have_value(WHY)
    expect(here.locator(".option:has([name=policy]:checked) [name^=amount-]")).to_have_value("3.50")
    here.locator("#compensation").get_by_role("button", name="提出补偿").click()
    said(here, "补偿已提出")
    expect(here.locator(".promise")).to_have_count(1)


def test_a_slip_of_the_keys_is_told_before_and_after_sending(windows: Windows) -> None:
    page = windows.open("limin")
    open_ticket(page, NO_TRACKING)
    offer(page, "3.505")
    expect(page.locator("[data-offer-answer]")).to_contain_text("金额")
    page.locator("#compensation").get_by_role("button", name="提出补偿").click()
    expect(page.locator("#compensation .notice.problem")).to_be_visible()
    expect(page.locator(".option:has([name=policy]:checked) [name^=amount-]")).to_have_value("3.505")


def test_without_script_the_same_form_proposes(windows: Windows) -> None:
    page = windows.open("limin", java_script_enabled=False)
    open_ticket(page, NO_TRACKING)
    offer(page, "3.00")
    page.locator("#compensation").get_by_role("button", name="提出补偿").click()
    expect(page.locator("[data-flash]").filter(has_text="补偿已提出")).to_be_visible()
    expect(page.locator(".promise")).to_have_count(1)
