"""What the database knows of where one receipt came from, in two statements, a third for shared phones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from domain.origins import clusters
from domain.origins.facts import LINKED_ACCOUNTS, PAUSES_NEEDED, OriginFacts, Trip
from domain.origins.places import distance_km, province_of
from infra.settings import settings
from infra.statements import Statement
from ocr.types import Reading

# A flight the length of the country and the way to and from it take less.
TRIP_WITHIN: Final = timedelta(hours=6)
# Counting accounts stops here; the strongest sign is raised long before.
SHARERS_MAX: Final = 100

_ORIGIN = Statement("""
    SELECT origin.uploaded_at, origin.client, origin.attestation, origin.counts, shopper.joined_at,
        (SELECT count(*) FROM (
            SELECT FROM shopper_link AS link
            WHERE link.kind = 'device' AND link.key = origin.device
                AND link.last_seen_at > origin.uploaded_at - :age
            LIMIT :most) AS sharing) AS device_accounts,
        (SELECT count(*) FROM (
            SELECT FROM shopper_link AS link
            WHERE link.kind = 'device' AND link.shopper_id = origin.shopper_id
                AND link.last_seen_at > origin.uploaded_at - :age
            LIMIT :most) AS used) AS account_devices,
        (SELECT coalesce(max(sharers.accounts), 0) FROM shopper_link AS mine, LATERAL (
            SELECT count(*) AS accounts FROM (
                SELECT FROM shopper_link AS link
                WHERE link.kind = 'payout' AND link.key = mine.key
                    AND link.last_seen_at > origin.uploaded_at - :age
                LIMIT :most) AS sharing) AS sharers
         WHERE mine.kind = 'payout' AND mine.shopper_id = origin.shopper_id) AS payout_accounts,
        ARRAY(SELECT latest.uploaded_at FROM upload_origin AS latest
              WHERE latest.device = origin.device AND latest.uploaded_at <= origin.uploaded_at
              ORDER BY latest.uploaded_at DESC LIMIT :uploads) AS device_uploads,
        CASE WHEN origin.device IS NULL THEN
            ARRAY(SELECT latest.uploaded_at FROM upload_origin AS latest
                  WHERE latest.shopper_id = origin.shopper_id AND latest.uploaded_at <= origin.uploaded_at
                  ORDER BY latest.uploaded_at DESC LIMIT :uploads) END AS account_uploads
    FROM upload_origin AS origin JOIN shopper ON shopper.id = origin.shopper_id
    WHERE origin.receipt_id = :receipt_id
""")

_TRIPS = Statement("""
    SELECT purchased_at, store, reading ->> 'address' AS address
    FROM receipt
    WHERE shopper_id = :shopper_id AND id <> :receipt_id AND purchased_at BETWEEN :earliest AND :latest
    ORDER BY purchased_at LIMIT :most
""")


def origin_facts(
    session: Session, receipt_id: UUID, shopper_id: UUID, reading: Reading
) -> OriginFacts | None:
    """Return where a receipt came from and whom that links; None where nothing is known of it."""
    asked = {
        "receipt_id": receipt_id,
        "age": clusters.LINKED_FOR,
        "most": SHARERS_MAX,
        "uploads": PAUSES_NEEDED + 1,
    }
    rows = _ORIGIN.rows(session, asked)
    if not rows:
        return None
    uploaded_at, client, attestation, counts, joined_at, device_accounts, *more = rows[0]
    account_devices, payout_accounts, device_uploads, account_uploads = more
    sharers = max(device_accounts, payout_accounts)
    return OriginFacts(
        uploaded_at=uploaded_at,
        joined_at=joined_at,
        client=client,
        attestation=attestation,
        attestation_enforced=settings().attestation_mode == "enforce",
        counts=counts,
        device_accounts=device_accounts,
        account_devices=account_devices,
        payout_accounts=payout_accounts,
        # Who shares nothing is linked to nobody: most receipts are spared the question.
        linked_accounts=_linked(session, shopper_id, uploaded_at) if sharers > 1 else 1,
        uploads=sorted(account_uploads or device_uploads),
        trips=_trips(session, receipt_id, shopper_id, reading),
    )


def _linked(session: Session, shopper_id: UUID, at: datetime) -> int:
    return clusters.count_linked(session, shopper_id, at, most=int(LINKED_ACCOUNTS.most))


def _trips(session: Session, receipt_id: UUID, shopper_id: UUID, reading: Reading) -> list[Trip]:
    here, at = _province(reading.address, reading.store), reading.purchased_at
    if here is None or at is None:
        return []
    rows = _TRIPS.rows(
        session,
        {
            "receipt_id": receipt_id,
            "shopper_id": shopper_id,
            "earliest": at - TRIP_WITHIN,
            "latest": at + TRIP_WITHIN,
            "most": SHARERS_MAX,
        },
    )
    return [
        Trip(distance_km(here, there), abs((at - then).total_seconds()) / 60)
        for then, store, address in rows
        if (there := _province(address, store)) is not None
    ]


def _province(address: str | None, store: str | None) -> str | None:
    return province_of(address) or province_of(store)
