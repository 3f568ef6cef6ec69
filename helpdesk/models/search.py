"""The search index: grams of every text, written in the same transaction as the text (see ``domain.search``).

SQLite keeps them in an FTS5 table without content, PostgreSQL as a ``tsvector``; a row is one text, its id made of the
noun's id and the kind. New rows of the mapper are noticed by themselves, so that no writer can forget; who inserts
past the mapper calls ``note``. They are written at the end of the transaction, in the order of their ids: anything else
makes FTS5 begin a new segment with each row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Integer,
    String,
    TextualSelect,
    bindparam,
    column,
    event,
    inspect,
    text,
)
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from helpdesk.domain.search import Kind, asked_grams, customer_grams, grams, ticket_grams
from helpdesk.models.customers import Customer
from helpdesk.models.messages import Message, Note
from helpdesk.models.orders import Order, Parcel
from helpdesk.models.tickets import Ticket
from helpdesk.storage import Base, is_postgresql, session

KINDS = tuple(Kind)
PLACES = {kind: place for place, kind in enumerate(KINDS)}
SPREAD = 8
"""Ids of the index are the noun's id times this, and the place of its kind."""

NOUNS: dict[Kind, tuple[type[Base], tuple[str, ...], Callable[..., set[str]]]] = {
    Kind.MESSAGE: (Message, ("text",), grams),
    Kind.NOTE: (Note, ("text",), grams),
    Kind.TICKET: (Ticket, ("subject", "number"), ticket_grams),
    Kind.CUSTOMER: (Customer, ("name", "buyer_id", "phone"), customer_grams),
    Kind.ORDER: (Order, ("number",), grams),
    Kind.PARCEL: (Parcel, ("tracking_number",), grams),
}
"""What of which noun is searched, and how grams are made of it."""

_WAITING = "search_waiting"
_SQLITE = (
    text("INSERT INTO search_fts (rowid, grams) VALUES (:id, :grams)"),
    text("INSERT INTO search_fts (search_fts, rowid, grams) VALUES ('delete', :id, :grams)"),
    " ".join,
)
_POSTGRESQL = (
    text(
        "INSERT INTO search_fts (id, grams) VALUES (:id, array_to_tsvector(:grams))"
        " ON CONFLICT (id) DO UPDATE SET grams = excluded.grams"
    ).bindparams(bindparam("id", type_=BigInteger)),
    text("DELETE FROM search_fts WHERE id = :id").bindparams(bindparam("id", type_=BigInteger)),
    list,
)
"""How an entry is added and removed, and the form its grams take."""


class SearchProgress(Base):
    """How far an index that is built anew has come: texts with smaller ids than ``below`` are still to be read."""

    __tablename__ = "search_progress"

    kind: Mapped[str] = mapped_column(String(1), primary_key=True)
    below: Mapped[int]


Entry = tuple[int, tuple[str, ...] | None, tuple[str, ...] | None]
"""Id in the index, the grams that it has there, and those it shall have."""


def index_id(kind: Kind, noun_id: int) -> int:
    return noun_id * SPREAD + PLACES[kind]


def entry_grams(kind: Kind, values: Sequence[Any]) -> tuple[str, ...] | None:
    """The grams of a noun's texts, in the order of ``NOUNS``, as the index holds them; None where it has none."""
    made = NOUNS[kind][2](*(value or "" for value in values))
    return tuple(sorted(kind + gram for gram in made)) or None


def note(kind: Kind, noun_id: int, *values: str | None) -> None:
    """A row was inserted past the mapper: it is indexed when the transaction ends."""
    _wait(session(), (index_id(kind, noun_id), None, entry_grams(kind, values)))


def write(connection: Connection, entries: Iterable[Entry]) -> None:
    """Put entries into the index, in the order of their ids."""
    add, remove, form = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    entries = sorted(entries)
    if gone := [{"id": number, "grams": form(old)} for number, old, _new in entries if old is not None]:
        connection.execute(remove, gone)
    if new := [{"id": number, "grams": form(made)} for number, _old, made in entries if made is not None]:
        connection.execute(add, new)


def matching(
    kind: Kind, terms: Iterable[str], *, below: int | None = None, most: int | None = None
) -> TextualSelect | None:
    """Ids (column ``id``) of the nouns whose texts have the grams of all terms, newest first; None without any gram.

    Nearly all of them contain the terms (see ``domain.search``). Only ids under ``below``; at most ``most``.
    """
    asked = {gram for term in terms for gram in asked_grams(term)}
    return having(kind, asked, below=below, most=most) if asked else None


def having(kind: Kind, asked: Iterable[str], *, below: int | None = None, most: int | None = None) -> TextualSelect:
    """Ids (column ``id``) of the nouns of which the index has all these grams, newest first."""
    postgresql = is_postgresql()
    quote = "'" if postgresql else '"'  # grams have neither in them: both are punctuation
    match = (" & " if postgresql else " AND ").join(f"{quote}{kind}{gram}{quote}" for gram in sorted(asked))
    key, condition = ("id", "grams @@ CAST(:grams AS tsquery)") if postgresql else ("rowid", "search_fts MATCH :grams")
    values: list[BindParameter[Any]] = [bindparam("grams", match, unique=True)]
    statement = f"SELECT {key} / {SPREAD} AS id FROM search_fts WHERE {condition}"  # noqa: S608  names and numbers only
    if below is not None:
        statement += f" AND {key} < :below"
        values.append(bindparam("below", below * SPREAD, BigInteger, unique=True))
    if most is not None:
        statement += f" ORDER BY {key} DESC LIMIT :most"
        values.append(bindparam("most", most, unique=True))
    return text(statement).bindparams(*values).columns(column("id", Integer))


def empty(connection: Connection) -> None:
    """Throw the whole index away."""
    delete_all = "INSERT INTO search_fts (search_fts) VALUES ('delete-all')"
    connection.execute(text(delete_all if connection.dialect.name == "sqlite" else "DELETE FROM search_fts"))


def _wait(work: Session, entry: Entry) -> None:
    work.info.setdefault(_WAITING, []).append(entry)


def _inserted(kind: Kind, columns: Sequence[str]) -> Callable[..., None]:
    def listen(_mapper: object, _connection: Connection, row: Any) -> None:
        work = inspect(row).session
        assert work is not None  # noqa: S101  it is being flushed
        made = entry_grams(kind, [getattr(row, column) for column in columns])
        _wait(work, (index_id(kind, row.id), None, made))

    return listen


def _updated(kind: Kind, columns: Sequence[str]) -> Callable[..., None]:
    def listen(_mapper: object, connection: Connection, row: Any) -> None:
        state = inspect(row)
        histories = {column: state.attrs[column].history for column in columns}
        if not any(history.has_changes() for history in histories.values()):
            return
        new = [getattr(row, column) for column in columns]
        old = [history.deleted[0] if history.deleted else getattr(row, column) for column, history in histories.items()]
        made, were = entry_grams(kind, new), entry_grams(kind, old)
        assert state.session is not None  # noqa: S101
        if made != were and row.id >= _below(connection, kind):
            _wait(state.session, (index_id(kind, row.id), were, made))

    return listen


def _deleted(kind: Kind, columns: Sequence[str]) -> Callable[..., None]:
    def listen(_mapper: object, connection: Connection, row: Any) -> None:
        work = inspect(row).session
        were = entry_grams(kind, [getattr(row, column) for column in columns])
        if work is not None and were is not None and row.id >= _below(connection, kind):
            _wait(work, (index_id(kind, row.id), were, None))

    return listen


def _below(connection: Connection, kind: Kind) -> int:
    """What is smaller is not in the index yet, and will be read as it is then."""
    found = connection.execute(text("SELECT below FROM search_progress WHERE kind = :kind"), {"kind": kind.value})
    return int(found.scalar_one_or_none() or 0)


def _before_commit(work: Session) -> None:
    if work.in_nested_transaction():
        return
    work.flush()
    if waiting := work.info.pop(_WAITING, None):
        write(work.connection(), _settled(waiting))


def _settled(waiting: Iterable[Entry]) -> list[Entry]:
    """One entry for each text: what was there before the transaction, and what is there after it."""
    settled: dict[int, Entry] = {}
    for number, old, new in waiting:
        settled[number] = (number, settled[number][1] if number in settled else old, new)
    return [one for one in settled.values() if one[1] != one[2]]


_begun_with: WeakKeyDictionary[SessionTransaction, int] = WeakKeyDictionary()
"""How many entries were waiting when a savepoint began."""


def _begun(work: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        _begun_with[transaction] = len(work.info.get(_WAITING, ()))


def _ended(work: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        work.info.pop(_WAITING, None)


def _rolled_back(work: Session, transaction: SessionTransaction) -> None:
    """What a savepoint had written is not there any more."""
    if transaction.nested and _WAITING in work.info:
        del work.info[_WAITING][_begun_with[transaction] :]


for _kind, (_noun, _columns, _make) in NOUNS.items():
    event.listen(_noun, "after_insert", _inserted(_kind, _columns))
    event.listen(_noun, "after_update", _updated(_kind, _columns))
    event.listen(_noun, "after_delete", _deleted(_kind, _columns))
    for _column in _columns:  # what was there before a change is asked for, where it isn't at hand
        event.listen(getattr(_noun, _column), "set", lambda *_change: None, active_history=True)
event.listen(Session, "before_commit", _before_commit)
event.listen(Session, "after_transaction_create", _begun)
event.listen(Session, "after_transaction_end", _ended)
event.listen(Session, "after_soft_rollback", _rolled_back)
