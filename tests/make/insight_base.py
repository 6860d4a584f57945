"""A seeded base of 50 000 receipts for the columnar store, as columns that a test can count by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infra.columnar.store import Store

FIRST_DAY = date(2025, 9, 1)
LAST_DAY = date(2026, 6, 30)
# The day on which the base is asked: the last month is whole.
TODAY = date(2026, 7, 4)
CAMPAIGN_DAY = date(2026, 3, 2)
SHOPPERS = 6_000
HELD_OUT = 0.2
RECEIPTS = 50_000
BRANDS = (
    ("omo", "laundry"),
    ("surf", "laundry"),
    ("viso", "laundry"),
    ("comfort", "fabric_softener"),
    ("sunlight", "dishwash"),
    ("vim", "home_care"),
    ("cif", "home_care"),
    ("knorr", "seasoning"),
    ("clear", "shampoo"),
    ("dove", "shampoo"),
)
CHAINS = ("winmart", "coopmart", "go", "lotte-mart", "")
REGIONS = ("hcmc", "hanoi", "mekong")
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Base:
    """What stands, table by table. `agreed` of a line says whether its shopper lets its brand know."""

    purchase: Columns
    receipt: Columns
    shopper: Columns
    consent: Columns
    touch: Columns
    assignment: Columns


def make_base(seed: int = 14) -> Base:
    """Return the base of a seed."""
    chance = np.random.default_rng(seed)
    shopper = _shoppers(chance)
    receipt = _receipts(chance, shopper)
    purchase = _purchases(chance, receipt)
    consent = {
        "shopper": np.concatenate([shopper["shopper"], shopper["shopper"][:200]]),
        "brand": np.concatenate([np.full(SHOPPERS, ""), np.full(200, "omo")]),
        "given": np.concatenate([shopper["agreed"], np.zeros(200, np.int64)]),
    }
    return Base(
        purchase,
        receipt,
        {name: shopper[name] for name in ("shopper", "joined", "holdouts")},
        consent,
        _touches(chance, shopper),
        _assignments(chance, shopper),
    )


def fill(store: Store, base: Base) -> None:
    """Put a base into a store whose tables are made, with what does not stand any more besides."""
    for name in ("purchase", "receipt", "shopper", "consent", "touch", "assignment"):
        columns: Mapping[str, Any] = getattr(base, name)
        told = {key: _plain(values) for key, values in columns.items() if not key.startswith("_")}
        rows = len(next(iter(told.values())))
        store.insert(f"{name}_rows", {**told, "version": [2] * rows, "gone": [0] * rows})
        # Lines that were reversed since, and an older reading of others.
        first = {key: values[:50] for key, values in told.items()}
        older = {**first, "paid": [value + 7 for value in first["paid"]]} if name == "purchase" else first
        store.insert(f"{name}_rows", {**older, "version": [1] * 50, "gone": [0] * 50})
        if name == "purchase":
            ghosts = {**first, "line": [99] * 50, "version": [1] * 50, "gone": [0] * 50}
            store.insert("purchase_rows", ghosts)
            store.insert("purchase_rows", {**ghosts, "version": [2] * 50, "gone": [1] * 50})


def _plain(values: NDArray[Any]) -> list[Any]:
    if values.dtype.kind == "M":
        return [str(value) for value in values]
    return values.tolist()  # type: ignore[no-any-return]


def _shoppers(chance: np.random.Generator) -> Columns:
    joined = (
        np.datetime64(FIRST_DAY) - 60 + chance.integers(0, 330, SHOPPERS) * (chance.random(SHOPPERS) < 0.5)
    )
    return {
        "shopper": chance.integers(1, 2**63, SHOPPERS, dtype=np.uint64),
        "joined": joined,
        # Who is held out is new each year.
        "holdouts": np.array(_held_years(chance.random((SHOPPERS, 2)) < HELD_OUT), object),
        "agreed": (chance.random(SHOPPERS) > 0.08).astype(np.int64),
        "rate": chance.gamma(1.5, 1 / 1.5, SHOPPERS),
        "region": chance.choice(3, SHOPPERS, p=[0.6, 0.39, 0.01]),
        "chain": chance.choice(5, SHOPPERS, p=[0.5, 0.3, 0.17, 0.01, 0.02]),
        "liked": chance.choice(len(BRANDS), SHOPPERS, p=_zipf()),
    }


def _held_years(held: NDArray[np.bool_]) -> list[list[int]]:
    return [
        [year for year, is_held in zip((2025, 2026), row, strict=True) if is_held] for row in held.tolist()
    ]


def _zipf() -> NDArray[np.float64]:
    weights = 1 / np.arange(1, len(BRANDS) + 1)
    return weights / weights.sum()


def _receipts(chance: np.random.Generator, shopper: Columns) -> Columns:
    who = chance.choice(SHOPPERS, RECEIPTS, p=shopper["rate"] / shopper["rate"].sum())
    start = np.maximum(shopper["joined"][who], np.datetime64(FIRST_DAY))
    span = (np.datetime64(LAST_DAY) - start).astype(np.int64) + 1
    day = start + (chance.random(RECEIPTS) * span).astype(np.int64)
    chain = np.where(chance.random(RECEIPTS) < 0.7, shopper["chain"][who], chance.choice(5, RECEIPTS))
    store = chance.integers(0, 4, RECEIPTS)
    # Some visits are printed on two receipts, some hours and shops can't be read.
    again = np.flatnonzero(chance.random(RECEIPTS - 1) < 0.02)
    hour = np.where(chance.random(RECEIPTS) < 0.05, 255, chance.integers(7, 22, RECEIPTS))
    for column in (who, day, chain, store, hour):
        column[again + 1] = column[again]
    chains = np.array(CHAINS)[chain]
    return {
        "day": day,
        "hour": hour,
        "chain": chains,
        "store": np.where(chains == "", "", np.char.add(chains, np.char.add("-", store.astype(str)))),
        "region": np.array(REGIONS)[shopper["region"][who]],
        "channel": np.full(RECEIPTS, "receipt"),
        "shopper": shopper["shopper"][who],
        "receipt": chance.integers(1, 2**63, RECEIPTS, dtype=np.uint64),
        "currency": np.where(chance.random(RECEIPTS) < 0.02, "MYR", "VND"),
        "total": np.zeros(RECEIPTS, np.int64),
        "agreed": shopper["agreed"][who],
        "_liked": shopper["liked"][who],
        "_withdrew": who < 200,
        "_treated": (who % 10 != 0).astype(np.int64),
    }


def _purchases(chance: np.random.Generator, receipt: Columns) -> Columns:
    lines = 1 + np.minimum(chance.poisson(1.4, RECEIPTS), 6)
    at = np.repeat(np.arange(RECEIPTS), lines)
    total = len(at)
    brand = np.where(
        chance.random(total) < 0.4, receipt["_liked"][at], chance.choice(len(BRANDS), total, p=_zipf())
    )
    # The campaign's month: whom it reached bought its brand more.
    moved = (receipt["day"][at] >= np.datetime64(CAMPAIGN_DAY)) & (receipt["_treated"][at] == 1)
    moved &= receipt["day"][at] < np.datetime64(CAMPAIGN_DAY) + 28
    brand = np.where(moved & (chance.random(total) < 0.25), 0, brand)
    # Softener goes with detergent.
    beside = np.flatnonzero((at[1:] == at[:-1]) & (brand[:-1] == 0) & (chance.random(total - 1) < 0.2))
    brand[beside + 1] = 3
    unknown = chance.random(total) < 0.15
    product = np.minimum(chance.geometric(0.5, total), 4)
    week = (receipt["day"][at] - np.datetime64("2024-12-30")).astype(np.int64) // 7
    offered = (brand * 31 + product * 17 + week * 7 + np.char.str_len(receipt["chain"][at])) % 11 == 0
    units = 1 + np.minimum(chance.poisson(np.where(offered, 0.9, 0.3)), 5)
    price = (20_000 + 9_000 * brand + 13_000 * product) * (1 + (week % 26) // 13 * 0.02)
    full = (units * price).astype(np.int64)
    discount = np.where(offered & (chance.random(total) < 0.8), full // 5, 0)
    slugs = np.array([slug for slug, _ in BRANDS])[brand]
    categories = np.array([category for _, category in BRANDS])[brand]
    paid = full - discount
    receipt["total"][:] = np.bincount(at, paid, RECEIPTS).astype(np.int64) + chance.integers(
        0, 200_000, RECEIPTS
    )
    slugs = np.where(unknown, "", slugs)
    agreed = np.where((slugs == "omo") & receipt["_withdrew"][at], 0, receipt["agreed"][at])
    starts = np.cumsum(lines) - lines
    return {
        "brand": slugs,
        "product": np.where(unknown, "", np.char.add(np.char.add(slugs, "-"), product.astype(str))),
        "category": np.where(unknown, "", categories),
        "owner": np.where(unknown, "", "unilever"),
        **{
            name: receipt[name][at]
            for name in (
                "chain",
                "store",
                "region",
                "channel",
                "day",
                "hour",
                "shopper",
                "receipt",
                "currency",
            )
        },
        "line": np.arange(total) - starts[at],
        "units": units,
        "paid": paid,
        "discount": discount,
        "basket": receipt["total"][at],
        "points": paid // 1000,
        "agreed": agreed,
    }


def _touches(chance: np.random.Generator, shopper: Columns) -> Columns:
    kinds = (
        "referral_made",
        "referral_earned",
        "survey_asked",
        "survey_nps",
        "cost_voucher",
        "reward_taken",
    )
    count = 9_000
    kind = np.array(kinds)[chance.choice(len(kinds), count, p=[0.05, 0.02, 0.14, 0.04, 0.3, 0.45])]
    nps = chance.integers(0, 11, count)
    cost = chance.integers(100, 5_000, count)
    return {
        "day": np.datetime64(FIRST_DAY) + chance.integers(0, 300, count),
        "shopper": shopper["shopper"][chance.choice(SHOPPERS, count)],
        "brand": np.array(["omo", "surf", "cif"])[chance.choice(3, count, p=[0.6, 0.3, 0.1])],
        "kind": kind,
        "ref": np.full(count, "summer"),
        "touch": np.arange(count),
        "value": np.where(kind == "survey_nps", nps, np.where(kind == "cost_voucher", cost, 1)),
    }


def _assignments(chance: np.random.Generator, shopper: Columns) -> Columns:
    eligible = np.flatnonzero(shopper["joined"] <= np.datetime64(CAMPAIGN_DAY))
    return {
        "shopper": shopper["shopper"][eligible],
        "campaign": np.full(len(eligible), "omo-spring"),
        "held": (eligible % 10 == 0).astype(np.int64),
        "day": np.full(len(eligible), np.datetime64(CAMPAIGN_DAY)),
    }
