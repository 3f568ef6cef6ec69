"""Indexes that counts of open tickets are read from: those that wait for customers or approval, and what is somebody's."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = "status IN ('new', 'open', 'pending_customer', 'pending_internal', 'pending_approval')"
BURNING = [sa.text("urgency DESC"), "burns_at", "id", "status"]


def upgrade() -> None:
    _index("ix_ticket_pending_customer", "ticket", ["queue_id", *BURNING], "status = 'pending_customer'")
    _index("ix_ticket_pending_approval", "ticket", ["queue_id", "klass", "status"], "status = 'pending_approval'")
    _again("ix_ticket_owned", "ticket", ["owner_id", *BURNING, "queue_id"], OPEN)
    assigned = ["assignee_id", "ticket_id", "queue_id", "kind", "left_at"]
    _again("ix_stint_assigned", "stint", assigned, "left_at IS NULL AND assignee_id IS NOT NULL")


def downgrade() -> None:
    _again("ix_stint_assigned", "stint", ["assignee_id", "ticket_id"], "left_at IS NULL")
    _again("ix_ticket_owned", "ticket", ["owner_id", *BURNING], OPEN)
    op.drop_index("ix_ticket_pending_approval", table_name="ticket")
    op.drop_index("ix_ticket_pending_customer", table_name="ticket")


def _again(name: str, table: str, columns: list[object], where: str) -> None:
    op.drop_index(name, table_name=table)
    _index(name, table, columns, where)


def _index(name: str, table: str, columns: list[object], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=False, sqlite_where=condition, postgresql_where=condition)
