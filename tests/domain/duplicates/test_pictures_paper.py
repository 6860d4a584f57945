"""One paper photographed twice is known by what is printed on it; its neighbours at the till are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from domain.duplicates.find import keep_pictures
from domain.duplicates.likeness import compare
from domain.duplicates.paper import PaperFacts, paper_read
from domain.duplicates.same_paper import find_paper
from schemas.receipts import Receipt, ReceiptLine
from tests import make

PAPER = PaperFacts(
    chain="WinMart",
    store="WM HCM Ba Tháng Hai",
    number="00599386",
    at=datetime(2025, 3, 5, 17, 53),  # noqa: DTZ001 - as printed
    on=datetime(2025, 3, 5).date(),  # noqa: DTZ001 - as printed
    total_minor=709_400,
    amounts=(36_500, 79_500, 136_900, 64_000, 210_000, 182_500),
)
assert PAPER.at is not None
LATER = PAPER.at + timedelta(hours=2, minutes=48)

REPHOTOGRAPHED = {
    "read well both times": PAPER,
    "a wrong digit in the number": replace(PAPER, number="00599886"),
    "two wrong digits in the number": replace(PAPER, number="00509886"),
    "no number": replace(PAPER, number=None),
    "half of the number": replace(PAPER, number="9386"),
    "a wrong digit in the time": replace(PAPER, at=datetime(2025, 3, 5, 17, 58)),  # noqa: DTZ001
    "no time": replace(PAPER, at=None),
    "another total": replace(PAPER, total_minor=709_000),
    "no total": replace(PAPER, total_minor=None),
    "half of the lines": replace(PAPER, amounts=PAPER.amounts[::2]),
    "no shop, no store": replace(PAPER, chain=None, store=None),
    "no store, no number, wrong amounts": replace(
        PAPER, store=None, number=None, amounts=(36_500, 19_500, 136_900, 210_000)
    ),
}

NEIGHBOURS = {
    "the next in the queue": replace(
        PAPER,
        number="00599387",
        at=PAPER.at + timedelta(minutes=4),
        total_minor=225_500,
        amounts=(12_000, 79_500, 134_000),
    ),
    "the same basket, later": replace(PAPER, number="00599412", at=LATER),
    "the same basket, later, number unread": replace(PAPER, number=None, at=LATER),
    "the same basket, later, time unread": replace(PAPER, number="00599412", at=None),
    "half of the basket, the same total": replace(
        PAPER, number="00599412", at=LATER, amounts=(*PAPER.amounts[:3], 1_000, 2_000, 3_000)
    ),
    "another store, the same minute and total": replace(
        PAPER, store="WM HN Cầu Giấy", number="00120045", amounts=(709_400,)
    ),
    "another chain, the same minute and total": replace(PAPER, chain="AEON", store=None, amounts=(709_400,)),
    "the same basket a week later": replace(
        PAPER, number="00612007", at=PAPER.at + timedelta(days=7), on=LATER.date() + timedelta(days=7)
    ),
}


@pytest.mark.parametrize("reading", REPHOTOGRAPHED)
def test_one_paper_read_twice_is_the_same(reading: str) -> None:
    other = REPHOTOGRAPHED[reading]
    assert compare(PAPER, other).same
    assert compare(other, PAPER).odds == compare(PAPER, other).odds
    keys = PAPER.keys
    assert sum(1 + keys[key] for key in keys.keys() & other.keys) > 1, "it is not even found"


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_a_receipt_that_is_only_alike_passes(neighbour: str) -> None:
    likeness = compare(PAPER, NEIGHBOURS[neighbour])
    assert not likeness.same
    assert likeness.strength < 0.5


def test_pictures_alike_are_two_papers_only_where_number_and_time_say_so() -> None:
    assert compare(PAPER, NEIGHBOURS["the same basket, later"]).other
    assert not compare(PAPER, NEIGHBOURS["the same basket, later, number unread"]).other
    assert not compare(PAPER, PaperFacts(None, None, None, None, None, None, ())).other


def settled(session: Session, phone: str, facts: PaperFacts, status: str = "approved") -> Receipt:
    receipt = make.make_receipt(
        session,
        make.make_shopper(session, phone),
        status=status,
        retailer_id=make.retailer_id(session, facts.chain) if facts.chain else None,
        store=facts.store,
        receipt_no=facts.number,
        purchased_at=facts.at,
        purchased_on=facts.on,
        total_minor=facts.total_minor,
    )
    session.add_all(
        ReceiptLine(receipt_id=receipt.id, position=position, raw_name="x", quantity=1, amount_minor=amount)
        for position, amount in enumerate(facts.amounts)
    )
    session.flush()
    keep_pictures(session, receipt.id, [], facts)
    return receipt


@pytest.mark.parametrize("reading", REPHOTOGRAPHED)
def test_a_second_photograph_finds_the_first(session: Session, reading: str) -> None:
    first = settled(session, "0901000001", PAPER)
    second = make.make_receipt(session, make.make_shopper(session, "0901000002"))
    (match,) = find_paper(session, second, REPHOTOGRAPHED[reading])
    assert match.receipt_id == first.id
    assert not match.same_shopper


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_neighbours_find_nothing(session: Session, neighbour: str) -> None:
    settled(session, "0901000001", PAPER)
    second = make.make_receipt(session, make.make_shopper(session, "0901000002"))
    assert find_paper(session, second, NEIGHBOURS[neighbour]) == []


def test_a_refused_receipt_leaves_its_paper_to_an_honest_owner(session: Session) -> None:
    settled(session, "0901000001", PAPER, status="rejected")
    second = make.make_receipt(session, make.make_shopper(session, "0901000002"))
    assert find_paper(session, second, PAPER) == []


def test_keeping_a_paper_twice_keeps_it_once(session: Session) -> None:
    first = settled(session, "0901000001", PAPER)
    keep_pictures(session, first.id, [], PAPER)
    second = make.make_receipt(session, make.make_shopper(session, "0901000002"))
    assert len(find_paper(session, second, PAPER)) == 1


def test_a_reading_without_anything_printed_is_found_by_nothing() -> None:
    assert PaperFacts(None, None, None, None, None, None, ()).keys == {}


def test_facts_are_what_the_reading_says() -> None:
    reading = make.make_reading(make.make_line(amount_minor=1000), make.make_line(amount_minor=2000))
    facts = paper_read(reading)
    assert (facts.chain, facts.total_minor, facts.amounts) == ("WinMart", 3000, (1000, 2000))
