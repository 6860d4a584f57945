"""How shoppers sign in: codes, devices, sessions, passkeys.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code_budget",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reserved_vnd", sa.BigInteger(), nullable=False),
        sa.Column("codes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_code_budget")),
    )
    op.create_table(
        "code_traffic",
        sa.Column("quarter", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested", sa.Integer(), nullable=False),
        sa.Column("verified", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("quarter", name=op.f("pk_code_traffic")),
    )
    op.create_table(
        "one_time_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("purpose", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("code_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed", sa.SmallInteger(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=11), nullable=False),
        sa.Column("provider_id", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.Column("cost_vnd", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'failed', 'delivered', 'undelivered')",
            name=op.f("ck_one_time_code_state"),
        ),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_one_time_code_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
    )
    op.create_index(op.f("ix_one_time_code_created_at"), "one_time_code", ["created_at"], unique=False)
    op.create_index(
        "ix_one_time_code_due",
        "one_time_code",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_one_time_code_phone", "one_time_code", ["phone_digest", "created_at"], unique=False)
    op.create_index(
        "uq_one_time_code_open",
        "one_time_code",
        ["phone_digest", "purpose"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND voided_at IS NULL"),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("install_digest", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=True),
        sa.Column("client", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("app_version", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_device_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("shopper_id", "install_digest", name=op.f("uq_device_shopper_id_install_digest")),
    )
    op.create_table(
        "outside_identity",
        sa.Column("issuer", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_outside_identity_shopper_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_outside_identity")),
    )
    op.create_index(op.f("ix_outside_identity_shopper_id"), "outside_identity", ["shopper_id"], unique=False)
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_passkey_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_shopper_id"), "passkey", ["shopper_id"], unique=False)
    op.create_table(
        "passkey_challenge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_passkey_challenge_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenge")),
    )
    op.create_index(
        op.f("ix_passkey_challenge_expires_at"), "passkey_challenge", ["expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_passkey_challenge_shopper_id"), "passkey_challenge", ["shopper_id"], unique=False
    )
    op.create_table(
        "second_fact",
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("counted_from", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_second_fact_shopper_id")),
        sa.PrimaryKeyConstraint("shopper_id", name=op.f("pk_second_fact")),
    )
    op.create_table(
        "shopper_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("way", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=True),
        sa.Column("second_fact_due", sa.Boolean(), nullable=False),
        sa.Column("refresh_seed", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rotated_at", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "end_reason IN ('signed_out', 'replaced', 'expired', 'reused', 'start_over')",
            name=op.f("ck_shopper_session_end_reason"),
        ),
        sa.CheckConstraint("way IN ('code', 'passkey', 'outside')", name=op.f("ck_shopper_session_way")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_shopper_session_ended")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_shopper_session_device_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_shopper_session_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shopper_session")),
    )
    op.create_index(op.f("ix_shopper_session_device_id"), "shopper_session", ["device_id"], unique=False)
    op.create_index(op.f("ix_shopper_session_idle_until"), "shopper_session", ["idle_until"], unique=False)
    op.create_index(
        "ix_shopper_session_shopper", "shopper_session", ["shopper_id", "last_used_at"], unique=False
    )
    op.add_column("push_target", sa.Column("session_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_push_target_session_id"),
        "push_target",
        "shopper_session",
        ["session_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index(op.f("ix_push_target_session_id"), "push_target", ["session_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_push_target_session_id"), table_name="push_target")
    op.drop_column("push_target", "session_id")
    op.drop_index("ix_shopper_session_shopper", table_name="shopper_session")
    op.drop_index(op.f("ix_shopper_session_idle_until"), table_name="shopper_session")
    op.drop_index(op.f("ix_shopper_session_device_id"), table_name="shopper_session")
    op.drop_table("shopper_session")
    op.drop_table("second_fact")
    op.drop_index(op.f("ix_passkey_challenge_shopper_id"), table_name="passkey_challenge")
    op.drop_index(op.f("ix_passkey_challenge_expires_at"), table_name="passkey_challenge")
    op.drop_table("passkey_challenge")
    op.drop_index(op.f("ix_passkey_shopper_id"), table_name="passkey")
    op.drop_table("passkey")
    op.drop_index(op.f("ix_outside_identity_shopper_id"), table_name="outside_identity")
    op.drop_table("outside_identity")
    op.drop_table("device")
    op.drop_index(
        "uq_one_time_code_open",
        table_name="one_time_code",
        postgresql_where=sa.text("used_at IS NULL AND voided_at IS NULL"),
    )
    op.drop_index("ix_one_time_code_phone", table_name="one_time_code")
    op.drop_index(
        "ix_one_time_code_due", table_name="one_time_code", postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.drop_index(op.f("ix_one_time_code_created_at"), table_name="one_time_code")
    op.drop_table("one_time_code")
    op.drop_table("code_traffic")
    op.drop_table("code_budget")
