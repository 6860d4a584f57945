"""What holds of the ledger and its budgets at every moment, as statements that find where it does not."""

from __future__ import annotations

from typing import Final

from domain.ledger.verify import Check, by_id, by_place, by_sql, whole

ACCOUNTS_AT_ONCE: Final = 2_000
LOTS_AT_ONCE: Final = 20_000
# 16 MB: some 150,000 transfers.
BLOCKS_AT_ONCE: Final = 2_000

_BALANCES: Final = """
    WITH persons AS (
        SELECT id, kind, posted FROM account
        WHERE id BETWEEN :first AND :last AND shopper_id IS NOT NULL
    ), moved AS (
        SELECT account_id, sum(points) AS points FROM (
            SELECT debit_id AS account_id, -points AS points FROM transfer
            WHERE debit_id BETWEEN :first AND :last AND kind <> 'earn'
            UNION ALL
            SELECT credit_id, points FROM transfer WHERE credit_id BETWEEN :first AND :last
                AND kind IN ('earn', 'refund', 'release', 'adjust', 'exchange', 'repay')
        ) AS sides GROUP BY account_id
    )
    SELECT 'account ' || id, 'posted', posted, COALESCE(points, 0)
    FROM persons LEFT JOIN moved ON account_id = id WHERE posted <> COALESCE(points, 0)
"""

_LOTS_OF_ACCOUNTS: Final = """
    WITH persons AS (
        SELECT id, CASE kind WHEN 'shopper' THEN posted ELSE 0 END AS posted FROM account
        WHERE id BETWEEN :first AND :last
    ), lots AS (
        SELECT account_id, sum(left_points) AS points FROM lot
        WHERE account_id BETWEEN :first AND :last AND left_points > 0 GROUP BY account_id
    )
    SELECT 'account ' || id, 'posted, and left in lots', COALESCE(posted, 0), COALESCE(points, 0)
    FROM persons LEFT JOIN lots ON account_id = id WHERE COALESCE(posted, 0) <> COALESCE(points, 0)
"""

_HELD: Final = """
    WITH open AS (
        SELECT account_id, sum(points) AS points FROM hold
        WHERE account_id BETWEEN :first AND :last AND state = 'open' GROUP BY account_id
    )
    SELECT 'account ' || id, 'held', held, COALESCE(points, 0)
    FROM account LEFT JOIN open ON account_id = id
    WHERE id BETWEEN :first AND :last AND held <> COALESCE(points, 0)
"""

# What was reserved moved once, and was used or given back whole once it ended. An hour is for the chore
# that lets go what ran out.
_HOLDS: Final = """
    WITH holds AS (
        SELECT hold.*, transfer.points AS moved, transfer.debit_id, transfer.kind
        FROM hold JOIN transfer USING (key) WHERE hold.account_id BETWEEN :first AND :last
    ), ended AS (
        SELECT follows AS key, sum(points) AS points FROM transfer
        WHERE follows IN (SELECT key FROM holds) AND kind IN ('adjust', 'release') GROUP BY follows
    )
    SELECT 'hold ' || key, 'reserved', points, moved FROM holds
    WHERE points <> moved OR debit_id <> account_id OR kind <> 'hold'
    UNION ALL
    SELECT 'hold ' || key, 'used and let go', CASE state WHEN 'open' THEN 0 ELSE holds.points END,
        COALESCE(ended.points, 0)
    FROM holds LEFT JOIN ended USING (key)
    WHERE COALESCE(ended.points, 0) <> CASE state WHEN 'open' THEN 0 ELSE holds.points END
    UNION ALL
    SELECT 'hold ' || key, 'open past its time', points, 0 FROM holds
    WHERE state = 'open' AND until < CAST(:now AS timestamptz) - interval '1 hour'
"""

_LOTS: Final = """
    WITH lots AS (
        SELECT * FROM lot WHERE id BETWEEN :first AND :last
    ), used AS (
        SELECT lot_id, sum(points) AS points FROM lot_use
        WHERE lot_id BETWEEN :first AND :last GROUP BY lot_id
    )
    SELECT 'lot ' || id, 'left', left_points, lots.points - COALESCE(used.points, 0)
    FROM lots LEFT JOIN used ON lot_id = id
    WHERE left_points <> lots.points - COALESCE(used.points, 0)
    UNION ALL
    SELECT 'lot ' || id, 'points of what brought it', lots.points, transfer.points
    FROM lots LEFT JOIN transfer ON key = origin
    WHERE transfer.key IS NULL OR transfer.points <> lots.points OR transfer.credit_id <> lots.account_id
"""

# A transfer that leaves a person's points takes as many from lots; one that comes opens a lot of as
# many or gives them back.
_USES: Final = """
    WITH moves AS (
        SELECT transfer.key, transfer.kind, transfer.points,
            CASE WHEN source.kind = 'shopper' THEN source.id ELSE target.id END AS account_id,
            CASE WHEN source.kind = 'shopper' THEN transfer.points ELSE -transfer.points END AS wanted
        FROM transfer JOIN account AS source ON source.id = debit_id
            JOIN account AS target ON target.id = credit_id
        WHERE transfer.ctid >= CAST(:first AS tid) AND transfer.ctid < CAST(:last AS tid)
            AND 'shopper' IN (source.kind, target.kind)
    )
    SELECT 'transfer ' || key, 'taken from lots', taken, wanted FROM (
        SELECT moves.key, wanted, COALESCE((
            SELECT sum(lot_use.points) FROM lot_use JOIN lot ON lot.id = lot_use.lot_id
            WHERE lot_use.transfer_key = moves.key AND lot.account_id = moves.account_id
        ), 0) - CASE WHEN wanted < 0 AND kind IN ('earn', 'adjust', 'exchange') THEN COALESCE((
            SELECT sum(lot.points) FROM lot WHERE lot.account_id = moves.account_id AND lot.origin = moves.key
        ), 0) ELSE 0 END AS taken
        FROM moves WHERE kind <> 'earn'
    ) AS found WHERE taken <> wanted
"""

# Both sides of a transfer are of one currency: then all accounts of a currency always add up to 0.
_SIDES: Final = """
    SELECT 'transfer ' || key, transfer.kind || ' from ' || source.kind || ' ' || source.id
            || ' to ' || target.kind || ' ' || target.id,
        source.currency_id, target.currency_id
    FROM transfer JOIN account AS source ON source.id = debit_id
            JOIN account AS target ON target.id = credit_id
    WHERE transfer.ctid >= CAST(:first AS tid) AND transfer.ctid < CAST(:last AS tid) AND (
        source.currency_id <> target.currency_id OR (transfer.kind, source.kind, target.kind) NOT IN (
            ('earn', 'issuer', 'shopper'), ('reverse', 'shopper', 'reversed'),
            ('claw_back', 'debt', 'reversed'), ('repay', 'shopper', 'debt'),
            ('expire', 'shopper', 'expired'), ('redeem', 'shopper', 'redeemed'),
            ('adjust', 'held', 'issuer'), ('refund', 'redeemed', 'shopper'), ('hold', 'shopper', 'held'),
            ('release', 'held', 'shopper'), ('adjust', 'issuer', 'shopper'), ('adjust', 'shopper', 'issuer'),
            ('exchange', 'shopper', 'exchanged'), ('exchange', 'exchanged', 'shopper')))
"""

# No more is undone than was done; by what follows a transfer, of its kinds.
_UNDONE: Final = """
    WITH roots AS (
        SELECT DISTINCT follows AS key FROM transfer
        WHERE ctid >= CAST(:first AS tid) AND ctid < CAST(:last AS tid) AND follows IS NOT NULL
    ), sums AS (
        SELECT root.key, root.kind, root.points,
            COALESCE(sum(later.points) FILTER (WHERE later.kind IN ('reverse', 'claw_back')), 0) AS reversed,
            COALESCE(sum(later.points) FILTER (WHERE later.kind = 'repay'), 0) AS repaid,
            COALESCE(sum(later.points) FILTER (WHERE later.kind = 'refund'), 0) AS refunded
        FROM roots JOIN transfer AS root USING (key) JOIN transfer AS later ON later.follows = root.key
        GROUP BY root.key
    )
    SELECT 'transfer ' || key, 'taken back', reversed, points FROM sums
    WHERE reversed > CASE kind WHEN 'earn' THEN points ELSE 0 END
    UNION ALL
    SELECT 'transfer ' || key, 'repaid', repaid, points FROM sums
    WHERE repaid > CASE WHEN kind IN ('earn', 'adjust') THEN points ELSE 0 END
    UNION ALL
    SELECT 'transfer ' || key, 'refunded', refunded,
        CASE kind WHEN 'redeem' THEN points ELSE 0 END FROM sums
    WHERE refunded > CASE kind WHEN 'redeem' THEN points ELSE 0 END
"""

# What is exchanged leaves one account and comes to another, of the same shopper.
_EXCHANGED: Final = """
    WITH given AS (
        SELECT transfer.key, source.shopper_id FROM transfer JOIN account AS source ON source.id = debit_id
        WHERE transfer.ctid >= CAST(:first AS tid) AND transfer.ctid < CAST(:last AS tid)
            AND transfer.kind = 'exchange' AND source.kind = 'shopper'
    )
    SELECT 'transfer ' || given.key, 'what it became', count(target.id), 1
    FROM given LEFT JOIN transfer AS come ON come.follows = given.key AND come.kind = 'exchange'
        LEFT JOIN account AS target ON target.id = come.credit_id AND target.shopper_id = given.shopper_id
    GROUP BY given.key HAVING count(target.id) <> 1
"""

_BUDGETS: Final = """
    WITH slices AS (
        SELECT budget_id, day, sum(left_points) AS points, count(*) AS n
        FROM budget_slice GROUP BY budget_id, day
    ), holds AS (
        SELECT budget_id, day, sum(points) AS points FROM budget_hold GROUP BY budget_id, day
    ), uses AS (
        SELECT budget_id, day, sum(points) AS points FROM budget_use GROUP BY budget_id, day
    ), keys AS (
        SELECT budget_id, day FROM slices UNION SELECT budget_id, day FROM holds
        UNION SELECT budget_id, day FROM uses UNION SELECT budget_id, day FROM budget_window
    ), sums AS (
        SELECT budget_id, day, budget_window.amount, COALESCE(slices.n, 0) AS n,
            COALESCE(slices.points, 0) + COALESCE(holds.points, 0) + COALESCE(uses.points, 0) AS points
        FROM keys LEFT JOIN budget_window USING (budget_id, day) LEFT JOIN slices USING (budget_id, day)
            LEFT JOIN holds USING (budget_id, day) LEFT JOIN uses USING (budget_id, day)
    )
    SELECT 'budget ' || budget_id || CASE WHEN day > '0001-01-01' THEN ' on ' || day ELSE '' END,
        'left, held and used', sums.amount, points
    FROM sums WHERE sums.amount IS DISTINCT FROM points
    UNION ALL
    SELECT 'budget ' || id, 'slices', n, slices FROM sums JOIN budget ON id = budget_id WHERE n <> slices
    UNION ALL
    SELECT 'budget ' || id, 'amount', budget.amount, sums.amount
    FROM budget JOIN sums ON budget_id = id WHERE scope = 'total' AND budget.amount <> sums.amount
"""


def _by_accounts(name: str, rule: str, statement: str) -> Check:
    return Check(name, rule, by_id("account", ACCOUNTS_AT_ONCE), by_sql(name, statement))


def _by_transfers(name: str, rule: str, statement: str) -> Check:
    return Check(name, rule, by_place("transfer", BLOCKS_AT_ONCE), by_sql(name, statement))


CHECKS: Final = (
    _by_transfers("sides", "Transfers stay in one currency, between the accounts of their kind.", _SIDES),
    _by_transfers("undone", "No more is taken back, repaid or refunded than there was.", _UNDONE),
    _by_transfers("uses", "What moves a shopper's points moves them in lots.", _USES),
    _by_transfers("exchanged", "What is exchanged becomes something of its shopper's.", _EXCHANGED),
    _by_accounts("balances", "A balance is the sum of its transfers.", _BALANCES),
    _by_accounts("lots of accounts", "What lots have left is the balance.", _LOTS_OF_ACCOUNTS),
    _by_accounts("held", "What is held is the sum of open holds.", _HELD),
    _by_accounts("holds", "A hold moved once, and was used or let go whole, in time.", _HOLDS),
    Check(
        "lots",
        "A lot has left what it brought less what was used.",
        by_id("lot", LOTS_AT_ONCE),
        by_sql("lots", _LOTS),
    ),
    Check(
        "budgets",
        "A budget is what is left, held and used.",
        whole,
        by_sql("budgets", _BUDGETS),
    ),
)
