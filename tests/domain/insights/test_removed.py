"""The fraud-removed part of an answer: what was refused or taken back of the same days and filters, about."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from domain.catalog.folding import fold
from domain.insights.measures.answers import Asker, answer
from domain.insights.removed import Removed, removed
from schemas.catalog import Store
from schemas.insight import InsightQuery
from tests import make
from tests.make import insight
from tests.make.purchases import bought, line_of, shopper_number
from tests.make.surveys import agree

DAY = make.NOON.date()
MONTH = (DAY.replace(day=1), DAY)
STORE = "WM HCM Ba Tháng Hai"


def refused(
    session: Session, shoppers: int, status: str = "rejected", first: int = 0, **values: object
) -> None:
    """Each of some shoppers has a receipt that does not stand: 30,000 for OMO, and another brand's line."""
    for number in range(first, first + shoppers):
        lines = line_of(session, "OMO", 30_000), line_of(session, "Knorr", 500_000)
        bought(session, number, *lines, status=status, **values)


def left_out(session: Session, span: tuple[date, date] = MONTH, **filters: str) -> Removed:
    return removed(session, insight.question(f"{DAY:%Y-%m}", **filters), span, 5)


def test_lines_that_were_refused_or_taken_back_are_told_about(session: Session) -> None:
    refused(session, 8)
    refused(session, 5, "reversed", first=8)
    bought(session, 0, line_of(session, "OMO", 70_000))
    # Thirteen lines of 30,000 each.
    assert left_out(session) == Removed(20, 390_000)
    assert left_out(session, (date(2020, 1, 1), date(2020, 1, 31))) == Removed(0, 0)


def test_of_few_shoppers_nothing_is_told_and_who_withdrew_is_none_of_them(session: Session) -> None:
    refused(session, 4)
    assert left_out(session) == Removed(None, None)
    refused(session, 1, first=4)
    assert left_out(session) == Removed(10, 150_000)
    agree(session, shopper_number(session, 4), "brand_insight", given=False)
    assert left_out(session) == Removed(None, None)


def test_it_follows_the_filters(session: Session) -> None:
    refused(session, 6)
    refused(session, 6, first=6, retailer="Co.opmart", store="CM 1")
    chain = make.retailer_id(session, "WinMart")
    session.add(Store(retailer_id=chain, name=STORE, folded=fold(STORE), region="hcmc"))
    session.flush()
    assert left_out(session) == Removed(20, 360_000)
    assert left_out(session, chain="winmart") == Removed(10, 180_000)
    assert left_out(session, region="hcmc") == Removed(10, 180_000)
    assert left_out(session, region="hanoi") == Removed(0, 0)
    assert left_out(session, product="omo-nothing") == Removed(0, 0)


def test_every_answer_says_what_it_leaves_out(session: Session) -> None:
    refused(session, 13)
    asked = InsightQuery(period=f"{DAY:%Y-%m}")
    told = answer(
        session, insight.filled(), Asker(make.make_staff(session, "admin").id), "omo", "units", asked, "en"
    )
    assert (told.removed.lines, told.removed.paid, told.removed.withheld) == (20, 390_000.0, None)
