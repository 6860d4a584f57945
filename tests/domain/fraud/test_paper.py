"""What can't be on a till's paper, each at its boundary."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.fraud.facts import Neighbour, ReceiptFacts, TillFacts, UsualPrice
from domain.fraud.paper_signals import (
    barcodes_misfit,
    change_misfit,
    impossible_basket,
    number_out_of_order,
    price_unlike,
    shop_closed,
    weight_misfit,
)
from domain.fraud.rules import SHADOWED
from domain.fraud.scoring import assess_receipt
from infra import clock
from ocr.types import ReadingLine, SumChecks
from tests import make

GOOD_CODE, BAD_CODE = "8934868064503", "8934868064504"


def facts(*lines: ReadingLine, till: TillFacts | None = None, **values: Any) -> ReceiptFacts:
    return ReceiptFacts(
        make.make_reading(*lines, **values),
        clock.till_now(),
        retailer_known=True,
        accepted_days=30,
        till=till,
    )


@pytest.mark.parametrize(("change", "raised"), [(14_000, False), (15_000, False), (13_999, True), (0, True)])
def test_change_that_is_not_the_rest_of_the_tender_is_noticed(change: int, *, raised: bool) -> None:
    paid = facts(tendered_minor=200_000, change_minor=change, checks=SumChecks(confirmed=("items",)))
    assert (change_misfit(paid) is not None) == raised


def test_change_that_the_paper_confirms_is_none_of_ours() -> None:
    confirmed = facts(tendered_minor=200_000, change_minor=1, checks=SumChecks(confirmed=("tender",)))
    assert change_misfit(confirmed) is None
    assert change_misfit(facts(tendered_minor=200_000)) is None


@pytest.mark.parametrize(("tender", "by"), [(200_600, ("items",)), (200_000, ())])
def test_change_is_not_judged_by_figures_that_were_misread(tender: int, by: tuple[str, ...]) -> None:
    doubtful = facts(tendered_minor=tender, change_minor=1, checks=SumChecks(confirmed=by))
    assert change_misfit(doubtful) is None


@pytest.mark.parametrize(
    ("codes", "raised"),
    [
        ([BAD_CODE] * 3, True),
        ([BAD_CODE] * 2, False),
        ([BAD_CODE] * 3 + [GOOD_CODE] * 3, False),
        ([BAD_CODE] * 4 + [GOOD_CODE] * 3, True),
        (["12345"] * 5, False),
    ],
)
def test_codes_that_do_not_check_are_noticed_where_most_do_not(codes: list[str], *, raised: bool) -> None:
    lines = [make.make_line(barcode=code) for code in codes]
    assert (barcodes_misfit(facts(*lines)) is not None) == raised


@pytest.mark.parametrize(
    ("kilograms", "raised"), [("2.728", False), ("2.700", False), ("2.600", True), ("3", False)]
)
def test_a_label_of_another_weight_is_noticed(kilograms: str, *, raised: bool) -> None:
    line = make.make_line("Dua hau (kg)", barcode="2670625027287", quantity=Decimal(kilograms))
    other = make.make_line("Chuoi (kg)", barcode="2639784013272", quantity=Decimal("1.327"))
    assert (weight_misfit(facts(line, other)) is not None) == raised
    assert weight_misfit(facts(line)) is None


@pytest.mark.parametrize(
    ("chain", "hour", "minute", "raised"),
    [
        ("WinMart", 5, 30, False),
        ("WinMart", 5, 29, True),
        ("WinMart", 23, 30, False),
        ("WinMart", 23, 31, True),
        ("Circle K", 3, 0, False),
    ],
)
def test_a_chain_that_closes_at_night_sells_nothing_then(
    chain: str, hour: int, minute: int, *, raised: bool
) -> None:
    at = make.NOON.replace(hour=hour, minute=minute)
    assert (shop_closed(facts(chain=chain, purchased_at=at)) is not None) == raised


@pytest.mark.parametrize(
    ("values", "raised"),
    [
        ({"lines": (make.make_line(quantity=Decimal(100)),)}, False),
        ({"lines": (make.make_line(quantity=Decimal(101)),)}, True),
        ({"lines": (make.make_line(),) * 200}, False),
        ({"lines": (make.make_line(),) * 201}, True),
        ({"total_minor": 100_000_000}, False),
        ({"total_minor": 100_000_001}, True),
    ],
)
def test_nobody_carries_so_much_home(values: dict[str, Any], *, raised: bool) -> None:
    assert (impossible_basket(facts(**values)) is not None) == raised


def among(*neighbours: tuple[str, datetime]) -> TillFacts:
    return TillFacts(neighbours=[Neighbour(number, at) for number, at in neighbours])


LATER = make.NOON + timedelta(minutes=10)
EARLIER = make.NOON - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("neighbour", "raised"),
    [
        (("09017160", LATER), False),
        (("09017150", EARLIER), False),
        (("09017150", LATER), True),
        (("09017160", EARLIER), True),
        (("08017160", EARLIER), False),
        (("9017160", EARLIER), False),
        (("09017160", make.NOON - timedelta(minutes=3)), False),
    ],
)
def test_a_till_counts_with_its_clock(neighbour: tuple[str, datetime], *, raised: bool) -> None:
    assert (number_out_of_order(facts(till=among(neighbour))) is not None) == raised


def test_the_more_neighbours_speak_against_a_number_the_surer_it_is() -> None:
    signal = number_out_of_order(facts(till=among(("09017150", LATER), ("09017160", LATER))))
    assert signal is not None
    assert (signal.strength, signal.evidence["against"], signal.evidence["compared"]) == (0.5, 1, 2)
    assert number_out_of_order(facts(till=among(("09017150", LATER)), receipt_no=None)) is None


@pytest.mark.parametrize(
    ("usual", "sales", "confidence", "raised"),
    [
        (74_000, 20, 0.9, False),
        (73_000, 20, 0.9, True),
        (462_000, 20, 0.9, False),
        (463_000, 20, 0.9, True),
        (73_000, 19, 0.9, False),
        (73_000, 20, 0.84, False),
    ],
)
def test_a_price_far_from_what_others_paid_is_noticed(
    usual: int, sales: int, confidence: float, *, raised: bool
) -> None:
    till = TillFacts(prices={0: UsualPrice(usual, sales)})
    line = make.make_line(amount_minor=185_000, confidence=confidence)
    assert (price_unlike(facts(line, till=till)) is not None) == raised


def test_signals_on_trial_delay_nobody() -> None:
    odd = facts(
        *[make.make_line(barcode=BAD_CODE, quantity=Decimal(101))] * 3,
        till=among(("09017150", LATER)),
        purchased_at=make.NOON.replace(hour=3),
        tendered_minor=1000,
        change_minor=0,
        checks=SumChecks(confirmed=("items",)),
    )
    assessment = assess_receipt(odd)
    assert assessment.verdict == "approve"
    counted = {signal.code for signal in assessment.shadow}
    assert counted >= {"barcodes_misfit", "impossible_basket", "shop_closed", "change_misfit"}
    assert counted <= SHADOWED
