"""Campaigns and what they pay, from an admin's CSV file: all rows or none, bad rows reported by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TextIO

from sqlmodel import Session, select

from domain.campaigns.conditions import All, Condition, Days, Goods, RetailerIn
from domain.campaigns.programme import read_terms
from domain.campaigns.terms import PointsPerAmount, Rule, Terms
from domain.campaigns.versions import create_campaign, publish_terms, published_of
from domain.catalog.builtin import slug_of, split
from domain.catalog.folding import fold
from domain.catalog.sheets import Sheet
from infra import clock
from infra.db import lock_key
from infra.words import DEFAULT_LANGUAGE, Language
from schemas.campaigns import Campaign
from schemas.catalog import NAME_LENGTH_MAX, Brand, ImportReport, Retailer

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
MINOR_PER_STEP: Final = 10_000
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
    brand: str
    points: int
    starts_on: date | None
    ends_on: date | None
    retailers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """Slugs of brands by slug and folded name, of chains by folded name."""

    brands: Mapping[str, str]
    retailers: Mapping[str, str]


def import_campaigns(
    session: Session,
    text_stream: TextIO,
    *,
    replace: bool = False,
    language: Language = DEFAULT_LANGUAGE,
) -> ImportReport:
    """Create or change campaigns and what brands earn; where any row is bad, change nothing.

    One row is what one brand earns in one campaign: points for every 10,000 minor units. Each row repeats
    its campaign's name, days, `accepted_days` (30 where empty) and `valid_days` (for ever where empty).
    A rule may have days of its own, and chains separated by `|`; without any it holds at every known one.
    Another version is published where the file says something new: uploads from now on go by it.

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
    created = retired = 0
    for slug, (_, terms) in terms_of.items():
        of_campaign = [row for row in good if row.campaign == slug]
        new, gone = _publish(session, slug, terms, of_campaign, replace=replace)
        created, retired = created + new, retired + gone
    return ImportReport(
        rows=sheet.rows_read, created=created, updated=len(good) - created, retired=retired, errors=[]
    )


def _known(session: Session) -> _Known:
    brands: dict[str, str] = {}
    for slug, name in session.exec(select(Brand.slug, Brand.name)).all():
        brands[slug] = brands[fold(name)] = slug
    retailers = {fold(name): slug for name, slug in session.exec(select(Retailer.name, Retailer.slug)).all()}
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
    brand = known.brands.get(cells["brand"]) or known.brands.get(fold(cells["brand"]))
    if brand is None and cells["brand"]:
        sheet.refuse(line, "brand", "unknown_brand", value=cells["brand"])
    elif brand and (held := sheet.is_new("rule", (slug, brand), line)):
        sheet.refuse(line, "brand", "duplicate", "duplicate_row", held=held)
    points = sheet.whole(line, "points_per_10000", cells, least=1, most=_POINTS_MAX)
    terms = _terms(line, cells, sheet)
    own_days = [sheet.day(line, column, cells) for column in ("rule_first_day", "rule_last_day")]
    _check_order(line, "rule_last_day", sheet, *own_days)
    retailers = _retailers(line, cells, sheet, known)
    if brand is None or points is None or terms is None or len(sheet.errors) > before:
        return None
    held_line, said = terms_of.setdefault(slug, (line, terms))
    if said != terms:
        sheet.refuse(line, "campaign", "duplicate", "differs", held=held_line)
        return None
    return _Row(slug, terms, brand, points, own_days[0], own_days[1], retailers)


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


def _retailers(line: int, cells: Mapping[str, str], sheet: Sheet, known: _Known) -> tuple[str, ...]:
    found = []
    for name in split(cells.get("retailers", "")):
        retailer = known.retailers.get(fold(name))
        if retailer is None:
            sheet.refuse(line, "retailers", "unknown_retailer", value=name)
        else:
            found.append(retailer)
    return tuple(dict.fromkeys(found))


def _rule(row: _Row, terms: _Terms) -> Rule:
    """Return what a row says as a rule of its campaign."""
    conditions: list[Condition] = []
    if row.retailers:
        conditions.append(RetailerIn(kind="retailer_in", retailers=row.retailers))
    if row.starts_on or row.ends_on:
        first, last = row.starts_on or terms.starts_on, row.ends_on or terms.ends_on
        conditions.append(Days(kind="days", first=min(first, last), last=last))
    pays = PointsPerAmount(
        kind="points_per_amount", points=row.points, minor=MINOR_PER_STEP, goods=Goods(brands=(row.brand,))
    )
    when: Condition | None = conditions[0] if conditions else None
    if len(conditions) > 1:
        when = All(kind="all", of=tuple(conditions))
    return Rule(name=row.brand, when=when, give=(pays,))


def _publish(
    session: Session, slug: str, terms: _Terms, rows: Sequence[_Row], *, replace: bool
) -> tuple[int, int]:
    """Publish what a file says of a campaign where it is new; return how many rules are new and gone."""
    campaign = session.exec(select(Campaign).where(Campaign.slug == slug)).one_or_none()
    standing = published_of(session, campaign) if campaign else None
    before = read_terms(standing.version.terms) if standing else None
    said = {row.brand: _rule(row, terms) for row in rows}
    held = {rule.name: rule for rule in before.rules} if before else {}
    rules = said if replace else held | said
    changes = {
        "starts_on": terms.starts_on,
        "ends_on": terms.ends_on,
        "accepted_days": terms.accepted_days,
        "valid_days": terms.valid_days,
        "brands": tuple(_brands(rules.values(), before)),
        "rules": tuple(rules.values()),
    }
    # What a file has no columns for stays as people set it.
    wanted = Terms.model_validate((before.model_dump() if before else {}) | changes)
    if campaign is None:
        days = wanted.starts_on, wanted.ends_on
        campaign = create_campaign(session, slug=slug, name=terms.name, days=days)
    campaign.name = terms.name
    if wanted != before:
        publish_terms(session, campaign.id, wanted, at=_first_moment(wanted))
    return len(said.keys() - held.keys()), len(held.keys() - rules.keys())


def _brands(rules: Iterable[Rule], before: Terms | None) -> list[str]:
    """Return the brands that rules name, and those that people let take part beside them."""
    named = {
        slug
        for rule in rules
        for effect in rule.give
        if isinstance(effect, PointsPerAmount)
        for slug in effect.goods.brands
    }
    if before is None:
        return sorted(named)
    return sorted(named | (set(before.brands) - {rule.name for rule in before.rules}))


def _first_moment(terms: Terms) -> datetime:
    """Return when a new campaign's first day begins: what was bought then may be on its way already."""
    return min(clock.now(), clock.day_begins(terms.starts_on))
