"""Who has a ticket open at the moment."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "onlooker",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id", name=op.f("fk_onlooker_ticket_id_ticket"))),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user.id", name=op.f("fk_onlooker_user_id_user"))),
        sa.Column("writing", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "user_id", name=op.f("pk_onlooker")),
    )
    op.create_index("ix_onlooker_seen", "onlooker", ["seen_at"])


def downgrade() -> None:
    op.drop_table("onlooker")
