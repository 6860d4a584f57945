"""What holds of caps, stamp cards and what waits: each is the sum of what receipts say they hold of it.

A receipt keeps what it holds with what it earns (domain/campaigns/kept.py). What a forgotten shopper's
receipts said is gone: what stands for it is looked at no more.
"""

from __future__ import annotations

from typing import Final

from domain.ledger.verify import Check, by_sql, whole

_CAPS: Final = """
    WITH held AS (
        SELECT CAST(claim ->> 0 AS uuid) AS campaign_id, claim ->> 1 AS cap,
            CAST(claim ->> 2 AS uuid) AS subject_id, CAST(claim ->> 3 AS date) AS window_on,
            sum(CAST(claim ->> 4 AS bigint)) AS used
        FROM receipt, jsonb_array_elements(earning -> 'u') AS claim
        WHERE earning ? 'u' GROUP BY 1, 2, 3, 4
    ), forgotten AS (
        SELECT max(received_at) AS last FROM receipt WHERE erased_at IS NOT NULL
    )
    SELECT 'cap ' || cap || ' of ' || subject_id || ' from ' || window_on, 'used',
        stands.used, COALESCE(held.used, 0)
    FROM cap_use AS stands FULL JOIN held USING (campaign_id, cap, subject_id, window_on)
    WHERE COALESCE(stands.used, 0) <> COALESCE(held.used, 0)
        -- What the receipts of somebody who was forgotten used stands, and is told by nobody any more.
        AND NOT (COALESCE(stands.used, 0) > COALESCE(held.used, 0) AND (
            EXISTS (SELECT FROM shopper WHERE shopper.id = subject_id AND erased_at IS NOT NULL)
            OR (cap LIKE '%:household:%' AND EXISTS (SELECT FROM forgotten WHERE last >= window_on))))
"""

_CARDS: Final = """
    WITH held AS (
        SELECT CAST(stamp ->> 0 AS uuid) AS campaign_id, stamp ->> 1 AS card, shopper_id,
            sum(CAST(stamp ->> 2 AS bigint)) AS stamps, sum(CAST(stamp ->> 3 AS bigint)) AS filled
        FROM receipt, jsonb_array_elements(earning -> 'w') AS stamp
        WHERE earning ? 'w' GROUP BY 1, 2, 3
    ), both_sides AS (
        SELECT 'card ' || card || ' of ' || shopper_id AS subject,
            COALESCE(stands.stamps, 0) AS stamps, COALESCE(held.stamps, 0) AS stamps_held,
            COALESCE(stands.filled, 0) AS filled, COALESCE(held.filled, 0) AS filled_held
        FROM stamp_card AS stands FULL JOIN held USING (campaign_id, card, shopper_id)
    )
    SELECT subject, 'stamps', stamps, stamps_held FROM both_sides WHERE stamps <> stamps_held
    UNION ALL
    SELECT subject, 'stamps of paid cards', filled, filled_held FROM both_sides WHERE filled <> filled_held
"""

# Of a receipt that waits, each budget of a campaign that would pay holds what it would pay.
_PENDING: Final = """
    WITH wanted AS (
        SELECT receipt.id AS holder, link.budget_id, sum(CAST(outcome ->> 'p' AS bigint)) AS points
        FROM receipt, jsonb_array_elements(earning -> 'o') AS outcome
            JOIN campaign_budget AS link ON link.campaign_id = CAST(outcome ->> 'k' AS uuid)
            JOIN campaign_version AS version ON version.id = CAST(outcome ->> 'v' AS uuid)
        WHERE receipt.status = 'in_review' AND outcome ? 'k' AND outcome ? 'p'
            AND version.terms #> ARRAY['budget', CASE link.scope WHEN 'day' THEN 'daily' ELSE 'total' END]
                IS NOT NULL
        GROUP BY receipt.id, link.budget_id
    )
    SELECT 'receipt ' || holder || ', budget ' || budget_id, 'held while it waits',
        COALESCE(stands.points, 0), COALESCE(wanted.points, 0)
    FROM (
        SELECT holder, budget_id, budget_hold.points FROM budget_hold JOIN receipt ON receipt.id = holder
    ) AS stands FULL JOIN wanted USING (holder, budget_id)
    WHERE COALESCE(stands.points, 0) <> COALESCE(wanted.points, 0)
"""

CHECKS: Final = (
    Check("caps", "What is used of a cap is what receipts hold of it.", whole, by_sql("caps", _CAPS)),
    Check("cards", "A stamp card holds the stamps of its receipts.", whole, by_sql("cards", _CARDS)),
    Check(
        "pending",
        "What waits holds of budgets what it would earn.",
        whole,
        by_sql("pending", _PENDING),
    ),
)
