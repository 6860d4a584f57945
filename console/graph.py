"""Where a cluster's accounts and what they share stand in its picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

from schemas.origins import ClusterView
from schemas.receipts import REFUSED_STATUSES

SIZE = 480
RING = 180
# Beyond this many, names would lie on each other; a pointer still tells them.
NAMED_MAX = 24
# What is shared stands between those who share it, drawn in so that it is on no circle's edge.
INWARD = 0.55
NUDGE = 34


@dataclass(frozen=True, slots=True)
class AccountDot:
    """An account on the ring, its name outside."""

    x: int
    y: int
    label_x: int
    label_y: int
    anchor: str
    name: str
    here: bool
    refused: bool


@dataclass(frozen=True, slots=True)
class LinkDot:
    """A shared thing among those who share it."""

    x: int
    y: int
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from a shared thing to an account."""

    x1: int
    y1: int
    x2: int
    y2: int
    kind: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A cluster's picture, `size` wide and high."""

    size: int
    named: bool
    accounts: list[AccountDot]
    links: list[LinkDot]
    edges: list[Edge]


def draw(cluster: ClusterView) -> Drawing:
    """Place the accounts on a ring and what they share inside it."""
    accounts = [_account(cluster, position) for position in range(len(cluster.accounts))]
    links, edges = [], []
    for number, link in enumerate(cluster.links):
        held = [accounts[position] for position in link.accounts]
        # Two things shared by the same accounts would cover each other: each is nudged its own way.
        turn = 2 * pi * number / max(1, len(cluster.links))
        x = _between([dot.x for dot in held]) + round(NUDGE * cos(turn))
        y = _between([dot.y for dot in held]) + round(NUDGE * sin(turn))
        links.append(LinkDot(x, y, link.kind, len(held)))
        edges += [Edge(x, y, dot.x, dot.y, link.kind) for dot in held]
    return Drawing(SIZE, len(accounts) <= NAMED_MAX, accounts, links, edges)


def _account(cluster: ClusterView, position: int) -> AccountDot:
    account = cluster.accounts[position]
    turn = 2 * pi * position / len(cluster.accounts) - pi / 2
    centre = SIZE / 2
    return AccountDot(
        x=round(centre + RING * cos(turn)),
        y=round(centre + RING * sin(turn)),
        label_x=round(centre + (RING + 16) * cos(turn)),
        label_y=round(centre + (RING + 16) * sin(turn)) + 4,
        anchor="middle" if abs(cos(turn)) < 0.2 else "start" if cos(turn) > 0 else "end",  # noqa: PLR2004 - near the top or bottom
        name=account.shopper[:6],
        here=account.here,
        refused=any(account.receipts_by_status.get(status) for status in REFUSED_STATUSES),
    )


def _between(places: list[int]) -> int:
    mean = sum(places) / len(places)
    return round(SIZE / 2 + (mean - SIZE / 2) * INWARD)
