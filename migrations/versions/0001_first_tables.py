"""All tables, and the triggers that keep what is only ever added to.

Revision: 0001, after None.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What is only ever added to: a trigger refuses to change or delete a row.
APPEND_ONLY = ("transfer", "lot_use", "budget_use", "review_decision", "review_undo", "staff_act")


def upgrade() -> None:
    op.create_table(
        "attested_key",
        sa.Column("key_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("attested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_attested_key")),
    )
    op.create_table(
        "brand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("aliases", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ambiguous", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cues", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("vetoes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("restricted_class", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "restricted_class IN ('none', 'alcohol_low', 'alcohol_high', 'infant_0_24', 'tobacco', 'medicine')",
            name=op.f("ck_brand_restricted_class"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
        sa.UniqueConstraint("name", name=op.f("uq_brand_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_brand_slug")),
    )
    op.create_index(op.f("ix_brand_owner"), "brand", ["owner"], unique=False)
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_campaign_days")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_campaign_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("no", name=op.f("uq_campaign_no")),
        sa.UniqueConstraint("slug", name=op.f("uq_campaign_slug")),
    )
    op.create_index(op.f("ix_campaign_brand_id"), "campaign", ["brand_id"], unique=False)
    op.create_table(
        "catalog_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_catalog_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_state")),
    )
    op.create_table(
        "chore",
        sa.Column("job", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_chore")),
    )
    op.create_table(
        "retailer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stores_complete_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retailer")),
        sa.UniqueConstraint("name", name=op.f("uq_retailer_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_retailer_slug")),
    )
    op.create_table(
        "shopper",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint("birth_year BETWEEN 1900 AND 2100", name=op.f("ck_shopper_birth_year")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shopper")),
        sa.UniqueConstraint("phone", name=op.f("uq_shopper_phone")),
    )
    op.create_table(
        "staff_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("brands", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("access_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('brand_manager', 'retailer', 'reviewer', 'admin')", name=op.f("ck_staff_member_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_member_email")),
    )
    op.create_table(
        "currency",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=True),
        sa.CheckConstraint("num_nonnulls(brand_id, owner) = 1", name=op.f("ck_currency_of_brand_or_group")),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brand.id"], name=op.f("fk_currency_brand_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_currency")),
        sa.UniqueConstraint("brand_id", name=op.f("uq_currency_brand_id")),
        sa.UniqueConstraint("owner", name=op.f("uq_currency_owner")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("currency_id", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=True),
        sa.Column("posted", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('shopper', 'debt')) = (shopper_id IS NOT NULL)", name=op.f("ck_account_owner")
        ),
        sa.CheckConstraint("held >= 0 AND (kind = 'shopper' OR held = 0)", name=op.f("ck_account_held")),
        sa.CheckConstraint("kind <> 'debt' OR posted <= 0", name=op.f("ck_account_debt_below_zero")),
        sa.CheckConstraint("kind <> 'shopper' OR posted >= 0", name=op.f("ck_account_never_below_zero")),
        sa.CheckConstraint(
            "kind IN ('issuer', 'shopper', 'debt', 'held', 'redeemed', 'expired', 'reversed', 'exchanged')",
            name=op.f("ck_account_kind"),
        ),
        sa.CheckConstraint(
            "(shopper_id IS NULL) = (posted IS NULL)", name=op.f("ck_account_running_balance")
        ),
        sa.ForeignKeyConstraint(
            ["currency_id"], ["currency.id"], name=op.f("fk_account_currency_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_account_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "uq_account_shopper",
        "account",
        ["shopper_id", "currency_id", "kind"],
        unique=True,
        postgresql_where=sa.text("shopper_id IS NOT NULL"),
    )
    op.create_index(
        "uq_account_system",
        "account",
        ["currency_id", "kind"],
        unique=True,
        postgresql_where=sa.text("shopper_id IS NULL"),
    )
    op.create_table(
        "budget",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("scope", sqlmodel.sql.sqltypes.AutoString(length=5), nullable=False),
        sa.Column("policy", sqlmodel.sql.sqltypes.AutoString(length=14), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("slices", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("policy IN ('all_or_nothing', 'partial')", name=op.f("ck_budget_policy")),
        sa.CheckConstraint("scope IN ('total', 'day')", name=op.f("ck_budget_scope")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_budget_amount")),
        sa.CheckConstraint("slices BETWEEN 1 AND 64", name=op.f("ck_budget_slices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
    )
    op.create_table(
        "budget_window",
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_budget_window_amount")),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_budget_window_budget_id")),
        sa.PrimaryKeyConstraint("budget_id", "day", name=op.f("pk_budget_window")),
    )
    op.create_table(
        "budget_slice",
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("left_points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("left_points >= 0", name=op.f("ck_budget_slice_left")),
        sa.ForeignKeyConstraint(
            ["budget_id", "day"],
            ["budget_window.budget_id", "budget_window.day"],
            name=op.f("fk_budget_slice_budget_id_day"),
        ),
        sa.PrimaryKeyConstraint("budget_id", "day", "n", name=op.f("pk_budget_slice")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "budget_use",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points <> 0", name=op.f("ck_budget_use_points")),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_budget_use_budget_id")),
        sa.PrimaryKeyConstraint("key", "budget_id", name=op.f("pk_budget_use")),
    )
    op.create_table(
        "budget_hold",
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_budget_hold_points_positive")),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_budget_hold_budget_id")),
        sa.PrimaryKeyConstraint("holder", "budget_id", name=op.f("pk_budget_hold")),
    )
    op.create_table(
        "decision_bands",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("review_from", sa.Float(), nullable=False),
        sa.Column("reject_from", sa.Float(), nullable=True),
        sa.Column("second_reviewer_from_minor", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "reject_from >= review_from AND reject_from <= 1", name=op.f("ck_decision_bands_reject_from")
        ),
        sa.CheckConstraint(
            "review_from > 0 AND review_from <= 1", name=op.f("ck_decision_bands_review_from")
        ),
        sa.CheckConstraint("second_reviewer_from_minor > 0", name=op.f("ck_decision_bands_second_reviewer")),
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
        "product",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("pack", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("restricted_class", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "restricted_class IN ('none', 'alcohol_low', 'alcohol_high', 'infant_0_24', 'tobacco', 'medicine')",
            name=op.f("ck_product_restricted_class"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_product_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("slug", name=op.f("uq_product_slug")),
    )
    op.create_index(op.f("ix_product_brand_id"), "product", ["brand_id"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("request_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column(
            "channel", sqlmodel.sql.sqltypes.AutoString(length=11), server_default="photo", nullable=False
        ),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("postponed", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=True),
        sa.Column("merchant", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("store", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("receipt_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("purchased_at", sa.DateTime(), nullable=True),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(length=3), nullable=True),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=True),
        sa.Column("discount_total_minor", sa.BigInteger(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("payment", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("fraud_score", sa.Float(), nullable=True),
        sa.Column("reading", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("earning", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "captured_at >= '0001-01-02' AND captured_at < '9999-12-31'",
            name=op.f("ck_receipt_captured_at_shown"),
        ),
        sa.CheckConstraint(
            "purchased_at >= '0001-01-02' AND purchased_at < '9999-12-31'",
            name=op.f("ck_receipt_purchased_at_shown"),
        ),
        sa.CheckConstraint(
            "status <> 'in_review' OR waiting_since IS NOT NULL", name=op.f("ck_receipt_in_review_since")
        ),
        sa.CheckConstraint(
            "channel IN ('photo', 'till', 'web', 'marketplace')", name=op.f("ck_receipt_channel")
        ),
        sa.CheckConstraint(
            "status IN ('received', 'reading', 'approved', 'in_review', 'rejected', 'unreadable', 'reversed')",
            name=op.f("ck_receipt_status"),
        ),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_receipt_retailer_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_receipt_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint(
            "shopper_id", "idempotency_key", name=op.f("uq_receipt_shopper_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_receipt_approved_bought",
        "receipt",
        [sa.literal_column("coalesce(purchased_at, purchased_on::timestamp without time zone)")],
        unique=False,
        postgresql_where=sa.text("status = 'approved'"),
    )
    op.create_index(
        "ix_receipt_removed_bought",
        "receipt",
        [sa.literal_column("coalesce(purchased_at, purchased_on::timestamp without time zone)")],
        unique=False,
        postgresql_where=sa.text("status IN ('rejected', 'reversed')"),
    )
    op.create_index(
        "ix_receipt_approved_copies",
        "receipt",
        ["reasons"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"reasons": "jsonb_path_ops"},
        postgresql_where=sa.text("status = 'approved' AND reasons @? '$[*].evidence.matching_receipt_id'"),
    )
    op.create_index(
        "ix_receipt_in_review",
        "receipt",
        ["waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'in_review'"),
    )
    op.create_index(
        "ix_receipt_same_print", "receipt", ["retailer_id", "purchased_at", "total_minor"], unique=False
    )
    op.create_index(
        "ix_receipt_shop_time",
        "receipt",
        ["retailer_id", "store", "purchased_at"],
        unique=False,
        postgresql_where=sa.text("store IS NOT NULL"),
    )
    op.create_index("ix_receipt_shopper_newest", "receipt", ["shopper_id", "received_at", "id"], unique=False)
    op.create_index(
        "ix_receipt_unreadable",
        "receipt",
        ["settled_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'unreadable'"),
    )
    op.create_index(
        "ix_receipt_waiting",
        "receipt",
        ["rung_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('received', 'reading')"),
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
        "shopper_link",
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('device', 'payout', 'paper')", name=op.f("ck_shopper_link_kind")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_shopper_link_shopper_id")),
        sa.PrimaryKeyConstraint("kind", "key", "shopper_id", name=op.f("pk_shopper_link")),
    )
    op.create_index(op.f("ix_shopper_link_last_seen_at"), "shopper_link", ["last_seen_at"], unique=False)
    op.create_index("ix_shopper_link_shopper", "shopper_link", ["shopper_id", "kind"], unique=False)
    op.create_table(
        "sign_in_failure",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("address_digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_sign_in_failure_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "address_digest", name=op.f("pk_sign_in_failure")),
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
        "store",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("folded", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=True),
        sa.Column("opens_at", sa.Time(), nullable=True),
        sa.Column("closes_at", sa.Time(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.CheckConstraint("folded <> ''", name=op.f("ck_store_folded_not_empty")),
        sa.CheckConstraint(
            "(opens_at IS NULL) = (closes_at IS NULL)", name=op.f("ck_store_both_hours_or_none")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_store_days_in_order")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_store_retailer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
        sa.UniqueConstraint("retailer_id", "folded", name=op.f("uq_store_retailer_id_folded")),
    )
    op.create_table(
        "barcode",
        sa.Column("ean", sqlmodel.sql.sqltypes.AutoString(length=13), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ean ~ '^[0-9]{13}$'", name=op.f("ck_barcode_ean_13_digits")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_barcode_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ean", name=op.f("pk_barcode")),
    )
    op.create_index(op.f("ix_barcode_product_id"), "barcode", ["product_id"], unique=False)
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
        "chain_price",
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("sales", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_chain_price_product_id")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_chain_price_retailer_id")),
        sa.PrimaryKeyConstraint("retailer_id", "product_id", name=op.f("pk_chain_price")),
    )
    op.create_table(
        "learned_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=4), nullable=False),
        sa.Column("retailer_id", sa.Uuid(), nullable=True),
        sa.Column("value", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("receipts", sa.Integer(), nullable=False),
        sa.Column("shoppers", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("replay_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replay_after", sa.Uuid(), nullable=True),
        sa.Column("replayed", sa.Integer(), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('candidate', 'acting', 'withdrawn', 'not_ours')", name=op.f("ck_learned_link_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('candidate', 'acting') OR product_id IS NOT NULL",
            name=op.f("ck_learned_link_has_product"),
        ),
        sa.CheckConstraint("subject IN ('name', 'ean')", name=op.f("ck_learned_link_subject")),
        sa.CheckConstraint("value <> ''", name=op.f("ck_learned_link_value_not_empty")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff_member.id"], name=op.f("fk_learned_link_decided_by")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_learned_link_product_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_learned_link_retailer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learned_link")),
        sa.UniqueConstraint(
            "subject",
            "retailer_id",
            "value",
            "product_id",
            name=op.f("uq_learned_link_subject_retailer_id_value_product_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_learned_link_product_id"), "learned_link", ["product_id"], unique=False)
    op.create_index(
        "ix_learned_link_standing",
        "learned_link",
        ["subject", "retailer_id", "value"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state IN ('acting', 'not_ours')"),
    )
    op.create_table(
        "paper_key",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_paper_key_receipt_id")),
        sa.PrimaryKeyConstraint("key", "receipt_id", name=op.f("pk_paper_key")),
    )
    op.create_index(op.f("ix_paper_key_receipt_id"), "paper_key", ["receipt_id"], unique=False)
    op.create_table(
        "photo_hash",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("code", postgresql.BIT(length=256), nullable=False),
        sa.Column(
            "band_0",
            sa.Integer(),
            sa.Computed(
                "(get_bit(code, 0) << 0) | (get_bit(code, 3) << 1) | (get_bit(code, 6) << 2) | (get_bit(code, 9) << 3) | (get_bit(code, 12) << 4) | (get_bit(code, 15) << 5) | (get_bit(code, 18) << 6) | (get_bit(code, 21) << 7) | (get_bit(code, 24) << 8) | (get_bit(code, 27) << 9) | (get_bit(code, 30) << 10) | (get_bit(code, 33) << 11) | (get_bit(code, 36) << 12) | (get_bit(code, 39) << 13) | (get_bit(code, 42) << 14) | (get_bit(code, 45) << 15) | (get_bit(code, 48) << 16) | (get_bit(code, 51) << 17) | (get_bit(code, 54) << 18) | (get_bit(code, 57) << 19) | (get_bit(code, 60) << 20) | (get_bit(code, 63) << 21) | (get_bit(code, 66) << 22) | (get_bit(code, 69) << 23) | (get_bit(code, 72) << 24) | (get_bit(code, 75) << 25) | (get_bit(code, 78) << 26)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "band_1",
            sa.Integer(),
            sa.Computed(
                "(get_bit(code, 1) << 0) | (get_bit(code, 4) << 1) | (get_bit(code, 7) << 2) | (get_bit(code, 10) << 3) | (get_bit(code, 13) << 4) | (get_bit(code, 16) << 5) | (get_bit(code, 19) << 6) | (get_bit(code, 22) << 7) | (get_bit(code, 25) << 8) | (get_bit(code, 28) << 9) | (get_bit(code, 31) << 10) | (get_bit(code, 34) << 11) | (get_bit(code, 37) << 12) | (get_bit(code, 40) << 13) | (get_bit(code, 43) << 14) | (get_bit(code, 46) << 15) | (get_bit(code, 49) << 16) | (get_bit(code, 52) << 17) | (get_bit(code, 55) << 18) | (get_bit(code, 58) << 19) | (get_bit(code, 61) << 20) | (get_bit(code, 64) << 21) | (get_bit(code, 67) << 22) | (get_bit(code, 70) << 23) | (get_bit(code, 73) << 24) | (get_bit(code, 76) << 25) | (get_bit(code, 79) << 26)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "band_2",
            sa.Integer(),
            sa.Computed(
                "(get_bit(code, 2) << 0) | (get_bit(code, 5) << 1) | (get_bit(code, 8) << 2) | (get_bit(code, 11) << 3) | (get_bit(code, 14) << 4) | (get_bit(code, 17) << 5) | (get_bit(code, 20) << 6) | (get_bit(code, 23) << 7) | (get_bit(code, 26) << 8) | (get_bit(code, 29) << 9) | (get_bit(code, 32) << 10) | (get_bit(code, 35) << 11) | (get_bit(code, 38) << 12) | (get_bit(code, 41) << 13) | (get_bit(code, 44) << 14) | (get_bit(code, 47) << 15) | (get_bit(code, 50) << 16) | (get_bit(code, 53) << 17) | (get_bit(code, 56) << 18) | (get_bit(code, 59) << 19) | (get_bit(code, 62) << 20) | (get_bit(code, 65) << 21) | (get_bit(code, 68) << 22) | (get_bit(code, 71) << 23) | (get_bit(code, 74) << 24) | (get_bit(code, 77) << 25) | (get_bit(code, 80) << 26)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_photo_hash_receipt_id")),
        sa.PrimaryKeyConstraint("receipt_id", "page", name=op.f("pk_photo_hash")),
    )
    op.create_index(
        "ix_photo_hash_band_0",
        "photo_hash",
        ["band_0"],
        unique=False,
        postgresql_include=["code", "receipt_id"],
    )
    op.create_index(
        "ix_photo_hash_band_1",
        "photo_hash",
        ["band_1"],
        unique=False,
        postgresql_include=["code", "receipt_id"],
    )
    op.create_index(
        "ix_photo_hash_band_2",
        "photo_hash",
        ["band_2"],
        unique=False,
        postgresql_include=["code", "receipt_id"],
    )
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
        "receipt_claim",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_receipt_claim_receipt_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_receipt_claim")),
    )
    op.create_index(op.f("ix_receipt_claim_receipt_id"), "receipt_claim", ["receipt_id"], unique=False)
    op.create_table(
        "receipt_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("raw_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("match_method", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=True),
        sa.Column("match_score", sa.Float(), nullable=True),
        sa.Column("barcode", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("unit", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("box", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("amount_read_minor", sa.BigInteger(), nullable=True),
        sa.Column("returned", sa.Numeric(precision=12, scale=3), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_receipt_line_brand_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_receipt_line_product_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_receipt_line_receipt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_line")),
        sa.UniqueConstraint("receipt_id", "position", name=op.f("uq_receipt_line_receipt_id_position")),
    )
    op.create_index(
        "ix_receipt_line_brand",
        "receipt_line",
        ["brand_id", "receipt_id"],
        unique=False,
        postgresql_where=sa.text("brand_id IS NOT NULL"),
    )
    op.create_table(
        "receipt_page",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("object_name", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("media_type", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_receipt_page_receipt_id")),
        sa.PrimaryKeyConstraint("receipt_id", "position", name=op.f("pk_receipt_page")),
    )
    op.create_index(op.f("ix_receipt_page_object_name"), "receipt_page", ["object_name"], unique=False)
    op.create_index(op.f("ix_receipt_page_sha256"), "receipt_page", ["sha256"], unique=False)
    op.create_table(
        "review_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("decision IN ('approve', 'reject')", name=op.f("ck_review_decision_decision")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_review_decision_receipt_id")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["staff_member.id"], name=op.f("fk_review_decision_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decision")),
    )
    op.create_index(op.f("ix_review_decision_receipt_id"), "review_decision", ["receipt_id"], unique=False)
    op.create_table(
        "review_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("corrections", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pays_again", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
        sa.Column("staff_id", sa.Uuid(), nullable=True),
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
        "till_name",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("retailer_id", sa.Uuid(), nullable=True),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("folded", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.CheckConstraint("folded <> ''", name=op.f("ck_till_name_folded_not_empty")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_till_name_product_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_till_name_retailer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_name")),
        sa.UniqueConstraint(
            "retailer_id",
            "folded",
            name=op.f("uq_till_name_retailer_id_folded"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_till_name_product_id"), "till_name", ["product_id"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("debit_id", sa.Integer(), nullable=False),
        sa.Column("credit_id", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("follows", sa.Uuid(), nullable=True),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_transfer_accounts_differ")),
        sa.CheckConstraint("points > 0", name=op.f("ck_transfer_points_positive")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_transfer_campaign_id")),
        sa.ForeignKeyConstraint(["credit_id"], ["account.id"], name=op.f("fk_transfer_credit_id")),
        sa.ForeignKeyConstraint(["debit_id"], ["account.id"], name=op.f("fk_transfer_debit_id")),
        sa.ForeignKeyConstraint(["follows"], ["transfer.key"], name=op.f("fk_transfer_follows")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_transfer_receipt_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_transfer")),
    )
    op.create_index(
        "ix_transfer_credit",
        "transfer",
        ["credit_id", "occurred_at"],
        unique=False,
        postgresql_where=sa.text("kind IN ('earn', 'refund', 'release', 'adjust', 'exchange', 'repay')"),
    )
    op.create_index(
        "ix_transfer_debit",
        "transfer",
        ["debit_id", "occurred_at"],
        unique=False,
        postgresql_where=sa.text("kind <> 'earn'"),
    )
    op.create_index(
        "ix_transfer_follows",
        "transfer",
        ["follows"],
        unique=False,
        postgresql_where=sa.text("follows IS NOT NULL"),
    )
    op.create_index(
        "ix_transfer_occurred_at", "transfer", ["occurred_at"], unique=False, postgresql_using="brin"
    )
    op.create_index(
        "ix_transfer_receipt_id",
        "transfer",
        ["receipt_id"],
        unique=False,
        postgresql_where=sa.text("receipt_id IS NOT NULL"),
    )
    op.create_table(
        "lot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("origin", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("left_points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("left_points BETWEEN 0 AND points", name=op.f("ck_lot_left")),
        sa.CheckConstraint("points > 0", name=op.f("ck_lot_points_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_lot_account_id")),
        sa.ForeignKeyConstraint(["origin"], ["transfer.key"], name=op.f("fk_lot_origin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
    )
    op.create_index(
        "ix_lot_account",
        "lot",
        ["account_id", "last_day", "id"],
        unique=False,
        postgresql_where=sa.text("left_points > 0"),
    )
    op.create_index(
        "ix_lot_last_day",
        "lot",
        ["last_day"],
        unique=False,
        postgresql_where=sa.text("left_points > 0 AND last_day IS NOT NULL"),
    )
    op.create_table(
        "lot_use",
        sa.Column("transfer_key", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points <> 0", name=op.f("ck_lot_use_points")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_lot_use_lot_id")),
        sa.ForeignKeyConstraint(["transfer_key"], ["transfer.key"], name=op.f("fk_lot_use_transfer_key")),
        sa.PrimaryKeyConstraint("transfer_key", "lot_id", name=op.f("pk_lot_use")),
    )
    op.create_index("ix_lot_use_lot_id", "lot_use", ["lot_id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=False),
        sa.CheckConstraint("state IN ('open', 'posted', 'void')", name=op.f("ck_hold_state")),
        sa.CheckConstraint("points > 0", name=op.f("ck_hold_points_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hold_account_id")),
        sa.ForeignKeyConstraint(["key"], ["transfer.key"], name=op.f("fk_hold_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_hold")),
    )
    op.create_index(
        "ix_hold_open", "hold", ["account_id"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_hold_until", "hold", ["until"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "upload_origin",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("shopper_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("network", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("client", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("app_version", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("attestation", sqlmodel.sql.sqltypes.AutoString(length=6), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_upload_origin_receipt_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["shopper.id"], name=op.f("fk_upload_origin_shopper_id")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_upload_origin")),
    )
    op.create_index("ix_upload_origin_device", "upload_origin", ["device", "uploaded_at"], unique=False)
    op.create_index("ix_upload_origin_shopper", "upload_origin", ["shopper_id", "uploaded_at"], unique=False)
    op.create_index(op.f("ix_upload_origin_uploaded_at"), "upload_origin", ["uploaded_at"], unique=False)
    op.create_table(
        "withheld_points",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_withheld_points_receipt_id")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_withheld_points")),
    )
    op.create_table(
        "replayed_line",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("brand_before", sa.Uuid(), nullable=True),
        sa.Column("method_before", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=True),
        sa.Column("score_before", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["brand_before"], ["brand.id"], name=op.f("fk_replayed_line_brand_before")),
        sa.ForeignKeyConstraint(["line_id"], ["receipt_line.id"], name=op.f("fk_replayed_line_line_id")),
        sa.ForeignKeyConstraint(["link_id"], ["learned_link.id"], name=op.f("fk_replayed_line_link_id")),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_replayed_line")),
    )
    op.create_index(op.f("ix_replayed_line_link_id"), "replayed_line", ["link_id"], unique=False)
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
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        """
        CREATE FUNCTION open_currency() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO currency (brand_id) VALUES (NEW.id);
            RETURN NULL;
        END $$
        """
    )
    # Two first uses of a currency that open its accounts in other orders would wait for each other.
    op.execute(
        """
        CREATE FUNCTION open_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO account (currency_id, kind)
            SELECT NEW.id, kind
            FROM unnest(ARRAY['issuer', 'held', 'redeemed', 'expired', 'reversed', 'exchanged']) AS kinds (kind);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER currency_has_accounts AFTER INSERT ON currency "
        "FOR EACH ROW EXECUTE FUNCTION open_accounts()"
    )
    op.execute(
        "CREATE TRIGGER brand_has_a_currency AFTER INSERT ON brand FOR EACH ROW EXECUTE FUNCTION open_currency()"
    )
    op.execute(
        """
        CREATE FUNCTION refuse_reading_again() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'receipt % has ended', OLD.id USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    # A receipt that could not be read may be read again; one that was judged may not.
    op.execute(
        "CREATE TRIGGER receipt_has_ended BEFORE UPDATE OF status ON receipt FOR EACH ROW "
        "WHEN (OLD.status IN ('approved', 'in_review', 'rejected', 'reversed') "
        "AND NEW.status IN ('received', 'reading')) EXECUTE FUNCTION refuse_reading_again()"
    )


def downgrade() -> None:
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP TRIGGER brand_has_a_currency ON brand")
    op.execute("DROP FUNCTION open_currency()")
    op.execute("DROP TRIGGER currency_has_accounts ON currency")
    op.execute("DROP FUNCTION open_accounts()")
    op.execute("DROP TRIGGER receipt_has_ended ON receipt")
    op.execute("DROP FUNCTION refuse_reading_again()")
    op.drop_table("review_undo")
    op.drop_index(op.f("ix_replayed_line_link_id"), table_name="replayed_line")
    op.drop_table("replayed_line")
    op.drop_table("withheld_points")
    op.drop_index(op.f("ix_upload_origin_uploaded_at"), table_name="upload_origin")
    op.drop_index("ix_upload_origin_shopper", table_name="upload_origin")
    op.drop_index("ix_upload_origin_device", table_name="upload_origin")
    op.drop_table("upload_origin")
    op.drop_table("hold")
    op.drop_table("lot_use")
    op.drop_table("lot")
    op.drop_table("transfer")
    op.drop_index(op.f("ix_till_name_product_id"), table_name="till_name")
    op.drop_table("till_name")
    op.drop_index(op.f("ix_staff_act_staff_id"), table_name="staff_act")
    op.drop_index(op.f("ix_staff_act_receipt_id"), table_name="staff_act")
    op.drop_index("ix_staff_act_newest", table_name="staff_act")
    op.drop_table("staff_act")
    op.drop_index(
        "uq_review_proposal_open", table_name="review_proposal", postgresql_where=sa.text("closed_at IS NULL")
    )
    op.drop_index(op.f("ix_review_proposal_receipt_id"), table_name="review_proposal")
    op.drop_table("review_proposal")
    op.drop_index(op.f("ix_review_decision_receipt_id"), table_name="review_decision")
    op.drop_table("review_decision")
    op.drop_index(op.f("ix_receipt_page_sha256"), table_name="receipt_page")
    op.drop_index(op.f("ix_receipt_page_object_name"), table_name="receipt_page")
    op.drop_table("receipt_page")
    op.drop_index(
        "ix_receipt_line_brand", table_name="receipt_line", postgresql_where=sa.text("brand_id IS NOT NULL")
    )
    op.drop_table("receipt_line")
    op.drop_index(op.f("ix_receipt_claim_receipt_id"), table_name="receipt_claim")
    op.drop_table("receipt_claim")
    op.drop_table("receipt_appeal")
    op.drop_index(op.f("ix_raised_signal_raised_at"), table_name="raised_signal")
    op.drop_index("ix_raised_signal_code", table_name="raised_signal")
    op.drop_table("raised_signal")
    op.drop_index("ix_photo_hash_band_2", table_name="photo_hash", postgresql_include=["code", "receipt_id"])
    op.drop_index("ix_photo_hash_band_1", table_name="photo_hash", postgresql_include=["code", "receipt_id"])
    op.drop_index("ix_photo_hash_band_0", table_name="photo_hash", postgresql_include=["code", "receipt_id"])
    op.drop_table("photo_hash")
    op.drop_index(op.f("ix_paper_key_receipt_id"), table_name="paper_key")
    op.drop_table("paper_key")
    op.drop_index(
        "ix_learned_link_standing",
        table_name="learned_link",
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state IN ('acting', 'not_ours')"),
    )
    op.drop_index(op.f("ix_learned_link_product_id"), table_name="learned_link")
    op.drop_table("learned_link")
    op.drop_table("chain_price")
    op.drop_index(op.f("ix_case_hold_reviewer_id"), table_name="case_hold")
    op.drop_table("case_hold")
    op.drop_index(op.f("ix_barcode_product_id"), table_name="barcode")
    op.drop_table("barcode")
    op.drop_table("store")
    op.drop_table("staff_relation")
    op.drop_table("staff_credential")
    op.drop_table("sign_in_failure")
    op.drop_index("ix_shopper_link_shopper", table_name="shopper_link")
    op.drop_index(op.f("ix_shopper_link_last_seen_at"), table_name="shopper_link")
    op.drop_table("shopper_link")
    op.drop_table("saved_view")
    op.drop_index(
        "ix_receipt_waiting",
        table_name="receipt",
        postgresql_where=sa.text("status IN ('received', 'reading')"),
    )
    op.drop_index(
        "ix_receipt_unreadable", table_name="receipt", postgresql_where=sa.text("status = 'unreadable'")
    )
    op.drop_index("ix_receipt_shopper_newest", table_name="receipt")
    op.drop_index("ix_receipt_shop_time", table_name="receipt", postgresql_where=sa.text("store IS NOT NULL"))
    op.drop_index("ix_receipt_same_print", table_name="receipt")
    op.drop_index(
        "ix_receipt_in_review", table_name="receipt", postgresql_where=sa.text("status = 'in_review'")
    )
    op.drop_index(
        "ix_receipt_approved_copies",
        table_name="receipt",
        postgresql_using="gin",
        postgresql_ops={"reasons": "jsonb_path_ops"},
        postgresql_where=sa.text("status = 'approved' AND reasons @? '$[*].evidence.matching_receipt_id'"),
    )
    op.drop_index(
        "ix_receipt_removed_bought",
        table_name="receipt",
        postgresql_where=sa.text("status IN ('rejected', 'reversed')"),
    )
    op.drop_index(
        "ix_receipt_approved_bought", table_name="receipt", postgresql_where=sa.text("status = 'approved'")
    )
    op.drop_table("receipt")
    op.drop_index(op.f("ix_product_brand_id"), table_name="product")
    op.drop_table("product")
    op.drop_table("fraud_rule")
    op.drop_table("decision_bands")
    op.drop_table("budget_hold")
    op.drop_table("budget_use")
    op.drop_table("budget_slice")
    op.drop_table("budget_window")
    op.drop_table("budget")
    op.drop_table("account")
    op.drop_table("currency")
    op.drop_table("staff_member")
    op.drop_table("shopper")
    op.drop_table("retailer")
    op.drop_table("chore")
    op.drop_table("catalog_state")
    op.drop_index(op.f("ix_campaign_brand_id"), table_name="campaign")
    op.drop_table("campaign")
    op.drop_index(op.f("ix_brand_owner"), table_name="brand")
    op.drop_table("brand")
    op.drop_table("attested_key")
