"""Calls of one webhook by time: how many came lately, and which was the last."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_webhook_call_lately", "webhook_call", ["webhook_id", "at", "outcome", "problem"])


def downgrade() -> None:
    op.drop_index("ix_webhook_call_lately", "webhook_call")
