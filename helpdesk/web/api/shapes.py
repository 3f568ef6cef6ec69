"""Shapes that several addresses share: kinds of text, instants, names of codes, pages of a list."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from helpdesk.domain.rulebook import Label
from helpdesk.domain.tickets import TicketClass
from helpdesk.services import intake
from helpdesk.wording import label

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
GREATEST_FEN = 2**31 - 1
GREATEST_VERSION = 2**31 - 1
LONGEST_CODE = 40
DATE = re.compile(r"\d{4}-\d\d-\d\dT")
DEFAULT_LIMIT, GREATEST_LIMIT = 50, 200


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL can't be stored")
    return text


def _sensible(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError("no shop was open then")
    return moment.astimezone(UTC)


def _written(value: Any) -> Any:
    if not isinstance(value, str) or not DATE.match(value):
        raise ValueError("ISO 8601 with an offset")
    return value


def text(longest: int, least: int = 0) -> Any:
    """A type: text of at most so many characters, which the database can hold."""
    return Annotated[str, Field(min_length=least, max_length=longest), AfterValidator(_storable)]


Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", max_length=LONGEST_CODE)]
Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written), AfterValidator(_sensible)]
Fen = Annotated[int, Field(ge=0, le=GREATEST_FEN)]
Version = Annotated[int, Field(ge=1, le=GREATEST_VERSION)]
Klass = Annotated[TicketClass, Field(serialization_alias="class")]
ExternalId = text(intake.MAX_EXTERNAL_ID, 1)
Limit = Annotated[int, Field(ge=1, le=GREATEST_LIMIT)]
Cursor = Annotated[str, Field(max_length=60)]


class Taken(BaseModel):
    """What comes in: known fields of the right types and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Asked(BaseModel):
    """What stands in an address: text, read as what it is."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """What goes out. Fields may be added in time: whoever reads takes what he knows."""


class Named(Told):
    """A code, and its name in the language that was asked for."""

    code: str
    name: str


Item = TypeVar("Item")


class Page(Told, Generic[Item]):
    """A page of a list. ``next`` is the ``cursor`` of the page behind it, null at the end."""

    items: list[Item]
    next: str | None = None


def named(code: str, name: Label | str) -> Named:
    return Named(code=code, name=label(name))
