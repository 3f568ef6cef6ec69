"""Through the day without the mouse."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.steps import NO_TRACKING, listed, number_of, open_ticket, row, said
from tests.browser.windows import Windows


def focused_row(page: Page) -> str:
    number: str = page.evaluate("document.activeElement.closest('[data-ticket]')?.dataset.number ?? ''")
    return number


def test_from_the_list_to_the_sent_reply_and_the_next_ticket(windows: Windows) -> None:
    page = windows.open("wangfang")
    mine = open_ticket(page, NO_TRACKING)
    page.goto("/tickets?tab=unassigned")
    numbers = listed(page)
    for _ in range(numbers.index(mine) + 1):
        page.keyboard.press("j")
    assert focused_row(page) == mine
    page.keyboard.press("k")
    page.keyboard.press("j")
    assert focused_row(page) == mine
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tickets/{mine}*")
    page.keyboard.press("r")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("您好，已经催促快递，今天给您答复。jkxcre 不是快捷键")
    page.keyboard.press("Control+Enter")
    said(page, "回复已保存")
    assert number_of(page) == numbers[numbers.index(mine) + 1]


def test_e_corrects_the_type(windows: Windows) -> None:
    page = windows.open("wangfang")
    open_ticket(page, NO_TRACKING)
    page.keyboard.press("e")
    dialog = page.locator("#panel-type")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="丢件/虚假签收").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".type-line")).to_contain_text("丢件/虚假签收")
    expect(page.locator(".timeline")).to_contain_text("丢件/虚假签收")


def test_t_finds_a_template_by_the_initials_of_its_title(windows: Windows) -> None:
    page = windows.open("wangfang")
    open_ticket(page, NO_TRACKING)
    page.keyboard.press("t")
    search = page.locator("#panel-templates [data-filter]")
    expect(search).to_be_focused()
    everything = page.locator("#template-list > li:visible").count()
    page.keyboard.type("zzmyzhgjc")
    expect(page.locator("[data-filter-none]")).to_be_visible()
    search.fill("")
    page.keyboard.type("wl")
    found = page.locator("#template-list > li:visible")
    assert 0 < found.count() < everything
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-templates")).not_to_be_visible()
    expect(page.locator("#composer-text")).not_to_have_value("")


def test_x_ticks_and_c_takes_what_is_ticked(windows: Windows) -> None:
    page = windows.open("wangfang")
    number = open_ticket(page, NO_TRACKING)
    page.goto("/tickets?tab=unassigned")
    row(page, number).locator(".ticket-link").focus()
    page.keyboard.press("x")
    expect(row(page, number).locator("input[type=checkbox]")).to_be_checked()
    page.keyboard.press("c")
    said(page, "已分派给你 1 张工单")


def test_a_dialog_keeps_the_keyboard_and_gives_it_back(windows: Windows) -> None:
    page = windows.open("wangfang")
    page.goto("/tickets")
    page.keyboard.press("?")
    help_dialog = page.locator("#keyboard-help")
    expect(help_dialog).to_be_visible()
    page.keyboard.press("j")
    assert focused_row(page) == ""
    page.keyboard.press("Escape")
    expect(help_dialog).not_to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()


def test_a_ticket_from_the_list_to_its_end_without_the_mouse(windows: Windows) -> None:
    page = windows.open("wangfang")
    mine = open_ticket(page, NO_TRACKING)
    page.goto("/tickets?tab=unassigned")
    for _ in range(listed(page).index(mine) + 1):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tickets/{mine}*")
    page.keyboard.press("c")
    said(page, "分派给你")
    page.wait_for_load_state()  # what listens to keys comes after what is read
    page.keyboard.press("s")
    dialog = page.locator("#panel-resolve")
    expect(dialog).to_be_visible()
    dialog.locator("[name=outcome]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    said(page, "已标记解决")
    page.goto(f"/tickets/{mine}")
    page.keyboard.press("u")
    page.wait_for_url("**/tickets?tab=unassigned")


def test_j_and_k_go_from_ticket_to_ticket_as_they_stood_in_the_list(windows: Windows) -> None:
    page = windows.open("wangfang")
    page.goto("/tickets")
    first, second = listed(page)[:2]
    page.locator(".ticket-link").first.click()
    page.wait_for_url(f"**/tickets/{first}*")
    page.keyboard.press("j")
    page.wait_for_url(f"**/tickets/{second}*")
    page.keyboard.press("k")
    page.wait_for_url(f"**/tickets/{first}*")
    page.keyboard.press("k")
    expect(page.locator("[data-announcer]")).to_have_text("这一列到头了")


def test_the_palette_does_goes_and_searches(windows: Windows) -> None:
    page = windows.open("wangfang")
    number = open_ticket(page, NO_TRACKING)
    page.keyboard.press("Control+k")
    palette = page.locator("#palette")
    expect(palette.get_by_role("option", name="我的账户")).to_be_attached()
    page.keyboard.type("请求协助")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-assist")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("wdzh")  # 我的账户
    expect(palette.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    page.keyboard.press("Control+k")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(number)


def test_single_keys_can_be_switched_off(windows: Windows) -> None:
    page = windows.open("wangfang")
    page.goto("/account")
    page.locator("[name=keys][value=off]").click()
    expect(page.locator("[name=keys][value=off]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.locator("#keyboard-help")).not_to_be_visible()
    expect(page.locator("[data-search]")).not_to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()


def test_the_first_tab_leads_to_the_content(windows: Windows) -> None:
    page = windows.open("wangfang")
    page.goto("/tickets")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
