"""Consents, and what shoppers ask for under the law.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-30 11:00:00.000000

"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Tables of which erasure empties words about a receipt; what was done, by whom and when stays.
EMPTIED = ("review_decision", "staff_act")


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=True),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("text_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("asked_in", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('programme', 'brand_insight', 'personal_offers', 'messages', 'surveys')",
            name=op.f("ck_consent_purpose"),
        ),
        sa.CheckConstraint(
            "channel IN ('sms', 'zalo', 'push', 'email', 'inbox_ads')", name=op.f("ck_consent_channel")
        ),
        sa.CheckConstraint(
            "(purpose = 'messages') = (channel IS NOT NULL)", name=op.f("ck_consent_messages_have_a_channel")
        ),
        sa.CheckConstraint(
            "asked_in IN ('app', 'web', 'zalo', 'shop', 'development')", name=op.f("ck_consent_asked_in")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_consent_brand_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_consent_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_newest", "consent", ["shopper_id", "purpose", "said_at", "id"], unique=False)
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("kind IN ('export', 'erasure')", name=op.f("ck_privacy_request_kind")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_privacy_request_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
    )
    op.create_index(op.f("ix_privacy_request_done_at"), "privacy_request", ["done_at"], unique=False)
    op.create_index(
        "ix_privacy_request_open",
        "privacy_request",
        ["asked_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "ix_privacy_request_shopper", "privacy_request", ["shopper_id", "kind", "asked_at"], unique=False
    )
    op.create_index(
        "uq_privacy_request_erasure",
        "privacy_request",
        ["shopper_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'erasure'"),
    )
    op.execute(
        "CREATE TRIGGER consent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    # Said by erasure for one transaction (domain/privacy/erasure.py); rows still can't be deleted.
    op.execute(
        """
        CREATE FUNCTION refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND current_setting('quetbill.erasing', true) = 'on' THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table in EMPTIED:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_but_erasure()"
        )


def downgrade() -> None:
    for table in EMPTIED:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute("DROP FUNCTION refuse_change_but_erasure()")
    op.execute("DROP TRIGGER consent_append_only ON consent")
    op.drop_table("privacy_request")
    op.drop_table("consent")
