"""Money that is proposed, approved and paid; templates that act; shares that are disputed; how words do."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
STATES = ("proposed", "approved", "rejected", "paid", "reversed")
ACTIVE = "status IN ('new', 'open', 'pending_customer', 'pending_internal', 'pending_approval')"
RUNGS = "('none', 'supervisor', 'finance', 'finance_and_ops')"


def upgrade() -> None:
    _widen_compensation()
    _create_approvals_and_payouts()
    with op.batch_alter_table("reply_template_version") as batch:
        batch.add_column(sa.Column("actions", DOCUMENT, nullable=False, server_default="[]"))
        batch.add_column(sa.Column("created_by_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_reply_template_version_created_by_id_user"), "user", ["created_by_id"], ["id"]
        )
    with op.batch_alter_table("reply_template_version") as batch:
        batch.alter_column("actions", server_default=None)
    op.create_table(
        "template_use",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        *_references("template_use", message="message", template="reply_template", ticket="ticket", user="user"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_template_use")),
    )
    op.create_index("ix_template_use_template", "template_use", ["template_id", "created_at"])
    op.create_index(op.f("ix_template_use_ticket_id"), "template_use", ["ticket_id"])
    op.add_column("responsibility", sa.Column("settled_at", MOMENT, nullable=True))
    _create_appeals()
    _create_words()
    unsure = sa.text(f"{ACTIVE} AND tier IN ('suggest', 'none')")
    columns = ["queue_id", sa.text("urgency DESC"), "burns_at", "id"]
    op.create_index("ix_ticket_unsure", "ticket", columns, sqlite_where=unsure, postgresql_where=unsure)
    op.create_index("ix_correction_actor", "correction", ["actor_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_correction_actor", table_name="correction")
    op.drop_index("ix_ticket_unsure", table_name="ticket")
    for table in ("phrase_proposal", "word_health", "appeal", "ticket_evidence", "template_use"):
        op.drop_table(table)
    op.drop_column("responsibility", "settled_at")
    with op.batch_alter_table("reply_template_version") as batch:
        batch.drop_constraint(op.f("fk_reply_template_version_created_by_id_user"), type_="foreignkey")
        batch.drop_column("created_by_id")
        batch.drop_column("actions")
    for table in ("payout", "payout_batch", "compensation_approval"):
        op.drop_table(table)
    _narrow_compensation()


def _widen_compensation() -> None:
    with op.batch_alter_table("compensation") as batch:
        batch.drop_constraint(op.f("ck_compensation_state"), type_="check")
        for column in ("approval", "asked"):
            batch.add_column(sa.Column(column, sa.String(20), nullable=False, server_default="none"))
        batch.add_column(sa.Column("ask_until", MOMENT, nullable=True))
        batch.add_column(sa.Column("basis", DOCUMENT, nullable=False, server_default="{}"))
        batch.add_column(sa.Column("evidence", DOCUMENT, nullable=False, server_default="[]"))
        for column in ("note_id", "reason_note_id"):
            batch.add_column(sa.Column(column, sa.Integer(), nullable=True))
            batch.create_foreign_key(op.f(f"fk_compensation_{column}_note"), "note", [column], ["id"])
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.create_check_constraint(op.f("ck_compensation_state"), _one_of("state", (*STATES, "withdrawn")))
        for column in ("approval", "asked"):
            batch.create_check_constraint(op.f(f"ck_compensation_{column}"), f"{column} IN {RUNGS}")
    with op.batch_alter_table("compensation") as batch:
        for column in ("approval", "asked", "basis", "evidence", "version"):
            batch.alter_column(column, server_default=None)
    op.create_index("ix_compensation_proposer", "compensation", ["proposed_by_id", "proposed_at"])
    _partial_index("ix_compensation_waiting", "compensation", "ask_until", "state = 'proposed'")
    _partial_index("ix_compensation_agreed", "compensation", "id", "state = 'approved'")
    _partial_index("ix_compensation_decided", "compensation", "decided_at", "decided_at IS NOT NULL")
    _partial_index("uq_compensation_reverses", "compensation", "reverses_id", "reverses_id IS NOT NULL", unique=True)


def _narrow_compensation() -> None:
    for index in (
        *("uq_compensation_reverses", "ix_compensation_waiting", "ix_compensation_proposer"),
        *("ix_compensation_agreed", "ix_compensation_decided"),
    ):
        op.drop_index(index, "compensation")
    # The older program knows no withdrawn proposal; a rejected one counts as little.
    op.execute("UPDATE compensation SET state = 'rejected' WHERE state = 'withdrawn'")
    with op.batch_alter_table("compensation") as batch:
        for column in ("state", "approval", "asked"):
            batch.drop_constraint(op.f(f"ck_compensation_{column}"), type_="check")
        for column in ("note_id", "reason_note_id"):
            batch.drop_constraint(op.f(f"fk_compensation_{column}_note"), type_="foreignkey")
        for column in ("approval", "asked", "ask_until", "basis", "evidence", "note_id", "reason_note_id", "version"):
            batch.drop_column(column)
        batch.create_check_constraint(op.f("ck_compensation_state"), _one_of("state", STATES))


def _create_approvals_and_payouts() -> None:
    op.create_table(
        "compensation_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("compensation_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(10), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("stands_in_for_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            _one_of("part", ("supervisor", "finance", "ops")), name=op.f("ck_compensation_approval_part")
        ),
        *_references("compensation_approval", compensation="compensation", user="user", stands_in_for="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compensation_approval")),
        sa.UniqueConstraint("compensation_id", "part", name=op.f("uq_compensation_approval_compensation_id_part")),
        sa.UniqueConstraint(
            "compensation_id", "user_id", name=op.f("uq_compensation_approval_compensation_id_user_id")
        ),
    )
    op.create_table(
        "payout_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_references("payout_batch", created_by="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batch")),
        sa.UniqueConstraint("key", name=op.f("uq_payout_batch_key")),
        sa.UniqueConstraint("number", name=op.f("uq_payout_batch_number")),
    )
    op.create_table(
        "payout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("compensation_id", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payout_amount_fen")),
        sa.CheckConstraint(_one_of("state", ("exported", "paid", "failed")), name=op.f("ck_payout_state")),
        *_references("payout", batch="payout_batch", compensation="compensation", settled_by="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("key", name=op.f("uq_payout_key")),
    )
    op.create_index(op.f("ix_payout_batch_id"), "payout", ["batch_id"])
    op.create_index(op.f("ix_payout_compensation_id"), "payout", ["compensation_id"])
    _partial_index("uq_payout_standing", "payout", "compensation_id", "state <> 'failed'", unique=True)


def _create_appeals() -> None:
    op.create_table(
        "ticket_evidence",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("said_by_id", sa.Integer(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        *_references("ticket_evidence", ticket="ticket", said_by="user"),
        sa.PrimaryKeyConstraint("ticket_id", "code", name=op.f("pk_ticket_evidence")),
    )
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(20), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("appealed_by_id", sa.Integer(), nullable=False),
        sa.Column("appealed_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decision_note_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(_one_of("state", ("open", "upheld", "rejected", "withdrawn")), name=op.f("ck_appeal_state")),
        *_references("appeal", ticket="ticket", queue="queue", note="note", appealed_by="user", decided_by="user"),
        *_references("appeal", decision_note="note"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
    )
    op.create_index("ix_appeal_state", "appeal", ["state", "appealed_at"])
    op.create_index(op.f("ix_appeal_ticket_id"), "appeal", ["ticket_id"])
    op.create_index(
        "uq_appeal_open",
        "appeal",
        ["ticket_id", "party"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_words() -> None:
    op.create_table(
        "word_health",
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("word", sa.String(60), nullable=False),
        sa.Column("fired", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("counted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("type", "word", name=op.f("pk_word_health")),
    )
    op.create_table(
        "phrase_proposal",
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("phrase", sa.String(60), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("elsewhere", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("counted_at", MOMENT, nullable=False),
        sa.CheckConstraint(_one_of("state", ("open", "adopted", "dismissed")), name=op.f("ck_phrase_proposal_state")),
        *_references("phrase_proposal", decided_by="user"),
        sa.PrimaryKeyConstraint("type", "phrase", name=op.f("pk_phrase_proposal")),
    )


def _references(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    """Foreign keys of ``NAME_id`` to the named tables' ``id``."""
    return [
        sa.ForeignKeyConstraint([f"{name}_id"], [f"{target}.id"], name=op.f(f"fk_{table}_{name}_id_{target}"))
        for name, target in targets.items()
    ]


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _partial_index(name: str, table: str, column: str, condition: str, *, unique: bool = False) -> None:
    text = sa.text(condition)
    op.create_index(name, table, [column], unique=unique, sqlite_where=text, postgresql_where=text)
