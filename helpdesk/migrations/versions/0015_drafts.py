"""Drafts of replies and notes, kept from device to device."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ticket_draft",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user.id", name=op.f("fk_ticket_draft_user_id_user"))),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id", name=op.f("fk_ticket_draft_ticket_id_ticket"))),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('reply', 'note', 'customer')", name=op.f("ck_ticket_draft_mode")),
        sa.PrimaryKeyConstraint("user_id", "ticket_id", name=op.f("pk_ticket_draft")),
    )
    op.create_index("ix_ticket_draft_at", "ticket_draft", ["at"])


def downgrade() -> None:
    op.drop_table("ticket_draft")
