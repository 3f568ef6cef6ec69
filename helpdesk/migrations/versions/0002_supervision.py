"""Supervision: shifts and skills, waits and their steps, notifications, stages by minutes, changes in batches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "skill",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("types", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("channels", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill")),
        sa.UniqueConstraint("code", name=op.f("uq_skill_code")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("stand_in_id", sa.Integer(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('leave', 'sick', 'training', 'other')", name=op.f("ck_absence_kind")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_absence_order")),
        sa.CheckConstraint("stand_in_id IS NULL OR stand_in_id <> user_id", name=op.f("ck_absence_stand_in")),
        sa.ForeignKeyConstraint(["stand_in_id"], ["user.id"], name=op.f("fk_absence_stand_in_id_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_absence_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("ix_absence_ends_at", ["ends_at"], unique=False)
        batch_op.create_index("ix_absence_user", ["user_id", "starts_at"], unique=False)

    op.create_table(
        "notification_choice",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("bell", sa.Boolean(), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notification_choice_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_notification_choice")),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shift_order")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_shift_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.create_index("ix_shift_starts_at", ["starts_at"], unique=False)
        batch_op.create_index("ix_shift_user", ["user_id", "starts_at"], unique=False)

    op.create_table(
        "user_skill",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_user_skill_skill_id_skill")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_skill_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", "skill_id", name=op.f("pk_user_skill")),
    )
    with op.batch_alter_table("user_skill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_skill_skill_id"), ["skill_id"], unique=False)

    op.create_table(
        "notification_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("kinds", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("digest_seconds", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('mail', 'dingtalk', 'wecom', 'feishu', 'apprise')", name=op.f("ck_notification_target_kind")
        ),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name=op.f("ck_notification_target_quiet")),
        sa.CheckConstraint("digest_seconds BETWEEN 0 AND 86400", name=op.f("ck_notification_target_digest_seconds")),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("fk_notification_target_queue_id_queue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_target")),
        sa.UniqueConstraint("name", name=op.f("uq_notification_target_name")),
    )
    with op.batch_alter_table("notification_target", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notification_target_queue_id"), ["queue_id"], unique=False)

    op.create_table(
        "envelope",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=60), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'claimed', 'done', 'dead', 'withdrawn')", name=op.f("ck_envelope_state")
        ),
        sa.CheckConstraint("(user_id IS NULL) <> (target_id IS NULL)", name=op.f("ck_envelope_address")),
        sa.ForeignKeyConstraint(
            ["target_id"], ["notification_target.id"], name=op.f("fk_envelope_target_id_notification_target")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_envelope_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_envelope")),
        sa.UniqueConstraint("key", name=op.f("uq_envelope_key")),
    )
    with op.batch_alter_table("envelope", schema=None) as batch_op:
        batch_op.create_index(
            "ix_envelope_dead",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )
        batch_op.create_index("ix_envelope_target", ["target_id", "done_at"], unique=False)
        batch_op.create_index(
            "ix_envelope_waiting",
            ["next_try_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'claimed')"),
            postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
        )

    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("params", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_notification_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notification_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_notification_user_id_key")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index("ix_notification_created_at", ["created_at"], unique=False)
        batch_op.create_index(
            "ix_notification_unread",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.create_index("ix_notification_user", ["user_id", "id"], unique=False)

    op.create_table(
        "ticket_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("pending_on", sa.String(length=40), nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending_customer', 'pending_internal', 'pending_approval')",
            name=op.f("ck_ticket_pause_status"),
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_pause_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_pause")),
    )
    with op.batch_alter_table("ticket_pause", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_pause_since",
            ["status", "started_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_ticket_pause_ticket", ["ticket_id"], unique=False)
        batch_op.create_index(
            "uq_ticket_pause_open",
            ["ticket_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "ticket_tag",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_tag_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name=op.f("pk_ticket_tag")),
    )
    with op.batch_alter_table("ticket_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_tag_tag"), ["tag"], unique=False)

    op.create_table(
        "pause_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pause_id", sa.Integer(), nullable=False),
        sa.Column("step_code", sa.String(length=30), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["pause_id"], ["ticket_pause.id"], name=op.f("fk_pause_step_pause_id_ticket_pause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause_step")),
        sa.UniqueConstraint("pause_id", "step_code", name=op.f("uq_pause_step_pause_id_step_code")),
    )
    with op.batch_alter_table("pause_step", schema=None) as batch_op:
        batch_op.create_index(
            "ix_pause_step_unfired",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("fired_at IS NULL"),
            postgresql_where=sa.text("fired_at IS NULL"),
        )

    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("code", sa.String(length=30), server_default="", nullable=False))
        batch_op.drop_index(
            batch_op.f("uq_clock_customer"), sqlite_where=sa.text("stint_id IS NULL AND cancelled_at IS NULL")
        )
        batch_op.create_index(
            "uq_clock_customer",
            ["ticket_id", "kind", "code", "cycle"],
            unique=True,
            sqlite_where=sa.text("stint_id IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("stint_id IS NULL AND cancelled_at IS NULL"),
        )

    with op.batch_alter_table("clock_stage", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offset_seconds", sa.Integer(), nullable=True))
        batch_op.alter_column("percent", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_check_constraint("share", "(percent IS NULL) <> (offset_seconds IS NULL)")

    with op.batch_alter_table("operation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch", sa.String(length=36), nullable=True))
        batch_op.create_index(
            "ix_operation_batch",
            ["batch"],
            unique=False,
            sqlite_where=sa.text("batch IS NOT NULL"),
            postgresql_where=sa.text("batch IS NOT NULL"),
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("target_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("envelope_id", sa.Integer(), nullable=True))
        batch_op.create_index(
            "ix_outbox_dead",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )
        batch_op.create_index(
            "ix_outbox_envelope",
            ["envelope_id"],
            unique=False,
            sqlite_where=sa.text("envelope_id IS NOT NULL"),
            postgresql_where=sa.text("envelope_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_outbox_target_id_notification_target"), "notification_target", ["target_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_outbox_user_id_user"), "user", ["user_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_outbox_envelope_id_envelope"), "envelope", ["envelope_id"], ["id"])

    with op.batch_alter_table("queue", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_assigned_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_queue_last_assigned_id_user"), "user", ["last_assigned_id"], ["id"])

    with op.batch_alter_table("stint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("previous_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_stint_previous_id_user"), "user", ["previous_id"], ["id"])
        batch_op.create_index(
            "ix_stint_waiting",
            ["queue_id", "ticket_id", "kind"],
            unique=False,
            sqlite_where=sa.text("left_at IS NULL AND assignee_id IS NULL"),
            postgresql_where=sa.text("left_at IS NULL AND assignee_id IS NULL"),
        )

    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("presence", sa.String(length=6), server_default="online", nullable=False))
        batch_op.add_column(sa.Column("email", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("quiet_from", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("quiet_to", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("digest_seconds", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_check_constraint("presence", "presence IN ('online', 'away')")
        batch_op.create_check_constraint("quiet", "(quiet_from IS NULL) = (quiet_to IS NULL)")

    with op.batch_alter_table("holiday_year", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(
            sa.Column(
                "published",
                sa.JSON().with_variant(JSONB(), "postgresql"),
                server_default=sa.text("'[]'"),
                nullable=False,
            )
        )
    _keep_what_is_published()

    # Autogenerate does not see indexes with expressions in them.
    active = sa.text("status IN ('new', 'open', 'pending_customer', 'pending_internal', 'pending_approval')")
    op.create_index(
        "ix_ticket_lanes",
        "ticket",
        ["queue_id", "klass", sa.text("urgency DESC"), "burns_at", "id", "status", "order_id"],
        sqlite_where=active,
        postgresql_where=active,
    )

    for name, first in (("ix_ticket_burning", "queue_id"), ("ix_ticket_owned", "owner_id")):
        op.drop_index(name, table_name="ticket")
        columns = [first, sa.text("urgency DESC"), "burns_at", "id", "status"]
        op.create_index(name, "ticket", columns, sqlite_where=active, postgresql_where=active)
    op.create_index(
        "ix_ticket_opened",
        "ticket",
        ["queue_id", "created_at", "id", "status"],
        sqlite_where=active,
        postgresql_where=active,
    )

    # What waits already has waited since its last move.
    op.execute("""
        INSERT INTO ticket_pause (ticket_id, status, pending_on, rule_version, started_at)
        SELECT ticket.id, ticket.status, ticket.pending_on, ticket.rule_version,
               coalesce((SELECT max(event.at) FROM event
                         WHERE event.ticket_id = ticket.id AND event.code = 'ticket.status'), ticket.created_at)
        FROM ticket
        WHERE ticket.status IN ('pending_customer', 'pending_internal', 'pending_approval')
    """)


def _keep_what_is_published() -> None:
    """So far a year's table was what had been published of it."""
    days = sa.table(
        "holiday",
        sa.column("day", sa.Date()),
        sa.column("kind", sa.String()),
        sa.column("name_zh", sa.String()),
        sa.column("name_en", sa.String()),
    )
    years = sa.table(
        "holiday_year",
        sa.column("year", sa.Integer()),
        sa.column("status", sa.String()),
        sa.column("published", sa.JSON().with_variant(JSONB(), "postgresql")),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(days).order_by(days.c.day)).all()
    for year in connection.scalars(sa.select(years.c.year).where(years.c.status == "confirmed")).all():
        published = [[row.day.isoformat(), row.kind, row.name_zh, row.name_en] for row in rows if row.day.year == year]
        connection.execute(years.update().where(years.c.year == year).values(published=published))


def downgrade() -> None:
    active = sa.text("status IN ('new', 'open', 'pending_customer', 'pending_internal', 'pending_approval')")
    for name, first in (("ix_ticket_burning", "queue_id"), ("ix_ticket_owned", "owner_id")):
        op.drop_index(name, table_name="ticket")
        columns = [first, sa.text("urgency DESC"), "burns_at", "id"]
        op.create_index(name, "ticket", columns, sqlite_where=active, postgresql_where=active)
    op.drop_index("ix_ticket_opened", table_name="ticket")
    op.drop_index("ix_ticket_lanes", table_name="ticket")

    with op.batch_alter_table("holiday_year", schema=None) as batch_op:
        batch_op.drop_column("published")
        batch_op.drop_column("version")

    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_constraint("presence", type_="check")
        batch_op.drop_constraint("quiet", type_="check")
        batch_op.drop_column("digest_seconds")
        batch_op.drop_column("quiet_to")
        batch_op.drop_column("quiet_from")
        batch_op.drop_column("email")
        batch_op.drop_column("presence")

    with op.batch_alter_table("stint", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_stint_waiting",
            sqlite_where=sa.text("left_at IS NULL AND assignee_id IS NULL"),
            postgresql_where=sa.text("left_at IS NULL AND assignee_id IS NULL"),
        )
        batch_op.drop_constraint(batch_op.f("fk_stint_previous_id_user"), type_="foreignkey")
        batch_op.drop_column("previous_id")

    with op.batch_alter_table("queue", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_queue_last_assigned_id_user"), type_="foreignkey")
        batch_op.drop_column("last_assigned_id")

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_outbox_envelope_id_envelope"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_outbox_user_id_user"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_outbox_target_id_notification_target"), type_="foreignkey")
        batch_op.drop_index(
            "ix_outbox_envelope",
            sqlite_where=sa.text("envelope_id IS NOT NULL"),
            postgresql_where=sa.text("envelope_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_outbox_dead", sqlite_where=sa.text("state = 'dead'"), postgresql_where=sa.text("state = 'dead'")
        )
        batch_op.drop_column("envelope_id")
        batch_op.drop_column("target_id")
        batch_op.drop_column("user_id")

    with op.batch_alter_table("operation", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_operation_batch",
            sqlite_where=sa.text("batch IS NOT NULL"),
            postgresql_where=sa.text("batch IS NOT NULL"),
        )
        batch_op.drop_column("batch")

    op.execute("DELETE FROM clock_stage WHERE percent IS NULL")  # the earlier version knows shares only
    with op.batch_alter_table("clock_stage", schema=None) as batch_op:
        batch_op.drop_constraint("share", type_="check")
        batch_op.alter_column("percent", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("offset_seconds")

    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_clock_customer",
            sqlite_where=sa.text("stint_id IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("stint_id IS NULL AND cancelled_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("uq_clock_customer"),
            ["ticket_id", "kind", "cycle"],
            unique=1,
            sqlite_where=sa.text("stint_id IS NULL AND cancelled_at IS NULL"),
        )
        batch_op.drop_column("code")

    with op.batch_alter_table("pause_step", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_pause_step_unfired",
            sqlite_where=sa.text("fired_at IS NULL"),
            postgresql_where=sa.text("fired_at IS NULL"),
        )

    op.drop_table("pause_step")
    with op.batch_alter_table("ticket_tag", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_tag_tag"))

    op.drop_table("ticket_tag")
    with op.batch_alter_table("ticket_pause", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_ticket_pause_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_ticket_pause_ticket")
        batch_op.drop_index(
            "ix_ticket_pause_since",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("ticket_pause")
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index("ix_notification_user")
        batch_op.drop_index(
            "ix_notification_unread",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.drop_index("ix_notification_created_at")

    op.drop_table("notification")
    with op.batch_alter_table("envelope", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_envelope_waiting",
            sqlite_where=sa.text("state IN ('waiting', 'claimed')"),
            postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
        )
        batch_op.drop_index("ix_envelope_target")
        batch_op.drop_index(
            "ix_envelope_dead", sqlite_where=sa.text("state = 'dead'"), postgresql_where=sa.text("state = 'dead'")
        )

    op.drop_table("envelope")
    with op.batch_alter_table("notification_target", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notification_target_queue_id"))

    op.drop_table("notification_target")
    with op.batch_alter_table("user_skill", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_skill_skill_id"))

    op.drop_table("user_skill")
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.drop_index("ix_shift_user")
        batch_op.drop_index("ix_shift_starts_at")

    op.drop_table("shift")
    op.drop_table("notification_choice")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index("ix_absence_user")
        batch_op.drop_index("ix_absence_ends_at")

    op.drop_table("absence")
    op.drop_table("skill")
