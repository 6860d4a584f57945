"""Campaigns and what they pay, from an admin's CSV file: all rows or none, bad rows reported by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TextIO
from uuid import UUID

from sqlalchemy import delete, literal_column
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.catalog.builtin import slug_of, split
from domain.catalog.folding import fold
from domain.catalog.sheets import Sheet
from infra.db import lock_key
from infra.words import DEFAULT_LANGUAGE, Language
from schemas.base import new_id
from schemas.catalog import NAME_LENGTH_MAX, Brand, ImportReport, Retailer
from schemas.loyalty import Campaign, EarningRule, EarningRuleRetailer

REQUIRED_COLUMNS: Final = ("campaign", "name", "first_day", "last_day", "brand", "points_per_10000")
COLUMNS: Final = (
    *REQUIRED_COLUMNS,
    "accepted_days",
    "valid_days",
    "rule_first_day",
    "rule_last_day",
    "retailers",
)
_LENGTHS_MAX: Final = {"campaign": 60, "name": NAME_LENGTH_MAX}
# As many points as minor units spent: past that a file is wrong, not generous.
_POINTS_MAX: Final = 10_000
_DAYS_MAX: Final = 3_660
_ACCEPTED_DAYS_USUAL: Final = 30


@dataclass(frozen=True, slots=True)
class _Terms:
    """What every row of a campaign says of it."""

    name: str
    starts_on: date
    ends_on: date
    accepted_days: int
    valid_days: int | None


@dataclass(frozen=True, slots=True)
class _Row:
    campaign: str
    terms: _Terms
    brand_id: UUID
    points: int
    starts_on: date | None
    ends_on: date | None
    retailer_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """Brands by slug and folded name, chains by folded name."""

    brands: Mapping[str, UUID]
    retailers: Mapping[str, UUID]


def import_campaigns(
    session: Session,
    text_stream: TextIO,
    *,
    replace: bool = False,
    language: Language = DEFAULT_LANGUAGE,
) -> ImportReport:
    """Create or change campaigns and their earning rules; where any row is bad, change nothing.

    One row is what one brand earns in one campaign: points for every 10,000 minor units. Each row repeats
    its campaign's name, days, `accepted_days` (30 where empty) and `valid_days` (for ever where empty).
    A rule may have days of its own, and chains separated by `|`; without any it holds at every known one.
    Receipts settled from now on go by it.

    Args:
        session: Open; the caller commits.
        text_stream: Text with a header row, from `sheets.csv_text`.
        replace: Whether rules of the file's campaigns that it does not name are taken out.
        language: Of the errors' messages.

    Returns:
        What was done, counted in rules, or every error found, at most 1,000.
    """
    lock_key(session, "campaign import")
    sheet = Sheet(REQUIRED_COLUMNS, COLUMNS, language)
    known = _known(session)
    terms_of: dict[str, tuple[int, _Terms]] = {}
    rows = [_row(line, cells, sheet, known, terms_of) for line, cells in sheet.rows(text_stream)]
    good = [row for row in rows if row is not None]
    if sheet.errors or not good:
        return ImportReport(rows=sheet.rows_read, created=0, updated=0, retired=0, errors=sheet.errors)
    campaign_ids = _write_campaigns(session, {slug: terms for slug, (_, terms) in terms_of.items()})
    created, rule_ids = _write_rules(session, good, campaign_ids)
    retired = _take_out_others(session, list(campaign_ids.values()), rule_ids) if replace else 0
    return ImportReport(
        rows=sheet.rows_read, created=created, updated=len(good) - created, retired=retired, errors=[]
    )


def _known(session: Session) -> _Known:
    brands: dict[str, UUID] = {}
    for slug, name, brand_id in session.exec(select(Brand.slug, Brand.name, Brand.id)).all():
        brands[slug] = brands[fold(name)] = brand_id
    retailers = {fold(name): id_ for name, id_ in session.exec(select(Retailer.name, Retailer.id)).all()}
    return _Known(brands, retailers)


def _row(
    line: int,
    cells: Mapping[str, str],
    sheet: Sheet,
    known: _Known,
    terms_of: dict[str, tuple[int, _Terms]],
) -> _Row | None:
    """Return a good row, or None after refusing each cell that is not."""
    before = len(sheet.errors)
    sheet.check_cells(line, cells, _LENGTHS_MAX)
    slug = slug_of(cells["campaign"])
    brand_id = known.brands.get(cells["brand"]) or known.brands.get(fold(cells["brand"]))
    if brand_id is None and cells["brand"]:
        sheet.refuse(line, "brand", "unknown_brand", value=cells["brand"])
    elif brand_id and (held := sheet.is_new("rule", (slug, brand_id), line)):
        sheet.refuse(line, "brand", "duplicate", "duplicate_row", held=held)
    points = sheet.whole(line, "points_per_10000", cells, least=1, most=_POINTS_MAX)
    terms = _terms(line, cells, sheet)
    own_days = [sheet.day(line, column, cells) for column in ("rule_first_day", "rule_last_day")]
    _check_order(line, "rule_last_day", sheet, *own_days)
    retailer_ids = _retailer_ids(line, cells, sheet, known)
    if brand_id is None or points is None or terms is None or len(sheet.errors) > before:
        return None
    held_line, said = terms_of.setdefault(slug, (line, terms))
    if said != terms:
        sheet.refuse(line, "campaign", "duplicate", "differs", held=held_line)
        return None
    return _Row(slug, terms, brand_id, points, own_days[0], own_days[1], retailer_ids)


def _terms(line: int, cells: Mapping[str, str], sheet: Sheet) -> _Terms | None:
    starts_on, ends_on = (sheet.day(line, column, cells) for column in ("first_day", "last_day"))
    _check_order(line, "last_day", sheet, starts_on, ends_on)
    accepted = sheet.whole(line, "accepted_days", cells, least=0, most=_DAYS_MAX)
    valid = sheet.whole(line, "valid_days", cells, least=1, most=_DAYS_MAX)
    if starts_on is None or ends_on is None:
        return None
    accepted_days = _ACCEPTED_DAYS_USUAL if accepted is None else accepted
    return _Terms(cells["name"], starts_on, ends_on, accepted_days, valid)


def _check_order(line: int, column: str, sheet: Sheet, first: date | None, last: date | None) -> None:
    if first and last and first > last:
        sheet.refuse(line, column, "invalid_day", "days_in_disorder")


def _retailer_ids(line: int, cells: Mapping[str, str], sheet: Sheet, known: _Known) -> tuple[UUID, ...]:
    found = []
    for name in split(cells.get("retailers", "")):
        retailer_id = known.retailers.get(fold(name))
        if retailer_id is None:
            sheet.refuse(line, "retailers", "unknown_retailer", value=name)
        else:
            found.append(retailer_id)
    return tuple(dict.fromkeys(found))


def _write_campaigns(session: Session, terms_of: Mapping[str, _Terms]) -> dict[str, UUID]:
    statement = insert(Campaign)
    said = ("name", "starts_on", "ends_on", "accepted_days", "valid_days")
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["slug"], set_={name: statement.excluded[name] for name in said}
        ).returning(col(Campaign.slug), col(Campaign.id)),
        [
            {"id": new_id(), "slug": slug} | {name: getattr(terms, name) for name in said}
            for slug, terms in terms_of.items()
        ],
    ).all()
    return {slug: id_ for slug, id_ in written}  # noqa: C416 - rows are no pairs to mypy


def _write_rules(
    session: Session, rows: list[_Row], campaign_ids: Mapping[str, UUID]
) -> tuple[int, list[UUID]]:
    """Write earning rules and their chains; return how many are new, and the ids of all."""
    statement = insert(EarningRule)
    said = ("points_per_10000_minor", "starts_on", "ends_on")
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["campaign_id", "brand_id"],
            set_={name: statement.excluded[name] for name in said},
        ).returning(
            col(EarningRule.campaign_id),
            col(EarningRule.brand_id),
            col(EarningRule.id),
            literal_column("xmax = 0").label("is_new"),
        ),
        [
            {
                "id": new_id(),
                "campaign_id": campaign_ids[row.campaign],
                "brand_id": row.brand_id,
                "points_per_10000_minor": row.points,
                "starts_on": row.starts_on,
                "ends_on": row.ends_on,
            }
            for row in rows
        ],
    ).all()
    rule_of = {(row.campaign_id, row.brand_id): row.id for row in written}
    limits: list[dict[str, Any]] = [
        {"rule_id": rule_of[campaign_ids[row.campaign], row.brand_id], "retailer_id": retailer_id}
        for row in rows
        for retailer_id in row.retailer_ids
    ]
    rule_ids = list(rule_of.values())
    session.execute(delete(EarningRuleRetailer).where(col(EarningRuleRetailer.rule_id).in_(rule_ids)))
    if limits:
        session.execute(insert(EarningRuleRetailer), limits)
    return sum(row.is_new for row in written), rule_ids


def _take_out_others(session: Session, campaign_ids: list[UUID], kept: list[UUID]) -> int:
    gone = session.exec(
        select(EarningRule.id).where(
            col(EarningRule.campaign_id).in_(campaign_ids), col(EarningRule.id).not_in(kept)
        )
    ).all()
    session.execute(delete(EarningRuleRetailer).where(col(EarningRuleRetailer.rule_id).in_(gone)))
    session.execute(delete(EarningRule).where(col(EarningRule.id).in_(gone)))
    return len(gone)
