"""The search index. What is there already is read into it by the job worker, the newest first."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NOUNS = {"m": "message", "n": "note", "t": "ticket", "c": "customer", "o": "order", "p": "parcel"}


def upgrade() -> None:
    progress = op.create_table(
        "search_progress",
        sa.Column("kind", sa.String(length=1), nullable=False),
        sa.Column("below", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_search_progress")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_fts USING fts5"
            "(grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii')"
        )
    else:
        op.execute("CREATE TABLE search_fts (id bigint PRIMARY KEY, grams tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_search_fts_grams ON search_fts USING gin (grams)")
    for kind, noun in NOUNS.items():
        newest = sa.select(sa.func.coalesce(sa.func.max(sa.column("id")), 0)).select_from(sa.table(noun))
        below = op.get_bind().execute(newest).scalar_one() + 1
        op.bulk_insert(progress, [{"kind": kind, "below": below}])


def downgrade() -> None:
    op.drop_table("search_fts")
    op.drop_table("search_progress")
