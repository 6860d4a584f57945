"""The console: signing in, the reviewers' workbench, rules and bands, and what staff did.

Revision: 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("staff_act", "review_undo")


def upgrade() -> None:
    op.create_table(
        "decision_bands",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("review_from", sa.Float(), nullable=False),
        sa.Column("reject_from", sa.Float(), nullable=True),
        sa.Column("second_eyes_from_minor", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "reject_from >= review_from AND reject_from <= 1", name=op.f("ck_decision_bands_reject_from")
        ),
        sa.CheckConstraint(
            "review_from > 0 AND review_from <= 1", name=op.f("ck_decision_bands_review_from")
        ),
        sa.CheckConstraint("second_eyes_from_minor > 0", name=op.f("ck_decision_bands_second_eyes")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_decision_bands_campaign_id")),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["staff_member.id"], name=op.f("fk_decision_bands_changed_by")
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_decision_bands")),
    )
    op.create_table(
        "fraud_rule",
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("mode", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("mode IN ('on', 'shadow', 'off')", name=op.f("ck_fraud_rule_mode")),
        sa.CheckConstraint("weight >= 0 AND weight <= 1", name=op.f("ck_fraud_rule_weight")),
        sa.ForeignKeyConstraint(["changed_by"], ["staff_member.id"], name=op.f("fk_fraud_rule_changed_by")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_fraud_rule")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("filters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_saved_view_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("staff_id", "name", name=op.f("uq_saved_view_staff_id_name")),
    )
    op.create_table(
        "staff_credential",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("code_salt", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("last_code_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sessions_from", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_staff_credential_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_credential")),
    )
    op.create_table(
        "staff_relation",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("phone_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_staff_relation_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "phone_digest", name=op.f("pk_staff_relation")),
    )
    op.create_table(
        "case_hold",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_case_hold_receipt_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["staff_member.id"], name=op.f("fk_case_hold_reviewer_id")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_case_hold")),
    )
    op.create_index(op.f("ix_case_hold_reviewer_id"), "case_hold", ["reviewer_id"], unique=False)
    op.create_table(
        "raised_signal",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("severity", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("acting", sa.Boolean(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_raised_signal_receipt_id")),
        sa.PrimaryKeyConstraint("receipt_id", "code", name=op.f("pk_raised_signal")),
    )
    op.create_index("ix_raised_signal_code", "raised_signal", ["code", "raised_at"], unique=False)
    op.create_index(op.f("ix_raised_signal_raised_at"), "raised_signal", ["raised_at"], unique=False)
    op.create_table(
        "receipt_appeal",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("words", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_receipt_appeal_receipt_id")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_receipt_appeal")),
    )
    op.create_table(
        "review_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("corrections", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_review_proposal_receipt_id")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["staff_member.id"], name=op.f("fk_review_proposal_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_proposal")),
    )
    op.create_index(op.f("ix_review_proposal_receipt_id"), "review_proposal", ["receipt_id"], unique=False)
    op.create_index(
        "uq_review_proposal_open",
        "review_proposal",
        ["receipt_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "staff_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("act", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_staff_act_receipt_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_staff_act_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_act")),
    )
    op.create_index("ix_staff_act_newest", "staff_act", ["acted_at", "id"], unique=False)
    op.create_index(op.f("ix_staff_act_receipt_id"), "staff_act", ["receipt_id"], unique=False)
    op.create_index(op.f("ix_staff_act_staff_id"), "staff_act", ["staff_id"], unique=False)
    op.create_table(
        "review_undo",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["review_decision.id"], name=op.f("fk_review_undo_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["staff_member.id"], name=op.f("fk_review_undo_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_review_undo")),
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.drop_table("review_undo")
    op.drop_index(op.f("ix_staff_act_staff_id"), table_name="staff_act")
    op.drop_index(op.f("ix_staff_act_receipt_id"), table_name="staff_act")
    op.drop_index("ix_staff_act_newest", table_name="staff_act")
    op.drop_table("staff_act")
    op.drop_index(
        "uq_review_proposal_open", table_name="review_proposal", postgresql_where=sa.text("closed_at IS NULL")
    )
    op.drop_index(op.f("ix_review_proposal_receipt_id"), table_name="review_proposal")
    op.drop_table("review_proposal")
    op.drop_table("receipt_appeal")
    op.drop_index(op.f("ix_raised_signal_raised_at"), table_name="raised_signal")
    op.drop_index("ix_raised_signal_code", table_name="raised_signal")
    op.drop_table("raised_signal")
    op.drop_index(op.f("ix_case_hold_reviewer_id"), table_name="case_hold")
    op.drop_table("case_hold")
    op.drop_table("staff_relation")
    op.drop_table("staff_credential")
    op.drop_table("saved_view")
    op.drop_table("fraud_rule")
    op.drop_table("decision_bands")
