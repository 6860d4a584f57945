"""What is kept of where uploads come from, and what links shoppers: written at upload, forgotten later."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, tuple_
from sqlmodel import Session, col, select

from infra.secrets import macs
from infra.statements import Statement
from infra.windows import Windows
from schemas.base import table_of
from schemas.origins import HASH_LENGTH, LinkKind, Origin, ShopperLink, UploadOrigin
from schemas.people import Shopper
from schemas.receipts import Receipt

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
NEWCOMER_FOR = timedelta(hours=48)


def keyed_hash(kind: str, value: str) -> str:
    """Return the name under which a device, address or payout is kept.

    Keyed, because an address or a phone's number could otherwise be found by trying them all.
    """
    return keyed_hashes(kind, value)[0]


def keyed_hashes(kind: str, value: str) -> tuple[str, ...]:
    """Return `keyed_hash`, and behind it what it was under secrets that are still listed."""
    return tuple(made.hex()[:HASH_LENGTH] for made in macs("origin", f"{kind}|{value}"))


def count_upload(windows: Windows, shopper: Shopper, origin: Origin, at: datetime) -> dict[str, int]:
    """Note one upload in the sliding windows; return what each holds now, this upload included.

    Windows that can't be told are left out: Redis away is no sign of anything.
    """
    asked = {
        f"{window}:{key}": seconds
        for window, key, seconds in (
            ("account_hour", str(shopper.id), HOUR_SECONDS),
            ("account_day", str(shopper.id), DAY_SECONDS),
            ("device_hour", origin.device, HOUR_SECONDS),
            ("device_day", origin.device, DAY_SECONDS),
            ("address_hour", origin.address, HOUR_SECONDS),
        )
        if key is not None
    }
    counts = {key.partition(":")[0]: count for key, count in windows.hit(asked).items()}
    if origin.network is not None and at - shopper.joined_at < NEWCOMER_FOR:
        # An account is a newcomer to its network once, whatever it goes on to send.
        ask = windows.hit if counts.get("account_day") == 1 else windows.peek
        key = f"newcomers:{origin.network}"
        if (count := ask({key: HOUR_SECONDS}).get(key)) is not None:
            counts["newcomers_hour"] = count
    return counts


def note_upload(session: Session, receipt: Receipt, origin: Origin, counts: Mapping[str, int]) -> None:
    """Keep where a new receipt came from, and that its shopper used that device."""
    _NOTE_UPLOAD.run(
        session,
        {
            "receipt_id": receipt.id,
            "shopper_id": receipt.shopper_id,
            "uploaded_at": receipt.received_at,
            "device": origin.device,
            "address": origin.address,
            "network": origin.network,
            "client": origin.client,
            "app_version": origin.app_version,
            "attestation": origin.attestation,
            "counts": json.dumps(dict(counts)),
        },
    )
    if origin.device is not None:
        link_shoppers(session, "device", origin.device, [receipt.shopper_id], receipt.received_at)


def note_payout(session: Session, shopper_id: UUID, reference: str, at: datetime) -> None:
    """Keep that a shopper's points are paid out to an account, wallet or phone number."""
    link_shoppers(session, "payout", keyed_hash("payout", reference.strip().lower()), [shopper_id], at)


def note_same_paper(
    session: Session, receipt: Receipt, other_receipt_ids: Sequence[UUID], at: datetime
) -> None:
    """Keep that a shopper sent a paper that other shoppers had sent.

    A first paper may be stolen or found, so it is noted for the sender alone; a second one between
    the same two links them.
    """
    others = session.exec(
        select(Receipt.shopper_id)
        .where(col(Receipt.id).in_(other_receipt_ids), Receipt.shopper_id != receipt.shopper_id)
        .distinct()
    ).all()
    pairs = {
        keyed_hash("papers", "|".join(sorted((str(receipt.shopper_id), str(other))))): other
        for other in others
    }
    met = set(
        session.exec(
            select(ShopperLink.key).where(ShopperLink.kind == "paper", col(ShopperLink.key).in_(pairs))
        ).all()
    )
    for key, other in sorted(pairs.items()):
        both = [receipt.shopper_id, other] if key in met else [receipt.shopper_id]
        link_shoppers(session, "paper", key, both, at)


def link_shoppers(
    session: Session, kind: LinkKind, key: str, shopper_ids: Sequence[UUID], at: datetime
) -> None:
    """Say that these shoppers share what `key` names; seen again, only the time moves on."""
    # One order for all, so that two uploads never wait for each other.
    _LINK.run(session, {"kind": kind, "key": key, "shoppers": sorted(set(shopper_ids)), "at": at})


_NOTE_UPLOAD: Final = Statement("""
    INSERT INTO upload_origin (
        receipt_id, shopper_id, uploaded_at, device, address, network, client, app_version, attestation,
        counts
    )
    VALUES (
        :receipt_id, :shopper_id, :uploaded_at, CAST(:device AS text), CAST(:address AS text),
        CAST(:network AS text), :client, CAST(:app_version AS text), CAST(:attestation AS text),
        CAST(:counts AS jsonb)
    )
    ON CONFLICT DO NOTHING
""")
_LINK: Final = Statement("""
    INSERT INTO shopper_link (kind, key, shopper_id, first_seen_at, last_seen_at)
    SELECT :kind, :key, shopper_id, :at, :at FROM unnest(CAST(:shoppers AS uuid[])) AS shopper_id
    ON CONFLICT (kind, key, shopper_id) DO UPDATE SET last_seen_at = excluded.last_seen_at
    WHERE shopper_link.last_seen_at < excluded.last_seen_at
""")


def forget_links(session: Session, before: datetime, limit: int) -> int:
    """Delete origins and links last seen before a time, at most `limit` of each; return how many."""
    origins = select(UploadOrigin.receipt_id).where(UploadOrigin.uploaded_at < before).limit(limit)
    links = (
        select(ShopperLink.kind, ShopperLink.key, ShopperLink.shopper_id)
        .where(ShopperLink.last_seen_at < before)
        .limit(limit)
    )
    table = table_of(ShopperLink).c
    gone = session.execute(
        delete(UploadOrigin)
        .where(col(UploadOrigin.receipt_id).in_(origins))
        .returning(col(UploadOrigin.receipt_id))
    ).all()
    gone_links = session.execute(
        delete(ShopperLink)
        .where(tuple_(table.kind, table.key, table.shopper_id).in_(links))
        .returning(table.key)
    ).all()
    return len(gone) + len(gone_links)
