"""The story of a receipt that a person decides: ended, handed to a second person, or taken back.

The second part of domain/settlement: one transaction each, with the receipt's row locked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from domain.campaigns import earning
from domain.duplicates import claims
from domain.errors import DomainError, NotFoundError
from domain.fraud import bands
from domain.ledger import reversal
from domain.loyalty.crediting import credit
from domain.people.audit import Act, record_act
from domain.people.staff import is_related
from domain.receipts.errors import ConflictOfInterestError
from domain.receipts.reasons import may_be_appealed
from domain.receipts.rows import lines_of, locked
from domain.review import ends, records, safeguards, workbench
from domain.review.corrections import IDENTITY, Changes, correct
from domain.review.errors import (
    AlreadyPaidError,
    AppealedBeforeError,
    CaseDecidedError,
    CorrectionMatchesError,
    DecidedBeforeError,
    NotInBulkError,
    NotRefusedError,
    ProposalGoneError,
    TooManyCasesError,
    UndoRefusedError,
)
from domain.review.told import line_points, tell_appealed, tell_decided, tell_undone
from domain.rewards import granting
from infra import clock
from infra.metrics import count_settled_after_commit
from schemas.reasons import Reason
from schemas.receipts import Receipt
from schemas.review import Corrections, Decision, ReceiptAppeal, RefusalKind, ReviewDecision, ReviewProposal

CASES_AT_ONCE_MAX = 100


class _SecondPersonNeededError(Exception):
    """One person may not give this approval alone: what it wrote is taken back."""


@dataclass(frozen=True, slots=True)
class _Approval:
    """What an approval did: fields changed, and the approved receipts of the same paper."""

    changes: Changes
    paid_by: list[UUID]


def settle_review(  # noqa: PLR0913 - each says one thing of a decision
    session: Session,
    receipt_id: UUID,
    *,
    reviewer_id: UUID,
    decision: Decision,
    reason: str,
    refusal: RefusalKind | None = None,
    corrections: Corrections | None = None,
    pay_again: bool = False,
) -> ReviewDecision | None:
    """End a receipt as a person decided; approval corrects what was misread and credits, once.

    `reason` is kept for staff; `refusal` decides what a refused receipt's shopper is told; `pay_again`
    approves although another receipt of the same paper stands approved.

    Returns:
        The decision; None where the approval now waits for a second person.

    Raises:
        NotFoundError: There is no such receipt.
        CaseDecidedError: It is not waiting for a decision.
        ConflictOfInterestError: It is the reviewer's own, or their family's.
        DecidedBeforeError: The reviewer had a say in it already; another person must have the next.
        CaseHeldError: Another reviewer is at work on it.
        CorrectionMatchesError: Corrected like this, it is a receipt that was taken already.
        AlreadyPaidError: Another receipt of the same paper stands approved, and `pay_again` was not said.
    """
    if decision == "approve":
        safeguards.wait_for_approvals(session)
    receipt = locked(session, receipt_id)
    if receipt.status != "in_review":
        raise CaseDecidedError(status=receipt.status)
    proposal = records.open_proposals(session, [receipt_id]).get(receipt_id)
    _check_may_decide(session, receipt, proposal, reviewer_id)
    done = _Approval({}, [])
    if decision == "approve":
        wanted = _all_corrections(proposal, corrections or Corrections())
        try:
            with session.begin_nested():
                done = _approve(session, receipt, wanted, proposal, pay_again=pay_again)
        except _SecondPersonNeededError:
            if proposal is not None:
                records.close_proposal(session, proposal)
            _propose(session, receipt_id, reviewer_id, reason, wanted, pay_again=pay_again)
            return None
    if proposal is not None:
        records.close_proposal(session, proposal)
    workbench.end_hold(session, receipt_id)
    decided = records.record_decision(session, receipt, reviewer_id, decision, reason)
    if decision == "reject":
        ends.refuse(session, receipt, refusal)
    act: Act = "approved" if decision == "approve" else "rejected"
    details = {"decision_id": str(decided.id), "changes": done.changes}
    record_act(session, reviewer_id, act, receipt_id=receipt_id, details=details)
    if done.paid_by:
        others = {"paid_by": [str(other) for other in done.paid_by]}
        record_act(session, reviewer_id, "paid_again", receipt_id=receipt_id, details=others)
    count_settled_after_commit(session, receipt.status)
    tell_decided(session, receipt, decided)
    return decided


def withdraw_proposal(session: Session, receipt_id: UUID, *, reviewer_id: UUID) -> None:
    """Take one's own proposal back before a second person answers: the case waits as it did.

    Raises:
        NotFoundError: There is no such receipt.
        ProposalGoneError: It has no open proposal, or another person's.
    """
    locked(session, receipt_id)
    proposal = records.open_proposals(session, [receipt_id]).get(receipt_id)
    if proposal is None or proposal.reviewer_id != reviewer_id:
        raise ProposalGoneError
    records.close_proposal(session, proposal)
    record_act(session, reviewer_id, "withdrawn", receipt_id=receipt_id)


@dataclass(frozen=True, slots=True)
class ManyDecided:
    """What followed for many receipts: decided, handed to a second person, or refused by a code."""

    decided: tuple[UUID, ...]
    proposed: tuple[UUID, ...]
    refused: dict[UUID, str]


def settle_many(
    session: Session,
    receipt_ids: Sequence[UUID],
    *,
    reviewer_id: UUID,
    decision: Decision,
    reason: str,
    refusal: RefusalKind | None = None,
    keep: Callable[[], None] = lambda: None,
) -> ManyDecided:
    """Decide many receipts alike; one that can't be decided stops none of the others.

    None is approved among many that looks like another receipt: those are looked at one by one. `keep`
    commits each by itself: accounts of several would be locked in an order in which others may wait.

    Raises:
        TooManyCasesError: More than 100 at once.
    """
    if len(receipt_ids) > CASES_AT_ONCE_MAX:
        raise TooManyCasesError(cases_max=CASES_AT_ONCE_MAX)
    decided: list[UUID] = []
    proposed: list[UUID] = []
    refused: dict[UUID, str] = {}
    # One order for all, so that two reviewers at once never wait for each other.
    for receipt_id in sorted(set(receipt_ids)):
        try:
            with session.begin_nested():
                if decision == "approve":
                    safeguards.wait_for_approvals(session)
                    if safeguards.looks_like_another(locked(session, receipt_id)):
                        raise NotInBulkError
                made = settle_review(
                    session,
                    receipt_id,
                    reviewer_id=reviewer_id,
                    decision=decision,
                    reason=reason,
                    refusal=refusal,
                )
        except DomainError as error:
            refused[receipt_id] = error.code
            continue
        (decided if made else proposed).append(receipt_id)
        keep()
    return ManyDecided(tuple(decided), tuple(proposed), refused)


def undo_review(session: Session, receipt_id: UUID, *, reviewer_id: UUID) -> None:
    """Take one's own decision back within minutes: points return, and the case waits as it did.

    What was corrected stays corrected: it is still what a person read on the paper.

    Raises:
        NotFoundError: There is no such receipt.
        UndoRefusedError: The decision is somebody else's, or too old, or a voucher it brought was used.
        InsufficientPointsError: The shopper has spent the points.
    """
    receipt = locked(session, receipt_id)
    decided = records.standing_decision(session, receipt_id)
    if decided is None or not records.may_undo(decided, receipt.status, reviewer_id):
        raise UndoRefusedError
    credited: dict[UUID | None, int] = {}
    if decided.decision == "approve":
        credited = line_points(session, receipt)
    records.record_undo(session, decided.id, reviewer_id)
    waiting = ends.wait_again(session, receipt, decided.waiting_since or receipt.received_at)
    if decided.decision == "approve":
        session.flush()
        reversal.take_back(
            session, receipt_id, event=str(decided.id), at=clock.now(), and_lock=waiting.budget_ids
        )
        if granting.take_back(session, receipt_id, at=clock.now()).used:
            raise UndoRefusedError
    ends.hold_again(session, receipt, waiting)
    session.flush()
    workbench.take_hold(session, receipt_id, reviewer_id)
    details = {"decision_id": str(decided.id)}
    record_act(session, reviewer_id, "undone", receipt_id=receipt_id, details=details)
    tell_undone(session, receipt, decided.id, at=clock.now(), credited=credited)


def appeal(session: Session, receipt_id: UUID, *, shopper_id: UUID, words: str) -> ReceiptAppeal:
    """Let a refused receipt wait for another person, once, with what its shopper says.

    Raises:
        NotFoundError: There is no such receipt of this shopper.
        AppealedBeforeError: They appealed against it already.
        NotRefusedError: It is not refused.
    """
    receipt = locked(session, receipt_id)
    if receipt.shopper_id != shopper_id:
        raise NotFoundError
    if session.get(ReceiptAppeal, receipt_id) is not None:
        raise AppealedBeforeError
    if not may_be_appealed(receipt):
        raise NotRefusedError(status=receipt.status)
    appealed = ReceiptAppeal(receipt_id=receipt_id, words=words, appealed_at=clock.now())
    session.add(appealed)
    waiting = ends.wait_again(session, receipt, appealed.appealed_at)
    ends.hold_again(session, receipt, waiting)
    # The words themselves stay in their own row: forgetting the shopper has one place to empty.
    receipt.reasons = [*receipt.reasons, Reason("appealed", "review")]
    session.flush()
    tell_appealed(session, receipt, at=appealed.appealed_at)
    return appealed


def bar_to_deciding(session: Session, receipt: Receipt, reviewer_id: UUID) -> str | None:
    """Return the code of what keeps a reviewer from deciding a waiting receipt; None if nothing does."""
    proposal = records.open_proposals(session, [receipt.id]).get(receipt.id)
    try:
        _check_may_decide(session, receipt, proposal, reviewer_id)
    except DomainError as error:
        return error.code
    return None


def _check_may_decide(
    session: Session, receipt: Receipt, proposal: ReviewProposal | None, reviewer_id: UUID
) -> None:
    if is_related(session, reviewer_id, receipt.shopper_id):
        raise ConflictOfInterestError
    before = records.standing_decision(session, receipt.id)
    had_a_say = {proposal.reviewer_id if proposal else None, before.reviewer_id if before else None}
    had_a_say |= records.who_reversed(session, receipt.id)
    if reviewer_id in had_a_say:
        raise DecidedBeforeError
    workbench.check_free(session, receipt.id, reviewer_id)


def _all_corrections(proposal: ReviewProposal | None, mine: Corrections) -> Corrections:
    """Join what the first person corrected with what the second corrects, who has the last word."""
    if proposal is None:
        return mine
    first = Corrections.model_validate(proposal.corrections)
    said = {name: value for name, value in mine if value is not None and name != "lines"}
    return first.model_copy(update={**said, "lines": first.lines + mine.lines})


def _approve(
    session: Session,
    receipt: Receipt,
    wanted: Corrections,
    proposal: ReviewProposal | None,
    *,
    pay_again: bool,
) -> _Approval:
    lines = lines_of(session, receipt.id)
    dearest = max(receipt.total_minor or 0, wanted.total_minor or 0)
    changes = correct(session, receipt, lines, wanted)
    if IDENTITY & changes.keys():
        _claim_corrected(session, receipt)
    paid_by = safeguards.paid_by(session, receipt)
    if paid_by and not pay_again:
        raise AlreadyPaidError(receipt_id=str(paid_by[0]))
    awards = ends.awards_by_lines(session, receipt, lines)
    asks_two = (
        bool(paid_by)
        or bands.bands_on(session, receipt.purchased_on).needs_second_reviewer(dearest)
        or safeguards.needs_second_person(receipt, lines, awards)
    )
    if asks_two and not _confirms(proposal, wanted, pays_again=bool(paid_by)):
        raise _SecondPersonNeededError
    receipt.status = "approved"
    taken_back = records.times_taken_back(session, receipt.id)
    granted = credit(session, receipt, awards, times_taken_back=taken_back, was_held=True)
    earning.note_granted(session, receipt, granted)
    ends.write_points(lines, granted)
    session.flush()
    granting.grant(session, receipt, times_taken_back=taken_back)
    return _Approval(changes, paid_by)


def _confirms(proposal: ReviewProposal | None, wanted: Corrections, *, pays_again: bool) -> bool:
    """Say whether an approval is what the first person proposed: what the second adds is one person's."""
    if proposal is None or (pays_again and not proposal.pays_again):
        return False
    return wanted == Corrections.model_validate(proposal.corrections)


def _propose(
    session: Session,
    receipt_id: UUID,
    reviewer_id: UUID,
    reason: str,
    wanted: Corrections,
    *,
    pay_again: bool,
) -> None:
    said = wanted.model_dump(mode="json")
    records.propose(session, receipt_id, reviewer_id, reason, said, pays_again=pay_again)
    workbench.end_hold(session, receipt_id)
    details = {"pays_again": pay_again}
    record_act(session, reviewer_id, "proposed", receipt_id=receipt_id, details=details)


def _claim_corrected(session: Session, receipt: Receipt) -> None:
    claims.release_print(session, receipt.id)
    _, prints = claims.claim_kept(session, receipt, (receipt.reading or {}).get("chain"))
    known = ends.matching_ids(receipt)
    for holder in prints:
        if str(holder.receipt_id) not in known:
            raise CorrectionMatchesError(matching_receipt_id=str(holder.receipt_id))
