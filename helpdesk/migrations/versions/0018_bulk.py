"""Deeds on many tickets: runs and their rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

GOING = sa.text("state IN ('waiting', 'undoing')")


def upgrade() -> None:
    op.create_table(
        "bulk_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "actor_id",
            sa.Integer(),
            sa.ForeignKey("user.id", name=op.f("fk_bulk_run_actor_id_user")),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deed", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("chosen", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'done', 'cancelled', 'undoing', 'undone')", name=op.f("ck_bulk_run_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_run")),
    )
    op.create_index(op.f("ix_bulk_run_actor_id"), "bulk_run", ["actor_id"])
    op.create_index("ix_bulk_run_going", "bulk_run", ["id"], sqlite_where=GOING, postgresql_where=GOING)
    op.create_table(
        "bulk_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "run_id",
            sa.Integer(),
            sa.ForeignKey("bulk_run.id", name=op.f("fk_bulk_row_run_id_bulk_run")),
            nullable=False,
        ),
        sa.Column(
            "ticket_id",
            sa.Integer(),
            sa.ForeignKey("ticket.id", name=op.f("fk_bulk_row_ticket_id_ticket")),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("params", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "operation_id",
            sa.Integer(),
            sa.ForeignKey("operation.id", name=op.f("fk_bulk_row_operation_id_operation")),
            nullable=True,
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'unchanged', 'refused', 'done', 'skipped', 'undone', 'kept')",
            name=op.f("ck_bulk_row_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_row")),
        sa.UniqueConstraint("run_id", "ticket_id", name=op.f("uq_bulk_row_run_id_ticket_id")),
    )
    op.create_index("ix_bulk_row_state", "bulk_row", ["run_id", "state", "id"])


def downgrade() -> None:
    op.drop_table("bulk_row")
    op.drop_table("bulk_run")
