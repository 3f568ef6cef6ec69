"""Pictures of every page, from a demo planted for the purpose.

usage: python -m tests.browser.screenshots [--out docs/screenshots] [--all] [NAME ...]

Named pages only, or all that are pictured: in both themes and languages, wide and on a phone, as
``queue-zh-light-wide.png``. ``--all`` adds the states that are only checked. With Pillow installed the files are a
third of the size.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import NAMES
from tests.browser.pages import PAGES, Shown
from tests.browser.site import ROOT, Site, running_site
from tests.browser.windows import FLAGS, Windows

COLOURS = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="pages, by their names in tests/browser/pages.py")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--all", action="store_true", help="states that are only checked, too")
    options = parser.parse_args()
    chosen = [shown for shown in PAGES if shown.pictured or options.all or shown.name in options.names]
    if options.names:
        chosen = [shown for shown in chosen if shown.name in options.names]
    with (
        tempfile.TemporaryDirectory(prefix="unsnag-screenshots-") as folder,
        running_site(Path(folder)) as site,
        browsing(site) as windows,
    ):
        picture(windows, site, chosen, options.out)


@contextmanager
def browsing(site: Site) -> Iterator[Windows]:
    chromium = next(path for name in NAMES if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield Windows(browser, site)
        browser.close()


def picture(windows: Windows, site: Site, chosen: Iterable[Shown], out: Path) -> None:
    """Write the files; a page that complains in its console stops it."""
    out.mkdir(parents=True, exist_ok=True)
    for language in ("zh", "en"):
        if language == "en":
            speak_english(windows, {shown.login for shown in chosen if shown.login})
        for shown, theme, form in product(chosen, ("light", "dark"), ("wide", "phone")):
            locale = {"zh": "zh-CN", "en": "en-GB"}[language]
            page = windows.open(shown.login, phone=form == "phone", color_scheme=theme, locale=locale)
            shown.show(page, site)
            target = out / f"{shown.name}-{language}-{theme}-{form}.png"
            take(page, target)
            windows.close()
        print(f"{language}: done", flush=True)
    if windows.complaints:
        raise SystemExit("\n".join(windows.complaints))


def speak_english(windows: Windows, logins: Iterable[str]) -> None:
    for login in logins:
        page = windows.open(login)
        page.goto("/account")
        page.get_by_role("button", name="Switch to English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
    windows.close()


def take(page: Page, target: Path) -> None:
    page.mouse.move(0, 0)
    page.screenshot(path=target, animations="disabled", caret="hide")
    if find_spec("PIL"):
        pillow = import_module("PIL.Image")
        with pillow.open(target) as image:
            fewer = image.convert("RGB").quantize(
                COLOURS, method=pillow.Quantize.MAXCOVERAGE, dither=pillow.Dither.NONE
            )
        fewer.save(target, optimize=True)


if __name__ == "__main__":
    main()
