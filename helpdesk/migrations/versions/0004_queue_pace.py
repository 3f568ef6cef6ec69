"""What the job worker measured of the queues' pace."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_pace",
        sa.Column("queue_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enough", sa.Boolean(), nullable=False),
        sa.Column("arrivals_per_hour", sa.Double(), nullable=False),
        sa.Column("solves_per_hour", sa.Double(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("solved", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("week_met", sa.Integer(), nullable=False),
        sa.Column("week_late", sa.Integer(), nullable=False),
        sa.Column("week_before_met", sa.Integer(), nullable=False),
        sa.Column("week_before_late", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("fk_queue_pace_queue_id_queue")),
        sa.PrimaryKeyConstraint("queue_id", name=op.f("pk_queue_pace")),
    )


def downgrade() -> None:
    op.drop_table("queue_pace")
