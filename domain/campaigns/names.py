"""What the slugs in terms stand for in the catalogue, retired products too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlmodel import Session, col, select

from domain.campaigns.compiling import Named, Names
from domain.campaigns.conditions import SegmentIn
from domain.campaigns.errors import UnknownNamesError
from domain.campaigns.terms import Terms, conditions_of
from domain.segments.saved import known
from schemas.catalog import Brand, Product, Retailer

_KINDS: Final[Mapping[str, str]] = {
    "brands": "brands",
    "currency": "brands",
    "products": "products",
    "except_products": "products",
    "retailers": "retailers",
}


def names_of(session: Session, all_terms: Iterable[Terms]) -> Names:
    """Return what the slugs of terms stand for; those that stand for nothing are left out."""
    asked: dict[str, set[str]] = {"brands": set(), "products": set(), "retailers": set()}
    for terms in all_terms:
        for kind, _, slug in _slugs(terms.model_dump(), ""):
            asked[kind].add(slug)
    return Names(
        brands=_named(session, Brand, asked["brands"]),
        products=_named(session, Product, asked["products"]),
        retailers=_named(session, Retailer, asked["retailers"]),
    )


def check_names(session: Session, terms: Terms) -> Names:
    """Return what the slugs of terms stand for.

    Raises:
        UnknownNamesError: One stands for nothing; told is the first.
    """
    names = names_of(session, [terms])
    for kind, path, slug in _slugs(terms.model_dump(), ""):
        if slug not in getattr(names, kind):
            raise UnknownNamesError(field=path, value=slug)
    _check_segments(session, terms)
    return names


def _check_segments(session: Session, terms: Terms) -> None:
    """Refuse segments that are none of the campaign's brands; one deleted later has nobody in it."""
    named = {
        f"rules.{place}.when": leaf.segments
        for place, rule in enumerate(terms.rules)
        for leaf in conditions_of(rule.when)
        if isinstance(leaf, SegmentIn)
    }
    slugs = {slug for several in named.values() for slug in several}
    missing = slugs - known(session, terms.brands, slugs) if slugs else set()
    for path, several in named.items():
        for slug in several:
            if slug in missing:
                raise UnknownNamesError(field=path, value=slug)


def _named(session: Session, table: type[Brand | Product | Retailer], slugs: set[str]) -> dict[str, Named]:
    if not slugs:
        return {}
    rows = session.exec(select(table.slug, table.id, table.name).where(col(table.slug).in_(slugs))).all()
    return {slug: Named(id_, name) for slug, id_, name in rows}


def _slugs(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, path, slug) of everything that names something of the catalogue."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            kind = _KINDS.get(key)
            if kind is None:
                yield from _slugs(inner, here)
            elif isinstance(inner, str):
                yield kind, here, inner
            else:
                yield from ((kind, f"{here}.{place}", slug) for place, slug in enumerate(inner or ()))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _slugs(inner, f"{path}.{place}")
