"""What holds of vouchers and the points given for them: each was paid once, and given back once at most."""

from __future__ import annotations

from itertools import pairwise
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.ledger.transfers import key_of
from domain.ledger.verify import Check, Difference, Piece, by_place, by_sql, whole
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

# By batches: a voucher never leaves the one that it came with.
_STOCK: Final = """
    WITH counted AS (
        SELECT batch_id, count(*) AS n, count(*) FILTER (
            WHERE voucher.reward_id <> batch.reward_id OR (state = 'free' AND issued_at IS NOT NULL)
        ) AS strange
        FROM voucher JOIN voucher_batch AS batch ON batch.id = batch_id GROUP BY batch_id
    )
    SELECT 'batch ' || id, 'vouchers', size, COALESCE(n, 0)
    FROM voucher_batch LEFT JOIN counted ON batch_id = id WHERE size <> COALESCE(n, 0)
    UNION ALL
    SELECT 'batch ' || batch_id, 'vouchers of another reward, or free after they were given', strange, 0
    FROM counted WHERE strange > 0
"""

# Each is what its receipt says that campaigns gave, and stands as its voucher does.
_GRANTS: Final = """
    WITH wanted AS (
        SELECT receipt.id AS receipt_id, sum(CAST(given.value AS bigint)) AS n
        FROM receipt, jsonb_array_elements(earning -> 'o') AS outcome,
            jsonb_each_text(outcome -> 'g') AS given
        WHERE receipt.status = 'approved' AND outcome ? 'g' GROUP BY receipt.id
    ), stand AS (
        SELECT receipt_id, count(*) AS n FROM reward_grant JOIN receipt ON receipt.id = receipt_id
        WHERE state IN ('waiting', 'issued') AND receipt.erased_at IS NULL GROUP BY receipt_id
    ), vouchers AS (
        SELECT grants.id, grants.state, voucher.state AS voucher_state, voucher.id AS voucher_id,
            voucher.shopper_id = grants.shopper_id AND voucher.reward_id = grants.reward_id
                AND voucher.redemption = 'grant:' || grants.id AS is_its_own
        FROM reward_grant AS grants LEFT JOIN voucher ON voucher.id = grants.voucher_id
    )
    SELECT 'receipt ' || receipt_id, 'rewards that stand', COALESCE(stand.n, 0), COALESCE(wanted.n, 0)
    FROM stand FULL JOIN wanted USING (receipt_id) WHERE COALESCE(stand.n, 0) <> COALESCE(wanted.n, 0)
    UNION ALL
    SELECT 'grant ' || id, 'voucher', CASE WHEN is_its_own THEN 1 ELSE 0 END, 1 FROM vouchers
    WHERE voucher_id IS NOT NULL AND NOT COALESCE(is_its_own, false)
    UNION ALL
    SELECT 'grant ' || id, 'voucher as it stands', 0, 1 FROM vouchers
    WHERE (state = 'taken_back' AND voucher_id IS NOT NULL AND voucher_state <> 'cancelled')
        OR (state = 'kept' AND voucher_state <> 'used')
    UNION ALL
    SELECT 'voucher ' || voucher.id, 'granted by nothing', 1, 0
    FROM voucher LEFT JOIN reward_grant ON reward_grant.voucher_id = voucher.id
    WHERE voucher.redemption LIKE 'grant:%' AND reward_grant.id IS NULL
"""

CHECKS: Final = (
    Check("stock", "A batch has the vouchers that it came with.", whole, by_sql("stock", _STOCK)),
    Check("grants", "A receipt has the rewards that campaigns gave it.", whole, by_sql("grants", _GRANTS)),
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
