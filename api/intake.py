"""Taking a receipt in, whichever way its pages came."""

from __future__ import annotations

from sqlmodel import Session

from api.origin import Sender
from domain.origins.links import count_upload
from domain.privacy import consents
from domain.receipts import intake
from domain.receipts.intake import Accepted, Upload
from infra import clock
from infra.queue import ring_after_commit
from infra.windows import RedisWindows
from schemas.people import Shopper


def take_in(
    session: Session, shopper: Shopper, sender: Sender, upload: Upload, idempotency_key: str | None
) -> Accepted:
    """Take pages that were looked at in as a receipt, or return the one that the key brought before.

    Commits what the session has done so far: between its two transactions the object store and Redis are
    asked, and a store that hangs then holds a thread, and no connection that others need.

    Raises:
        ConsentNeededError: The shopper did not agree to take part.
        IdempotencyKeyReusedError: The key brought another upload.
        NotFoundError: The shopper asked to be forgotten meanwhile.
        StoreAwayError: The pages are not kept.
    """
    accepted = intake.accepted_before(session, shopper.id, upload, idempotency_key)
    if accepted is None:
        consents.needed(session, shopper.id, "programme")
    session.commit()
    if accepted is not None:
        return accepted
    intake.keep_photos(upload, shopper.id)
    counts = count_upload(RedisWindows(), shopper, sender.origin, clock.now()) if sender.origin else {}
    accepted = intake.accept_receipt(
        session,
        shopper.id,
        upload,
        idempotency_key=idempotency_key,
        origin=sender.vouched_for(session, shopper.id),
        counts=counts,
    )
    if not accepted.replayed:
        ring_after_commit(session, str(accepted.receipt.id))
    return accepted
