"""Say of each receipt line which brand and product it is: EAN first, then the till's name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Literal
from uuid import UUID

from rapidfuzz import fuzz, process

from domain.catalog.brand_names import Hit, find_brands
from domain.catalog.folding import Word
from domain.catalog.gtin import to_ean
from domain.catalog.line_text import LineText, describe, fold_name
from domain.catalog.packs import pack_of, packs_of
from domain.catalog.product_names import product_named
from domain.catalog.snapshot import CatalogBrand, CatalogProduct, Catalogue, TillNames
from ocr.types import ReadingLine

Method = Literal["barcode", "till_name", "brand_name"]

_MAKER_DIGITS = 7
# A whole till name read with a letter in ten wrong is still nearer to itself than to its neighbour.
_TILL_NAME_RATIO_MIN = 90.0
_TILL_NAME_LETTERS_MIN = 12
_CUT_SCORE = 0.8
_OWN_LETTERS_MIN = 4
# A misread name still shares a word with the true one; its two rarest words lead to few names.
_RARE_WORDS = 2
_NAMES_MAX = 200


@dataclass(frozen=True, slots=True)
class Match:
    """What a line is. Without a brand nothing is known of it: no brand beats a wrong one.

    `score` is 0 to 1: 1 for an EAN or a name exactly as printed, less the more had to be guessed.
    """

    brand: CatalogBrand | None = None
    product: CatalogProduct | None = None
    method: Method | None = None
    score: float = 0.0

    @property
    def brand_id(self) -> UUID | None:
        """The brand's row."""
        return self.brand.id if self.brand else None

    @property
    def product_id(self) -> UUID | None:
        """The product's row."""
        return self.product.id if self.product else None

    @property
    def category(self) -> str | None:
        """The product's category, or its brand's where the product is not known."""
        return self.product.category if self.product else self.brand.category if self.brand else None

    @property
    def restricted_class(self) -> str:
        """What law says of promoting it: the product's class, or its brand's where that says nothing."""
        if self.product and self.product.restricted_class != "none":
            return self.product.restricted_class
        return self.brand.restricted_class if self.brand else "none"

    @property
    def brand_slug(self) -> str | None:
        """The brand's key."""
        return self.brand.slug if self.brand else None

    @property
    def brand_name(self) -> str | None:
        """The brand's name as shown."""
        return self.brand.name if self.brand else None


def match_lines(lines: Sequence[ReadingLine], catalogue: Catalogue, chain: str | None = None) -> list[Match]:
    """Match receipt lines to brands and products.

    Args:
        lines: As read; `raw_name` and `barcode` are used.
        catalogue: The snapshot to look up.
        chain: The retailer's name, whose own till names count before those of any chain.

    Returns:
        One match a line, in order.
    """
    eans = [to_ean(line.barcode) for line in lines]
    matches: list[Match | None] = [_by_barcode(ean, catalogue) for ean in eans]
    # Most lines are known by their EAN or printed name; looking for brands in the rest costs most.
    names = {
        position: fold_name(line.raw_name) for position, line in enumerate(lines) if matches[position] is None
    }
    for position, name in names.items():
        matches[position] = _by_till_name(name, chain, catalogue)
    unknown = [position for position in names if matches[position] is None]
    texts = [describe(names[position], catalogue) for position in unknown]
    makers = [catalogue.rules.makers.get((eans[position] or "")[:_MAKER_DIGITS]) for position in unknown]
    found = find_brands(texts, makers, catalogue)
    for position, (text, hit) in zip(unknown, found, strict=True):
        printed = lines[position].raw_name
        matches[position] = _by_brand(hit, printed, catalogue) or _by_near_till_name(
            text, printed, chain, catalogue
        )
    return [match or Match() for match in matches]


def _by_barcode(ean: str | None, catalogue: Catalogue) -> Match | None:
    product = catalogue.product_by_ean.get(ean) if ean else None
    return Match(catalogue.brand_of(product), product, "barcode", 1.0) if product else None


def _by_till_name(found: tuple[Word, ...], chain: str | None, catalogue: Catalogue) -> Match | None:
    name = " ".join([word.key for word in found])
    for known in _till_names(chain, catalogue):
        product = known.products.get(name)
        if product:
            return Match(catalogue.brand_of(product), product, "till_name", 1.0)
    return None


def _by_near_till_name(
    text: LineText, raw_name: str, chain: str | None, catalogue: Catalogue
) -> Match | None:
    """Match a misread or cut name without a brand in it to the names that tills are known to print."""
    own = [
        key
        for position, key in enumerate(text.keys)
        if position not in text.described and len(key) >= _OWN_LETTERS_MIN
    ]
    # `NUOC RUA CHEN` alone is anybody's.
    if text.letters < _TILL_NAME_LETTERS_MIN or text.vetoed or not own:
        return None
    for known in _till_names(chain, catalogue):
        match = _misread_till_name(text, raw_name, known, catalogue) or _cut_till_name(text, known, catalogue)
        if match:
            return match
    return None


def _misread_till_name(text: LineText, raw_name: str, known: TillNames, catalogue: Catalogue) -> Match | None:
    rarest = sorted((names for key in text.keys if (names := known.by_word.get(key))), key=len)
    near_names = dict.fromkeys(name for names in rarest[:_RARE_WORDS] for name in names[:_NAMES_MAX])
    near = process.extractOne(
        text.padded.strip(), near_names.keys(), scorer=fuzz.ratio, score_cutoff=_TILL_NAME_RATIO_MIN
    )
    if near is None:
        return None
    product = known.products[near[0]]
    printed, known_packs = pack_of(raw_name), packs_of(product.name, product.pack)
    if printed and known_packs and printed not in known_packs:
        return None
    return Match(catalogue.brand_of(product), product, "till_name", near[1] / 100)


def _cut_till_name(text: LineText, known: TillNames, catalogue: Catalogue) -> Match | None:
    name = text.padded.strip()
    first = bisect_left(known.ordered, name)
    whole = list(takewhile(lambda n: n.startswith(name), islice(known.ordered, first, first + _NAMES_MAX)))
    products = {known.products[found].slug: known.products[found] for found in whole}
    brands = {product.brand for product in products.values()}
    if len(brands) != 1:
        return None
    only = next(iter(products.values())) if len(products) == 1 else None
    return Match(catalogue.brands[brands.pop()], only, "till_name", _CUT_SCORE)


def _till_names(chain: str | None, catalogue: Catalogue) -> list[TillNames]:
    """The chain's own names, then those of any chain."""
    asked = dict.fromkeys((chain, None))
    return [catalogue.till_names[retailer] for retailer in asked if retailer in catalogue.till_names]


def _by_brand(hit: Hit | None, raw_name: str, catalogue: Catalogue) -> Match | None:
    if hit is None:
        return None
    product = product_named(raw_name, catalogue.products_by_brand.get(hit.brand, ()))
    return Match(catalogue.brands[hit.brand], product, "brand_name", hit.score)
