"""The catalogue held in memory, indexed for matching. Nothing in it changes after it is built."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.catalog.folding import Word, faint_skeleton, fold, skeleton, words

# Shorter spellings are matched letter by letter only: one misread letter makes another word.
SHORT_LETTERS_MAX = 4
_CUT_SHARE_MIN = 0.6
SHORT_CUE_LETTERS_MAX = 3
# A spelling this long inside a word is no chance.
INSIDE_LETTERS_MIN = 6
MISREADS_MAX = 3
_ONE_MISREAD_LETTERS_MAX = 7
_TWO_MISREADS_LETTERS_MAX = 11
# A cue shorter than this is too near to other words to be known misread.
_JOINED_CUE_LETTERS_MIN = 6
# A shorter veto with a stroke lost is another word.
_FAINT_VETO_LETTERS_MIN = 8
# The shortest piece of a spelling that a name cut off at the column's edge may end in.
CUT_LETTERS_MIN = 4


@dataclass(frozen=True, slots=True)
class CatalogRetailer:
    """A chain. `stores_complete` says that every store of it is known."""

    id: UUID
    slug: str
    name: str
    stores_complete: bool = False


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
    restricted_class: str = "none"


@dataclass(frozen=True, slots=True)
class CatalogProduct:
    """A product. `brand` is its brand's slug; `pack` its size as printed (`3.6kg`)."""

    id: UUID
    slug: str
    brand: str
    name: str
    category: str
    pack: str | None = None
    restricted_class: str = "none"


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
    exact_only: bool
    """Whether a misreading of it proves nothing: it is short, or short beside a plain word."""


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
    """What holds for every brand: words that veto any, and owners by the first digits of an EAN.

    `weak_cues` describe goods, but stand on lines of many kinds: they never speak against a brand.
    """

    start_vetoes: tuple[str, ...] = ()
    vetoes: tuple[str, ...] = ()
    weak_cues: frozenset[str] = frozenset()
    makers: Mapping[str, str] = field(default_factory=dict)
    faint_start_vetoes: tuple[str, ...] = ()
    """The longer start vetoes by `faint_skeleton`, to know them with a stroke lost."""


@dataclass(frozen=True, slots=True)
class TillNames:
    """What one chain's tills, or any chain's, are known to print. All text is skeletons."""

    products: Mapping[str, CatalogProduct]
    ordered: tuple[str, ...]
    """The names sorted, to find those with one beginning."""
    by_word: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that matching looks up. Keys of text are skeletons (`domain.catalog.folding`)."""

    retailers: Mapping[str, CatalogRetailer]
    """By name."""
    brands: Mapping[str, CatalogBrand]
    products: Mapping[str, CatalogProduct]
    products_by_brand: Mapping[str, tuple[CatalogProduct, ...]]
    product_by_ean: Mapping[str, CatalogProduct]
    till_names: Mapping[str | None, TillNames]
    """By retailer; those of any chain under None."""
    spellings: Mapping[str, tuple[Spelling, ...]]
    spelling_words: frozenset[str]
    """Words of spellings of several: `YOGURT` describes goods and is part of a name."""
    faint_spellings: Mapping[str, tuple[Spelling, ...]]
    """Short spellings by `faint_skeleton`."""
    cut_spellings: Mapping[str, frozenset[str]]
    """Beginnings of spellings, to the brands they may be of."""
    cues: Mapping[str, frozenset[str]]
    """Words and phrases that describe goods, to the brands that sell such."""
    short_cues: frozenset[str]
    """Cues too short to be matched by their skeletons, folded: `MI` is noodles, `ML` is not."""
    joined_cues: Mapping[str, frozenset[str]]
    """The longer cues without their spaces."""
    inside: re.Pattern[str] | None
    """Finds spellings that are long enough to be known inside other letters."""
    comparable: tuple[str, ...]
    """Spellings and joined cues long enough to know them misread."""
    misreads_allowed: NDArray[np.uint8]
    """How many letters of each of them may be wrong, missing or too many."""
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
    joined = _joined_cues(cues)
    comparable = _comparable(spellings, joined)
    return Catalogue(
        retailers={retailer.name: retailer for retailer in rows.retailers},
        brands={brand.slug: brand for brand in rows.brands},
        products=products,
        products_by_brand={slug: tuple(group) for slug, group in by_brand.items()},
        product_by_ean={ean: products[slug] for ean, slug in rows.barcodes.items() if slug in products},
        till_names=_till_names(rows.till_names, products),
        spellings=spellings,
        spelling_words=frozenset(word.key for b in rows.brands for text in _texts(b) for word in words(text)),
        faint_spellings=_faint_spellings(spellings),
        cut_spellings=_cut_spellings(spellings),
        cues=cues,
        short_cues=frozenset(
            fold(cue) for b in rows.brands for cue in b.cues if len(cue) <= SHORT_CUE_LETTERS_MAX
        ),
        joined_cues=joined,
        inside=_inside(spellings),
        comparable=comparable,
        misreads_allowed=np.array([allowed_misreads(len(name)) for name in comparable], dtype=np.uint8),
        vetoes={b.slug: tuple(skeleton(fold(veto)) for veto in b.vetoes) for b in rows.brands if b.vetoes},
        house_brands=frozenset(b.slug for b in rows.brands if _names_company(b)),
        rules=GeneralRules(
            start_vetoes=tuple(skeleton(fold(veto)) for veto in rules.start_vetoes),
            faint_start_vetoes=tuple(
                faint_skeleton(skeleton(fold(veto)))
                for veto in rules.start_vetoes
                if len(veto) >= _FAINT_VETO_LETTERS_MIN
            ),
            vetoes=tuple(skeleton(fold(veto)) for veto in rules.vetoes),
            weak_cues=frozenset(skeleton(fold(cue)) for cue in rules.weak_cues),
            makers=dict(rules.makers),
        ),
        words_max=max((len(words(text)) for b in rows.brands for text in _texts(b)), default=1),
        cue_words_max=max((len(cue.split(" ")) for cue in cues), default=1),
    )


def allowed_misreads(letters: int) -> int:
    """Return how many letters of a name may be wrong, missing or too many (docs/decisions/0031)."""
    if letters <= SHORT_LETTERS_MAX:
        return 0
    if letters <= _ONE_MISREAD_LETTERS_MAX:
        return 1
    return 2 if letters <= _TWO_MISREADS_LETTERS_MAX else MISREADS_MAX


def window_key(window: Sequence[Word]) -> str:
    """Return what `window` is looked up by: its letters as one word, look-alikes made one.

    Splitting and joining words is what engines and tills do most, so spaces do not count. In a
    short spelling they do: `P/S` is a brand, `P S` are two letters, so the punctuation is kept.
    """
    key = "".join([word.key for word in window])
    if len(window) > 1 and len(key) <= SHORT_LETTERS_MAX:
        key = window[0].key + "".join([word.gap + word.key for word in window[1:]])
    return key


def _texts(brand: CatalogBrand) -> Iterable[str]:
    return (brand.name, *brand.aliases, *brand.ambiguous)


def _spellings(brands: Sequence[CatalogBrand]) -> dict[str, tuple[Spelling, ...]]:
    found: dict[str, list[Spelling]] = defaultdict(list)
    for brand in brands:
        unsure = {window_key(words(text)) for text in brand.ambiguous}
        plain = [
            cue for cue in map(fold, brand.cues) if f" {cue} " in f" {' | '.join(map(fold, _texts(brand)))} "
        ]
        for text in dict.fromkeys(_texts(brand)):
            window = words(text)
            key = window_key(window)
            if key and all(known.brand != brand.slug for known in found[key]):
                letters = "".join(word.text for word in window)
                own = len(_without(plain, fold(text)).replace(" ", ""))
                found[key].append(
                    Spelling(brand.slug, key, letters, key in unsure, exact_only=own <= SHORT_LETTERS_MAX)
                )
    return {key: tuple(group) for key, group in found.items()}


def _without(phrases: Iterable[str], text: str) -> str:
    """Return `text` less the phrases that stand in it as whole words."""
    padded = f" {text} "
    for phrase in sorted(phrases, key=len, reverse=True):
        padded = padded.replace(f" {phrase} ", "  ")
    return padded.strip()


def _faint_spellings(spellings: Mapping[str, tuple[Spelling, ...]]) -> dict[str, tuple[Spelling, ...]]:
    found: dict[str, tuple[Spelling, ...]] = {}
    for key, group in spellings.items():
        # Two narrow letters beside each other are read as one: `KNON` is `KNORR`.
        merged = key.replace("RR", "N")
        if len(merged) <= SHORT_LETTERS_MAX and not key.isdigit():
            faint = faint_skeleton(merged)
            found[faint] = found.get(faint, ()) + group
    return found


def _inside(spellings: Mapping[str, tuple[Spelling, ...]]) -> re.Pattern[str] | None:
    keys = [
        key
        for key, group in spellings.items()
        if len(key) >= INSIDE_LETTERS_MIN and not all(spelling.exact_only for spelling in group)
    ]
    # Longest first: a regular expression takes the first alternative that fits.
    keys.sort(key=len, reverse=True)
    return re.compile("|".join(map(re.escape, keys))) if keys else None


def _joined_cues(cues: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for cue, brands in cues.items():
        joined = cue.replace(" ", "")
        if len(joined) >= _JOINED_CUE_LETTERS_MIN:
            found[joined] = found.get(joined, frozenset()) | brands
    return found


def _comparable(
    spellings: Mapping[str, tuple[Spelling, ...]], joined: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    names = [key for key, group in spellings.items() if not all(spelling.exact_only for spelling in group)]
    names = [key for key in names if len(key) > SHORT_LETTERS_MAX and "/" not in key and " " not in key]
    return tuple(dict.fromkeys([*names, *joined]))


def _cut_spellings(spellings: Mapping[str, tuple[Spelling, ...]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for key, group in spellings.items():
        for end in range(max(CUT_LETTERS_MIN, math.ceil(len(key) * _CUT_SHARE_MIN)), len(key)):
            found[key[:end]].update(spelling.brand for spelling in group)
    return {key: frozenset(brands) for key, brands in found.items()}


def _cues(brands: Sequence[CatalogBrand]) -> dict[str, frozenset[str]]:
    printed: dict[str, set[str]] = defaultdict(set)
    for brand in brands:
        for cue in brand.cues:
            printed[cue].add(brand.slug)
    found: dict[str, frozenset[str]] = {}
    for cue, slugs in printed.items():
        key = skeleton(fold(cue))
        found[key] = found.get(key, frozenset()) | slugs
    return found


def _till_names(
    till_names: Sequence[CatalogTillName], products: Mapping[str, CatalogProduct]
) -> dict[str | None, TillNames]:
    printed: dict[str | None, dict[str, CatalogProduct]] = defaultdict(dict)
    for name in till_names:
        if name.product in products:
            printed[name.retailer][skeleton(name.folded)] = products[name.product]
    found = {}
    for retailer, by_name in printed.items():
        by_word: dict[str, list[str]] = defaultdict(list)
        for text in by_name:
            for word in set(text.split(" ")):
                by_word[word].append(text)
        indexed = {word: tuple(names) for word, names in by_word.items()}
        found[retailer] = TillNames(by_name, tuple(sorted(by_name)), indexed)
    return found


def _names_company(brand: CatalogBrand) -> bool:
    return f" {fold(brand.name)} " in f" {fold(brand.owner)} "
