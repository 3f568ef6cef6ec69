"""Forms as the pages of the program give them: what a browser would send without anybody having typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

Fields = list[tuple[str, str]]


@dataclass
class Form:
    """A form that is sent by POST. ``buttons``: (name, value, address) of those that send something of their own."""

    action: str
    fields: Fields = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def ways(self) -> Iterator[tuple[str, Fields]]:
        """Address and fields for each button that can be pressed."""
        yield self.action, list(self.fields)
        for name, value, action in self.buttons:
            yield action or self.action, [*self.fields, *([(name, value)] if name else [])]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.loose: list[tuple[str, str, dict[str, str]]] = []
        self.form: Form | None = None
        self.select: tuple[str, Form | None] | None = None
        self.area: tuple[str, Form | None, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and values.get("method", "").lower() == "post":
            self.form = Form(values.get("action", ""))
            self.forms.append(self.form)
            self.by_id[values.get("id", "")] = self.form
        elif tag in ("input", "button"):
            self.loose.append((tag, values.get("form", ""), values))
            if not values.get("form"):
                self._put(self.form, tag, values)
                self.loose.pop()
        elif tag == "select":
            self.select = values.get("name", ""), self.form
            self.chosen = False
        elif tag == "option" and self.select and self.select[1] and values.get("value"):
            if "selected" in values or not self.chosen:
                name, form = self.select
                assert form
                form.fields = [one for one in form.fields if one[0] != name] + [(name, values["value"])]
                self.chosen = True
        elif tag == "textarea":
            self.area = values.get("name", ""), self.form, []

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea" and self.area:
            name, form, text = self.area
            if form and name:
                form.fields.append((name, "".join(text).strip() or "好的"))
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area[2].append(data)

    def close(self) -> None:
        super().close()
        for tag, owner, values in self.loose:
            self._put(self.by_id.get(owner), tag, values)

    @staticmethod
    def _put(form: Form | None, tag: str, values: dict[str, str]) -> None:
        if form is None:
            return
        name, kind = values.get("name", ""), values.get("type", "submit" if tag == "button" else "text")
        if kind == "submit":
            form.buttons.append((name, values.get("value", ""), values.get("formaction", "")))
        elif name and kind not in ("file", "radio"):
            form.fields.append((name, values.get("value", "")))
        elif name and kind == "radio" and ("checked" in values or name not in dict(form.fields)):
            form.fields = [one for one in form.fields if one[0] != name] + [(name, values.get("value", ""))]


def forms(page: str) -> list[Form]:
    """Those of a page, tick boxes ticked, areas filled in, the first choice chosen where none is."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.forms
