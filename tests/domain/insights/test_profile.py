"""What a shopper is to a brand, as the one statement tells it, against the same counted by hand in Python."""

from __future__ import annotations

import math
import random
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.conditions import DEPTH_MAX
from domain.insights.profile import classes
from domain.insights.profile.cutting import find_cuts
from domain.insights.profile.fitting import cells, fit
from domain.insights.profile.predicates import predicate
from domain.insights.profile.refreshing import numbers_in
from domain.insights.profile.shoppers import PROFILE, About, Cuts, Forecasts, asking
from domain.segments.conditions import Condition, NewSegment
from infra.columnar.engine import EmbeddedStore
from tests.make.columnar import drop, new_store

AS_OF = date(2026, 6, 30)
SHOPPERS = 160
MODEL = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}
PRIOR = {"prior_occasions": 2.0, "prior_total": 100_000.0, "margin": 0.3}


@dataclass
class Person:
    """What one shopper did: (day, paid for the brand or None, receipt's total)."""

    number: int
    joined: date
    trips: list[tuple[date, int | None, int]] = field(default_factory=list)

    @property
    def bought(self) -> list[tuple[date, int]]:
        return [(day, paid) for day, paid, _ in self.trips if paid is not None]


def people() -> list[Person]:
    rng = random.Random(11)
    found = []
    for number in range(1, SHOPPERS + 1):
        joined = AS_OF - timedelta(days=rng.choice((60, 200, 500, 700)))
        one = Person(number, joined)
        day, gap = joined, rng.choice((4, 9, 25, 60))
        stops = max(joined, AS_OF - timedelta(days=rng.choice((-1, -1, 40, 120, 300))))
        favour = rng.random()
        while day <= min(stops, AS_OF):
            if day > AS_OF - timedelta(days=91) and rng.random() < 0.3:
                favour = favour / 3
            paid = rng.randrange(20, 90) * 1000 if rng.random() < favour or not one.trips else None
            one.trips.append((day, paid, (paid or 0) + rng.randrange(10, 400) * 1000))
            day += timedelta(days=max(1, round(rng.expovariate(1 / gap))))
        found.append(one)
    return found


PEOPLE = people()


@pytest.fixture(scope="module")
def store() -> Generator[EmbeddedStore]:
    made = new_store()
    fixed: dict[str, Any] = {"currency": "VND", "agreed": 1, "version": 1, "gone": 0}
    receipts, purchases = [], []
    for one in PEOPLE:
        for place, (day, paid, total) in enumerate(one.trips):
            receipt = one.number * 1000 + place
            shared = {
                "day": day,
                "shopper": one.number,
                "receipt": receipt,
                "chain": f"c{one.number % 3}",
            } | fixed
            receipts.append(shared | {"total": total})
            if paid is not None:
                product = f"p{one.number % 5}"
                # Two lines of one receipt, and one of a brand that is asked about elsewhere.
                for line, (brand, part) in enumerate((("omo", paid - 1000), ("omo", 1000), ("sunlight", 7))):
                    purchases.append(
                        shared
                        | {"brand": brand, "product": product, "line": line, "paid": part, "basket": total}
                    )
    made.insert("receipt_rows", {name: [row[name] for row in receipts] for name in receipts[0]})
    made.insert("purchase_rows", {name: [row[name] for row in purchases] for name in purchases[0]})
    made.insert(
        "shopper_rows",
        {
            "shopper": [one.number for one in PEOPLE],
            "joined": [one.joined for one in PEOPLE],
            "version": [1] * SHOPPERS,
            "gone": [0] * SHOPPERS,
        },
    )
    yield made
    drop(made)


def about(cuts: Cuts | None = None, *, modelled: bool = True) -> About:
    days = [sorted({day for day, _ in one.bought}) for one in PEOPLE]
    cells_there = {(len(own) - 1, ((AS_OF - own[0]).days + 3) // 7) for own in days}
    found = {(x, age): 1.0 + x / (age + 1) for x, age in cells_there}
    keys = tuple(x * 10_000 + age for x, age in found)
    forecasts = Forecasts(
        **MODEL,
        **PRIOR,
        cells=keys,
        quarters=tuple(found.values()),
        years=tuple(4 * v for v in found.values()),
    )
    return About("omo", AS_OF, forecasts if modelled else None, cuts or Cuts())


def told(store: EmbeddedStore, asked: About) -> dict[int, dict[str, Any]]:
    return {
        row["shopper"]: row
        for row in store.query(asking("SELECT * FROM profile", PROFILE), asked.parameters())
    }


def counted(one: Person) -> dict[str, Any]:
    """What stands of one shopper, from what they did, by the definitions in words."""
    days = sorted({day for day, _ in one.bought})
    came = sorted({day for day, _, _ in one.trips if (AS_OF - day).days < 364})

    def within(least: int, most: int, dated: list[Any]) -> list[Any]:
        return [row for row in dated if least <= (AS_OF - row[0]).days < most]

    year = within(0, 364, one.bought)
    quarter, before = within(0, 91, one.bought), within(91, 182, one.bought)
    all_quarter, all_before = within(0, 91, one.trips), within(91, 182, one.trips)
    x, paid = len(days) - 1, sum(spent for _, spent in one.bought)
    last_week = ((days[-1] - days[0]).days + 3) // 7
    age = ((AS_OF - days[0]).days + 3) // 7
    odds = 0.9 / (2.5 + x - 1) * ((6 + age) / (6 + last_week)) ** (0.8 + x) if x else 0
    alive = 1 / (1 + odds)
    expected = alive * (1 + x / (age + 1))
    worth = 4 * expected * 0.3 * (100_000 + paid) / (2 + len(days))
    return {
        "joined_days": (AS_OF - one.joined).days,
        "days_since": (AS_OF - days[-1]).days,
        "days_year": len({day for day, _ in year}),
        "paid_year": sum(spent for _, spent in year),
        "days_quarter": len({day for day, _ in quarter}),
        "days_before": len({day for day, _ in before}),
        "share": (sum(p for _, p in quarter), sum(t for _, _, t in all_quarter)),
        "share_before": (sum(p for _, p in before), sum(t for _, _, t in all_before)),
        "receipts": (len(all_quarter), len(all_before)),
        "own_gap": nine_tenths(days),
        "any_gap": nine_tenths(came),
        "since_any": (AS_OF - came[-1]).days if came else 10**6,
        "alive": alive,
        "expected": expected,
        "worth": worth,
    }


def gaps(days: list[date]) -> list[int]:
    return sorted((after - before).days for before, after in pairwise(days))


def nine_tenths(days: list[date]) -> int | None:
    between = gaps(days)
    return between[math.ceil(0.9 * len(between)) - 1] if len(between) >= 4 else None


def signs_of(one: dict[str, Any], cuts: Cuts) -> list[str]:
    (paid, total), (paid_before, total_before) = one["share"], one["share_before"]
    receipts, receipts_before = one["receipts"]
    fired = {
        "overdue": one["days_since"] > (one["own_gap"] or cuts.usual_gap),
        "likely_gone": one["alive"] < 0.3,
        "buys_less": one["days_before"] >= 3 and one["days_quarter"] <= one["days_before"] / 2,
        "share_falls": one["days_before"] > 1
        and receipts >= 3
        and receipts >= 0.8 * receipts_before
        and paid / total <= paid_before / total_before / 2,
        "quiet_everywhere": one["since_any"] > (one["any_gap"] or cuts.usual_any_gap),
    }
    return [sign for sign in classes.SIGNS if fired[sign]]


def fifth(value: float, cuts: tuple[float, ...]) -> int:
    return 1 + sum(value > cut for cut in cuts)


def test_profiles_are_what_is_counted_by_hand(store: EmbeddedStore) -> None:
    cuts = find_cuts(store, about())
    found = told(store, about(cuts))
    assert len(found) == SHOPPERS
    seen_signs: set[str] = set()
    seen_groups: set[str] = set()
    for one in PEOPLE:
        row, expected = found[one.number], counted(one)
        for name in ("joined_days", "days_since", "days_year", "days_quarter", "paid_year"):
            assert row[name] == expected[name], (one.number, name)
        for name in ("alive", "expected", "worth"):
            assert row[name] == pytest.approx(expected[name]), (one.number, name)
        assert row["signs"] == signs_of(expected, cuts), one.number
        assert row["tier"] == classes.VALUE_TIERS[5 - fifth(expected["worth"], cuts.worth)]
        band = sum(expected["joined_days"] >= edge for edge in (91, 364)) * 4
        recency = 6 - fifth(expected["days_since"], cuts.recency[band : band + 4])
        habits = fifth(expected["days_year"], cuts.frequency[band : band + 4])
        habits += fifth(expected["paid_year"], cuts.spend[band : band + 4])
        group = classes.RFM_GROUPS[recency - 1][(habits + 1) // 2 - 1] if expected["days_year"] else "lost"
        assert row["rfm"] == group, one.number
        seen_signs |= set(row["signs"])
        seen_groups.add(group)
    # The base is rich enough to have told them apart.
    assert seen_signs == set(classes.SIGNS)
    assert len(seen_groups) >= 8


def test_parts_of_the_shoppers_are_together_all_of_them(store: EmbeddedStore) -> None:
    whole, parts = told(store, about()), [told(store, replace(about(), parts=3, part=no)) for no in range(3)]
    assert all(len(part) > SHOPPERS / 6 for part in parts)
    assert {number: row for part in parts for number, row in part.items()} == whole


def test_cuts_are_fifths_of_the_years_buyers_by_joined_band(store: EmbeddedStore) -> None:
    cuts = find_cuts(store, about())
    active = [one for one in map(counted, PEOPLE) if one["days_year"]]
    settled = sorted(one["days_since"] for one in active if one["joined_days"] >= 364)
    assert list(cuts.recency[8:]) == [settled[int(level * len(settled))] for level in classes.FIFTHS]
    # Fewer than fifty are cut where all are: a cut of few would be somebody's own figure.
    newest = [one for one in active if one["joined_days"] < 91]
    everybody = sorted(one["days_since"] for one in active)
    assert len(newest) < 50
    assert list(cuts.recency[:4]) == [everybody[int(level * len(everybody))] for level in classes.FIFTHS]
    assert (
        cuts.usual_gap
        == sorted(gap for one in PEOPLE for gap in gaps(sorted({d for d, _ in one.bought})))[
            int(0.9 * sum(len({d for d, _ in one.bought}) - 1 for one in PEOPLE))
        ]
    )


def test_a_brand_of_few_buyers_has_no_classes_and_no_cuts(store: EmbeddedStore) -> None:
    asked = About("persil", AS_OF)
    assert find_cuts(store, asked) == Cuts()
    assert told(store, asked) == {}


def test_without_a_model_nothing_is_foreseen(store: EmbeddedStore) -> None:
    for row in told(store, about(modelled=False)).values():
        assert (row["alive"], row["worth"], row["tier"], row["rfm"]) == (None, None, "", "")
        assert "likely_gone" not in row["signs"]


def test_cells_hold_every_buyer_and_what_they_did_later(store: EmbeddedStore) -> None:
    border = AS_OF - timedelta(weeks=13)
    found = cells(store, {"brands": ["omo"], "currency": "VND", "as_of": AS_OF}, border)
    early = [one for one in PEOPLE if one.bought[0][0] <= border]
    assert found.shoppers.sum() == len(early)
    assert found.repeats @ found.shoppers == sum(
        len({d for d, _ in o.bought if d <= border}) - 1 for o in early
    )
    assert found.later.sum() == sum(len({d for d, _ in one.bought if d > border}) for one in early)
    assert fit(store, ["omo"], AS_OF).verdict == "too_few_repeat_buyers"


CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


SIGNS = ["buys_less", "likely_gone"]
NEWCOMERS, SMALL = {"kind": "joined", "most": 100}, {"kind": "paid", "most": 300_000}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"kind": "last_bought", "most": 30}, lambda one, _: one["days_since"] <= 30),
        (
            {"kind": "days_bought", "within": "quarter", "least": 1, "most": 3},
            lambda one, _: 1 <= one["days_quarter"] <= 3,
        ),
        ({"kind": "paid", "least": 300_000}, lambda one, _: one["paid_year"] >= 300_000),
        (NEWCOMERS, lambda one, _: one["joined_days"] <= 100),
        ({"kind": "alive", "least": 0.5}, lambda one, _: one["alive"] >= 0.5),
        (
            {"kind": "bought_product", "products": ["p0", "p1"]},
            lambda one, number: number % 5 < 2 and one["days_year"] > 0,
        ),
        (
            {"kind": "bought_at", "retailers": ["c2"]},
            lambda one, number: number % 3 == 2 and one["days_year"] > 0,
        ),
        (
            {"kind": "leaving", "signs": SIGNS},
            lambda one, _: bool(set(SIGNS) & set(signs_of(one, Cuts()))),
        ),
        (
            {"kind": "none", "of": [NEWCOMERS, SMALL]},
            lambda one, _: one["joined_days"] > 100 and one["paid_year"] > 300_000,
        ),
        (
            {"kind": "any", "of": [NEWCOMERS, {"kind": "all", "of": [SMALL]}]},
            lambda one, _: one["joined_days"] <= 100 or one["paid_year"] <= 300_000,
        ),
    ],
)
def test_segments_hold_who_answers_their_conditions(
    store: EmbeddedStore, condition: dict[str, Any], holds: Any
) -> None:
    found = numbers_in(store, about(), CONDITION.validate_python(condition)).tolist()
    expected = [one.number for one in PEOPLE if holds(counted(one), one.number)]
    assert found == expected
    assert 0 < len(expected) < SHOPPERS


def test_nothing_that_somebody_wrote_stands_in_a_statement() -> None:
    hostile = {"kind": "bought_product", "products": ["x"]}
    written = predicate(CONDITION.validate_python(hostile | {"products": ["omo-1"]}))
    assert "omo-1" not in written.sql
    assert written.parameters == {"p0": ("omo-1",)}


@pytest.mark.parametrize(
    ("conditions", "path"),
    [
        ({"kind": "all", "of": []}, "conditions.all.of"),
        ({"kind": "alive"}, "conditions.alive"),
        (
            {"kind": "all", "of": [{"kind": "group_in", "groups": ["vip"]}]},
            "conditions.all.of.0.group_in.groups.0",
        ),
        ({"kind": "paid", "least": 2, "most": 1}, "conditions.paid"),
        ({"kind": "shoe_size", "least": 2}, "conditions"),
        ({"kind": "bought_product", "products": ["'; DROP"]}, "conditions.bought_product.products.0"),
    ],
)
def test_a_wrong_condition_is_told_by_its_path(conditions: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NewSegment.model_validate({"slug": "s", "name": "S", "conditions": conditions})
    assert ".".join(map(str, refused.value.errors()[0]["loc"])) == path


def test_groups_within_groups_have_an_end() -> None:
    def nested(groups: int) -> dict[str, Any]:
        return SMALL if groups == 0 else {"kind": "all", "of": [nested(groups - 1)]}

    NewSegment.model_validate({"slug": "s", "name": "S", "conditions": nested(DEPTH_MAX - 1)})
    with pytest.raises(ValidationError, match="too deep"):
        NewSegment.model_validate({"slug": "s", "name": "S", "conditions": nested(DEPTH_MAX)})
