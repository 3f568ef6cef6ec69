"""An agent's day: take what burns first, answer it, go on; hand it in; take it back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.steps import NO_TRACKING, WRONG_ITEM, heard, listed, number_of, open_ticket, panel, resolve, said
from tests.browser.windows import Windows, log_in

FIRST_FIFTY = "status IN ('new', 'open', 'pending_customer', 'pending_internal', 'pending_approval')"


@pytest.fixture
def page(windows: Windows) -> Page:
    """Li Min's desk; she may use the clipboard."""
    return windows.open("limin", permissions=["clipboard-read", "clipboard-write"])


def test_logging_in_leads_to_what_one_has_to_do(windows: Windows, site: Site) -> None:
    page = windows.open()
    page.goto("/tickets?tab=mine")
    expect(page).to_have_url(re.compile("/login"))
    log_in(page, "limin", site.passwords["limin"])
    expect(page).to_have_url(re.compile("/tickets"))
    expect(page.locator("h1")).to_contain_text("李敏")
    assert listed(page)


def test_a_wrong_password_is_refused_without_saying_which_part_was_wrong(windows: Windows) -> None:
    page = windows.open()
    log_in(page, "limin", "not her password")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("[name=login]")).to_have_value("limin")
    expect(page.locator("[name=password]")).to_have_value("")


def test_logging_out_ends_the_session_at_once(windows: Windows, site: Site) -> None:
    page = windows.open()
    log_in(page, "maliang", site.passwords["maliang"])
    page.wait_for_url("**/tickets*")
    page.locator(".me summary").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto("/tickets")
    expect(page).to_have_url(re.compile("/login"))


def test_the_list_begins_with_what_burns_first(windows: Windows, site: Site) -> None:
    page = windows.open("xuning")
    page.goto("/tickets")
    assert listed(page) == site.numbers(FIRST_FIFTY)[:50]


def test_a_search_for_a_number_finds_that_ticket_whatever_became_of_it(page: Page, site: Site) -> None:
    number = site.number("status = 'closed' AND queue_id = (SELECT id FROM queue WHERE code = 'customer_service')")
    page.goto("/tickets")
    page.fill("[data-search]", number)
    page.press("[data-search]", "Enter")
    expect(page.locator("h1")).to_contain_text(number)
    assert listed(page) == [number]


def test_filters_apply_at_once_and_can_be_cleared(page: Page, site: Site) -> None:
    page.goto("/tickets")
    page.select_option("form.chips [name=type]", "lost_parcel")
    page.wait_for_url("**type=lost_parcel*")
    assert "class=" not in page.url, "what is empty doesn't clutter the address"
    for number in listed(page):
        assert site.numbers(f"number = '{number}' AND type = 'lost_parcel'") == [number]
    page.get_by_role("link", name="清除筛选").first.click()
    page.wait_for_url(lambda url: "type=" not in url)


def test_an_answer_with_a_suggestion_waits_for_the_customer_and_leads_to_the_next_ticket(page: Page) -> None:
    open_ticket(page, "发票抬头写错了")  # so that there is a next one, whatever others left
    mine = open_ticket(page, NO_TRACKING)
    page.goto("/tickets?tab=unassigned&q=")
    here = listed(page)
    following = here[(here.index(mine) + 1) % len(here)]
    page.get_by_role("link", name=NO_TRACKING).first.click()
    page.locator("#suggestions [data-insert]").first.click()
    text = page.locator("#composer-text")
    expect(text).to_be_focused()
    while "{" in text.input_value():  # what isn't known of the order is selected, one after the other
        page.keyboard.type("今天 18:00")
        page.keyboard.press("Control+Enter") if "{" in text.input_value() else None
    words = text.input_value()
    assert words
    page.select_option(".composer [name=status]", "pending_customer")
    page.locator(".composer [name=next]").check()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/tickets/{following}?*")
    said(page, "回复已保存")
    page.goto(f"/tickets/{mine}")
    expect(page.locator(".ticket-head-what")).to_contain_text("待客户")
    expect(heard(page, words.splitlines()[0])).to_be_visible()
    expect(page.locator(".clocks")).to_contain_text("已暂停")


def test_a_reply_is_copied_for_the_channel_and_marked_as_sent(page: Page) -> None:
    open_ticket(page, NO_TRACKING)
    page.fill("#composer-text", "您好，\n包裹今天会有更新。")
    page.locator(".composer [name=next]").uncheck()
    page.click("[data-send]")
    message = heard(page, "包裹今天会有更新")
    expect(message).to_contain_text("待发送")
    message.get_by_role("button", name="复制并标记已发").click()
    said(page, "已标记发送")
    expect(heard(page, "包裹今天会有更新")).to_contain_text("已复制并标记发送")
    assert page.evaluate("navigator.clipboard.readText()") == "您好，\n包裹今天会有更新。"


def test_a_reply_can_be_taken_back_for_ten_seconds(page: Page) -> None:
    open_ticket(page, NO_TRACKING)
    page.fill("#composer-text", "发错人了")
    page.locator(".composer [name=next]").uncheck()
    page.click("[data-send]")
    heard(page, "发错人了").get_by_role("button", name="撤回").click()
    said(page, "已撤回")
    expect(heard(page, "发错人了")).to_contain_text("没有发给客户")


def test_what_the_customer_says_elsewhere_is_recorded_with_its_time(page: Page) -> None:
    open_ticket(page, NO_TRACKING)
    page.locator(".composer .tab").filter(has_text="客户消息").click()
    page.fill("#composer-text", "到底什么时候能到？")
    page.locator(".composer [name=next]").uncheck()
    page.click("[data-send]")
    expect(heard(page, "到底什么时候能到")).to_be_visible()


def test_a_ticket_is_resolved_with_outcome_and_party_and_the_step_can_be_undone(windows: Windows) -> None:
    page = windows.open("sunqiang")
    number = open_ticket(page, WRONG_ITEM)
    resolve(page, "resent", "warehouse")
    head = page.locator(".ticket-head")
    expect(head).to_contain_text("已解决")
    expect(head).to_contain_text("补发")
    expect(head).to_contain_text("仓库 100%")
    page.get_by_role("button", name="撤销").click()
    said(page, "已撤销")
    assert number_of(page) == number
    expect(page.locator(".ticket-head-what")).not_to_contain_text("已解决")


def test_resolving_without_the_responsible_party_is_not_possible_where_it_is_needed(windows: Windows) -> None:
    page = windows.open("sunqiang")
    open_ticket(page, WRONG_ITEM)
    dialog = panel(page, "resolve")
    dialog.locator("[name=outcome][value=resent]").check()
    dialog.locator("button.primary").click()
    assert dialog.locator("[name=party]").first.evaluate("field => field.validity.valueMissing")
    expect(dialog).to_be_visible()


def test_a_ticket_goes_to_another_queue_with_a_reason_and_back_by_undo(page: Page) -> None:
    open_ticket(page, NO_TRACKING)
    dialog = panel(page, "transfer")
    dialog.locator("[name=queue][value=finance]").check()
    dialog.locator("[name=reason]").fill("要核对一笔重复的运费")
    dialog.locator("button.primary").click()
    expect(page.locator(".ticket-head-facts")).to_contain_text("财务")
    expect(page.locator(".timeline")).to_contain_text("要核对一笔重复的运费")
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".ticket-head-facts")).to_contain_text("客服")


def test_full_personal_data_needs_a_reason_and_is_hidden_again_on_the_next_look(page: Page, site: Site) -> None:
    number = open_ticket(page, NO_TRACKING, customer_name="测试客户", phone="19900001234")
    card = page.locator("#customer-title").locator("xpath=ancestor::section")
    expect(card).to_contain_text("199****1234")
    dialog = panel(page, "reveal")
    dialog.locator("[name=reason]").fill("联系快递核对派送地址")
    dialog.locator("button.primary").click()
    expect(card).to_contain_text("19900001234")
    page.goto(f"/tickets/{number}")
    expect(card).not_to_contain_text("19900001234")


def test_ticked_tickets_are_taken_together(page: Page) -> None:
    numbers = [open_ticket(page, f"{NO_TRACKING}（{one}）") for one in ("一", "二")]
    page.goto("/tickets?tab=unassigned")
    expect(page.locator(".bulk")).not_to_be_visible()
    for number in numbers:
        page.locator(f'[data-number="{number}"] input[type=checkbox]').check()
    expect(page.locator(".bulk")).to_contain_text("已选 2 张")
    page.locator(".bulk .primary").click()
    said(page, "已分派给你 2 张工单")
    page.goto("/tickets?tab=mine")
    assert set(numbers) <= set(listed(page))
