"""Windows of a browser that somebody is logged in to. Each one notes what went wrong behind its page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Response, ViewportSize

from tests.browser.site import Site

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Windows:
    """Opens windows, and keeps who is logged in: one login a person is enough for all of his windows."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.browser, self.site = browser, site
        self.cookies: dict[str, Any] = {}
        self.complaints: list[str] = []
        self.contexts: list[BrowserContext] = []
        self.kept: dict[str | None, Page] = {}

    def open(self, login: str | None = None, *, phone: bool = False, **options: Any) -> Page:
        """A window of its own, Chinese and wide unless told otherwise; of nobody without a login."""
        if login and login not in self.cookies:
            self.cookies[login] = self._logged_in(login)
        look = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if phone else {"viewport": WIDE}
        context = self.browser.new_context(
            **{
                "base_url": self.site.url,
                "locale": "zh-CN",
                "timezone_id": "Asia/Shanghai",
                "reduced_motion": "reduce",
                **look,
                **options,
            }
        )
        context.set_default_timeout(8000)
        if login:
            context.add_cookies(self.cookies[login])
        self.contexts.append(context)
        page = context.new_page()
        self._listen(page)
        return page

    def keep(self, login: str | None) -> Page:
        """A window that stays open from test to test, for pages that are only looked at: it need not load all anew."""
        if login not in self.kept:
            self.kept[login] = self.open(login)
            self.contexts.remove(self.kept[login].context)
        page = self.kept[login]
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")
        return page

    def close(self) -> None:
        """Close what was opened. Afterwards ``complaints`` belongs to those windows alone."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()
        for page in self.kept.values():
            page.goto("about:blank")  # a page left open would go on asking for what is new

    def _logged_in(self, login: str) -> Any:
        context = self.browser.new_context(base_url=self.site.url, locale="zh-CN")
        page = context.new_page()
        log_in(page, login, self.site.passwords[login])
        page.wait_for_url("**/tickets*")
        cookies = context.cookies()
        context.close()
        return cookies

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._hear)
        # What the browser reports about a failed request is told, with its kind, by `_hear`.
        page.on(
            "console",
            lambda message: (
                self.complaints.append(f"{page.url}: {message.text}")
                if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource")
                else None
            ),
        )

    def _hear(self, response: Response) -> None:
        """A page may refuse (4xx) and say why; a script, style sheet or fetch that fails is a fault."""
        document = response.request.resource_type == "document"
        if response.status >= (500 if document else 400):
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")


def log_in(page: Page, login: str, password: str) -> None:
    """Through the page, as people do."""
    page.goto("/login")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("form.login button[type=submit]")


def widest(page: Page) -> int:
    """How many pixels the page is wider than its window; 0 for a page that doesn't scroll sideways."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
