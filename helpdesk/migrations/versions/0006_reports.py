"""Facts of tickets, sums by day, closed months; improvements; the warehouse and batch that an order came from;
templates that were suggested first; rungs of the ladder without anybody to ask."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
TABLES = (
    *("report_due", "report_fact", "report_fact_time", "report_fact_party", "report_ticket_sku"),
    *("report_day", "report_part", "report_month", "report_line", "report_recalculation"),
    *("report_sending", "improvement"),
)
MEASURED = (
    *("first_n", "first_ok", "solution_n", "solution_ok", "queue_n", "queue_ok"),
    *("platform_n", "platform_ok", "again_n", "again_ok", "reopened"),
)


def upgrade() -> None:
    _create_facts()
    _create_sums()
    _create_months()
    _create_improvements()
    _widen("order", "warehouse")
    _widen("order_line", "batch")
    _count_what_was_suggested_and_passed_over()
    # Whatever the tickets tell so far is counted by the job worker as soon as it runs.
    op.execute("INSERT INTO report_due (ticket_id) SELECT id FROM ticket ORDER BY id")


def downgrade() -> None:
    op.drop_table("template_offer")
    op.drop_index(op.f("uq_reply_template_key"), table_name="reply_template")
    op.drop_column("reply_template", "key")
    op.drop_column("compensation", "passed")
    op.drop_column("appeal", "decided_percent")
    op.drop_column("order_line", "batch")
    op.drop_column("order", "warehouse")
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_facts() -> None:
    _table(
        "report_due",
        *(_id(), _column("ticket_id"), *_references("report_due", ticket_id="ticket")),
        sqlite_autoincrement=True,
    )
    _table(
        "report_fact",
        _id(),
        _column("side", sa.String(8)),
        *(_column("ticket_id"), _column("item_id"), _column("at", MOMENT), _column("day", sa.Date()), _column("hour")),
        *(_column("shop_id"), _column("channel_id"), _column("queue_id"), _column("agent_id", empty=True)),
        *(_column("type", sa.String(40)), _column("klass", sa.String(1)), _column("rule_version")),
        *(_column("warehouse", sa.String(60)), _column("courier", sa.String(60))),
        *(_column("wall_seconds"), _column("work_seconds")),
        *(_column("wall_bin", empty=True), _column("work_bin", empty=True)),
        *(_column(name) for name in (*MEASURED, "money_fen")),
        _check("report_fact", "side", ("opened", "resolved", "money")),
        *_references(
            "report_fact", ticket_id="ticket", shop_id="shop", channel_id="channel", queue_id="queue", agent_id="user"
        ),
        sa.UniqueConstraint("ticket_id", "side", "item_id", name=op.f("uq_report_fact_ticket_id_side_item_id")),
    )
    op.create_index("ix_report_fact_day", "report_fact", ["side", "day", "type"])
    for table, key, length, amount in (
        ("report_fact_time", "who", 40, "seconds"),
        ("report_fact_party", "party", 20, "percent"),
    ):
        _table(
            table,
            *(_column("fact_id"), _column(key, sa.String(length)), _column(amount)),
            *_references(table, ondelete="CASCADE", fact_id="report_fact"),
            key=("fact_id", key),
        )
    _table(
        "report_ticket_sku",
        *(_column("ticket_id"), _column("sku", sa.String(80)), _column("batch", sa.String(60))),
        *_references("report_ticket_sku", ticket_id="ticket"),
        key=("ticket_id", "sku", "batch"),
    )
    op.create_index("ix_report_ticket_sku_sku", "report_ticket_sku", ["sku", "ticket_id"])


def _create_sums() -> None:
    _table(
        "report_day",
        *(_column("cut", sa.String(10)), _column("day", sa.Date()), _column("value", sa.String(40))),
        *(_column("opened"), _column("resolved"), _column("money_n")),
        *(_column("wall_seconds", sa.BigInteger()), _column("work_seconds", sa.BigInteger())),
        *(_column(name) for name in MEASURED),
        _column("money_fen", sa.BigInteger()),
        key=("cut", "day", "value"),
    )
    _table(
        "report_part",
        *(_column("cut", sa.String(10)), _column("month", sa.Date()), _column("value", sa.String(40))),
        *(_column("part", sa.String(8)), _column("key", sa.String(40)), _column("amount", sa.BigInteger())),
        key=("cut", "month", "value", "part", "key"),
    )


def _create_months() -> None:
    _table(
        "report_month",
        *(_column("month", sa.Date()), _column("closed_at", MOMENT), _column("closed_by_id")),
        *(_column("rule_version"), _column("version")),
        *_references("report_month", closed_by_id="user"),
        key=("month",),
    )
    _table(
        "report_line",
        *(_column("month", sa.Date()), _column("cut", sa.String(10)), _column("value", sa.String(80))),
        _column("document", DOCUMENT),
        sa.ForeignKeyConstraint(["month"], ["report_month.month"], name=op.f("fk_report_line_month_report_month")),
        key=("month", "cut", "value"),
    )
    _table(
        "report_recalculation",
        *(_id(), _column("month", sa.Date()), _column("state", sa.String(8))),
        *(_column("asked_at", MOMENT), _column("asked_by_id"), _column("finished_at", MOMENT, empty=True)),
        *(_column("done"), _column("total"), _column("document", DOCUMENT)),
        *(_column("adopted_at", MOMENT, empty=True), _column("adopted_by_id", empty=True)),
        *(_column("reason", sa.String(500)), _column("version")),
        _check("report_recalculation", "state", ("waiting", "running", "done", "adopted", "failed")),
        *_references("report_recalculation", asked_by_id="user", adopted_by_id="user"),
    )
    op.create_index(op.f("ix_report_recalculation_month"), "report_recalculation", ["month"])
    _table(
        "report_sending",
        *(_id(), _column("key", sa.String(120)), _column("kind", sa.String(8))),
        *(_column("first", sa.Date()), _column("last", sa.Date()), _column("made_at", MOMENT), _column("made_by_id")),
        *(_column("receivers"), _column("document", DOCUMENT)),
        _check("report_sending", "kind", ("month", "day", "hand")),
        *_references("report_sending", made_by_id="user"),
        sa.UniqueConstraint("key", name=op.f("uq_report_sending_key")),
    )


def _create_improvements() -> None:
    _table(
        "improvement",
        *(_id(), _column("key", sa.String(120)), _column("type", sa.String(40))),
        *(_column("cut", sa.String(10)), _column("value", sa.String(80)), _column("title", sa.String(120))),
        *(_column("bottleneck", sa.Text()), _column("direction", sa.Text()), _column("owner_id", empty=True)),
        *(_column("state", sa.String(8)), _column("started_on", sa.Date(), empty=True)),
        *(_column("ended_on", sa.Date(), empty=True), _column("measure", sa.String(8)), _column("expected_percent")),
        *(_column("created_at", MOMENT), _column("created_by_id"), _column("updated_at", MOMENT), _column("version")),
        _check("improvement", "state", ("idea", "planned", "running", "done", "dropped")),
        _check("improvement", "measure", ("count", "hours", "money")),
        sa.CheckConstraint("expected_percent BETWEEN 1 AND 100", name=op.f("ck_improvement_expected_percent")),
        *_references("improvement", created_by_id="user", owner_id="user"),
        sa.UniqueConstraint("key", name=op.f("uq_improvement_key")),
    )
    op.create_index(op.f("ix_improvement_type"), "improvement", ["type"])


def _count_what_was_suggested_and_passed_over() -> None:
    """Templates that were suggested first, the press that made a template, what a decided appeal left of the share,
    and rungs without anybody to ask."""
    _table(
        "template_offer",
        *(_column("message_id"), _column("template_id"), _column("version"), _column("created_at", MOMENT)),
        *_references("template_offer", message_id="message", template_id="reply_template"),
        key=("message_id",),
    )
    op.create_index("ix_template_offer_template", "template_offer", ["template_id", "created_at"])
    op.add_column("reply_template", sa.Column("key", sa.String(100), nullable=True))
    op.create_index(op.f("uq_reply_template_key"), "reply_template", ["key"], unique=True)
    op.add_column("appeal", sa.Column("decided_percent", sa.Integer(), nullable=True))
    with op.batch_alter_table("compensation") as batch:
        batch.add_column(sa.Column("passed", DOCUMENT, nullable=False, server_default="[]"))
    with op.batch_alter_table("compensation") as batch:
        batch.alter_column("passed", server_default=None)


def _table(name: str, *parts: Any, key: tuple[str, ...] = ("id",), **options: Any) -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")), **options)


def _id() -> sa.Column[Any]:
    return _column("id")


def _column(name: str, kind: Any = None, *, empty: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer() if kind is None else kind, nullable=empty)


def _check(table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def _references(table: str, *, ondelete: str | None = None, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete=ondelete
        )
        for column, target in targets.items()
    ]


def _widen(table: str, column: str) -> None:
    """Empty for every row there is, and no default for new ones: the program says it."""
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column(column, sa.String(60), nullable=False, server_default=""))
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column, server_default=None)
