"""What comes in and goes out: tokens, webhooks, mailboxes, senders' settings, files, links between tickets, views."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)
ROLES = ["agent", "supervisor", "finance", "ops", "admin", "auditor", "system"]


def upgrade() -> None:
    _roles([*ROLES[:-1], "integration", "system"])
    _tokens()
    _webhooks()
    _mailboxes()
    _links()
    _added("shop", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    _added("shop", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    _added("channel", sa.Column("settings", DOCUMENT, nullable=False, server_default="{}"))
    _added("channel", sa.Column("secret", DOCUMENT, nullable=False, server_default="{}"))
    _added("channel", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    _added("channel", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.drop_table("attachment")  # nothing wrote it before
    _attachments()
    op.drop_table("saved_view")  # nor this
    _views()


def downgrade() -> None:
    op.drop_table("saved_view")
    _views_before()
    op.drop_table("attachment")
    _attachments_before()
    for table, columns in {
        "channel": ("version", "active", "secret", "settings"),
        "shop": ("version", "active"),
    }.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
    for table in ("ticket_link", "mailbox", "webhook_call", "webhook", "idempotent_answer", "api_token"):
        op.drop_table(table)
    op.execute("UPDATE \"user\" SET role = 'auditor', active = false WHERE role = 'integration'")
    _roles(ROLES)


def _tokens() -> None:
    _table(
        "api_token",
        _id(),
        _text("name", 60),
        _text("token_hash", 64),
        _text("hint", 8),
        *_points_at("api_token", "user_id", "user"),
        _column("scopes", DOCUMENT),
        *_points_at("api_token", "shop_id", "shop", empty=True),
        *_points_at("api_token", "created_by_id", "user"),
        _column("created_at", TIME),
        _column("expires_at", TIME, empty=True),
        _column("last_used_at", TIME, empty=True),
        _column("revoked_at", TIME, empty=True),
        _column("version"),
        sa.UniqueConstraint("name", name=op.f("uq_api_token_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    _table(
        "idempotent_answer",
        _id(),
        *_points_at("idempotent_answer", "token_id", "api_token"),
        _text("key", 200),
        _text("request_hash", 64),
        _column("status"),
        _column("body", sa.Text()),
        _column("headers", DOCUMENT),
        _column("at", TIME),
        sa.UniqueConstraint("token_id", "key", name=op.f("uq_idempotent_answer_token_id_key")),
    )
    op.create_index("ix_idempotent_answer_at", "idempotent_answer", ["at"])


def _webhooks() -> None:
    _table(
        "webhook",
        _id(),
        _text("code", 40),
        _text("name", 60),
        *_points_at("webhook", "shop_id", "shop"),
        *_points_at("webhook", "channel_id", "channel"),
        *_points_at("webhook", "user_id", "user"),
        _column("secret", DOCUMENT),
        _column("active", sa.Boolean()),
        _column("version"),
        _column("created_at", TIME),
        sa.UniqueConstraint("code", name=op.f("uq_webhook_code")),
        sa.UniqueConstraint("name", name=op.f("uq_webhook_name")),
    )
    _table(
        "webhook_call",
        _id(),
        *_points_at("webhook_call", "webhook_id", "webhook"),
        _text("signature", 64),
        _column("at", TIME),
        _text("outcome", 10),
        *_points_at("webhook_call", "ticket_id", "ticket", empty=True),
        _column("problem", sa.String(60), empty=True),
        _column("params", DOCUMENT),
        _one_of("webhook_call", "outcome", "created", "appended", "heard", "repeated", "refused"),
        sa.UniqueConstraint("webhook_id", "signature", name=op.f("uq_webhook_call_webhook_id_signature")),
    )
    op.create_index("ix_webhook_call_at", "webhook_call", ["at"])


def _mailboxes() -> None:
    _table(
        "mailbox",
        _id(),
        _text("name", 60),
        *_points_at("mailbox", "shop_id", "shop"),
        *_points_at("mailbox", "channel_id", "channel"),
        _text("host", 200),
        _column("port"),
        _text("tls", 8),
        _text("login", 200),
        _column("secret", DOCUMENT),
        _text("folder", 100),
        _column("uid_validity", empty=True),
        _column("uid"),
        _column("active", sa.Boolean()),
        _column("checked_at", TIME, empty=True),
        _column("next_try_at", TIME),
        _column("attempts"),
        _column("error", sa.String(200), empty=True),
        _column("version"),
        _column("created_at", TIME),
        _one_of("mailbox", "tls", "tls", "starttls", "none"),
        sa.UniqueConstraint("name", name=op.f("uq_mailbox_name")),
    )


def _links() -> None:
    _table(
        "ticket_link",
        _id(),
        _text("kind", 12),
        *_points_at("ticket_link", "from_id", "ticket"),
        *_points_at("ticket_link", "to_id", "ticket"),
        *_points_at("ticket_link", "created_by_id", "user"),
        _column("created_at", TIME),
        _one_of("ticket_link", "kind", "duplicate", "same_order", "parent", "caused_by"),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_ticket_link_two")),
        sa.UniqueConstraint("from_id", "to_id", "kind", name=op.f("uq_ticket_link_from_id_to_id_kind")),
    )
    op.create_index("ix_ticket_link_to", "ticket_link", ["to_id"])


def _attachments() -> None:
    _table(
        "attachment",
        *_file_columns(),
        *_points_at("attachment", "author_id", "user", empty=True),
        _text("label", 12),
        _column("width", empty=True),
        _column("height", empty=True),
        _column("attached_at", TIME, empty=True),
        _one_of("attachment", "label", "", "outer_box", "waybill", "goods", "weighing"),
    )
    op.create_index("ix_attachment_ticket_id", "attachment", ["ticket_id"])
    op.create_index("ix_attachment_hash", "attachment", ["hash"])
    _index("ix_attachment_message", "attachment", ["message_id"], "message_id IS NOT NULL")
    _index("ix_attachment_note", "attachment", ["note_id"], "note_id IS NOT NULL")
    _index("ix_attachment_loose", "attachment", ["created_at"], "attached_at IS NULL")


def _attachments_before() -> None:
    _table("attachment", *_file_columns())
    op.create_index("ix_attachment_ticket_id", "attachment", ["ticket_id"])


def _file_columns() -> list[Any]:
    return [
        _id(),
        *_points_at("attachment", "ticket_id", "ticket"),
        *_points_at("attachment", "message_id", "message", empty=True),
        *_points_at("attachment", "note_id", "note", empty=True),
        _text("name", 200),
        _text("media_type", 100),
        _column("size_bytes"),
        _text("hash", 64),
        _column("created_at", TIME),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_attachment_size_bytes")),
    ]


def _views() -> None:
    _table(
        "saved_view",
        _id(),
        _text("scope", 8),
        *_points_at("saved_view", "owner_id", "user"),
        *_points_at("saved_view", "queue_id", "queue", empty=True),
        _text("name", 60),
        _column("filter", DOCUMENT),
        _column("columns", DOCUMENT),
        _text("sort", 30),
        _column("position"),
        _column("version"),
        _column("created_at", TIME),
        _one_of("saved_view", "scope", "personal", "team", "all"),
        sa.CheckConstraint("(scope = 'team') = (queue_id IS NOT NULL)", name=op.f("ck_saved_view_queue")),
    )
    for scope, columns in {"personal": ["owner_id", "name"], "team": ["queue_id", "name"], "all": ["name"]}.items():
        _index(f"uq_saved_view_{scope}", "saved_view", columns, f"scope = '{scope}'", unique=True)


def _views_before() -> None:
    _table(
        "saved_view",
        _id(),
        *_points_at("saved_view", "owner_id", "user"),
        _text("name", 60),
        _column("filter", DOCUMENT),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_saved_view_owner_id_name")),
    )


def _roles(roles: list[str]) -> None:
    listed = ", ".join(f"'{role}'" for role in roles)
    with op.batch_alter_table("user") as batch:
        batch.drop_constraint(op.f("ck_user_role"), type_="check")
        batch.create_check_constraint(op.f("ck_user_role"), f"role IN ({listed})")


def _table(name: str, *parts: Any) -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")))


def _id() -> sa.Column[Any]:
    return _column("id")


def _text(name: str, length: int) -> sa.Column[Any]:
    return _column(name, sa.String(length))


def _column(name: str, kind: Any = None, *, empty: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer() if kind is None else kind, nullable=empty)


def _points_at(table: str, column: str, target: str, *, empty: bool = False) -> tuple[Any, Any]:
    key = sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
    return _column(column, empty=empty), key


def _one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _added(table: str, column: sa.Column[Any]) -> None:
    """The column with a value in the rows that are there; the program gives the value from now on."""
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column.name, server_default=None)
