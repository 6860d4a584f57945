"""What can be bought and where: chains, brands, products, how tills print them, and their EANs."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from schemas.base import Body, ShortText, id_field, json_field, time_field

NAME_LENGTH_MAX = 200
STORE_ADDRESS_LENGTH_MAX = 300
REGION_LENGTH_MAX = 60

# What law lets be promoted: anything else but `none` earns nothing, weak alcohol only who is of age.
RestrictedClass = Literal["none", "alcohol_low", "alcohol_high", "infant_0_24", "tobacco", "medicine"]
RESTRICTED_CLASSES: tuple[RestrictedClass, ...] = get_args(RestrictedClass)


class Retailer(SQLModel, table=True):
    """A chain of shops. `name` is the spelling that readings carry: `Co.opmart`, `WinMart+`."""

    __tablename__ = "retailer"

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=60)
    name: str = Field(unique=True, max_length=NAME_LENGTH_MAX)
    # Since when an admin's file says what it is, not the package.
    imported_at: datetime | None = time_field(nullable=True)
    # Since when every store of the chain is known; without it an unlisted store says nothing.
    stores_complete_at: datetime | None = time_field(nullable=True)


class Store(SQLModel, table=True):
    """One of a chain's stores. `name` is what its receipts print, `folded` its key within the chain.

    Hours are local; where `closes_at` is before `opens_at` it closes after midnight. Without days it
    has always been there, and still is.
    """

    __tablename__ = "store"
    __table_args__ = (
        UniqueConstraint("retailer_id", "folded"),
        CheckConstraint("folded <> ''", name="folded_not_empty"),
        CheckConstraint("(opens_at IS NULL) = (closes_at IS NULL)", name="both_hours_or_none"),
        CheckConstraint("first_on <= last_on", name="days_in_order"),
    )

    id: UUID = id_field()
    retailer_id: UUID = Field(foreign_key="retailer.id")
    name: str = Field(max_length=NAME_LENGTH_MAX)
    folded: str = Field(max_length=NAME_LENGTH_MAX)
    address: str | None = Field(default=None, max_length=STORE_ADDRESS_LENGTH_MAX)
    # Whatever the programme divides its country into: `mekong`, `hanoi`.
    region: str | None = Field(default=None, max_length=REGION_LENGTH_MAX)
    opens_at: time | None = None
    closes_at: time | None = None
    first_on: date | None = None
    last_on: date | None = None


class Brand(SQLModel, table=True):
    """A brand and how to tell it from words that look like it.

    `aliases` are other spellings on tills. `cues` are words that its goods carry. `ambiguous` are
    spellings that mean other things too, so they count only beside a cue. `vetoes` are words
    beside which no spelling counts.
    """

    __tablename__ = "brand"
    __table_args__ = (CheckConstraint(f"restricted_class IN {RESTRICTED_CLASSES}", name="restricted_class"),)

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=60)
    name: str = Field(unique=True, max_length=NAME_LENGTH_MAX)
    owner: str = Field(index=True, max_length=NAME_LENGTH_MAX)
    category: str = Field(max_length=60)
    aliases: list[str] = json_field(list)
    ambiguous: list[str] = json_field(list)
    cues: list[str] = json_field(list)
    vetoes: list[str] = json_field(list)
    restricted_class: str = Field(default="none", max_length=12)
    # Since when an admin's file says what it is, not the package.
    imported_at: datetime | None = time_field(nullable=True)


class Product(SQLModel, table=True):
    """One thing to buy. `slug` is its key in data files and imports; a retired one is not matched.

    Its `restricted_class` counts where it is not `none`, its brand's otherwise.
    """

    __tablename__ = "product"
    __table_args__ = (CheckConstraint(f"restricted_class IN {RESTRICTED_CLASSES}", name="restricted_class"),)

    id: UUID = id_field()
    slug: str = Field(unique=True, max_length=160)
    brand_id: UUID = Field(foreign_key="brand.id", index=True)
    name: str = Field(max_length=NAME_LENGTH_MAX)
    category: str = Field(max_length=60)
    pack: str | None = Field(default=None, max_length=40)
    restricted_class: str = Field(default="none", max_length=12)
    retired_at: datetime | None = time_field(nullable=True)


class TillName(SQLModel, table=True):
    """How tills print a product: `name` as printed, `folded` as matched.

    Without a retailer it holds for every chain. One folded name means one product per chain.
    """

    __tablename__ = "till_name"
    __table_args__ = (
        UniqueConstraint("retailer_id", "folded", postgresql_nulls_not_distinct=True),
        CheckConstraint("folded <> ''", name="folded_not_empty"),
    )

    id: UUID = id_field()
    product_id: UUID = Field(foreign_key="product.id", index=True, ondelete="CASCADE")
    retailer_id: UUID | None = Field(default=None, foreign_key="retailer.id")
    name: str = Field(max_length=NAME_LENGTH_MAX)
    folded: str = Field(max_length=NAME_LENGTH_MAX)


class Barcode(SQLModel, table=True):
    """An EAN-13 (shorter codes are padded with zeros on the left) and the product that carries it."""

    __tablename__ = "barcode"
    __table_args__ = (CheckConstraint("ean ~ '^[0-9]{13}$'", name="ean_13_digits"),)

    ean: str = Field(primary_key=True, max_length=13)
    product_id: UUID = Field(foreign_key="product.id", index=True, ondelete="CASCADE")


LinkSubject = Literal["name", "ean"]
LinkState = Literal["candidate", "acting", "withdrawn", "not_ours"]


class LearnedLink(SQLModel, table=True):
    """What receipts or an admin teach: a chain's printed name, or an EAN, is a product.

    `value` is the folded name or the EAN-13, `name` as it was printed. `shoppers` counts distinct shoppers
    of approved receipts, those that share a phone or a payout as one; `share` is theirs of all who saw the
    name beside any product, 0 to 1. A row that a person decided (`decided_at`) is never moved by counting.
    `not_ours` has no product: no brand of ours, not to be asked about again.

    `replay_asked_at` is since when past lines are looked through, `replay_after` the last line looked at,
    `replayed` how many got the product.
    """

    __tablename__ = "learned_link"
    __table_args__ = (
        UniqueConstraint("subject", "retailer_id", "value", "product_id", postgresql_nulls_not_distinct=True),
        # One name is one product at a chain, or none.
        Index(
            "ix_learned_link_standing",
            "subject",
            "retailer_id",
            "value",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state IN ('acting', 'not_ours')"),
        ),
        CheckConstraint(f"subject IN {get_args(LinkSubject)}", name="subject"),
        CheckConstraint(f"state IN {get_args(LinkState)}", name="state"),
        CheckConstraint("state NOT IN ('candidate', 'acting') OR product_id IS NOT NULL", name="has_product"),
        CheckConstraint("value <> ''", name="value_not_empty"),
    )

    id: UUID = id_field()
    subject: str = Field(max_length=4)
    retailer_id: UUID | None = Field(default=None, foreign_key="retailer.id")
    value: str = Field(max_length=NAME_LENGTH_MAX)
    name: str = Field(max_length=NAME_LENGTH_MAX)
    product_id: UUID | None = Field(default=None, foreign_key="product.id", index=True, ondelete="CASCADE")
    state: str = Field(max_length=10)
    receipts: int = 0
    shoppers: int = 0
    share: float = 0.0
    first_seen_at: datetime = time_field()
    judged_at: datetime = time_field()
    acting_since: datetime | None = time_field(nullable=True)
    decided_at: datetime | None = time_field(nullable=True)
    decided_by: UUID | None = Field(default=None, foreign_key="staff_member.id")
    replay_asked_at: datetime | None = time_field(nullable=True)
    replay_after: UUID | None = None
    replayed: int = 0
    replayed_at: datetime | None = time_field(nullable=True)


class ReplayedLine(SQLModel, table=True):
    """A past line that a link gave its product, and what it was before, so that it can be taken back."""

    __tablename__ = "replayed_line"

    line_id: UUID = Field(primary_key=True, foreign_key="receipt_line.id")
    link_id: UUID = Field(foreign_key="learned_link.id", index=True)
    brand_before: UUID | None = Field(default=None, foreign_key="brand.id")
    method_before: str | None = Field(default=None, max_length=20)
    score_before: float | None = None


class CatalogState(SQLModel, table=True):
    """One row: `version` is new after every change, so a process knows when to load again."""

    __tablename__ = "catalog_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: UUID


ImportErrorCode = Literal[
    "bad_csv",
    "unknown_class",
    "bad_encoding",
    "duplicate",
    "file_too_large",
    "invalid_ean",
    "invalid_day",
    "invalid_hours",
    "invalid_number",
    "missing_column",
    "missing_value",
    "too_long",
    "too_many_rows",
    "unknown_brand",
    "unknown_column",
    "unknown_retailer",
    "wrong_column_count",
]


class ImportRowError(Body):
    """What is wrong in one cell of an imported file. `line` counts from 1, the header is line 1."""

    line: int = BodyField(description="Line of the file, from 1; the header is line 1.")
    column: str | None = BodyField(description="Column, if it is about one.")
    code: ImportErrorCode = BodyField(description="Stable name of the fault.")
    message: str = BodyField(description="What is wrong, in the caller's language.")


class ImportReport(Body):
    """What an import did. With `errors` nothing was changed: `created` and `updated` are 0."""

    rows: int = BodyField(description="Rows of the file.")
    created: int = BodyField(description="How many are new.")
    updated: int = BodyField(description="How many were changed.")
    retired: int = BodyField(description="How many were taken out.")
    errors: list[ImportRowError] = BodyField(
        max_length=1000, description="What is wrong; empty where it was taken."
    )


class RetailerBody(Body):
    """A chain as clients see it."""

    slug: str = BodyField(description="Stable name, for addresses and files.")
    name: str = BodyField(description="Name.")


class BrandBody(Body):
    """A brand as clients see it."""

    slug: str = BodyField(description="Stable name, for addresses and files.")
    name: str = BodyField(description="Name.")
    owner: str = BodyField(description="Who makes it.")
    category: str = BodyField(description="What it is.")


class ProductBody(Body):
    """A product as clients see it."""

    slug: str = BodyField(description="Stable name, for addresses and files.")
    name: str = BodyField(description="Name.")
    brand: str = BodyField(description="Slug of its brand.")
    category: str = BodyField(description="What it is.")
    pack: str | None = BodyField(description="How much is in it.")


class RetailerList(Body):
    """Chains by slug; `next_cursor` is null on the last page."""

    retailers: list[RetailerBody] = BodyField(description="Chains, by slug.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")


class BrandList(Body):
    """Brands by slug; `next_cursor` is null on the last page."""

    brands: list[BrandBody] = BodyField(description="Brands, by slug.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")


class ProductList(Body):
    """Products on sale by slug; `next_cursor` is null on the last page."""

    products: list[ProductBody] = BodyField(description="Products, by slug.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")


class UnmatchedName(Body):
    """A printed name of a chain without a product. `example` is a receipt that shows it."""

    name: str = BodyField(description="As tills print it.")
    retailer: str | None = BodyField(description="Name of the chain; null where it is not known.")
    brand: str | None = BodyField(description="Brand of these lines, where it is known.")
    lines: int = BodyField(description="How many lines.")
    shoppers: int = BodyField(description="Of how many shoppers.")
    example: UUID = BodyField(description="Id of a receipt that shows it.")
    suggested: str | None = BodyField(description="Slug of the product it may be.")


class UnmatchedNames(Body):
    """The most frequent names without a product, most frequent first."""

    names: list[UnmatchedName] = BodyField(description="Names, the most frequent first.")


class LinkRequest(Body):
    """Says what a printed name is: a product by its slug, or none of ours. Without a chain, at any."""

    name: Annotated[ShortText, BodyField(min_length=1)] = BodyField(description="As the till prints it.")
    retailer: ShortText | None = BodyField(default=None, description="Slug of the chain; null means any.")
    product: ShortText | None = BodyField(
        default=None, description="Slug of the product; null means none of ours."
    )


class LearnedLinkBody(Body):
    """A learned link as admins see it. `done` of a replay counts lines that got the product."""

    id: UUID = BodyField(description="The link's id.")
    subject: LinkSubject = BodyField(description="A printed name or an EAN.")
    retailer: str | None = BodyField(description="Name of the chain; null where it is not known.")
    name: str = BodyField(description="As it was printed.")
    product: str | None = BodyField(description="Slug of the product; null means none of ours.")
    state: LinkState = BodyField(description="Whether it acts.")
    receipts: int = BodyField(description="How many receipts taught it.")
    shoppers: int = BodyField(description="Of how many shoppers.")
    share: float = BodyField(description="Share of shoppers that agree, 0 to 1.")
    by_hand: bool = BodyField(description="Whether a person said so.")
    replaying: bool = BodyField(description="Whether past lines are being looked through.")
    replayed: int = BodyField(description="How many past lines got the product.")


class LearnedLinks(Body):
    """Learned links, newest first; `next_cursor` is null on the last page."""

    links: list[LearnedLinkBody] = BodyField(description="Links, newest first.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")


class ReplayPreview(Body):
    """What replaying a link over the past would do.

    `lines` would get the product, `brands_named` of them a brand as well; `other_brand` lines name another
    brand and stay as they are. Points never change: `unpaid_lines` are those that a brand is named on
    and that earned nothing.
    """

    lines: int = BodyField(description="Lines that would get the product.")
    receipts: int = BodyField(description="Of how many receipts.")
    brands_named: int = BodyField(description="Lines that would get a brand as well.")
    other_brand: int = BodyField(description="Lines that name another brand and stay.")
    unpaid_lines: int = BodyField(description="Lines that get a brand and earned nothing.")
    brand: str = BodyField(description="Name of the brand.")
