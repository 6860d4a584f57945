"""The catalogue held in memory, indexed for matching. Nothing in it changes after it is built."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.catalog.folding import Word, fold, skeleton, words

# Shorter spellings are matched letter by letter only: one misread letter makes another word.
SHORT_LETTERS_MAX = 4
# The shortest piece of a spelling that a name cut off at the column's edge may end in.
CUT_LETTERS_MIN = 4


@dataclass(frozen=True, slots=True)
class CatalogRetailer:
    """A chain."""

    id: UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class CatalogBrand:
    """A brand and its spellings, as in `schemas.catalog.Brand`."""

    id: UUID
    slug: str
    name: str
    owner: str
    category: str
    aliases: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    vetoes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogProduct:
    """A product. `brand` is its brand's slug; `pack` its size as printed (`3.6kg`)."""

    id: UUID
    slug: str
    brand: str
    name: str
    category: str
    pack: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogTillName:
    """How a till prints a product; without a `retailer` (its name), on any chain's."""

    product: str
    printed: str
    folded: str
    retailer: str | None = None


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a brand. `key` is its skeleton as `window_key` makes it."""

    brand: str
    key: str
    folded: str
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """What a catalogue is built from, whether it comes from the database or the packaged files."""

    retailers: Sequence[CatalogRetailer]
    brands: Sequence[CatalogBrand]
    products: Sequence[CatalogProduct]
    till_names: Sequence[CatalogTillName]
    barcodes: Mapping[str, str]
    """EAN-13 to product slug."""


@dataclass(frozen=True, slots=True)
class GeneralRules:
    """What holds for every brand: words that veto any, and owners by the first digits of an EAN."""

    start_vetoes: tuple[str, ...] = ()
    vetoes: tuple[str, ...] = ()
    makers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that matching looks up. Keys of text are skeletons (`domain.catalog.folding`)."""

    retailers: Mapping[str, CatalogRetailer]
    """By name."""
    brands: Mapping[str, CatalogBrand]
    products: Mapping[str, CatalogProduct]
    products_by_brand: Mapping[str, tuple[CatalogProduct, ...]]
    product_by_ean: Mapping[str, CatalogProduct]
    till_names: Mapping[str | None, Mapping[str, CatalogProduct]]
    spellings: Mapping[str, tuple[Spelling, ...]]
    cut_spellings: Mapping[str, frozenset[str]]
    """Beginnings of spellings, to the brands they may be of."""
    cues: Mapping[str, frozenset[str]]
    vetoes: Mapping[str, tuple[str, ...]]
    house_brands: frozenset[str]
    """Brands that are a company's name: on a pack they stand beside the brand that sells it."""
    rules: GeneralRules
    words_max: int
    cue_words_max: int

    def brand_of(self, product: CatalogProduct) -> CatalogBrand:
        """The brand that sells `product`."""
        return self.brands[product.brand]


def build_catalogue(rows: Rows, rules: GeneralRules) -> Catalogue:
    """Index `rows` for matching."""
    products = {product.slug: product for product in rows.products}
    by_brand: dict[str, list[CatalogProduct]] = defaultdict(list)
    for product in rows.products:
        by_brand[product.brand].append(product)
    spellings = _spellings(rows.brands)
    cues = _cues(rows.brands)
    return Catalogue(
        retailers={retailer.name: retailer for retailer in rows.retailers},
        brands={brand.slug: brand for brand in rows.brands},
        products=products,
        products_by_brand={slug: tuple(group) for slug, group in by_brand.items()},
        product_by_ean={ean: products[slug] for ean, slug in rows.barcodes.items() if slug in products},
        till_names=_till_names(rows.till_names, products),
        spellings=spellings,
        cut_spellings=_cut_spellings(spellings),
        cues=cues,
        vetoes={b.slug: tuple(skeleton(fold(veto)) for veto in b.vetoes) for b in rows.brands if b.vetoes},
        house_brands=frozenset(b.slug for b in rows.brands if _names_company(b)),
        rules=GeneralRules(
            start_vetoes=tuple(skeleton(fold(veto)) for veto in rules.start_vetoes),
            vetoes=tuple(skeleton(fold(veto)) for veto in rules.vetoes),
            makers=dict(rules.makers),
        ),
        words_max=max((len(words(text)) for b in rows.brands for text in _texts(b)), default=1),
        cue_words_max=max((len(cue.split(" ")) for cue in cues), default=1),
    )


def window_key(window: Sequence[Word]) -> str:
    """Return what `window` is looked up by: its letters as one word, look-alikes made one.

    Splitting and joining words is what engines and tills do most, so spaces do not count. In a
    short spelling they do: `P/S` is a brand, `P S` are two letters, so the punctuation is kept.
    """
    letters = "".join(word.text for word in window)
    if len(window) > 1 and len(letters) <= SHORT_LETTERS_MAX:
        glue = "/" if all(word.glued for word in window[1:]) else " "
        return glue.join(skeleton(word.text) for word in window)
    return skeleton(letters)


def _texts(brand: CatalogBrand) -> Iterable[str]:
    return (brand.name, *brand.aliases, *brand.ambiguous)


def _spellings(brands: Sequence[CatalogBrand]) -> dict[str, tuple[Spelling, ...]]:
    found: dict[str, list[Spelling]] = defaultdict(list)
    for brand in brands:
        unsure = {window_key(words(text)) for text in brand.ambiguous}
        for text in dict.fromkeys(_texts(brand)):
            window = words(text)
            key = window_key(window)
            if key and all(known.brand != brand.slug for known in found[key]):
                letters = "".join(word.text for word in window)
                found[key].append(Spelling(brand.slug, key, letters, ambiguous=key in unsure))
    return {key: tuple(group) for key, group in found.items()}


def _cut_spellings(spellings: Mapping[str, tuple[Spelling, ...]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for key, group in spellings.items():
        for end in range(CUT_LETTERS_MIN, len(key)):
            found[key[:end]].update(spelling.brand for spelling in group)
    return {key: frozenset(brands) for key, brands in found.items()}


def _cues(brands: Sequence[CatalogBrand]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for brand in brands:
        for cue in brand.cues:
            found[skeleton(fold(cue))].add(brand.slug)
    return {cue: frozenset(slugs) for cue, slugs in found.items()}


def _till_names(
    till_names: Sequence[CatalogTillName], products: Mapping[str, CatalogProduct]
) -> dict[str | None, dict[str, CatalogProduct]]:
    found: dict[str | None, dict[str, CatalogProduct]] = defaultdict(dict)
    for name in till_names:
        if name.product in products:
            found[name.retailer][skeleton(name.folded)] = products[name.product]
    return dict(found)


def _names_company(brand: CatalogBrand) -> bool:
    return f" {fold(brand.name)} " in f" {fold(brand.owner)} "
