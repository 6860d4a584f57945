"""Who works here and as what: invited, changed, given a new way in, taken away. Each act is on the trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.errors import InvalidValueError, NotFoundError
from domain.people.audit import Actor, record_act_of
from domain.people.errors import LastAdminError, ManagerWithoutBrandsError, StaffExistsError
from domain.people.own_way_in import held_member, new_link
from domain.people.recovery import make_recovery_codes
from domain.people.shoppers import email_address, join_staff
from domain.people.staff import end_access, enrol
from infra import clock
from infra.db import lock_key
from schemas.catalog import Brand
from schemas.people import StaffCredential, StaffMember, StaffRole
from schemas.staff import StaffLink, StaffRecoveryCode


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member as admins see them.

    `link_expires_at` is set while they have yet to use a one-time link; `locked_until` after failures.
    """

    id: UUID
    email: str
    role: str
    brands: tuple[str, ...]
    joined_at: datetime
    may_sign_in: bool
    link_expires_at: datetime | None
    locked_until: datetime | None
    recovery_codes: int


def staff_list(session: Session) -> list[StaffRow]:
    """Return everybody who works here, by address."""
    codes = (
        select(func.count())
        .where(col(StaffRecoveryCode.staff_id) == StaffMember.id)
        .correlate(StaffMember)
        .scalar_subquery()
    )
    rows = session.exec(
        select(StaffMember, StaffCredential, StaffLink, codes)
        .outerjoin(StaffCredential, col(StaffCredential.staff_id) == StaffMember.id)
        .outerjoin(StaffLink, col(StaffLink.staff_id) == StaffMember.id)
        .where(col(StaffMember.ended_at).is_(None))
        .order_by(col(StaffMember.email))
    ).all()
    return [
        StaffRow(
            id=member.id,
            email=member.email,
            role=member.role,
            brands=tuple(member.brands),
            joined_at=member.joined_at,
            may_sign_in=credential is not None and link is None,
            link_expires_at=link.expires_at if link else None,
            locked_until=credential.locked_until if credential else None,
            recovery_codes=left,
        )
        for member, credential, link, left in rows
    ]


def staff_row(session: Session, staff_id: UUID) -> StaffRow:
    """Return one member.

    Raises:
        NotFoundError: Nobody who works here has this id.
    """
    found = next((row for row in staff_list(session) if row.id == staff_id), None)
    if found is None:
        raise NotFoundError
    return found


def names_of_staff(session: Session) -> dict[str, str]:
    """Return everybody's address by id, of those who left too: the trail keeps ids only."""
    return {
        str(staff_id): email for staff_id, email in session.exec(select(StaffMember.id, StaffMember.email))
    }


def invite(session: Session, email: str, role: StaffRole, brands: Sequence[str], *, by: Actor) -> str:
    """Let somebody join who sets password and code themselves; return their one-time link's token.

    Raises:
        StaffExistsError: They work here already: what is theirs is changed by other acts than this.
    """
    member = _new_member(session, email, role, brands)
    record_act_of(session, by, "staff_invited", subject=str(member.id), details=_after(member))
    return new_link(session, member, password=True, code=True)


def add(
    session: Session, email: str, role: StaffRole, brands: Sequence[str], *, password: str, by: Actor
) -> tuple[str, list[str]]:
    """Let somebody sign in at once, with a password chosen for them.

    Returns:
        The otpauth:// address for their app and their recovery codes, both shown once.

    Raises:
        StaffExistsError: They work here already.
        WeakPasswordError: The password is shorter than 12 characters.
    """
    member = _new_member(session, email, role, brands)
    record_act_of(session, by, "staff_added", subject=str(member.id), details=_after(member))
    address = enrol(session, member, password)
    return address, make_recovery_codes(session, member.id)


def change_role(
    session: Session, staff_id: UUID, role: StaffRole, brands: Sequence[str], *, by: Actor
) -> StaffMember:
    """Change what somebody may do; another role ends their sessions and tokens, other brands count at once.

    Raises:
        NotFoundError: Nobody who works here has this id.
        LastAdminError: No admin who can sign in would be left.
    """
    lock_key(session, "staff admins")
    member = held_member(session, staff_id)
    wanted = _checked_brands(session, role, brands)
    before = {"role": member.role, "brands": list(member.brands)}
    after = {"role": role, "brands": wanted}
    if before == after:
        return member
    if member.role == "admin" and role != "admin":
        _keep_an_admin(session, member, by)
    if member.role != role:
        member.access_from = clock.now()
    member.role, member.brands = role, wanted
    session.add(member)
    session.flush()
    record_act_of(
        session, by, "staff_changed", subject=str(member.id), details={"before": before, "after": after}
    )
    return member


def reset(session: Session, staff_id: UUID, *, password: bool, code: bool, by: Actor) -> str:
    """Void somebody's password, code or both now, with their sessions and tokens; role and brands stay.

    Returns:
        The token of the one-time link with which they set what is void.

    Raises:
        NotFoundError: Nobody who works here has this id.
    """
    member = held_member(session, staff_id)
    record_act_of(
        session,
        by,
        "staff_reset",
        subject=str(member.id),
        details={"after": {"password": password, "code": code}},
    )
    return new_link(session, member, password=password, code=code)


def remove(session: Session, staff_id: UUID, *, by: Actor) -> None:
    """End somebody's access at once; what they did stays on the trail.

    Raises:
        NotFoundError: Nobody who works here has this id.
        LastAdminError: No admin who can sign in would be left.
    """
    lock_key(session, "staff admins")
    member = held_member(session, staff_id)
    if member.role == "admin":
        _keep_an_admin(session, member, by)
    end_access(session, member.email)
    record_act_of(session, by, "staff_removed", subject=str(member.id))


def member_with_address(session: Session, email: str) -> StaffMember:
    """Return who works here under an address.

    Raises:
        NotFoundError: Nobody does.
    """
    statement = select(StaffMember).where(StaffMember.email == email.strip().lower())
    member = session.exec(statement).first()
    if member is None or member.ended_at is not None:
        raise NotFoundError
    return member


def _new_member(session: Session, email: str, role: StaffRole, brands: Sequence[str]) -> StaffMember:
    address = email_address(email)
    # Two admins who invite one person at once: the second is told.
    lock_key(session, f"staff {address}")
    standing = session.exec(select(StaffMember).where(StaffMember.email == address)).first()
    if standing is not None and standing.ended_at is None:
        raise StaffExistsError(role=standing.role)
    return join_staff(session, address, role, _checked_brands(session, role, brands))


def _keep_an_admin(session: Session, leaving: StaffMember, by: Actor) -> None:
    """Refuse to lock all admins out. An operator may: who has the machine adds the next one there."""
    if by.operator is not None:
        return
    others = session.exec(
        select(func.count())
        .select_from(StaffMember)
        .join(StaffCredential, col(StaffCredential.staff_id) == StaffMember.id)
        .outerjoin(StaffLink, col(StaffLink.staff_id) == StaffMember.id)
        .where(
            StaffMember.role == "admin",
            col(StaffMember.ended_at).is_(None),
            col(StaffLink.staff_id).is_(None),
            col(StaffMember.id) != leaving.id,
        )
    ).one()
    if not others:
        raise LastAdminError


def _checked_brands(session: Session, role: StaffRole, brands: Sequence[str]) -> list[str]:
    """Return a brand manager's brands in order; nobody else has any."""
    if role != "brand_manager":
        return []
    wanted = sorted(set(brands))
    if not wanted:
        raise ManagerWithoutBrandsError
    known = set(session.exec(select(Brand.slug).where(col(Brand.slug).in_(wanted))))
    if not known.issuperset(wanted):
        raise InvalidValueError(field="brands")
    return wanted


def _after(member: StaffMember) -> dict[str, Any]:
    return {"after": {"role": member.role, "brands": list(member.brands)}}
