"""Versions of the rules."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.domain.problems import NotFound, Problem
from helpdesk.domain.rulebook import RuleBook, parse_rulebook
from helpdesk.storage import Base, plain_rows, session, where

KNOWN = "rule books by version"
"""Where the session keeps them while it lasts."""


class RuleBookRow(Base):
    """One immutable JSON document per version; exactly one is published."""

    __tablename__ = "rule_book"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published', 'retired')", name="status"),
        Index(
            "uq_rule_book_published",
            "status",
            unique=True,
            **where("status = 'published'"),
        ),
    )

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(12))
    hash: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


_PUBLISHED = select(RuleBookRow.version, RuleBookRow.hash).where(RuleBookRow.status == "published")
PUBLISHED_COLUMNS = tuple(
    select(column).where(RuleBookRow.status == "published").scalar_subquery().label(f"rules_{column.key}")
    for column in (RuleBookRow.version, RuleBookRow.hash)
)
"""Version and hash of the rules in force, beside what else is asked."""


def published_rulebook() -> RuleBook:
    """The rules in force. One small statement; the document is read and parsed once per version."""
    row = plain_rows(_PUBLISHED).one_or_none()
    return known_rulebook(row.version, row.hash) if row else known_rulebook(None, None)


def known_rulebook(version: int | None, digest: str | None) -> RuleBook:
    """The same of what another statement has brought along."""
    if version is None or digest is None:
        raise NotFound("rulebook.none_published")
    return _kept(_parsed(version, digest))


def rulebook_of(version: int) -> RuleBook:
    """The rules of a version that something was decided on. Asked once per session: a version never changes."""
    known: RuleBook | None = session().info.get(KNOWN, {}).get(version)
    if known is not None:
        return known
    row = (
        session()
        .execute(select(RuleBookRow.version, RuleBookRow.hash).where(RuleBookRow.version == version))
        .one_or_none()
    )
    if row is None:
        raise NotFound("rulebook.no_such_version", version=version)
    return _kept(_parsed(row.version, row.hash))


def _kept(book: RuleBook) -> RuleBook:
    session().info.setdefault(KNOWN, {})[book.version] = book
    return book


@lru_cache(maxsize=8)
def _parsed(version: int, _hash: str) -> RuleBook:
    """Documents never change; the hash tells one installation's version 1 from another's in one process.

    What was stored once has to stay readable: that it isn't is the program's fault, not the reader's.
    """
    document = session().execute(select(RuleBookRow.document).where(RuleBookRow.version == version)).scalar_one()
    try:
        return parse_rulebook(document, version)
    except Problem as problem:
        raise RuntimeError(f"the stored rule book, version {version}, can't be read: {problem.params}") from problem
