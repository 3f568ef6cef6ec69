"""Read into the search index what was there before it: after an upgrade, or when it is built anew."""

from __future__ import annotations

from collections.abc import Callable

from helpdesk.services import search_index
from helpdesk.storage import unit_of_work

MOST_BATCHES = 50
"""With each run: other jobs want their turn."""


def index_texts(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Returns how many texts were gone through, in transactions so short that nobody waits for them."""
    done = 0
    if not search_index.left():
        return 0
    for _ in range(MOST_BATCHES):
        if stopping():
            break
        with unit_of_work():
            gone_through = search_index.build_some()
        if not gone_through:
            break
        done += gone_through
    return done
