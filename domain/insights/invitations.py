"""Retailers and distributors who read a brand's figures of their own part, as the brand invited them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from domain.errors import NotFoundError, UnknownFilterValueError
from domain.insights.errors import AddressTakenError, OutsideInvitationError
from domain.insights.measures.measure import Measure
from domain.people import accounts
from domain.people.audit import Actor, record_act
from domain.people.errors import StaffExistsError
from domain.people.staff import keeps_brand
from infra import clock
from infra.db import lock_key
from schemas.catalog import Retailer, Store
from schemas.exports import InvitedAxis, RetailerAccess
from schemas.insight import InsightAnswer, InsightQuery
from schemas.people import StaffMember

# Told by chain whatever is asked, so nothing for who may see one region, with every chain in it.
_ALWAYS_BY_CHAIN = frozenset({"price_paid"})


@dataclass(frozen=True, slots=True)
class Within:
    """The chain or region that somebody's questions are about, whatever they ask."""

    axis: InvitedAxis
    value: str

    def offers(self, measure: Measure) -> bool:
        """Say whether a measure can be told of the part alone."""
        return self.axis in measure.takes and measure.name not in _ALWAYS_BY_CHAIN

    def narrowed(self, measure: Measure, asked: InsightQuery) -> InsightQuery:
        """Return a question kept to the part.

        Raises:
            OutsideInvitationError: It is about other parts, or tells them apart.
        """
        named = getattr(asked, self.axis)
        # Who may see a region sees no chain in it: a competitor's figures are nobody's to pass on.
        others = {self.axis} if self.axis == "chain" else {"chain", "region"}
        other_chain = self.axis == "region" and asked.chain is not None
        if not self.offers(measure) or named not in {None, self.value} or asked.by in others or other_chain:
            raise OutsideInvitationError
        return InsightQuery.model_validate(
            asked.model_dump(exclude_unset=True, exclude_none=True) | {self.axis: self.value}
        )

    def own(self, answer: InsightAnswer) -> InsightAnswer:
        """Return an answer that leads nowhere else: a safer question without the part is another's."""
        if answer.safer is not None and self.axis in answer.safer.without:
            return answer.model_copy(update={"safer": None})
        return answer


def invite(
    session: Session, manager_id: UUID, brand: str, email: str, axis: InvitedAxis, value: str
) -> str | None:
    """Let somebody read a brand's figures of a chain or region; return their one-time link's token if new.

    Raises:
        AddressTakenError: They work here in another role.
        UnknownFilterValueError: There is no such chain or region.
    """
    lock_key(session, f"retailer_access:{brand}")
    if not _is_known(session, axis, value):
        raise UnknownFilterValueError(field=axis)
    token = None
    try:
        member = accounts.member_with_address(session, email)
    except NotFoundError:
        try:
            token = accounts.invite(session, email, "retailer", (), by=Actor(manager_id))
        except StaffExistsError:
            # The role that it names is told to admins alone.
            raise AddressTakenError from None
        member = accounts.member_with_address(session, email)
    if member.role != "retailer":
        raise AddressTakenError
    before = access_to(session, member.id, brand)
    if before is not None:
        before.ended_at = clock.now()
    session.add(
        RetailerAccess(
            staff_id=member.id,
            brand=brand,
            axis=axis,
            value=value,
            invited_by=manager_id,
            invited_at=clock.now(),
        )
    )
    record_act(
        session, manager_id, "retailer_invited", subject=str(member.id), details={"brand": brand, axis: value}
    )
    return token


def end(session: Session, manager_id: UUID, brand: str, access_id: UUID) -> None:
    """End an invitation at once.

    Raises:
        NotFoundError: The brand has none such that stands.
    """
    access = session.get(RetailerAccess, access_id)
    if access is None or access.brand != brand or access.ended_at is not None:
        raise NotFoundError
    access.ended_at = clock.now()
    record_act(session, manager_id, "retailer_ended", subject=str(access.staff_id), details={"brand": brand})


def within(session: Session, staff: StaffMember, brand: str) -> Within | None:
    """Return to which part of a brand's figures somebody is kept; None for who may see all of them.

    Raises:
        NotFoundError: They may see nothing of the brand.
    """
    if keeps_brand(staff, brand):
        return None
    access = access_to(session, staff.id, brand) if staff.role == "retailer" else None
    if access is None:
        raise NotFoundError
    axis: InvitedAxis = access.axis  # type: ignore[assignment] # the table says so
    return Within(axis, access.value)


def access_to(session: Session, staff_id: UUID, brand: str) -> RetailerAccess | None:
    """Return somebody's invitation by a brand that stands, if any; there is one at most."""
    mine = (RetailerAccess.staff_id == staff_id, RetailerAccess.brand == brand)
    return session.exec(select(RetailerAccess).where(*mine, col(RetailerAccess.ended_at).is_(None))).first()


def brands_inviting(session: Session, staff_id: UUID) -> Sequence[str]:
    """Return the brands that somebody is invited by."""
    mine = (RetailerAccess.staff_id == staff_id, col(RetailerAccess.ended_at).is_(None))
    return session.exec(select(RetailerAccess.brand).where(*mine)).all()


def invited(session: Session, brand: str) -> list[tuple[RetailerAccess, str]]:
    """Return a brand's invitations that stand, each with the address of who was invited."""
    standing = (RetailerAccess.brand == brand, col(RetailerAccess.ended_at).is_(None))
    statement = (
        select(RetailerAccess, StaffMember.email)
        .join(StaffMember, col(StaffMember.id) == col(RetailerAccess.staff_id))
        .where(*standing)
        .order_by(col(RetailerAccess.invited_at))
    )
    return [(access, email) for access, email in session.exec(statement).all()]


def _is_known(session: Session, axis: InvitedAxis, value: str) -> bool:
    if axis == "chain":
        return session.exec(select(Retailer.id).where(Retailer.slug == value)).first() is not None
    return session.exec(select(Store.id).where(Store.region == value).limit(1)).first() is not None
