"""A learned name over past lines: which would get its product, giving it batch by batch, and taking it back.

Only what is known of purchases changes: a line's product, and its brand where it had none. Points, awards and
the ledger stay as they were, and so does a line that names another brand. Receipts that a person may still
decide are left alone, since their points follow from their lines' brands.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.catalog import learned
from domain.catalog.folding import fold
from domain.errors import ConflictError
from domain.events.due import note_due
from schemas.base import table_of
from schemas.catalog import NAME_LENGTH_MAX, Brand, LearnedLink, Product, ReplayedLine, ReplayPreview

BATCH_MAX: Final = 5000
NAMES_MAX: Final = 200_000

# `IS NOT DISTINCT` would use no index; a link without a chain holds for any.
_PAST_NAMES = text("""
    SELECT l.raw_name, l.brand_id, count(*) AS lines, count(*) FILTER (WHERE l.points = 0) AS unpaid,
           count(DISTINCT l.receipt_id) AS receipts
    FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id
    WHERE l.product_id IS NULL AND r.status = 'approved'
      AND (CAST(:retailer AS uuid) IS NULL OR r.retailer_id = :retailer)
    GROUP BY 1, 2 ORDER BY lines DESC LIMIT :most
""")
_PAST_LINES = text("""
    SELECT l.id, l.raw_name, l.brand_id, l.match_method, l.match_score,
           l.product_id IS NULL AND r.status = 'approved' AS open, r.retailer_id
    FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id
    WHERE l.id > :after ORDER BY l.id LIMIT :most
""")
_GIVE = text("""
    UPDATE receipt_line
    SET product_id = :product, brand_id = :brand, match_method = 'till_name', match_score = 1
    WHERE id = ANY(:lines) AND product_id IS NULL AND (brand_id IS NULL OR brand_id = :brand)
      AND EXISTS (SELECT FROM receipt r WHERE r.id = receipt_id AND r.status = 'approved')
    RETURNING id, receipt_id
""")
_TAKE_BACK = text("""
    UPDATE receipt_line l
    SET product_id = NULL, brand_id = p.brand_before, match_method = p.method_before,
        match_score = p.score_before
    FROM replayed_line p WHERE p.line_id = l.id AND p.link_id = :link AND l.product_id = :product
    RETURNING l.receipt_id
""")
_FORGET = text("DELETE FROM replayed_line WHERE link_id = :link")
_FIRST = UUID(int=0)


def preview(session: Session, link_id: UUID) -> ReplayPreview:
    """Say what a replay would change; nothing is changed.

    Raises:
        NotFoundError: There is no such link.
        ConflictError: It names no product, or is an EAN's.
    """
    link = learned.found(session, link_id)
    brand = _brand_of(session, link)
    names = session.execute(_PAST_NAMES, {"retailer": link.retailer_id, "most": NAMES_MAX}).all()
    alike = [row for row in names if _folded(row.raw_name) == link.value]
    fitting = [row for row in alike if row.brand_id in {None, brand.id}]
    unbranded = [row for row in fitting if row.brand_id is None]
    return ReplayPreview(
        lines=sum(row.lines for row in fitting),
        receipts=sum(row.receipts for row in fitting),
        brands_named=sum(row.lines for row in unbranded),
        other_brand=sum(row.lines for row in alike) - sum(row.lines for row in fitting),
        unpaid_lines=sum(row.unpaid for row in unbranded),
        brand=brand.slug,
    )


def ask_replay(session: Session, link_id: UUID, at: datetime) -> LearnedLink:
    """Ask that past lines get a link's product; a chore does it batch by batch.

    Raises:
        NotFoundError: There is no such link.
        ConflictError: It doesn't act, or is being replayed.
    """
    link = learned.found(session, link_id, locked=True)
    _brand_of(session, link)
    if link.state != "acting" or (link.replay_asked_at and not link.replayed_at):
        raise ConflictError
    link.replay_asked_at, link.replay_after, link.replayed_at = at, None, None
    session.add(link)
    session.flush()
    return link


def replay_batch(session: Session, at: datetime) -> int:
    """Look at the next past lines for the link that waits longest; return how many were looked at.

    A batch is one transaction that moves the link's place along with what it changed: who dies
    half-way has done nothing, and what was done is not looked at again.
    """
    link = session.exec(
        select(LearnedLink)
        .where(col(LearnedLink.replay_asked_at).is_not(None), col(LearnedLink.replayed_at).is_(None))
        .order_by(col(LearnedLink.replay_asked_at), col(LearnedLink.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if link is None:
        return 0
    after = link.replay_after or _FIRST
    rows = session.execute(_PAST_LINES, {"after": after, "most": BATCH_MAX}).all()
    lines = [
        row
        for row in rows
        if row.open and link.retailer_id in {None, row.retailer_id} and _folded(row.raw_name) == link.value
    ]
    if lines:
        link.replayed += _give(session, link, lines)
    if rows:
        link.replay_after = rows[-1].id
    if len(rows) < BATCH_MAX:
        link.replayed_at = at
    session.add(link)
    session.flush()
    return len(rows)


def take_back(session: Session, link_id: UUID, staff_id: UUID) -> LearnedLink:
    """Withdraw a link and give the lines it was replayed over back what they were.

    Raises:
        NotFoundError: There is no such link.
        ConflictError: It was withdrawn before.
    """
    link = learned.withdraw(session, link_id, staff_id)
    changed = session.execute(_TAKE_BACK, {"link": link.id, "product": link.product_id}).scalars()
    note_due(session, "receipt", set(changed))
    session.execute(_FORGET, {"link": link.id})
    link.replayed = 0
    session.add(link)
    session.flush()
    return link


def _give(session: Session, link: LearnedLink, lines: list[Any]) -> int:
    brand = _brand_of(session, link)
    changed = session.execute(
        _GIVE, {"product": link.product_id, "brand": brand.id, "lines": [row.id for row in lines]}
    ).all()
    given = {line_id for line_id, _ in changed}
    note_due(session, "receipt", {receipt_id for _, receipt_id in changed})
    kept = [
        {
            "line_id": row.id,
            "link_id": link.id,
            "brand_before": row.brand_id,
            "method_before": row.match_method,
            "score_before": row.match_score,
        }
        for row in lines
        if row.id in given
    ]
    if kept:
        session.execute(insert(table_of(ReplayedLine)), kept)
    return len(kept)


def _brand_of(session: Session, link: LearnedLink) -> Brand:
    if link.product_id is None or link.subject != "name":
        raise ConflictError
    product = session.get_one(Product, link.product_id)
    return session.get_one(Brand, product.brand_id)


def _folded(raw_name: str) -> str:
    return fold(raw_name)[:NAME_LENGTH_MAX]
