"""No answer differs from an earlier one by a few shoppers, be it another question or the same one later."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import timedelta

import pytest
import time_machine
from sqlmodel import Session, select

from domain.insights.guard import grid, ledger
from domain.insights.guard.cells import Cell, Coord, Sketch
from domain.insights.guard.ledger import Told, settle
from domain.privacy import consents
from infra import clock
from schemas.insight import ToldCell
from schemas.privacy import ConsentChoice
from tests import make

K = 5
MONTH = Coord(grid.period_of("2026-03").number)
CHAIN = MONTH.at("chain", "winmart")
REGION = MONTH.at("region", "hanoi")


def cell(shoppers: dict[int, int]) -> Cell:
    """A cell of shoppers and how many pieces each bought."""
    members: dict[int, int] = defaultdict(int)
    parts: dict[int, int] = defaultdict(int)
    for shopper, units in shoppers.items():
        bucket = hashed(shopper) % 64
        members[bucket] += hashed(shopper)
        parts[bucket] += hashed((shopper, units))
    units = sum(shoppers.values())
    sketch = Sketch(
        tuple(members[bucket] % 2**64 for bucket in range(64)),
        tuple(parts[bucket] % 2**64 for bucket in range(64)),
    )
    return Cell(len(shoppers), units, units, units, units * 1000, 0, 0, 0, 0, 0, sketch=sketch)


def hashed(value: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(value).encode()).digest()[:8], "big")


def bought(first: int, last: int, units: int = 1) -> dict[int, int]:
    return dict.fromkeys(range(first, last), units)


def tell(session: Session, **cells: Cell) -> dict[str, Told]:
    """Ask about cells of OMO by name; return those that are told."""
    coords = {"month": MONTH, "chain": CHAIN, "region": REGION}
    told = settle(session, "omo", "VND", {coords[name]: found for name, found in cells.items()}, K)
    return {name: told[coord] for name, coord in coords.items() if coord in told}


def test_the_same_again_is_told_again(session: Session) -> None:
    first = tell(session, month=cell(bought(0, 40)))
    assert tell(session, month=cell(bought(0, 40))) == first
    assert len(session.exec(select(ToldCell)).all()) == 1


@pytest.mark.parametrize("shoppers", [1, 4])
def test_another_question_that_a_few_shoppers_tell_from_an_earlier_one_is_not_told(
    session: Session, shoppers: int
) -> None:
    tell(session, chain=cell(bought(0, 40)))
    assert tell(session, region=cell(bought(0, 40 + shoppers))) == {}


def test_one_that_enough_shoppers_tell_from_it_is(session: Session) -> None:
    tell(session, chain=cell(bought(0, 40)))
    assert tell(session, region=cell(bought(0, 60))).keys() == {"region"}


def test_the_same_shoppers_who_bought_a_little_more_are_too_close_too(session: Session) -> None:
    tell(session, chain=cell(bought(0, 40)))
    assert tell(session, region=cell(bought(0, 40) | {7: 9})) == {}
    # Of two cells of one answer the part gives way to the sum.
    assert tell(session, month=cell(bought(100, 140)), chain=cell(bought(100, 138))).keys() == {"month"}


def test_what_few_shoppers_changed_since_is_told_as_it_was(session: Session) -> None:
    with time_machine.travel("2026-04-01T05:00:00+00:00", tick=False):
        tell(session, month=cell(bought(0, 40)))
        told_at = clock.now()
    with time_machine.travel("2026-04-02T05:00:00+00:00", tick=False):
        later = tell(session, month=cell(bought(0, 42)))["month"]
    assert (later.cell.buyers, later.as_of) == (40, told_at)
    # Enough together: from then on it is told anew.
    assert tell(session, month=cell(bought(0, 60)))["month"] == Told(cell(bought(0, 60)))


def test_a_sum_waits_for_its_parts_where_they_would_tell_what_changed(session: Session) -> None:
    parts = {"chain": cell(bought(0, 40))}
    tell(session, month=cell(bought(0, 80)), **parts)
    # Two more at the one chain, ten changed elsewhere: what is told of the chain would tell of the two.
    elsewhere = bought(0, 80) | bought(60, 70, 5) | {80: 1, 81: 1}
    told = tell(session, month=cell(elsewhere), chain=cell(bought(0, 40) | {80: 1, 81: 1}))
    assert told["chain"].cell.buyers == 40
    assert told["month"].as_of is not None


def test_who_withdrew_since_is_in_no_old_figure_either(session: Session) -> None:
    tell(session, month=cell(bought(0, 40)))
    shopper = make.make_shopper(session, "0909123456")
    choice = ConsentChoice(purpose="brand_insight", given=False)
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        consents.record(session, shopper.id, [choice], asked_in="app", language="vi")
    assert tell(session, month=cell(bought(1, 40))) == {}
    # Once enough has changed it is told again, without them.
    assert tell(session, month=cell(bought(1, 60)))["month"].cell.buyers == 59


def test_who_was_erased_since_is_not_either(session: Session) -> None:
    tell(session, month=cell(bought(0, 40)))
    make.make_shopper(session, "0909123456").erased_at = clock.now() + timedelta(minutes=1)
    session.flush()
    assert tell(session, month=cell(bought(1, 40))) == {}


def test_two_currencies_and_two_brands_have_no_purchase_in_common(session: Session) -> None:
    tell(session, month=cell(bought(0, 40)))
    near = {MONTH: cell(bought(0, 42))}
    assert settle(session, "omo", "MYR", near, K).keys() == {MONTH}
    assert settle(session, "surf", "VND", near, K).keys() == {MONTH}


def test_a_brand_of_which_too_much_was_told_to_compare_is_told_no_more(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(session, chain=cell(bought(0, 40)), month=cell(bought(100, 140)))
    monkeypatch.setattr(ledger, "NEAR_MAX", 1)
    assert tell(session, region=cell(bought(200, 240))) == {}
