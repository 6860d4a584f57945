"""Two copies settled at the same instant: the second waits for the first, and is found out."""

from __future__ import annotations

import threading
from uuid import UUID

import numpy as np
import pytest
from sqlmodel import Session, select

from domain import settlement
from infra.db import transaction
from ocr.traces.codes import Sketch, code_of, probes_of
from ocr.traces.types import PictureTraces
from ocr.types import Reading
from schemas.receipts import Receipt
from tests import make

# Longer than settling takes, so that who does not wait has ended.
NOT_WAITING_SECONDS = 1.5
PATIENCE_SECONDS = 30.0

LINES = tuple(make.make_line(amount_minor=amount) for amount in (185_000, 36_500, 79_000, 12_000))
MISREAD = tuple(make.make_line(amount_minor=amount) for amount in (135_000, 38_600, 73_000, 17_000))


def picture(seed: int, crop: int = 0) -> PictureTraces:
    """A blurred picture of 96 pixels a side; a copy of it lacks `crop` pixels at its left and top."""
    rough = np.random.default_rng(seed).uniform(0, 255, (6, 6))
    steps = np.linspace(0, 5, 96)
    rows = np.array([np.interp(steps, range(6), line) for line in rough])
    smooth = np.array([np.interp(steps, range(6), column) for column in rows.T]).T
    places = np.linspace(crop, 95, 48).round().astype(int)
    sketch = Sketch(smooth[np.ix_(places, places)].astype(np.uint8), 1.6)
    return PictureTraces(code=code_of(sketch), probes=probes_of(sketch))


FIRST = make.make_reading(*LINES, traces=(picture(1),))
COPIES = {
    "a cropped copy whose number, total and lines were read otherwise": make.make_reading(
        *MISREAD, traces=(picture(1, crop=3),), receipt_no="77120844", store=None
    ),
    "another photograph whose minute was misread": make.make_reading(
        *LINES, traces=(picture(2),), purchased_at=make.NOON.replace(minute=8)
    ),
}
# It earns nothing: the first that earns opens accounts, for which others wait.
OTHER = make.make_reading(
    make.make_line("Rau muong kg", amount_minor=17_000),
    traces=(picture(3),),
    receipt_no="31550926",
    purchased_at=make.NOON.replace(hour=15, minute=20),
)


@pytest.fixture
def receipts(committed: None) -> list[UUID]:
    with transaction() as session:
        make.make_campaign(session)
        shoppers = [make.make_shopper(session, f"090100000{number}") for number in range(2)]
        return [
            make.make_receipt(session, shopper, image=f"{number:064}").id
            for number, shopper in enumerate(shoppers)
        ]


def settle(receipt_id: UUID, reading: Reading) -> None:
    with transaction() as session:
        settlement.settle_receipt(session, receipt_id, reading)


def settle_while(session: Session, receipt_id: UUID, reading: Reading) -> bool:
    """Settle a receipt on another connection; return whether it waits for `session`, then end that."""
    other = threading.Thread(target=settle, args=(receipt_id, reading))
    other.start()
    other.join(NOT_WAITING_SECONDS)
    waits = other.is_alive()
    session.commit()
    other.join(PATIENCE_SECONDS)
    assert not other.is_alive()
    return waits


def statuses(receipts: list[UUID]) -> list[str]:
    with transaction() as session:
        found = dict(session.exec(select(Receipt.id, Receipt.status)).all())
    return [found[receipt_id] for receipt_id in receipts]


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("first", ["the original", "the copy"])
def test_of_two_copies_settled_at_one_instant_only_one_earns(
    receipts: list[UUID], copy: str, first: str
) -> None:
    readings = [COPIES[copy], FIRST] if first == "the copy" else [FIRST, COPIES[copy]]
    with transaction() as session:
        settlement.settle_receipt(session, receipts[0], readings[0])
        assert settle_while(session, receipts[1], readings[1])
    ended = statuses(receipts)
    assert ended[0] == "approved"
    assert ended[1] in {"in_review", "rejected"}


def test_another_receipt_does_not_wait(receipts: list[UUID]) -> None:
    with transaction() as session:
        settlement.settle_receipt(session, receipts[0], FIRST)
        assert not settle_while(session, receipts[1], OTHER)
    assert statuses(receipts) == ["approved", "approved"]


def test_copies_that_cross_never_wait_for_each_other(committed: None) -> None:
    """Each three times, all at once: every one ends, and of what is one only one earns."""
    kinds = [FIRST, *COPIES.values(), OTHER]
    readings = kinds * 3
    with transaction() as session:
        make.make_campaign(session)
        ids = [
            make.make_receipt(
                session, make.make_shopper(session, f"09010000{number:02}"), image=f"{number:064}"
            ).id
            for number in range(len(readings))
        ]
    barrier = threading.Barrier(len(ids))

    def settle_together(receipt_id: UUID, reading: Reading) -> None:
        barrier.wait()
        settle(receipt_id, reading)

    threads = [
        threading.Thread(target=settle_together, args=pair) for pair in zip(ids, readings, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = statuses(ids)
    first, *copies, other = (ended[kind :: len(kinds)].count("approved") for kind in range(len(kinds)))
    # The two copies have nothing in common but their original: each may earn where that does not.
    assert all(first + copy <= 1 for copy in copies)
    assert first + sum(copies) >= 1
    assert other == 1
