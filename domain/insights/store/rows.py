"""What PostgreSQL says of receipts and shoppers now, as the columnar store's rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.catalog.folding import fold
from domain.insights.store.tables import HOUR_UNKNOWN
from domain.people.holdout import held_out
from domain.people.numbers import number_of
from infra import clock
from infra.settings import settings
from schemas.catalog import Brand, Store
from schemas.people import Shopper

# Years from now for which it is written down who is held out.
HELD_OUT_YEARS: Final = 10
Row = dict[str, Any]

# As domain/insights/summary.py counts: a weighed line is one, goods taken back less.
_LINES: Final = text("""
    SELECT l.receipt_id, l.position, coalesce(b.slug, ''), coalesce(p.slug, ''),
           coalesce(p.category, b.category, ''), coalesce(b.owner, ''),
           CAST(CASE WHEN l.quantity <> trunc(l.quantity) OR lower(l.unit) IN ('kg', 'g', 'gr')
                THEN sign(l.quantity) ELSE l.quantity END AS int),
           l.amount_minor - l.discount_minor, l.discount_minor, l.points
    FROM receipt_line l
    LEFT JOIN brand b ON b.id = l.brand_id LEFT JOIN product p ON p.id = l.product_id
    WHERE l.receipt_id = ANY(:ids)
""")
# A receipt without a printed day is in no period.
_RECEIPTS: Final = text("""
    SELECT r.id, r.shopper_id, coalesce(r.purchased_on, CAST(r.purchased_at AS date)),
           CAST(extract(hour FROM r.purchased_at) AS int), r.retailer_id, coalesce(c.slug, ''),
           coalesce(r.store, ''), r.channel, coalesce(r.currency, ''), coalesce(r.total_minor, 0)
    FROM receipt r JOIN shopper s ON s.id = r.shopper_id AND s.erased_at IS NULL
    LEFT JOIN retailer c ON c.id = r.retailer_id
    WHERE r.id = ANY(:ids) AND r.status = 'approved' AND r.erased_at IS NULL
      AND coalesce(r.purchased_at, CAST(r.purchased_on AS timestamp)) IS NOT NULL
""")
_CONSENTS: Final = text("""
    SELECT DISTINCT ON (shopper_id, brand_id) shopper_id, brand_id, given, said_at, id FROM consent
    WHERE shopper_id = ANY(:ids) AND purpose = 'brand_insight'
    ORDER BY shopper_id, brand_id, said_at DESC, id DESC
""")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether a shopper agrees that brands know: about all, and about those of whom they said so since."""

    general: bool
    brands: Mapping[str, bool] = field(default_factory=dict)

    def covers(self, brand: str) -> bool:
        """Say whether it holds for a brand; for no brand, whether it holds for all."""
        return self.brands.get(brand, self.general)


@dataclass(frozen=True, slots=True)
class Places:
    """Regions and canonical names of stores, by chain and folded name."""

    stores: Mapping[tuple[UUID, str], tuple[str, str]]

    def of(self, retailer_id: UUID | None, printed: str) -> tuple[str, str]:
        """Return a store's name and region; as printed and unknown where no file names it."""
        if retailer_id is None or not printed:
            return printed, ""
        return self.stores.get((retailer_id, fold(printed)), (printed, ""))


_NOBODY: Final = Agreement(general=False)


def places(session: Session) -> Places:
    """Return where stores are."""
    rows = session.exec(select(Store.retailer_id, Store.folded, Store.name, Store.region)).all()
    return Places({(chain, folded): (name, region or "") for chain, folded, name, region in rows})


def agreements(session: Session, shopper_ids: Collection[UUID]) -> dict[UUID, Agreement]:
    """Return what each of some shoppers agrees to now, as `domain.privacy.consents.given` says it."""
    slugs = dict(session.execute(select(Brand.id, Brand.slug)).all())
    said: dict[UUID, dict[UUID | None, Any]] = defaultdict(dict)
    for row in session.execute(_CONSENTS, {"ids": list(shopper_ids)}):
        said[row.shopper_id][row.brand_id] = row
    silent = Agreement(settings().consents_elsewhere)
    return {shopper_id: _agreement(said.get(shopper_id), silent, slugs) for shopper_id in shopper_ids}


def _agreement(
    said: Mapping[UUID | None, Any] | None, silent: Agreement, slugs: Mapping[UUID, str]
) -> Agreement:
    if said is None:
        return silent
    general = said.get(None)
    since = (general.said_at, general.id) if general else None
    return Agreement(
        general.given if general else silent.general,
        {
            slugs[brand_id]: row.given
            for brand_id, row in said.items()
            if brand_id is not None and (since is None or (row.said_at, row.id) > since)
        },
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of some receipts, and of their shoppers."""

    receipts: list[Row]
    purchases: list[Row]


def standing(
    session: Session, receipt_ids: Sequence[UUID], known: Mapping[UUID, Agreement], where: Places
) -> Standing:
    """Return the rows of those receipts that count: approved, with a printed day, not erased.

    Args:
        session: Open; one read of what stands now.
        receipt_ids: Whose rows.
        known: What shoppers agreed to, of all who sent these receipts.
        where: Stores.
    """
    receipts: dict[UUID, Row] = {}
    agreed: dict[UUID, Agreement] = {}
    rows = session.execute(_RECEIPTS, {"ids": list(receipt_ids)}).all()
    for id_, shopper_id, day, hour, retailer_id, chain, printed, channel, currency, total in rows:
        store, region = where.of(retailer_id, printed)
        agreement = agreed[id_] = known.get(shopper_id, _NOBODY)
        receipts[id_] = {
            "day": day,
            "hour": HOUR_UNKNOWN if hour is None else hour,
            "chain": chain,
            "store": store,
            "region": region,
            "channel": channel,
            "shopper": number_of(shopper_id),
            "receipt": number_of(id_),
            "currency": currency,
            "total": total,
            "basket": total,
            "agreed": int(agreement.general),
        }
    return Standing(list(receipts.values()), _purchases(session, receipts, agreed))


def _purchases(session: Session, receipts: Mapping[UUID, Row], agreed: Mapping[UUID, Agreement]) -> list[Row]:
    found = []
    rows = session.execute(_LINES, {"ids": list(receipts)}).all()
    for id_, line, brand, product, category, owner, units, paid, discount, points in rows:
        bought = {
            "brand": brand,
            "product": product,
            "category": category,
            "owner": owner,
            "line": line,
            "units": units,
            "paid": paid,
            "discount": discount,
            "points": points,
            "agreed": int(agreed[id_].covers(brand)),
        }
        found.append(receipts[id_] | bought)
    return found


def shopper_rows(session: Session, shopper_ids: Collection[UUID]) -> list[Row]:
    """Return a row for each of some shoppers that is not erased."""
    rows = session.exec(
        select(Shopper.id, Shopper.joined_at).where(
            col(Shopper.id).in_(shopper_ids), col(Shopper.erased_at).is_(None)
        )
    ).all()
    return [
        {"shopper": number_of(id_), "joined": clock.day_of(at), "holdouts": held_out_years(id_, at.year)}
        for id_, at in rows
    ]


def held_out_years(shopper_id: UUID, joined: int) -> list[int]:
    """Return the years in which a shopper is held out, from the one they joined in until some from now."""
    last = clock.till_today().year + HELD_OUT_YEARS
    return [year for year in range(joined, last) if held_out(shopper_id, year)]


def consent_rows(known: Mapping[UUID, Agreement]) -> list[Row]:
    """Return what some shoppers agree to, as rows."""
    found: list[Row] = []
    for shopper_id, agreement in known.items():
        number = number_of(shopper_id)
        found.append({"shopper": number, "brand": "", "given": int(agreement.general)})
        found += [
            {"shopper": number, "brand": brand, "given": int(given)}
            for brand, given in agreement.brands.items()
        ]
    return found


def days_of(rows: Sequence[Row]) -> set[date]:
    """Return the days that rows are of."""
    return {row["day"] for row in rows}
