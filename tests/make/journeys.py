"""Journeys, shoppers who agreed to their messages, and what happens to begin one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from domain.events.outbox import Cursor, Recorded
from domain.journeys import sending, triggers, versions
from domain.journeys.sending import Batch
from domain.journeys.terms import JourneyTerms
from infra import clock
from schemas.base import new_id
from schemas.journeys import Journey, JourneyMessage, JourneyRun
from schemas.messages import Message, PushTarget
from schemas.people import Shopper
from schemas.privacy import Channel
from schemas.receipts import Receipt, ReceiptLine
from tests import make
from tests.make.surveys import agree

Json = dict[str, Any]
ALL: tuple[Channel, ...] = ("inbox_ads", "push", "sms")
OWN = {"kind": "own", "title_vi": "Tin", "body_vi": "Chào", "title_en": "News", "body_en": "Hello"}


def tell(channel: str = "inbox", words: Json | None = None, **more: Any) -> Json:
    return {"kind": "message", "channel": channel, "words": words or OWN, **more}


def wait(hours: int) -> Json:
    return {"kind": "wait", "hours": hours}


def terms(*steps: Json, kind: str = "joined", **more: Any) -> JourneyTerms:
    """Terms with one arm, which hold out as few as may be; `trigger` or `kind` says what begins it."""
    given = {"trigger": {"kind": kind}, "arms": [{"name": "told", "steps": list(steps or (tell(),))}]}
    return JourneyTerms.model_validate(given | {"hold_out": 1} | more)


def a_journey(session: Session, *steps: Json, brand: str | None = None, **more: Any) -> Journey:
    """A live journey."""
    brand_id = make.brand_id(session, brand) if brand else None
    slug = f"journey-{new_id().hex}"
    journey = versions.create_journey(session, slug=slug, name="Journey", brand_id=brand_id)
    versions.write_draft(session, journey, terms(*steps, **more), None)
    versions.publish(session, journey, None)
    return journey


def a_reader(
    session: Session, phone: str = "0901234567", channels: Collection[Channel] = ALL, *, bell: bool = True
) -> Shopper:
    """A shopper who agreed to personal offers and to messages by some channels, with a browser that rings."""
    shopper = make.make_shopper(session, phone)
    agree(session, shopper, "personal_offers")
    for channel in channels:
        agree(session, shopper, "messages", channel=channel)
    if bell:
        session.add(
            PushTarget(
                shopper_id=shopper.id,
                kind="web",
                digest=shopper.id.bytes * 2,
                address={},
                language="vi",
                subscribed_at=clock.now(),
            )
        )
        session.flush()
    return shopper


def happened(
    shopper: Shopper, type_: str = "shopper.joined", subject: UUID | None = None, **data: Any
) -> Recorded:
    return Recorded(new_id(), Cursor(0, 0), type_, 1, subject or shopper.id, shopper.id, clock.now(), data)


def join(session: Session, *shoppers: Shopper) -> None:
    """Let shoppers enter the journeys that joining begins."""
    triggers.enter_by(session, [happened(shopper) for shopper in shoppers])


def approved(session: Session, shopper: Shopper, number: int = 1) -> Receipt:
    receipt = make.make_receipt(session, shopper, image=f"{number:064}")
    receipt.status, receipt.settled_at = "approved", clock.now()
    session.add(receipt)
    session.flush()
    return receipt


def buy_first(session: Session, shopper: Shopper, brand: str = "OMO") -> Receipt:
    """A first approved receipt with a brand's goods, which begins what that begins."""
    receipt = approved(session, shopper)
    line = ReceiptLine(
        receipt_id=receipt.id,
        position=0,
        raw_name=brand,
        brand_id=make.brand_id(session, brand),
        quantity=Decimal(1),
        amount_minor=1000,
    )
    session.add(line)
    session.flush()
    data = {"status": "approved", "points": 1, "reasons": []}
    triggers.enter_by(session, [happened(shopper, "receipt.settled", receipt.id, **data)])
    return receipt


def send(session: Session, journey: Journey, *, sms_on: bool = True) -> Batch:
    return sending.send_due(session, journey.id, 1000, sms_on=sms_on)


def later(**span: float) -> None:
    clock.pretend(clock.now() + timedelta(**span))


def outcomes(session: Session, journey: Journey) -> list[tuple[int, str, str | None]]:
    """What became of a journey's messages: (step, state, reason), in their order."""
    rows = session.exec(
        select(JourneyMessage)
        .where(JourneyMessage.journey_id == journey.id)
        .order_by(col(JourneyMessage.run_id), col(JourneyMessage.step))
    ).all()
    return [(row.step, row.state, row.reason) for row in rows]


def runs(session: Session, journey: Journey) -> Sequence[JourneyRun]:
    return session.exec(select(JourneyRun).where(JourneyRun.journey_id == journey.id)).all()


def told(session: Session, shopper: Shopper) -> Sequence[Message]:
    mine = select(Message).where(Message.shopper_id == shopper.id, Message.code == "journey")
    return session.exec(mine.order_by(col(Message.told_at))).all()
