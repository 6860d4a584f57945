"""What holds of vouchers and the points given for them: each was paid once, and given back once at most."""

from __future__ import annotations

from itertools import pairwise
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.ledger.transfers import key_of
from domain.ledger.verify import Check, Difference, Piece, by_place
from domain.rewards.points import redeem_key

_BLOCKS_AT_ONCE: Final = 1_000
_IDS_AT_ONCE: Final = 5_000
_LAST_ID: Final = UUID(int=2**128 - 1)


def _voucher_pieces(session: Session) -> list[Piece]:
    """Cut vouchers into ranges of ids: they change, and so move on the disk between two pieces."""
    firsts = list(session.scalars(_FIRST_IDS, {"size": _IDS_AT_ONCE}))
    return list(pairwise([*firsts, _LAST_ID]))


_FIRST_IDS: Final = text("""
    SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM voucher) AS numbered
    WHERE n % :size = 1 ORDER BY id
""")


def _look_at_vouchers(session: Session, piece: Piece) -> list[Difference]:
    rows = session.execute(_VOUCHERS, {"first": piece[0], "last": piece[1]}).all()
    paid = {row.id: redeem_key(row.shopper_id, row.redemption) for row in rows}
    back = {row.id: key_of("cancel", row.id) for row in rows}
    moved = _points_of(session, [*paid.values(), *back.values()])
    found = []
    for row in rows:
        name = f"voucher {row.id}"
        if (points := moved.get(paid[row.id], 0)) != row.points:
            found.append(Difference("vouchers", name, "points given for it", row.points, points))
        wanted = row.points if row.state == "cancelled" else 0
        if (points := moved.get(back[row.id], 0)) != wanted:
            found.append(Difference("vouchers", name, "points given back", wanted, points))
    return found


_VOUCHERS: Final = text("""
    SELECT id, shopper_id, redemption, points, state FROM voucher
    WHERE id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
        AND shopper_id IS NOT NULL
""")


def _points_of(session: Session, keys: list[object]) -> dict[object, int]:
    return {row.key: row.points for row in session.execute(_POINTS, {"keys": keys})}


_POINTS: Final = text("SELECT key, points FROM transfer WHERE key = ANY(CAST(:keys AS uuid[]))")


def _look_at_redeemed(session: Session, piece: Piece) -> list[Difference]:
    rows = session.execute(_REDEEMED, {"first": piece[0], "last": piece[1]}).all()
    shoppers = list({row.shopper_id for row in rows})
    keys = {
        redeem_key(shopper_id, redemption)
        for shopper_id, redemption in session.execute(_REDEMPTIONS, {"shoppers": shoppers})
    }
    return [
        Difference("redeemed", f"transfer {row.key}", "points given for no voucher", row.points, None)
        for row in rows
        if row.key not in keys
    ]


_REDEEMED: Final = text("""
    SELECT transfer.key, transfer.points, account.shopper_id
    FROM transfer JOIN account ON account.id = debit_id
    WHERE transfer.ctid >= CAST(:first AS tid) AND transfer.ctid < CAST(:last AS tid)
        AND transfer.kind = 'redeem' AND account.kind = 'shopper'
""")
_REDEMPTIONS: Final = text("""
    SELECT shopper_id, redemption FROM voucher
    WHERE shopper_id = ANY(CAST(:shoppers AS uuid[])) AND redemption IS NOT NULL
""")

CHECKS: Final = (
    Check(
        "vouchers",
        "A voucher was paid for once, and given back where it was cancelled.",
        _voucher_pieces,
        _look_at_vouchers,
    ),
    Check(
        "redeemed",
        "Points spent at once stand for a voucher.",
        by_place("transfer", _BLOCKS_AT_ONCE),
        _look_at_redeemed,
    ),
)
