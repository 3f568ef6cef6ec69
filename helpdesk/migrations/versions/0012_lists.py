"""Orders of lists, each with its index; saved views that can be taken back when deleted."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN = "status IN ('new', 'open', 'pending_customer', 'pending_internal', 'pending_approval')"
SORTED = {
    "ix_ticket_by_created": ["created_at"],
    "ix_ticket_by_message": ["last_customer_message_at"],
    "ix_ticket_by_priority": ["priority", "burns_at"],
}
VIEWS = {"personal": ["owner_id", "name"], "team": ["queue_id", "name"], "all": ["name"]}


def upgrade() -> None:
    op.execute("UPDATE ticket SET last_customer_message_at = created_at WHERE last_customer_message_at IS NULL")
    for name, columns in SORTED.items():
        _index(name, "ticket", [*columns, "id", "queue_id", "owner_id", "status"], OPEN)
    _drop_unique_names()
    with op.batch_alter_table("saved_view") as batch:
        batch.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("deleted_by_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_saved_view_deleted_by_id_user"), "user", ["deleted_by_id"], ["id"])
    _unique_names(" AND deleted_at IS NULL")


def downgrade() -> None:
    _drop_unique_names()
    op.execute("DELETE FROM saved_view WHERE deleted_at IS NOT NULL")
    with op.batch_alter_table("saved_view") as batch:
        batch.drop_constraint(op.f("fk_saved_view_deleted_by_id_user"), type_="foreignkey")
        batch.drop_column("deleted_by_id")
        batch.drop_column("deleted_at")
    _unique_names("")
    for name in SORTED:
        op.drop_index(name, table_name="ticket")


def _unique_names(kept: str) -> None:
    for scope, columns in VIEWS.items():
        _index(f"uq_saved_view_{scope}", "saved_view", columns, f"scope = '{scope}'{kept}", unique=True)


def _drop_unique_names() -> None:
    for scope in VIEWS:
        op.drop_index(f"uq_saved_view_{scope}", table_name="saved_view")


def _index(name: str, table: str, columns: list[Any], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
