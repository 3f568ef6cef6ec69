"""The present as a parameter: a statement that compares with it is built once, and asked at any time.

SQLAlchemy takes longer to build a large statement than the database to answer it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam

from helpdesk.storage import UTCDateTime


class Present:
    """Stands where conditions expect ``now``; plus and minus a length of time are parameters of their own."""

    def __init__(self) -> None:
        self._lengths: dict[str, timedelta] = {}

    def values(self, now: datetime) -> dict[str, datetime]:
        """What its parameters are at ``now``."""
        return {name: now + length for name, length in self._lengths.items()}

    def __clause_element__(self) -> BindParameter[datetime]:
        return self._at(timedelta())

    def __add__(self, length: timedelta) -> BindParameter[datetime]:
        return self._at(length)

    def __sub__(self, length: timedelta) -> BindParameter[datetime]:
        return self._at(-length)

    def _at(self, length: timedelta) -> BindParameter[datetime]:
        name = f"present_{length // timedelta(seconds=1)}".replace("-", "less_")
        self._lengths[name] = length
        return bindparam(name, type_=UTCDateTime)


class Same:
    """A value that can't be hashed, as a key: the same is what is the same object."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)
