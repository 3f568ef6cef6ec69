"""Customers who matter more."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

VIP = "vip_at IS NOT NULL"
UNIQUE = {
    "uq_customer_buyer": (["shop_id", "channel_id", "buyer_id"], "buyer_id IS NOT NULL"),
    "uq_customer_phone": (["shop_id", "channel_id", "phone_hash"], "buyer_id IS NULL AND phone_hash IS NOT NULL"),
}
"""A table that is written anew keeps its indexes, but not what they leave out."""


def upgrade() -> None:
    _drop_unique()
    with op.batch_alter_table("customer") as batch:
        batch.add_column(sa.Column("vip_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("vip_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("vip_reason", sa.String(length=200), nullable=False, server_default=""))
        batch.create_foreign_key(op.f("fk_customer_vip_by_id_user"), "user", ["vip_by_id"], ["id"])
    with op.batch_alter_table("customer") as batch:
        batch.alter_column("vip_reason", server_default=None)
    _unique()
    _index("ix_customer_vip", ["id"], VIP)


def downgrade() -> None:
    op.drop_index("ix_customer_vip", "customer")
    _drop_unique()
    with op.batch_alter_table("customer") as batch:
        batch.drop_constraint(op.f("fk_customer_vip_by_id_user"), type_="foreignkey")
        batch.drop_column("vip_reason")
        batch.drop_column("vip_by_id")
        batch.drop_column("vip_at")
    _unique()


def _unique() -> None:
    for name, (columns, where) in UNIQUE.items():
        _index(name, columns, where, unique=True)


def _drop_unique() -> None:
    for name in UNIQUE:
        op.drop_index(name, "customer")


def _index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, "customer", columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
