"""Files by hand: picked, pasted and dropped into the composer, labelled, sent, looked at; the warehouse's camera."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.steps import NO_TRACKING, heard, open_ticket, said
from tests.browser.windows import Windows

HAND_OVER = """
([kind, bytes]) => {
  const file = new File([new Uint8Array(bytes)], kind + ".png", { type: "image/png" });
  const carried = new DataTransfer();
  carried.items.add(file);
  const event = kind === "pasted"
    ? new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true });
  document.querySelector("#composer-text").dispatchEvent(event);
}
"""


def photo(colour: str, name: str = "picked.png") -> Any:
    out = BytesIO()
    Image.new("RGB", (400, 300), colour).save(out, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}


@pytest.fixture
def page(windows: Windows) -> Page:
    return windows.open("wangfang")


def test_picked_pasted_and_dropped_pictures_go_with_a_note(page: Page) -> None:
    open_ticket(page, NO_TRACKING)
    page.locator(".composer .tab", has_text="内部备注").click()
    page.locator(".file-pick input").first.set_input_files(photo("teal"))
    files = page.locator("[data-staged-file]")
    expect(files).to_have_count(1)
    page.evaluate(HAND_OVER, ["pasted", list(photo("red")["buffer"])])
    expect(files).to_have_count(2)
    page.evaluate(HAND_OVER, ["dropped", list(photo("blue")["buffer"])])
    expect(files).to_have_count(3)
    with page.expect_response("**/label"):
        files.nth(1).locator("select").select_option("outer_box")
    page.get_by_role("button", name="移除 dropped.png").click()
    expect(files).to_have_count(2)
    page.fill("#composer-text", "箱子的照片")
    page.locator(".composer [name=next]").uncheck()
    page.click("[data-send]")
    said(page, "备注已保存。")
    pictures = heard(page, "箱子的照片").locator("a[data-view]")
    expect(pictures).to_have_count(2)
    expect(pictures.nth(1)).to_contain_text("外箱")
    expect(page.locator("[data-staged-file]")).to_have_count(0)
    pictures.first.click()
    viewer = page.locator("#viewer")
    expect(viewer).to_contain_text("1 / 2")
    page.keyboard.press("ArrowRight")
    expect(viewer).to_contain_text("2 / 2")
    assert viewer.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth)") == 400
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()


def test_what_is_no_picture_is_refused_in_words(page: Page, windows: Windows) -> None:
    open_ticket(page, NO_TRACKING)
    fake: Any = {"name": "a.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"}
    page.locator(".file-pick input").first.set_input_files(fake)
    expect(page.locator("[data-files-state]")).to_contain_text("不是可以保存的文件")
    expect(page.locator("[data-staged-file]")).to_have_count(0)
    windows.complaints.clear()  # the browser notes the refusal


def test_the_warehouse_photographs_on_its_phone(windows: Windows, site: Site) -> None:
    login = site.rows(
        "SELECT u.login FROM user u JOIN membership m ON m.user_id = u.id JOIN queue q ON q.id = m.queue_id"
        " JOIN stint s ON s.queue_id = q.id WHERE s.kind = 'assist' AND s.left_at IS NULL AND q.code = 'warehouse'"
    )[0][0]
    page = windows.open(login, phone=True)
    page.goto("/assists")
    ask = page.locator(".ask").first
    number = ask.locator("a.number").inner_text()
    button = ask.locator(".photo", has_text="外箱")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    button.locator("input").set_input_files([photo("brown", "1.png"), photo("grey", "2.png")])
    expect(button).to_contain_text("2 张")
    ask.locator("textarea").fill("箱子完好，见照片")
    ask.locator(".btn.primary").click()
    said(page, "已答复")
    page.goto(f"/tickets/{number}")
    expect(heard(page, "箱子完好，见照片").locator(".file-picture .tag")).to_have_text(["外箱", "外箱"])
