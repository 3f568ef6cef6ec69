"""What holds on every page: readable for everybody, in both themes, on a phone, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.pages import PAGES, Shown, nothing
from tests.browser.site import Site
from tests.browser.windows import PHONE, WIDE, Windows, widest

HAN = re.compile(r"[\u3400-\u9fff]")
LEAVE_A_DOZEN = """() => {
  const look = (element) => [element, ...element.querySelectorAll("*")].map((one) => [
    one.localName, ...["class", "disabled", "aria-current", "aria-pressed", "aria-selected", "data-level"]
      .map((name) => one.getAttribute(name))]).join();
  for (const parent of document.querySelectorAll("main *")) {
    const alike = {};
    for (const child of [...parent.children]) {
      const kind = look(child);
      alike[kind] = (alike[kind] ?? 0) + 1;
      if (alike[kind] > 12) child.remove();
    }
  }
}"""
"""Of what looks alike, down to the last element in it, a dozen is enough to judge its colours by."""

EVERY_PAGE = pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)


@EVERY_PAGE
def test_it_can_be_read_by_everybody_in_both_themes_and_fits_a_phone(
    windows: Windows, site: Site, shown: Shown
) -> None:
    page = windows.keep(shown.login) if shown.act is nothing else windows.open(shown.login)
    shown.show(page, site)
    page.evaluate(Axe().axe_script)
    assert violations(page) == [], "light"
    page.set_viewport_size(PHONE)
    assert widest(page) == 0, "phone"
    if shown.login and page.locator(".bottom-nav").count():
        expect(page.locator(".bottom-nav")).to_be_in_viewport()
    page.set_viewport_size(WIDE)
    page.evaluate(LEAVE_A_DOZEN)
    page.emulate_media(color_scheme="dark")
    assert violations(page, runOnly=["color-contrast"]) == [], "dark: nothing but the colours differs"


def violations(page: Page, **options: Any) -> list[str]:
    """What axe finds on the page, as the rule and the elements that break it."""
    found = page.evaluate(
        r"""options => axe.run(document, options).then(results => results.violations.map(
             rule => `${rule.id}: ${rule.help}\n` + rule.nodes.map(node => node.html).join("\n")))""",
        {"resultTypes": ["violations"], **options},
    )
    return [str(line) for line in found]


def test_suggestions_come_as_a_sheet_on_a_phone(windows: Windows, site: Site) -> None:
    page = windows.open("limin", phone=True)
    next(shown for shown in PAGES if shown.name == "ticket-unconfirmed").show(page, site)
    expect(page.locator("#suggestions")).not_to_be_visible()
    page.locator("[data-key-templates]").tap()
    sheet = page.locator("#panel-templates")
    expect(sheet).to_be_visible()
    box = sheet.bounding_box()
    assert box
    assert box["y"] + box["height"] == 844
    sheet.locator("[data-insert]").first.tap()
    expect(sheet).not_to_be_visible()
    expect(page.locator("#composer-text")).not_to_have_value("")


@pytest.fixture
def in_english(windows: Windows) -> Iterator[None]:
    """Everybody who looks at a page does it in English."""
    switched = []
    for login in sorted({shown.login for shown in PAGES if shown.login}):
        page = windows.open(login)
        page.goto("/account")
        page.get_by_role("button", name="Switch to English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        switched.append(page)
    yield
    for page in switched:
        page.goto("/account")
        page.get_by_role("button", name="切换到中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


def test_english_pages_hold_no_chinese_but_peoples_own_words(windows: Windows, site: Site, in_english: None) -> None:
    own = own_words(site)
    names = sorted((words for words in own if len(words) <= 12), key=len, reverse=True)
    everything = "\n".join(own)
    left: set[str] = set()
    opened = {login: windows.open(login, locale="en-GB") for login in {shown.login for shown in PAGES}}
    for shown in PAGES:
        # What is typed on one page is a draft on the next: those who type have a window of their own.
        page = opened[shown.login] if shown.act is nothing else windows.open(shown.login, locale="en-GB")
        shown.show(page, site)
        for text in chinese(page):
            if text.removesuffix("****") in everything or text == "中文":  # masked; a language's own name
                continue
            if shown.name.startswith("search") and is_cut_from(text, everything):
                continue
            rest = re.sub("“[^”]*”", "", text)  # a word of the rules, quoted
            for name in names:
                rest = rest.replace(name, "")
            if HAN.search(rest):
                left.add(f"{shown.name}: {text}")
    assert not left, "\n".join(sorted(left))


def is_cut_from(text: str, everything: str) -> bool:
    """A piece of what people said, cut where a result ends, with its lines run together."""
    return all(piece in everything for piece in re.split(r"[…\s]+", text) if HAN.search(piece))


def chinese(page: Page) -> list[str]:
    """The page's texts, names and hints with Chinese in them, but for replies, which are in the customer's language."""
    page.wait_for_function("document.readyState === 'complete'")  # what was done may have led to the next page
    texts: list[str] = page.evaluate(
        """() => {
          const found = [];
          const chinese = (text) => /[\u3400-\u9fff]/.test(text ?? "");
          const own = ".import-own, .words mark, .template-words";
          const replies = `${own}, .suggestion :is(p, b, mark), textarea, [lang^=zh], title`;
          const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode())
            if (chinese(node.textContent) && !node.parentElement.closest(`script, template, ${replies}`))
              found.push(node.textContent);
          for (const element of document.querySelectorAll("[title], [aria-label], [placeholder]"))
            for (const text of ["title", "aria-label", "placeholder"].map((name) => element.getAttribute(name)))
              if (chinese(text) && !element.closest(replies)) found.push(text);
          return found.map((text) => text.trim());
        }"""
    )
    return texts


def own_words(site: Site) -> list[str]:
    """What people wrote and are called: not the program's words."""
    columns = (
        ("message", "text"),
        ("note", "text"),
        ("ticket", "subject"),
        ("customer", "name"),
        ("user", "name"),
        ("shop", "name"),
        ("notification_target", "name"),
        ("attachment", "name"),
        ("skill", "name_zh"),
        ("user_session", "agent"),
        ("order_line", "name"),
        ("order_line", "spec"),
        ("order_status", "detail"),
        ("parcel", "carrier"),
        ('"order"', "address"),
        ('"order"', "warehouse"),
        ("order_line", "batch"),
        ("improvement", "title"),
        ("improvement", "bottleneck"),
        ("improvement", "direction"),
        ("tag", "name"),
        ("customer", "vip_reason"),
    )
    found = (site.rows(f"SELECT DISTINCT {column} FROM {table}") for table, column in columns)  # noqa: S608
    return [words for rows in found for (words,) in rows if words and HAN.search(words)]
