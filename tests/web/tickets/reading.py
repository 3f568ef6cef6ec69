"""What stands on the ticket page, as words."""

from __future__ import annotations

import re


def crossing(page: str) -> list[list[str]]:
    """The table of a form that was overtaken: what came between, field by field. Empty where there is none."""
    found = re.search(r'<table class="table crossing">.*?</table>', page, re.DOTALL)
    if found is None:
        return []
    rows = re.findall(r"<tr>(.*?)</tr>", found.group(), re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in row] for row in cells]
