"""A partner tells of goods that went back."""

from __future__ import annotations

from sqlmodel import Session

from domain.campaigns.facts import PER_UNIT
from domain.errors import NotFoundError
from domain.purchases.errors import ReturnChangedError
from domain.purchases.orders import content_digests, find_order
from domain.purchases.returns import apply_returns, note_return, returned_milli
from schemas.partners import Partner
from schemas.purchases import LeftLine, NewReturn, ReturnAnswer


def take_return(session: Session, partner: Partner, order_no: str, wanted: NewReturn) -> ReturnAnswer:
    """Take goods back once, and their points with them.

    Raises:
        NotFoundError: The partner told of no such order.
        ReturnChangedError: The return was told before with other content.
        ReturnTooHighError: More would go back than stands of a line.
    """
    purchase = find_order(session, partner.id, order_no, is_locked=True)
    if purchase is None:
        raise NotFoundError
    made = note_return(session, purchase, wanted.return_id, wanted.lines, content_digests(wanted))
    if made is None:
        raise ReturnChangedError
    apply_returns(session, purchase)
    returned = returned_milli(session, purchase.id)
    return ReturnAnswer(
        order=purchase.order_no,
        return_id=made.return_no,
        returned_at=made.returned_at,
        left=[
            LeftLine(line=place + 1, quantity=(milli - returned[place]) / PER_UNIT)
            for place, milli in enumerate(purchase.bought_milli)
        ],
    )
