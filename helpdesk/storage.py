"""The database: one engine, one session in use, the only commit and rollback.

Reads run in Flask-SQLAlchemy's session in a plain transaction. ``unit_of_work()`` ends that and opens
a session of its own with BEGIN IMMEDIATE: on SQLite a transaction that reads first and writes later
fails at once with "database is locked", whatever the busy timeout says.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import cache
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import IO, Any
from weakref import WeakKeyDictionary

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Insert,
    MetaData,
    TypeDecorator,
    event,
    inspect,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values, comes back as aware UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime can't be stored: which zone is it in?")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """SQLite's text at one go: a list has hundreds of instants."""
        return _instant if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JSONDocument = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={datetime: UTCDateTime, dict[str, Any]: JSONDocument, list[Any]: JSONDocument},
    )


def where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, the same on both databases: ``Index(..., **where("left_at IS NULL"))``."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


WAIT_SECONDS = 30
"""How long a writer on SQLite waits for the others at most, before he is told to try again."""

ASKED_EVERY = 0.004
"""Seconds."""

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={WAIT_SECONDS * 1000}",
    "cache_size=-4000",  # kB for each connection: what a page reads of the indexes of 100,000 tickets stays at hand
)

db = SQLAlchemy(model_class=Base)
migrate = Migrate()

_writing: ContextVar[Session | None] = ContextVar("unit_of_work", default=None)


def session() -> Session:
    """The session in use: the unit of work's inside one, else the request's reading session."""
    return _writing.get() or db.session()


class Compiled(dict[Any, Any]):
    """One statement compiled, by dialect and names of its parameters.

    SQLAlchemy's own cache is asked with everything the statement consists of; to hash that for the ten statements of
    a page takes half as long as SQLite takes to answer them.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._short(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._short(key), value)

    def _short(self, key: Any) -> tuple[Any, ...]:
        dialect, _statement, *names = key
        return (dialect, *names)


_compiled: WeakKeyDictionary[Executable, Compiled] = WeakKeyDictionary()


def plain_rows(statement: Executable, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
    """Rows of a statement that selects columns only, without the mapper: its part takes longer than SQLite's.

    What waits in the session isn't flushed first, as a query would do: this is for pages. The statement is one that
    is built once and kept: it is compiled once, too.
    """
    kept = {"compiled_cache": _compiled.setdefault(statement, Compiled())}
    return _connection().execute(statement, values, execution_options=kept)


def _connection() -> Connection:
    """That of the session in use, which would make sure of its own state with every statement of a page."""
    work = session()
    kept: Connection | None = work.info.get("connection")
    if kept is None or kept.closed:
        kept = work.info["connection"] = work.connection()
    return kept


def constants(values: Iterable[str | int]) -> list[ColumnElement[Any]]:
    """Codes and ids for ``column.in_(...)``, written into a statement that is kept for them.

    Bound ones would be spelled out anew, and the whole statement searched for their place, each time it is asked.
    """
    return [literal_column(str(value) if isinstance(value, int) else _quoted(value)) for value in values]


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


class Line:
    """Whoever comes first goes first; the one who leaves hands over to the next."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._taken = False

    def enter(self, seconds: float) -> bool:
        """Wait for one's turn; False if it didn't come within so many seconds."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=seconds):
            return True
        with self._guard:
            if turn not in self._waiting:
                return True  # it came at the last moment
            self._waiting.remove(turn)
            return False

    def leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


_line = Line()


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One use case, one transaction: all of it is stored at the end, or nothing.

    Nesting is a mistake in the caller: the inner part would be stored without the outer one.
    """
    if _writing.get() is not None:
        raise RuntimeError("unit_of_work() does not nest")
    db.session.remove()
    with _in_turn() if _is_a_file(db.engine) else nullcontext():
        work = Session(db.engine.execution_options(begin="IMMEDIATE"), expire_on_commit=False)
        token = _writing.set(work)
        try:
            yield work
            work.commit()
        except BaseException:
            work.rollback()
            raise
        finally:
            _writing.reset(token)
            work.close()


def _is_a_file(engine: Engine) -> bool:
    """SQLite's; what lives in memory is nobody else's."""
    return engine.dialect.name == "sqlite" and bool(engine.url.database)


@contextmanager
def _in_turn() -> Iterator[None]:
    """On SQLite one writes at a time, and who waits for it asks again and again, the longer he waits the less often.

    Among twenty who write without a pause somebody would wait for longer than anybody does. So the threads of a
    process stand in line, and the first ones of the processes ask for a file beside the database, all equally often.
    """
    gives_up = monotonic() + WAIT_SECONDS
    locked = OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))
    if not _line.enter(WAIT_SECONDS):
        raise locked
    try:
        with Path(f"{db.engine.url.database}-turn").open("a") as turn:
            while not _is_taken(turn):
                if monotonic() > gives_up:
                    raise locked
                sleep(ASKED_EVERY)
            yield
    finally:
        _line.leave()


def _is_taken(turn: IO[str]) -> bool:
    """It is given back when the file is closed, or the process ends."""
    try:
        flock(turn, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_one_moment() -> None:
    """Begin to read anew, everything as it was at one moment. To be called before anything is read."""
    db.session.remove()
    if is_postgresql():
        session().connection(execution_options={"isolation_level": "REPEATABLE READ"})


def hold(row: Base | None) -> None:
    """Keep a row at hand to the end of the unit of work: a session forgets what nobody else holds, and asks again."""
    session().info.setdefault("held", []).append(row)


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of a unit of work that may fail alone, such as one row of an import."""
    with session().begin_nested():
        yield


def is_postgresql() -> bool:
    return session().get_bind().dialect.name == "postgresql"


def insert_once(model: type[Base], **values: Any) -> int | None:
    """Insert a row unless its unique key exists; the new id, or None. The key decides a race, not a look."""
    return session().execute(_insert_once(model, is_postgresql()), values).scalar_one_or_none()


def insert_all_once(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows by the hundred, past the ORM, each unless its unique key exists."""
    if rows:
        session().execute(_insert_all_once(model, is_postgresql()), list(rows))


@cache
def _insert_all_once(model: type[Base], postgresql: bool) -> Insert:
    insert = postgresql_insert if postgresql else sqlite_insert
    return insert(Base.metadata.tables[model.__tablename__]).on_conflict_do_nothing()


@cache
def _insert_once(model: type[Base], postgresql: bool) -> Insert:
    """On the table and with parameters rather than values: this stands in every row of an import several times."""
    insert = postgresql_insert if postgresql else sqlite_insert
    return (
        insert(Base.metadata.tables[model.__tablename__])
        .on_conflict_do_nothing()
        .returning(inspect(model).primary_key[0])
    )


def prepare_engine(engine: Engine) -> None:
    """Give SQLite connections the properties that the program relies on; PostgreSQL has its own."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come at the wrong time
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', '')}")
