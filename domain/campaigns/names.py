"""What the slugs in terms stand for in the catalogue, retired products too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import literal
from sqlmodel import Session, col, select

from domain.campaigns.compiling import Named, Names
from domain.campaigns.conditions import SegmentIn
from domain.campaigns.errors import OtherGroupError, UnknownNamesError
from domain.campaigns.terms import GROUP, Terms
from domain.conditions import leaves_of
from domain.segments.saved import known
from schemas.catalog import Brand, Product, Retailer
from schemas.rewards import Reward

_KINDS: Final[Mapping[str, str]] = {
    "brands": "brands",
    "currency": "brands",
    "from_points_of": "brands",
    "to_points_of": "brands",
    "reward": "rewards",
    "product": "products",
    "products": "products",
    "except_products": "products",
    "retailers": "retailers",
}


def names_of(session: Session, all_terms: Iterable[Terms]) -> Names:
    """Return what the slugs of terms stand for; those that stand for nothing are left out."""
    asked: dict[str, set[str]] = {kind: set() for kind in _KINDS.values()}
    for terms in all_terms:
        for kind, _, slug in _slugs(terms.model_dump(), ""):
            asked[kind].add(slug)
    return Names(
        brands=_named(session, Brand, asked["brands"]),
        products=_named(session, Product, asked["products"]),
        retailers=_named(session, Retailer, asked["retailers"]),
        rewards=_rewards(session, asked["rewards"]),
    )


def check_names(session: Session, terms: Terms) -> Names:
    """Return what the slugs of terms stand for.

    Raises:
        UnknownNamesError: One stands for nothing; told is the first.
        OtherGroupError: Points of a group would be paid or exchanged for a brand of another.
    """
    names = names_of(session, [terms])
    for kind, path, slug in _slugs(terms.model_dump(), ""):
        if slug not in getattr(names, kind):
            raise UnknownNamesError(field=path, value=slug)
    if terms.points_of == "group" or terms.exchanges:
        _check_group(terms, names)
    _check_segments(session, terms)
    return names


def _check_group(terms: Terms, names: Names) -> None:
    """Refuse terms by which points would cross from one group's brands to another's."""
    owner = names.brands[terms.brands[0]].owner
    for kind, path, slug in _slugs(terms.model_dump(include={"brands", "exchanges"}), ""):
        if kind == "brands" and names.brands[slug].owner != owner:
            raise OtherGroupError(field=path, value=slug)


def _check_segments(session: Session, terms: Terms) -> None:
    """Refuse segments that are none of the campaign's brands; one deleted later has nobody in it."""
    named = [
        (f"rules.{place}.when", slug)
        for place, rule in enumerate(terms.rules)
        if rule.when
        for leaf in leaves_of(rule.when)
        if isinstance(leaf, SegmentIn)
        for slug in leaf.segments
    ]
    slugs = {slug for _, slug in named}
    missing = slugs - known(session, terms.brands, slugs) if slugs else set()
    for path, slug in named:
        if slug in missing:
            raise UnknownNamesError(field=path, value=slug)


def _named(session: Session, table: type[Brand | Product | Retailer], slugs: set[str]) -> dict[str, Named]:
    if not slugs:
        return {}
    owner = col(Brand.owner) if table is Brand else literal("")
    statement = select(table.slug, table.id, table.name, owner).where(col(table.slug).in_(slugs))
    return {slug: Named(id_, name, owned_by) for slug, id_, name, owned_by in session.exec(statement).all()}


def _rewards(session: Session, slugs: set[str]) -> dict[str, Named]:
    """Return rewards by slug, each with its brand's slug as its owner."""
    if not slugs:
        return {}
    statement = select(Reward.slug, Reward.id, Reward.name_vi, Brand.slug).join(
        Brand, col(Brand.id) == Reward.brand_id
    )
    rows = session.exec(statement.where(col(Reward.slug).in_(slugs))).all()
    return {slug: Named(id_, name, brand) for slug, id_, name, brand in rows}


def rewards_named(terms: Terms) -> list[tuple[str, str]]:
    """Return (path, slug) of every reward that terms give."""
    return [(path, slug) for kind, path, slug in _slugs(terms.model_dump(), "") if kind == "rewards"]


def _slugs(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, path, slug) of everything that names something of the catalogue."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            kind = _KINDS.get(key)
            if kind is None:
                yield from _slugs(inner, here)
            elif isinstance(inner, str):
                # An exchange names a brand's points, or those of the group.
                if not (inner == GROUP and key.endswith("points_of")):
                    yield kind, here, inner
            else:
                yield from ((kind, f"{here}.{place}", slug) for place, slug in enumerate(inner or ()))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _slugs(inner, f"{path}.{place}")
