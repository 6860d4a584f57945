"""Journeys in versions, who is under way, what became of their messages, and counts of it.

Revision: 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=False),
        sa.Column("live_no", sa.Integer(), nullable=True),
        sa.Column("live_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'live', 'paused', 'ended')", name=op.f("ck_journey_state")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_journey_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey")),
        sa.UniqueConstraint("slug", name=op.f("uq_journey_slug")),
    )
    op.create_index(op.f("ix_journey_brand_id"), "journey", ["brand_id"], unique=False)
    op.create_table(
        "journey_assignment",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("arm", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looks_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journey.id"], name=op.f("fk_journey_assignment_journey_id")
        ),
        sa.ForeignKeyConstraint(
            ["shopper_id"], ["shopper.id"], name=op.f("fk_journey_assignment_shopper_id")
        ),
        sa.PrimaryKeyConstraint("journey_id", "shopper_id", name=op.f("pk_journey_assignment")),
    )
    op.create_index(
        "ix_journey_assignment_looks",
        "journey_assignment",
        ["looks_at"],
        unique=False,
        postgresql_where=sa.text("returned IS NULL"),
    )
    op.create_index("ix_journey_assignment_shopper", "journey_assignment", ["shopper_id"], unique=False)
    op.create_table(
        "journey_count",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("arm", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(length=24), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"], name=op.f("fk_journey_count_journey_id")),
        sa.PrimaryKeyConstraint("journey_id", "day", "arm", "step", "outcome", name=op.f("pk_journey_count")),
    )
    op.create_table(
        "journey_result",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("arm", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("told_drawn", sa.Integer(), nullable=False),
        sa.Column("told_returned", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"], name=op.f("fk_journey_result_journey_id")),
        sa.PrimaryKeyConstraint("journey_id", "arm", name=op.f("pk_journey_result")),
    )
    op.create_table(
        "journey_sweep",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"], name=op.f("fk_journey_sweep_journey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_sweep")),
        sa.UniqueConstraint("journey_id", "key", name=op.f("uq_journey_sweep_journey_id_key")),
    )
    op.create_index(
        "ix_journey_sweep_due",
        "journey_sweep",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "journey_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["staff_member.id"], name=op.f("fk_journey_version_changed_by")
        ),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"], name=op.f("fk_journey_version_journey_id")),
        sa.ForeignKeyConstraint(
            ["published_by"], ["staff_member.id"], name=op.f("fk_journey_version_published_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_version")),
        sa.UniqueConstraint("journey_id", "no", name=op.f("uq_journey_version_journey_id_no")),
    )
    op.create_index(
        "uq_journey_version_draft",
        "journey_version",
        ["journey_id"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "journey_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("entry_key", sa.Uuid(), nullable=False),
        sa.Column("arm", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("step_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=7), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=24), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'done', 'stopped')", name=op.f("ck_journey_run_state")
        ),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"], name=op.f("fk_journey_run_journey_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_journey_run_shopper_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["journey_version.id"], name=op.f("fk_journey_run_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_run")),
        sa.UniqueConstraint(
            "journey_id",
            "shopper_id",
            "entry_key",
            name=op.f("uq_journey_run_journey_id_shopper_id_entry_key"),
        ),
    )
    op.create_index(
        "ix_journey_run_due",
        "journey_run",
        ["journey_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_journey_run_ended",
        "journey_run",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index("ix_journey_run_shopper", "journey_run", ["shopper_id"], unique=False)
    op.create_index(op.f("ix_journey_run_version_id"), "journey_run", ["version_id"], unique=False)
    op.create_table(
        "journey_message",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(length=5), nullable=False),
        sa.Column("is_ad", sa.Boolean(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=24), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.CheckConstraint("channel IN ('inbox', 'push', 'sms')", name=op.f("ck_journey_message_channel")),
        sa.CheckConstraint(
            "state IN ('sending', 'put_off', 'sent', 'unsure', 'refused', 'skipped')",
            name=op.f("ck_journey_message_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('skipped', 'refused') OR reason IS NOT NULL",
            name=op.f("ck_journey_message_reason_kept"),
        ),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"], name=op.f("fk_journey_message_journey_id")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["journey_run.id"], name=op.f("fk_journey_message_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_journey_message_shopper_id")),
        sa.PrimaryKeyConstraint("run_id", "step", name=op.f("pk_journey_message")),
    )
    op.create_index(
        "ix_journey_message_ads",
        "journey_message",
        ["shopper_id", "decided_at"],
        unique=False,
        postgresql_where=sa.text("is_ad AND state IN ('sending', 'sent', 'unsure')"),
    )
    op.create_index(
        "ix_journey_message_sending",
        "journey_message",
        ["decided_at"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_journey_message_shopper", "journey_message", ["shopper_id"], unique=False)
    op.execute(
        "CREATE TRIGGER journey_version_terms_stand BEFORE UPDATE OF terms, journey_id, no ON journey_version "
        "FOR EACH ROW WHEN (OLD.published_at IS NOT NULL AND (OLD.terms, OLD.journey_id, OLD.no) "
        "IS DISTINCT FROM (NEW.terms, NEW.journey_id, NEW.no)) EXECUTE FUNCTION refuse_new_terms()"
    )


def downgrade() -> None:
    op.drop_index("ix_journey_message_shopper", table_name="journey_message")
    op.drop_index(
        "ix_journey_message_sending",
        table_name="journey_message",
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.drop_index(
        "ix_journey_message_ads",
        table_name="journey_message",
        postgresql_where=sa.text("is_ad AND state IN ('sending', 'sent', 'unsure')"),
    )
    op.drop_table("journey_message")
    op.drop_index(op.f("ix_journey_run_version_id"), table_name="journey_run")
    op.drop_index("ix_journey_run_shopper", table_name="journey_run")
    op.drop_index(
        "ix_journey_run_ended", table_name="journey_run", postgresql_where=sa.text("ended_at IS NOT NULL")
    )
    op.drop_index(
        "ix_journey_run_due", table_name="journey_run", postgresql_where=sa.text("state = 'waiting'")
    )
    op.drop_table("journey_run")
    op.drop_index(
        "uq_journey_version_draft",
        table_name="journey_version",
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.drop_table("journey_version")
    op.drop_index(
        "ix_journey_sweep_due", table_name="journey_sweep", postgresql_where=sa.text("done_at IS NULL")
    )
    op.drop_table("journey_sweep")
    op.drop_table("journey_result")
    op.drop_table("journey_count")
    op.drop_index("ix_journey_assignment_shopper", table_name="journey_assignment")
    op.drop_index(
        "ix_journey_assignment_looks",
        table_name="journey_assignment",
        postgresql_where=sa.text("returned IS NULL"),
    )
    op.drop_table("journey_assignment")
    op.drop_index(op.f("ix_journey_brand_id"), table_name="journey")
    op.drop_table("journey")
