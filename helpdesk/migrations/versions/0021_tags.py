"""The list of tags, with what stands on tickets already."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("colour", sa.String(length=10), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("means_id", sa.Integer(), sa.ForeignKey("tag.id", name=op.f("fk_tag_means_id_tag")), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("colour IN ('plain', 'accent', 'warn', 'over')", name=op.f("ck_tag_colour")),
        sa.CheckConstraint("means_id IS NULL OR NOT active", name=op.f("ck_tag_old_word")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("name", name=op.f("uq_tag_name")),
    )
    op.create_index(op.f("ix_tag_means_id"), "tag", ["means_id"])
    op.execute(
        "INSERT INTO tag (name, colour, active, version) "
        "SELECT DISTINCT tag, 'plain', true, 1 FROM ticket_tag ORDER BY tag"
    )


def downgrade() -> None:
    op.drop_table("tag")
