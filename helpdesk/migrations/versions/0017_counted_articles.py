"""Of an article's batches on a ticket, the one by which the ticket counts."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("report_ticket_sku", sa.Column("counts", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE report_ticket_sku SET counts = true WHERE NOT EXISTS (SELECT 1 FROM report_ticket_sku AS other"
        " WHERE other.ticket_id = report_ticket_sku.ticket_id AND other.sku = report_ticket_sku.sku"
        " AND other.batch < report_ticket_sku.batch)"
    )
    with op.batch_alter_table("report_ticket_sku") as table:
        table.alter_column("counts", server_default=None)
    op.create_index("ix_report_ticket_sku_counted", "report_ticket_sku", ["ticket_id", "counts", "sku"])


def downgrade() -> None:
    op.drop_index("ix_report_ticket_sku_counted", table_name="report_ticket_sku")
    with op.batch_alter_table("report_ticket_sku") as table:
        table.drop_column("counts")
