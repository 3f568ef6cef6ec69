"""Shops whose customers may open and follow tickets themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shop", sa.Column("self_service", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("shop") as table:
        table.alter_column("self_service", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("shop") as table:
        table.drop_column("self_service")
