"""What approved receipts teach the catalogue: which product a printed name or an EAN is.

A line with an EAN beside a name says that both are one product. One receipt proves nothing: a code may be
misread, a name cut off where two variants differ, and who wants points for a product can print both. So
shoppers vote, those that share a phone or a payout together once, and a name is linked only
where enough agree and next to nobody saw it beside anything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import case, func, text
from sqlalchemy import select as select_columns
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from domain.catalog.folding import fold
from domain.catalog.gtin import to_ean
from domain.catalog.learned import LOCK
from domain.catalog.products import current_catalogue, new_version
from domain.catalog.snapshot import Catalogue
from domain.origins.clusters import ACCUSING, joined
from infra.db import lock_key
from infra.settings import settings
from schemas.base import new_id, table_of
from schemas.catalog import NAME_LENGTH_MAX, LearnedLink
from schemas.origins import ShopperLink

# Different (chain, printed name, EAN) looked at in one run, the most frequent first.
FORMS_MAX: Final = 200_000
# Of one form so many shoppers are counted: more decide nothing.
SHOPPERS_MAX: Final = 200
LINKS_MAX: Final = 50_000
# One shopper is no candidate worth showing.
CANDIDATE_SHOPPERS_MIN: Final = 2

# A line is taken as it was matched when it was read; the code's product is looked up as of today.
_FORMS = text("""
    SELECT r.retailer_id, l.raw_name, l.barcode,
           CASE WHEN l.match_method IN ('till_name', 'brand_name') THEN l.product_id END AS named,
           count(DISTINCT r.id) AS receipts,
           (array_agg(DISTINCT r.shopper_id))[1:CAST(:shoppers_max AS integer)] AS shoppers
    FROM receipt r JOIN receipt_line l ON l.receipt_id = r.id
    WHERE r.status = 'approved' AND r.settled_at > :since AND r.retailer_id IS NOT NULL
      AND l.barcode IS NOT NULL AND l.raw_name <> ''
    GROUP BY 1, 2, 3, 4
    ORDER BY receipts DESC
    LIMIT :forms_max
""")

Key = tuple[str, UUID | None, str]


@dataclass(slots=True)
class Votes:
    """Who saw a name or EAN beside one target, on how many receipts, and how it was printed."""

    shoppers: set[UUID] = field(default_factory=set)
    receipts: int = 0
    name: str = ""

    def add(self, name: str, receipts: int, shoppers: Iterable[UUID]) -> None:
        """Count one form; the most frequent form, which comes first, gives the name shown."""
        self.name = self.name or name[:NAME_LENGTH_MAX]
        self.receipts += receipts
        self.shoppers.update(shoppers)


# A target is a product's id, or an EAN of which nothing is known: it speaks against every product.
Ballot = Mapping[Key, Mapping[UUID | str, Votes]]


def learn_links(session: Session, at: datetime) -> int:
    """Count the last days' approved receipts and link what enough shoppers agree on.

    Safe to run again: it counts anew, so what was reversed since no longer counts.

    Returns:
        How many links act that did not, or no longer do.
    """
    lock_key(session, LOCK)
    forms = session.execute(
        _FORMS,
        {
            "since": at - timedelta(days=settings().learn_days),
            "shoppers_max": SHOPPERS_MAX,
            "forms_max": FORMS_MAX,
        },
    ).all()
    catalogue = current_catalogue(session)
    names, codes = _ballots(forms, catalogue)
    ballot = {**names, **codes}
    one_voter = _voters(session, ballot)
    judged = [row for key, votes in ballot.items() for row in _judged(key, votes, one_voter, at)]
    judged.sort(key=lambda row: -row["shoppers"])
    return _keep(session, judged[:LINKS_MAX])


def _ballots(forms: Iterable[Any], catalogue: Catalogue) -> tuple[Ballot, Ballot]:
    """Return votes on names by the codes beside them, and on unknown codes by the names beside them."""
    names: dict[Key, dict[UUID | str, Votes]] = defaultdict(lambda: defaultdict(Votes))
    beside: dict[Key, dict[str, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    unknown: list[tuple[Key, str, Any]] = []
    for form in forms:
        ean, value = to_ean(form.barcode), fold(form.raw_name)[:NAME_LENGTH_MAX]
        if ean is None or not value:
            continue
        key: Key = ("name", form.retailer_id, value)
        product = catalogue.product_by_ean.get(ean)
        beside[key][ean].update(form.shoppers)
        names[key][product.id if product else ean].add(form.raw_name, form.receipts, form.shoppers)
        if product is None and form.named is not None:
            unknown.append((key, ean, form))
    codes: dict[Key, dict[UUID | str, Votes]] = defaultdict(lambda: defaultdict(Votes))
    for key, ean, form in unknown:
        # A cut name that stands beside two codes is two variants: it says of neither what it is.
        everybody = len(set().union(*beside[key].values()))
        if len(beside[key][ean]) >= settings().learn_share_min * everybody:
            codes["ean", None, ean][form.named].add(form.raw_name, form.receipts, form.shoppers)
    return names, codes


def _voters(session: Session, ballot: Ballot) -> dict[UUID, UUID]:
    """Return for shoppers that share a phone or a payout, however long ago, the one who votes for all."""
    asked = {
        shopper
        for targets in ballot.values()
        for votes in targets.values()
        if len(votes.shoppers) >= CANDIDATE_SHOPPERS_MIN
        for shopper in votes.shoppers
    }
    if not asked:
        return {}
    links = table_of(ShopperLink).c
    holders = session.execute(
        select_columns(func.array_agg(links.shopper_id.distinct()))
        .where(links.kind.in_(ACCUSING))
        .group_by(links.kind, links.key)
        .having(func.count(links.shopper_id.distinct()) > 1)
    ).scalars()
    return {member: group[0] for group in joined(holders) for member in group if member in asked}


def _judged(
    key: Key, targets: Mapping[UUID | str, Votes], one_voter: Mapping[UUID, UUID], at: datetime
) -> list[dict[str, Any]]:
    voters = {
        target: {one_voter.get(shopper, shopper) for shopper in votes.shoppers}
        for target, votes in targets.items()
    }
    everybody = sum(len(those) for those in voters.values())
    found = []
    for target, votes in targets.items():
        count = len(voters[target])
        if not isinstance(target, UUID) or count < CANDIDATE_SHOPPERS_MIN:
            continue
        share = count / everybody
        enough = count >= settings().learn_shoppers_min and share >= settings().learn_share_min
        found.append(
            {
                "id": new_id(),
                "subject": key[0],
                "retailer_id": key[1],
                "value": key[2],
                "name": votes.name,
                "product_id": target,
                "state": "acting" if enough else "candidate",
                "receipts": votes.receipts,
                "shoppers": count,
                "share": share,
                "first_seen_at": at,
                "judged_at": at,
                "acting_since": at if enough else None,
                "replayed": 0,
            }
        )
    return found


def _keep(session: Session, judged: list[dict[str, Any]]) -> int:
    before = _standing(session)
    falling = {
        (row["subject"], row["retailer_id"], row["value"]) for row in judged if row["state"] == "candidate"
    }
    for row in judged:
        key = (row["subject"], row["retailer_id"], row["value"])
        held = before.get(key)
        # What a person decided stands, and so does a product that nobody has spoken against.
        if held and held[0] != row["product_id"] and (held[1] or key not in falling):
            row["state"], row["acting_since"] = "candidate", None
    for state in ("candidate", "acting"):
        rows = [row for row in judged if row["state"] == state]
        if rows:
            _upsert(session, rows)
    after = _standing(session)
    moved = set(before.items()) ^ set(after.items())
    if moved:
        new_version(session)
    return len({key for key, _ in moved})


def _upsert(session: Session, rows: list[dict[str, Any]]) -> None:
    statement = insert(LearnedLink)
    new = statement.excluded
    counted = col(LearnedLink.decided_at).is_(None)
    kept = {name: new[name] for name in ("name", "receipts", "shoppers", "share", "judged_at")}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["subject", "retailer_id", "value", "product_id"],
            set_=kept
            | {
                "state": case((counted, new.state), else_=col(LearnedLink.state)),
                "acting_since": case(
                    (counted, func.coalesce(col(LearnedLink.acting_since), new.acting_since)),
                    else_=col(LearnedLink.acting_since),
                ),
            },
        ),
        rows,
    )


def _standing(session: Session) -> dict[Key, tuple[UUID | None, bool]]:
    """Return of each name or EAN that something stands of: its product, and whether a person said so."""
    links = table_of(LearnedLink).c
    rows = session.execute(
        select_columns(
            links.subject, links.retailer_id, links.value, links.product_id, links.decided_at.is_not(None)
        ).where(links.state.in_(("acting", "not_ours")))
    ).all()
    return {
        (subject, retailer, value): (product, by_hand) for subject, retailer, value, product, by_hand in rows
    }
