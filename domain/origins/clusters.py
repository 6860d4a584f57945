"""Accounts linked by what they share: devices, payouts, papers. Shown as one case, found at settling."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, literal, tuple_
from sqlmodel import Session, col, func, select

from domain.origins.facts import DEVICE_ACCOUNTS
from schemas.base import table_of
from schemas.origins import LinkKind, SenderKind, ShopperLink

# A phone changes hands; what was last seen before that links nobody any more.
LINKED_FOR: Final = timedelta(days=30)
# A thief's copies link him to an honest owner, so papers are shown and don't accuse.
ACCUSING: Final[tuple[LinkKind, ...]] = ("device", "payout")
SHOWN: Final[tuple[LinkKind, ...]] = ("device", "payout", "paper")
ACCOUNTS_MAX: Final = 200
# One account more and the shared phone itself is a case.
HOUSEHOLD_MAX: Final = int(DEVICE_ACCOUNTS.review) - 1
LINKS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class SharedLink:
    """One thing that several shoppers of a cluster share; `key` is its keyed hash."""

    kind: LinkKind
    key: str
    shopper_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Accounts linked to each other, directly or through others. Not `whole` when there are more."""

    shopper_ids: tuple[UUID, ...]
    links: tuple[SharedLink, ...]
    whole: bool


def count_linked(session: Session, shopper_id: UUID, at: datetime, *, most: int) -> int:
    """Return how many accounts phones and payouts link to one, itself included, counting to `most`."""
    reached = _reached(shopper_id, at, ACCUSING, most).subquery()
    return session.exec(select(func.count()).select_from(reached)).one()


def household_of(session: Session, shopper_id: UUID, at: datetime) -> UUID:
    """Return who stands for a shopper's household: the earliest of those whom phones and payouts link."""
    linked = session.execute(_reached(shopper_id, at, ACCUSING, ACCOUNTS_MAX)).scalars().all()
    return min(linked, default=shopper_id)


def cluster_of(session: Session, shopper_id: UUID, at: datetime, *, most: int = ACCOUNTS_MAX) -> Cluster:
    """Return an account's cluster with what links it, as a graph of accounts and shared things."""
    found = session.execute(_reached(shopper_id, at, SHOWN, most + 1)).scalars().all()
    members = tuple(sorted(found[:most]))
    rows = session.exec(
        select(ShopperLink.kind, ShopperLink.key, ShopperLink.shopper_id)
        .where(col(ShopperLink.shopper_id).in_(members), ShopperLink.last_seen_at > at - LINKED_FOR)
        .limit(LINKS_MAX)
    ).all()
    return Cluster(members, _shared(rows), len(found) <= most)


def senders_of(
    session: Session, shopper_id: UUID, other_ids: Sequence[UUID], at: datetime
) -> list[SenderKind]:
    """Say of each of the others who they are to a shopper, by the phones and payouts they share."""
    if not other_ids:
        return []
    linked = set(session.execute(_reached(shopper_id, at, ACCUSING, ACCOUNTS_MAX)).scalars())
    together: SenderKind = "household" if len(linked) <= HOUSEHOLD_MAX else "ring"
    return [
        "same_shopper" if other == shopper_id else together if other in linked else "stranger"
        for other in other_ids
    ]


def find_clusters(session: Session, at: datetime, *, accounts_min: int, limit: int) -> list[Cluster]:
    """Return the largest clusters of at least so many accounts, largest first.

    Looks at LINKS_MAX links at most, those of the most shared things.
    """
    table = table_of(ShopperLink).c
    shared = (
        select(table.kind, table.key)
        .where(table.last_seen_at > at - LINKED_FOR)
        .group_by(table.kind, table.key)
        .having(func.count() > 1)
        .order_by(func.count().desc())
        .limit(LINKS_MAX)
    )
    rows = session.execute(
        select(table.kind, table.key, table.shopper_id)
        .where(tuple_(table.kind, table.key).in_(shared), table.last_seen_at > at - LINKED_FOR)
        .limit(LINKS_MAX)
    ).all()
    links = _shared([(kind, key, shopper_id) for kind, key, shopper_id in rows])
    by_members: dict[tuple[UUID, ...], list[SharedLink]] = defaultdict(list)
    members_of = {shopper: group for group in joined(link.shopper_ids for link in links) for shopper in group}
    for link in links:
        by_members[members_of[link.shopper_ids[0]]].append(link)
    found = [
        Cluster(members, tuple(held), whole=len(rows) < LINKS_MAX)
        for members, held in by_members.items()
        if len(members) >= accounts_min
    ]
    return sorted(found, key=lambda cluster: (-len(cluster.shopper_ids), cluster.shopper_ids))[:limit]


def joined(groups: Iterable[Sequence[UUID]]) -> list[tuple[UUID, ...]]:
    """Return which members hang together when those of each group do: union by parent, path halved."""
    parent: dict[UUID, UUID] = {}

    def root(member: UUID) -> UUID:
        while parent.setdefault(member, member) != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for group in groups:
        for member in group:
            parent[root(member)] = root(group[0])
    together: dict[UUID, list[UUID]] = defaultdict(list)
    for member in list(parent):
        together[root(member)].append(member)
    return [tuple(sorted(members)) for members in together.values()]


def _reached(shopper_id: UUID, at: datetime, kinds: Sequence[LinkKind], most: int) -> Select[tuple[UUID]]:
    """Return a statement for the accounts linked to one; PostgreSQL stops looking at `most`."""
    since = at - LINKED_FOR
    reached = select(literal(shopper_id).label("shopper_id")).cte("reached", recursive=True)
    mine, others = table_of(ShopperLink).alias("mine"), table_of(ShopperLink).alias("others")
    reached = reached.union(
        select(others.c.shopper_id)
        .select_from(reached)
        .join(mine, mine.c.shopper_id == reached.c.shopper_id)
        .join(others, (others.c.kind == mine.c.kind) & (others.c.key == mine.c.key))
        .where(mine.c.kind.in_(kinds), mine.c.last_seen_at > since, others.c.last_seen_at > since)
    )
    return select(reached.c.shopper_id).limit(most)


def _shared(rows: Iterable[tuple[str, str, UUID]]) -> tuple[SharedLink, ...]:
    holders: dict[tuple[str, str], list[UUID]] = defaultdict(list)
    for kind, key, shopper_id in rows:
        holders[kind, key].append(shopper_id)
    return tuple(
        SharedLink(kind, key, tuple(sorted(shoppers)))  # type: ignore[arg-type]  # a CHECK keeps the kinds
        for (kind, key), shoppers in sorted(holders.items())
        if len(shoppers) > 1
    )
