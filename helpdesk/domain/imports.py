"""What can be imported, and a part of a file as it is stored or refused as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from helpdesk.domain.import_columns import ORDER_COLUMNS, TICKET_COLUMNS
from helpdesk.domain.problems import Problem

TICKETS = "import:tickets"
ORDERS = "import:orders"

COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {TICKETS: TICKET_COLUMNS, ORDERS: ORDER_COLUMNS}
REQUIRED: Mapping[str, tuple[str, ...]] = {TICKETS: ("text",), ORDERS: ("number",)}
"""Fields without which a file of the kind says nothing."""

Cells: TypeAlias = Mapping[str, str | list[dict[str, str]]]
"""A row by field. Lists are an order's lines, parcels and history, where the file can hold them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is stored or refused as a whole: a row, or all rows of an order.

    ``row`` names it for people; ``cells`` are its rows by field; ``problem`` is why it couldn't be read.
    """

    row: int
    cells: tuple[Cells, ...]
    lines: tuple[int, ...]
    problem: Problem | None = None
