"""The largest clusters of linked accounts, with what became of their receipts."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col, func, select

from domain.origins.clusters import find_clusters
from schemas.receipts import Receipt

# Two accounts on one phone are a couple; three or more are worth a look.
ACCOUNTS_MIN: Final = 3
CLUSTERS_MAX: Final = 500
CLUSTERS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One cluster: its accounts, what they share by kind, and their receipts by status.

    `receipt_id` is its newest that waits for a person, else its newest; None where none was sent.
    """

    accounts: int
    shared: Counter[str]
    receipts_by_status: Counter[str]
    receipt_id: UUID | None


@dataclass(frozen=True, slots=True)
class ClusterList:
    """One page of clusters, most accounts first; `clusters` counts all, to 500."""

    rows: list[ClusterRow]
    clusters: int
    more: bool


def largest_clusters(session: Session, at: datetime, *, page: int) -> ClusterList:
    """Return one page of the clusters of three accounts or more; pages count from 1."""
    found = find_clusters(session, at, accounts_min=ACCOUNTS_MIN, limit=CLUSTERS_MAX)
    first = (page - 1) * CLUSTERS_SHOWN
    shown = found[first : first + CLUSTERS_SHOWN]
    members = [member for cluster in shown for member in cluster.shopper_ids]
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    for shopper_id, status, count in session.exec(
        select(col(Receipt.shopper_id), Receipt.status, func.count())
        .where(col(Receipt.shopper_id).in_(members))
        .group_by(col(Receipt.shopper_id), Receipt.status)
    ):
        counts[shopper_id][status] = count
    waits = col(Receipt.status) == "in_review"
    newest = {
        shopper_id: (waiting, received_at, receipt_id)
        for shopper_id, waiting, received_at, receipt_id in session.exec(
            select(col(Receipt.shopper_id), waits, Receipt.received_at, col(Receipt.id))
            .where(col(Receipt.shopper_id).in_(members))
            .ext(distinct_on(col(Receipt.shopper_id)))
            .order_by(col(Receipt.shopper_id), waits.desc(), col(Receipt.received_at).desc())
        )
    }
    rows = [
        ClusterRow(
            accounts=len(cluster.shopper_ids),
            shared=Counter(link.kind for link in cluster.links),
            receipts_by_status=sum((counts[member] for member in cluster.shopper_ids), Counter()),
            receipt_id=max(
                (newest[member] for member in cluster.shopper_ids if member in newest),
                default=(False, at, None),
            )[2],
        )
        for cluster in shown
    ]
    return ClusterList(rows, len(found), first + CLUSTERS_SHOWN < len(found))
