"""What honest receipts are credited: how many without a person, and whether to the right brands.

Every picture of a labelled folder is read and settled by the worker's own two functions, each sent by a
shopper of its own, as if the campaign took any day and any shop. A brand's sum is what was paid for its
lines, a discount on the whole receipt spread over all; it is right when the truth comes to the same.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from bench.cases import accept_any_day, read_once, settle_picture
from bench.services import own_services
from domain.campaigns.programme import read_terms
from domain.campaigns.versions import published_of
from domain.catalog.products import current_catalogue
from infra.db import engine
from ocr.types import Reading
from schemas.base import new_id
from schemas.campaigns import Campaign
from schemas.catalog import Brand, CatalogState, Retailer
from schemas.receipts import Receipt, ReceiptLine

# Shops outside the catalogue stand under one name: whose they are is not measured here.
OTHER_SHOP: Final = "Another shop"


@dataclass(frozen=True, slots=True)
class Ended:
    """How one receipt ended: `paid` by brand as settled, `true` as printed, in minor units."""

    image: str
    till: str
    status: str
    codes: tuple[str, ...]
    paid: Mapping[str, int]
    true: Mapping[str, int]
    lines: int

    @property
    def exact(self) -> bool:
        """Whether every brand's sum is right, but for what rounding a shared discount makes."""
        return all(
            abs(self.paid.get(brand, 0) - self.true.get(brand, 0)) <= self.lines
            for brand in self.paid.keys() | self.true.keys()
        )


@dataclass(frozen=True, slots=True)
class CreditFigures:
    """The figures of some receipts. Shares are 0 to 1.

    `approved` is the share decided for the shopper without a person, `exact` the share of those that every
    brand's sum is right on. `value_wrong` went to a brand that it was not paid for and `value_lost` to none,
    both over what was truly paid on approved receipts. `ends` counts statuses, `waiting_for` the reasons of
    those that are not approved.
    """

    receipts: int
    approved: float
    exact: float
    value_wrong: float
    value_lost: float
    ends: dict[str, int]
    waiting_for: dict[str, int]


def measure(
    folder: Path, *, readings: Path | None = None, half: int | None = None, processes: int | None = None
) -> dict[str, Any]:
    """Read and settle every picture of a labelled folder on a PostgreSQL of the benchmark's own.

    Args:
        folder: holds `gt.jsonl` and the pictures it names; those with truth of their items count.
        readings: a file to keep readings in, and to take them from.
        half: only receipts of one half of the tills, 0 or 1; all when None.
        processes: that read at once; as many as there are cores when None.

    Raises:
        FileNotFoundError: The folder holds no truth.
    """
    rows = [json.loads(line) for line in (folder / "gt.jsonl").read_text(encoding="utf-8").splitlines()]
    truth = {row["image"]: row for row in rows if row.get("items") and half in {None, half_of(till_of(row))}}
    with own_services():
        engine().dispose()
        read = read_once(folder, list(truth), readings, processes)
        ended = _settle_all(folder, truth, read)
    tills = dict.fromkeys(one.till for one in ended)
    return {
        **asdict(figures(ended)),
        "wrong": {
            one.image: _differences(one) for one in ended if one.status == "approved" and not one.exact
        },
        "waiting": {one.image: list(one.codes) for one in ended if one.status != "approved"},
        "by_till": {till: asdict(figures([one for one in ended if one.till == till])) for till in tills},
    }


def figures(ended: Sequence[Ended]) -> CreditFigures:
    """Sum up how receipts ended."""
    approved = [one for one in ended if one.status == "approved"]
    true = sum(sum(one.true.values()) for one in approved)
    return CreditFigures(
        receipts=len(ended),
        approved=_share(len(approved), len(ended)),
        exact=_share(sum(one.exact for one in approved), len(approved)),
        value_wrong=_share(sum(_beyond(one.paid, one.true) for one in approved), true),
        value_lost=_share(sum(_beyond(one.true, one.paid) for one in approved), true),
        ends=dict(Counter(one.status for one in ended)),
        waiting_for=dict(Counter(code for one in ended if one.status != "approved" for code in one.codes)),
    )


def till_of(row: Mapping[str, Any]) -> str:
    """The till that printed a receipt, or the chain where tills are not told apart."""
    return str(row.get("till") or row.get("chain") or row.get("merchant"))


def half_of(till: str) -> int:
    """Which half of all tills one falls in, 0 or 1: what is set on one half is shown on the other."""
    return zlib.crc32(till.encode()) % 2


def true_paid(row: Mapping[str, Any], brands: Iterable[str]) -> dict[str, int]:
    """What was truly paid for each of some brands, by the labels of a receipt in đồng."""
    wanted, paid = set(brands), Counter[str]()
    nets = [round(item["amount"] - item.get("discount", 0)) for item in row["items"]]
    for item, share in zip(row["items"], _paid_by_line(nets, round(row["total"])), strict=True):
        if item.get("brand") in wanted:
            paid[item["brand"]] += share
    return dict(paid)


def _settle_all(
    folder: Path, truth: Mapping[str, Mapping[str, Any]], readings: Mapping[str, Reading]
) -> list[Ended]:
    with Session(engine()) as session:
        accept_any_day(session)
        session.add(Retailer(slug="another-shop", name=OTHER_SHOP))
        for state in session.exec(select(CatalogState)):
            state.version = new_id()
        session.flush()
        brands = _earning_brands(session)
        known = current_catalogue(session).retailers
        ended = []
        for number, (image, row) in enumerate(truth.items()):
            reading = readings[image]
            if reading.chain not in known:
                reading = reading.model_copy(update={"chain": OTHER_SHOP})
            photo, phone = (folder / image).read_bytes(), f"09{number + 10_000_000:08}"
            receipt = settle_picture(session, phone, photo, reading)
            paid = _paid(session, receipt, brands)
            true = true_paid(row, brands.values())
            codes = tuple(reason.code for reason in receipt.reasons if reason.severity != "info")
            ended.append(Ended(image, till_of(row), receipt.status, codes, paid, true, len(row["items"])))
        session.rollback()
    return ended


def _earning_brands(session: Session) -> dict[UUID, str]:
    """Names of the brands that take part in what campaigns say, by id."""
    standing = [published_of(session, campaign) for campaign in session.exec(select(Campaign)).all()]
    slugs = {slug for one in standing if one for slug in read_terms(one.version.terms).brands}
    return dict(session.exec(select(Brand.id, Brand.name).where(col(Brand.slug).in_(slugs))).all())


def _paid_by_line(nets_minor: Sequence[int], total_minor: int) -> list[int]:
    """Spread a discount on the whole receipt over its lines in minor units, each share rounded down."""
    gross = sum(nets_minor)
    if gross <= 0 or total_minor >= gross:
        return [max(0, net) for net in nets_minor]
    return [max(0, net) * max(0, total_minor) // gross for net in nets_minor]


def _paid(session: Session, receipt: Receipt, brands: Mapping[Any, str]) -> dict[str, int]:
    """What each brand's points stand for on a receipt as it was settled."""
    lines = session.exec(
        select(ReceiptLine).where(ReceiptLine.receipt_id == receipt.id).order_by(col(ReceiptLine.position))
    ).all()
    nets = [line.amount_minor - line.discount_minor for line in lines]
    total = receipt.total_minor if receipt.total_minor is not None else sum(nets)
    paid = Counter[str]()
    for line, share in zip(lines, _paid_by_line(nets, total), strict=True):
        if line.brand_id in brands:
            paid[brands[line.brand_id]] += share
    return dict(paid)


def _differences(one: Ended) -> dict[str, list[int]]:
    return {
        brand: [one.paid.get(brand, 0), one.true.get(brand, 0)]
        for brand in sorted(one.paid.keys() | one.true.keys())
        if abs(one.paid.get(brand, 0) - one.true.get(brand, 0)) > one.lines
    }


def _beyond(one: Mapping[str, int], other: Mapping[str, int]) -> int:
    return sum(max(0, value - other.get(brand, 0)) for brand, value in one.items())


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 1.0
