"""What was learned from corrections, in versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learned_model",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("through_correction_id", sa.Integer(), nullable=False),
        sa.Column("rules_share", sa.Double(), nullable=False),
        sa.Column("blended_share", sa.Double(), nullable=False),
        sa.Column("document", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("switched_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('live', 'off', 'refused')", name=op.f("ck_learned_model_state")),
        sa.ForeignKeyConstraint(["switched_by_id"], ["user.id"], name=op.f("fk_learned_model_switched_by_id_user")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_learned_model")),
    )
    op.create_index(
        "uq_learned_model_live",
        "learned_model",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )


def downgrade() -> None:
    op.drop_table("learned_model")
