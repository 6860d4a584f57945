"""A reviewer's view of receipts: joins what fraud found with what the receipt shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.money import major
from domain.origins import clusters
from domain.paging import Page, encode_cursor, page
from domain.people.audit import record_act
from domain.people.shoppers import pseudonym
from domain.people.staff import related_among
from domain.receipts import display
from domain.receipts.display import views
from domain.receipts.errors import ConflictOfInterestError
from domain.receipts.reasons import reason_view
from domain.receipts.rows import barred_to_staff, receipt_for_staff
from domain.review import records, workbench
from domain.review.errors import CaseDecidedError, CaseHeldError, DecidedBeforeError
from domain.review.safeguards import paid_by
from domain.review.workbench import CaseFilters
from infra import clock
from infra.words import Language
from schemas.catalog import Brand, Retailer
from schemas.origins import ClusterAccount, ClusterLink, ClusterView
from schemas.people import Shopper, StaffMember
from schemas.receipts import Receipt, ReceiptLine, ReceiptView
from schemas.review import (
    AppealWords,
    CaseSummary,
    CaseView,
    DecisionView,
    ProposalView,
    ReceiptAppeal,
    ShopperRecord,
)

REVIEWERS = "review"
RECENT_RECEIPTS = 10
# More accounts than these can't be told apart in one picture.
ACCOUNTS_DRAWN_MAX = 60
# Far more than there are reviewers at once, so that one of them is free.
CANDIDATES_MAX = 50
EVERY_CASE = CaseFilters()
NOTHING_SAID: dict[str, Any] = {
    "retailer": None,
    "merchant": None,
    "total": None,
    "total_minor": None,
    "currency": None,
    "points": 0,
    "reasons": [],
}


def queue(
    session: Session,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
    language: Language,
    filters: CaseFilters = EVERY_CASE,
    reviewer_id: UUID | None = None,
) -> Page[CaseSummary]:
    """Return a page of the waiting cases, longest waiting first, from after a (waiting_since, id) on.

    Of the reviewer's own receipts and their family's it is said that they wait, and nothing else.
    """
    found = page(
        lambda most: workbench.waiting_cases(
            session, filters, reviewer_id=reviewer_id, after=after, limit=most
        ),
        limit,
        lambda row: encode_cursor(row.waiting_since or row.received_at, row.id),
    )
    return Page(_summaries(session, found.rows, language, reviewer_id), found.next_cursor)


def _summaries(
    session: Session, rows: Sequence[Receipt], language: Language, reviewer_id: UUID | None
) -> list[CaseSummary]:
    ids = [row.id for row in rows]
    retailers = dict(session.exec(select(Retailer.id, Retailer.name)).all())
    points = dict(
        session.exec(
            select(ReceiptLine.receipt_id, func.sum(ReceiptLine.points))
            .where(col(ReceiptLine.receipt_id).in_(ids))
            .group_by(col(ReceiptLine.receipt_id))
        ).all()
    )
    holders = _holders(session, ids)
    proposals = records.open_proposals(session, ids)
    owners = [row.shopper_id for row in rows]
    related = related_among(session, reviewer_id, owners) if reviewer_id else set()
    summaries = [
        CaseSummary(
            id=row.id,
            received_at=row.received_at,
            waiting_since=row.waiting_since or row.received_at,
            shopper=pseudonym(row.shopper_id, REVIEWERS),
            retailer=retailers.get(row.retailer_id) if row.retailer_id else None,
            merchant=row.merchant,
            total=major(row.total_minor, row.currency),
            currency=row.currency,
            points=int(points.get(row.id, 0)),
            reasons=[reason_view(reason, "staff", language) for reason in row.reasons],
            due_at=(row.waiting_since or row.received_at) + workbench.review_due(),
            holder=holders.get(row.id),
            awaits_second_person=row.id in proposals,
            total_minor=row.total_minor,
        )
        for row in rows
    ]
    barred = {row.id for row in rows if row.shopper_id in related}
    return [one.model_copy(update=NOTHING_SAID) if one.id in barred else one for one in summaries]


def case(session: Session, receipt_id: UUID, language: Language, *, viewer_id: UUID) -> CaseView:
    """Return one receipt as a case, whether it still waits or not.

    Raises:
        NotFoundError: There is no such receipt.
        ConflictOfInterestError: It is the viewer's own, or their family's: the evidence is not theirs to see.
    """
    receipt = receipt_for_staff(session, receipt_id, viewer_id)
    matching = _matching(session, receipt, viewer_id)
    shown, *others = views(session, [receipt, *matching], audience="staff", language=language)
    since = receipt.waiting_since if receipt.status == "in_review" else None
    return CaseView(
        receipt=shown,
        score=receipt.fraud_score,
        shopper=pseudonym(receipt.shopper_id, REVIEWERS),
        shopper_record=_shopper_record(session, receipt),
        due_at=since + workbench.review_due() if since else None,
        holder=_holders(session, [receipt_id]).get(receipt_id),
        proposal=_proposal(session, receipt_id),
        appeal=_appeal(session, receipt_id),
        cluster=_cluster(session, receipt.shopper_id),
        image_urls=_image_urls([shown]),
        matching=others,
        matching_senders=clusters.senders_of(
            session, receipt.shopper_id, [other.shopper_id for other in matching], clock.now()
        ),
        matching_image_urls=_image_urls(others),
        paid_by=paid_by(session, receipt),
        decisions=[
            DecisionView(
                id=row.id,
                receipt_id=row.receipt_id,
                decision=row.decision,
                reason=row.reason,
                reviewer=email,
                decided_at=row.decided_at,
                undone_at=undo.undone_at if undo else None,
            )
            for row, email, undo in records.decisions_of(session, receipt_id)
        ],
    )


def take_case(session: Session, receipt_id: UUID, reviewer_id: UUID) -> None:
    """Keep a waiting case for one reviewer.

    Raises:
        NotFoundError: There is no such receipt.
        CaseDecidedError: It is not waiting.
        ConflictOfInterestError: It is the reviewer's own, or their family's.
        DecidedBeforeError: They decided it before an appeal.
        CaseHeldError: Another reviewer is at work on it.
    """
    receipt = receipt_for_staff(session, receipt_id, reviewer_id)
    if receipt.status != "in_review":
        raise CaseDecidedError(status=receipt.status)
    before = records.standing_decision(session, receipt_id)
    if before is not None and before.reviewer_id == reviewer_id:
        raise DecidedBeforeError
    workbench.take_hold(session, receipt_id, reviewer_id)
    record_act(session, reviewer_id, "held", receipt_id=receipt_id)


def take_next(
    session: Session, reviewer_id: UUID, filters: CaseFilters, *, after: UUID | None = None
) -> UUID | None:
    """Keep for a reviewer the case that waits longest among those they may decide; return its id.

    Their own hold on the receipt `after` ends, and the search begins behind it.
    """
    place: tuple[datetime, UUID] | None = None
    left = session.get(Receipt, after) if after else None
    if left is not None:
        workbench.end_hold(session, left.id, reviewer_id)
        place = (left.waiting_since, left.id) if left.waiting_since else None
    found = _take_first(session, reviewer_id, filters, place, left)
    return found or (_take_first(session, reviewer_id, filters, None, left) if place else None)


def _take_first(
    session: Session,
    reviewer_id: UUID,
    filters: CaseFilters,
    place: tuple[datetime, UUID] | None,
    left: Receipt | None,
) -> UUID | None:
    rows = workbench.waiting_cases(
        session, filters, reviewer_id=reviewer_id, after=place, limit=CANDIDATES_MAX
    )
    waiting = [row for row in rows if row is not left]
    proposals = records.open_proposals(session, [row.id for row in waiting])
    for row in waiting:
        proposal = proposals.get(row.id)
        if proposal is not None and proposal.reviewer_id == reviewer_id:
            continue
        try:
            take_case(session, row.id, reviewer_id)
        except (CaseHeldError, ConflictOfInterestError, DecidedBeforeError):
            continue
        return row.id
    return None


def retailers(session: Session) -> list[tuple[UUID, str]]:
    """Return the chains by name, to choose from."""
    return [
        (id_, name)
        for id_, name in session.exec(select(Retailer.id, Retailer.name).order_by(col(Retailer.name))).all()
    ]


def brands(session: Session) -> list[str]:
    """Return the brands' names, to choose from."""
    return list(session.exec(select(Brand.name).order_by(col(Brand.name))).all())


def _holders(session: Session, receipt_ids: Sequence[UUID]) -> dict[UUID, str]:
    holds = workbench.holds_of(session, list(receipt_ids))
    emails = _emails(session, {hold.reviewer_id for hold in holds.values()})
    return {receipt_id: emails[hold.reviewer_id] for receipt_id, hold in holds.items()}


def _emails(session: Session, staff_ids: Iterable[UUID]) -> dict[UUID, str]:
    statement = select(StaffMember.id, StaffMember.email).where(col(StaffMember.id).in_(list(staff_ids)))
    return dict(session.exec(statement).all())


def _proposal(session: Session, receipt_id: UUID) -> ProposalView | None:
    found = records.open_proposals(session, [receipt_id]).get(receipt_id)
    if found is None:
        return None
    email = _emails(session, [found.reviewer_id])[found.reviewer_id]
    said = {name: value for name, value in found.corrections.items() if value not in (None, [])}
    return ProposalView(
        reviewer=email,
        reason=found.reason,
        proposed_at=found.proposed_at,
        corrections=said,
        pays_again=found.pays_again,
    )


def _shopper_record(session: Session, receipt: Receipt) -> ShopperRecord:
    joined_at = session.exec(select(Shopper.joined_at).where(Shopper.id == receipt.shopper_id)).one()
    by_status = session.exec(
        select(Receipt.status, func.count())
        .where(Receipt.shopper_id == receipt.shopper_id)
        .group_by(col(Receipt.status))
    ).all()
    return ShopperRecord(
        joined_on=clock.day_of(joined_at),
        receipts_by_status=dict(by_status),
        recent=[
            row
            for row in display.history(session, receipt.shopper_id, before=None, limit=RECENT_RECEIPTS + 1)
            if row.id != receipt.id
        ][:RECENT_RECEIPTS],
    )


def _appeal(session: Session, receipt_id: UUID) -> AppealWords | None:
    found = session.get(ReceiptAppeal, receipt_id)
    return AppealWords(words=found.words, appealed_at=found.appealed_at) if found else None


def _cluster(session: Session, shopper_id: UUID) -> ClusterView | None:
    """Return the accounts that hang together with a shopper's; None where they share nothing."""
    found = clusters.cluster_of(session, shopper_id, clock.now(), most=ACCOUNTS_DRAWN_MAX)
    if not found.links:
        return None
    counted: dict[UUID, dict[str, int]] = defaultdict(dict)
    rows = session.exec(
        select(col(Receipt.shopper_id), Receipt.status, func.count())
        .where(col(Receipt.shopper_id).in_(found.shopper_ids))
        .group_by(col(Receipt.shopper_id), col(Receipt.status))
    ).all()
    for owner, status, count in rows:
        counted[owner][status] = count
    position = {member: number for number, member in enumerate(found.shopper_ids)}
    return ClusterView(
        accounts=[
            ClusterAccount(
                shopper=pseudonym(member, REVIEWERS),
                here=member == shopper_id,
                receipts_by_status=counted[member],
            )
            for member in found.shopper_ids
        ],
        links=[
            ClusterLink(kind=link.kind, accounts=[position[member] for member in link.shopper_ids])
            for link in found.links
        ],
        whole=found.whole,
    )


def _matching(session: Session, receipt: Receipt, viewer_id: UUID) -> list[Receipt]:
    named = (reason.matching_receipt_id for reason in receipt.reasons)
    ids = {UUID(value) for value in named if value}
    ids -= barred_to_staff(session, ids, viewer_id)
    return list(session.exec(select(Receipt).where(col(Receipt.id).in_(ids))).all())


def _image_urls(shown: Iterable[ReceiptView]) -> list[str]:
    return [f"/v1/receipts/{view.id}/image?page={page}" for view in shown for page in range(view.pages)]
