"""Campaigns in versions, when each was live, and what is used of their caps and stamp cards.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_versions()
    _create_uses()
    op.execute("""
        CREATE FUNCTION refuse_new_terms() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'published terms never change: publish another version';
        END $$
    """)
    op.execute(
        "CREATE TRIGGER campaign_version_terms_stand BEFORE UPDATE OF terms, campaign_id, no ON campaign_version "
        "FOR EACH ROW WHEN (OLD.published_at IS NOT NULL AND (OLD.terms, OLD.campaign_id, OLD.no) "
        "IS DISTINCT FROM (NEW.terms, NEW.campaign_id, NEW.no)) EXECUTE FUNCTION refuse_new_terms()"
    )


def _create_versions() -> None:
    op.create_table(
        "campaign_group",
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("mode", sqlmodel.sql.sqltypes.AutoString(length=5), nullable=False),
        sa.CheckConstraint("mode IN ('all', 'first', 'best')", name=op.f("ck_campaign_group_mode")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_campaign_group")),
    )
    op.create_table(
        "campaign_budget",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sqlmodel.sql.sqltypes.AutoString(length=5), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("scope IN ('total', 'day')", name=op.f("ck_campaign_budget_scope")),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_campaign_budget_budget_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_budget_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "scope", name=op.f("pk_campaign_budget")),
        sa.UniqueConstraint("budget_id", name=op.f("uq_campaign_budget_budget_id")),
    )
    op.create_table(
        "programme_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_programme_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_state")),
    )
    op.create_table(
        "campaign_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_version_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["staff_member.id"], name=op.f("fk_campaign_version_changed_by")
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["staff_member.id"], name=op.f("fk_campaign_version_published_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_version")),
        sa.UniqueConstraint("campaign_id", "no", name=op.f("uq_campaign_version_campaign_id_no")),
    )
    op.create_index(
        "uq_campaign_version_draft",
        "campaign_version",
        ["campaign_id"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "campaign_span",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_no", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("from_at < until_at", name=op.f("ck_campaign_span_in_order")),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(campaign_no, campaign_no, '[]')"), "&&"),
            (sa.text("tstzrange(from_at, until_at)"), "&&"),
            using="gist",
            name="ex_campaign_span_one_live",
        ),
        sa.ForeignKeyConstraint(["campaign_no"], ["campaign.no"], name=op.f("fk_campaign_span_campaign_no")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["campaign_version.id"], name=op.f("fk_campaign_span_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_span")),
    )
    op.create_index(op.f("ix_campaign_span_version_id"), "campaign_span", ["version_id"], unique=False)


def _create_uses() -> None:
    op.create_table(
        "cap_use",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("cap", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("window_on", sa.Date(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_cap_use_used_not_negative")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_cap_use_campaign_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["shopper.id"], name=op.f("fk_cap_use_subject_id")),
        sa.PrimaryKeyConstraint("campaign_id", "cap", "subject_id", "window_on", name=op.f("pk_cap_use")),
    )
    op.create_table(
        "stamp_card",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("card", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("stamps", sa.BigInteger(), nullable=False),
        sa.Column("filled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("stamps >= 0 AND filled >= 0", name=op.f("ck_stamp_card_stamps_not_negative")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_stamp_card_campaign_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_stamp_card_shopper_id")),
        sa.PrimaryKeyConstraint("campaign_id", "card", "shopper_id", name=op.f("pk_stamp_card")),
    )


def downgrade() -> None:
    op.drop_table("stamp_card")
    op.drop_table("cap_use")
    op.drop_index(op.f("ix_campaign_span_version_id"), table_name="campaign_span")
    op.drop_table("campaign_span")
    op.drop_index(
        "uq_campaign_version_draft",
        table_name="campaign_version",
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.drop_table("campaign_version")
    op.execute("DROP FUNCTION refuse_new_terms()")
    op.drop_table("programme_state")
    op.drop_table("campaign_budget")
    op.drop_table("campaign_group")
