"""The story of a picture or a paper that is sent again, from reading to verdict."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import Session

from domain import settlement
from ocr.traces.codes import Sketch, code_of, probes_of
from ocr.traces.types import PictureTraces
from ocr.types import Reading
from schemas.receipts import Receipt
from tests import make


def traces(seed: int, **values: object) -> PictureTraces:
    rough = np.random.default_rng(seed).uniform(0, 255, (6, 6))
    pixels = np.kron(rough, np.ones((8, 8))).astype(np.uint8)
    sketch = Sketch(pixels, 1.6)
    return PictureTraces(code=code_of(sketch), probes=probes_of(sketch), **values)  # type: ignore[arg-type]


def settled(session: Session, number: int, reading: Reading) -> Receipt:
    shopper = make.make_shopper(session, f"09010000{number:02}")
    receipt = make.make_receipt(session, shopper, image=f"{number:064x}")
    settlement.settle_receipt(session, receipt.id, reading)
    session.flush()
    return receipt


def codes(receipt: Receipt) -> list[str]:
    return [reason.code for reason in receipt.reasons if reason.severity != "info"]


@pytest.fixture
def campaign(session: Session) -> Session:
    make.make_campaign(session)
    return session


LINES = tuple(make.make_line(amount_minor=amount) for amount in (185_000, 36_500, 79_000, 12_000))


def test_a_copy_of_anothers_picture_is_refused(campaign: Session) -> None:
    first = settled(campaign, 1, make.make_reading(*LINES, traces=(traces(1),)))
    # Number and time were not read, so that no claim on what is printed clashes.
    copy = settled(
        campaign,
        2,
        make.make_reading(*LINES, traces=(traces(1),), receipt_no=None, store=None, purchased_at=None),
    )
    assert first.status == "approved"
    assert copy.status == "rejected"
    assert "same_photo" in codes(copy)


def test_a_changed_copy_goes_to_a_person(campaign: Session) -> None:
    settled(campaign, 1, make.make_reading(*LINES, traces=(traces(1),)))
    dearer = (*LINES[:3], make.make_line(amount_minor=912_000))
    copy = settled(campaign, 2, make.make_reading(*dearer, traces=(traces(1),)))
    assert (copy.status, codes(copy)) == ("in_review", ["changed_copy"])


def test_another_photograph_with_a_misread_time_goes_to_a_person(campaign: Session) -> None:
    settled(campaign, 1, make.make_reading(*LINES, traces=(traces(1),)))
    again = settled(
        campaign, 2, make.make_reading(*LINES, traces=(traces(2),), purchased_at=make.NOON.replace(minute=8))
    )
    assert (again.status, codes(again)) == ("in_review", ["same_receipt"])


def test_the_next_receipt_of_the_till_with_the_same_basket_earns(campaign: Session) -> None:
    settled(campaign, 1, make.make_reading(*LINES, traces=(traces(1),)))
    following = settled(
        campaign,
        2,
        make.make_reading(
            *LINES,
            traces=(traces(2),),
            receipt_no="09017181",
            purchased_at=make.NOON.replace(hour=15, minute=20),
        ),
    )
    assert following.status == "approved"


def test_ones_own_second_photograph_was_already_sent(campaign: Session) -> None:
    shopper = make.make_shopper(campaign)
    ends = []
    for number, minute in enumerate((0, 8)):
        receipt = make.make_receipt(campaign, shopper, image=f"{number:064x}")
        reading = make.make_reading(
            *LINES, traces=(traces(number),), purchased_at=make.NOON.replace(minute=minute)
        )
        settlement.settle_receipt(campaign, receipt.id, reading)
        ends.append(receipt)
    assert ends[0].status == "approved"
    assert (ends[1].status, codes(ends[1])) == ("rejected", ["already_sent"])


def test_a_better_photograph_of_ones_own_refused_receipt_earns(campaign: Session) -> None:
    shopper = make.make_shopper(campaign)
    refused = make.make_receipt(campaign, shopper, image="1" * 64)
    blurred = Reading(status="unreadable", traces=(traces(1),))
    settlement.settle_receipt(campaign, refused.id, blurred)
    better = make.make_receipt(campaign, shopper, image="2" * 64)
    settlement.settle_receipt(campaign, better.id, make.make_reading(*LINES, traces=(traces(1),)))
    assert better.status == "approved"


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("photo_of_screen", {"pattern_height": 6.0}),
        ("drawn_picture", {"plain": 0.7, "equal": 0.4, "level": 0.9}),
        ("edited_picture", {"edit": 0.8, "edit_boxes": ((1, 2, 3, 4),)}),
        ("made_by_program", {"editor": "Canva"}),
    ],
)
def test_a_picture_that_no_camera_took_of_paper_goes_to_a_person(
    campaign: Session, code: str, seen: dict[str, object]
) -> None:
    receipt = settled(campaign, 1, make.make_reading(*LINES, traces=(traces(1, **seen),)))
    assert (receipt.status, codes(receipt)) == ("in_review", [code])
    assert not {"code", "probes"} & receipt.reading["traces"][0].keys()
