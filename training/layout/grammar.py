"""How one till prints: drawn anew for every receipt, so that no layout can be learned by heart.

A share of all item forms and of all labels is held back: training never draws them, measuring draws
nothing else, and so shows what the tagger makes of a till that nobody has seen.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from typing import Final

from training.layout.words import LANGUAGES, labels

# One form in so many is held back.
_HELD_ONE_IN: Final = 8
_LANGUAGE_WEIGHTS: Final = (34, 26, 10, 10, 7, 8, 5)
NAME_PLACES: Final = ("same", "above", "below", "split_above", "split_below", "amount_below")
_PLACE_WEIGHTS: Final = (26, 20, 20, 13, 14, 3)
SIGNS: Final = ("x", "X", "*", "@", "\u00d7", "x", "X", "/", "=", "-", "\u00e0", "a", "pcs x")
CODE_PLACES: Final = (
    "none",
    "own_first",
    "own_last",
    "own_middle",
    "before_name",
    "after_name",
    "before_figures",
    "figures_row",
)
_CODE_WEIGHTS: Final = (38, 11, 11, 11, 7, 4, 13, 5)
ORDERS: Final = ("qpa", "pqa", "qpa", "pqa", "qupa", "puqa", "pqua", "qpta", "pqta", "qap", "apq", "aqp")
QUANTITY_FORMS: Final = (
    "column",
    "sign",
    "reversed",
    "glued",
    "glued_reversed",
    "half_glued",
    "before_name",
    "after_name",
    "bracket",
    "labelled",
    "none",
)
_QUANTITY_WEIGHTS: Final = (30, 12, 10, 7, 7, 7, 14, 3, 3, 3, 20)
DISCOUNTS: Final = (
    "none",
    "beneath",
    "net_beneath",
    "column_net",
    "column_gross",
    "list_price",
    "informed",
    "end_only",
    "coded",
)
_DISCOUNT_WEIGHTS: Final = (25, 28, 7, 7, 5, 9, 9, 5, 5)


@dataclass(frozen=True, slots=True)
class Money:
    """How figures are written. `scale` is minor units a printed unit: 100 where decimals are printed."""

    scale: int
    separator: str
    point: str
    currency: str
    currency_at: str
    currency_on: str
    plain_price: bool
    minus: str


@dataclass(frozen=True, slots=True)
class ItemForm:
    """How an item is laid out; `key` says it in one word."""

    name_at: str
    order: str
    quantity: str
    sign: str
    spaced: bool
    code: str
    code_kind: str
    one_printed: bool
    price_of_one: bool
    numbered: str
    wrap: str
    indent: int
    tax: str
    unit: str
    weight_digits: int
    weight_point: str
    name_width: float
    spread: bool
    figures_at_end: bool
    second_code: str
    parted: bool
    rate: str
    weight_named: bool
    name_most: int

    @property
    def key(self) -> str:
        """What is held back or not."""
        return f"{self.name_at}/{self.order}/{self.quantity}/{self.code}"


@dataclass(frozen=True, slots=True)
class Grammar:
    """One till."""

    language: str
    second_language: str | None
    invented: float
    marks: bool
    case: str
    name_case: str
    money: Money
    item: ItemForm
    discounts: str
    width: int
    proportional: bool
    columns_head: str
    colon: str
    leader: str
    big_total: float
    head_align: str
    label_at: str
    sums_indent: float
    ruled: bool
    modifiers: float
    extras: float
    titled: bool
    tax_first: bool
    seed: int


def held_back(text: str) -> bool:
    """Whether a form or a label is kept from training."""
    return zlib.crc32(text.encode()) % _HELD_ONE_IN == 0


def draw_grammar(rng: random.Random, *, held: bool = False) -> Grammar:
    """Draw a till; `held` draws one of the forms that are held back."""
    language = rng.choices(LANGUAGES, _LANGUAGE_WEIGHTS)[0]
    form = _draw_form(rng)
    while held_back(form.key) is not held:
        form = _draw_form(rng)
    width = rng.randint(36, 64) if form.name_at == "same" else rng.randint(24, 52)
    return Grammar(
        language=language,
        second_language=rng.choice(LANGUAGES) if rng.random() < 0.12 else None,
        invented=1.0 if rng.random() < 0.03 else rng.choice((0.0, 0.0, 0.0, 0.1, 0.3)),
        marks=rng.random() < 0.6,
        case=rng.choices(("as_is", "upper", "title", "lower"), (60, 24, 12, 4))[0],
        name_case=rng.choices(("as_is", "upper", "title", "lower"), (45, 38, 12, 5))[0],
        money=_draw_money(rng, language),
        item=form,
        discounts=rng.choices(DISCOUNTS, _DISCOUNT_WEIGHTS)[0],
        width=width,
        proportional=rng.random() < 0.35,
        columns_head=rng.choices(("none", "one", "two", "partial"), (38, 38, 14, 10))[0],
        colon=rng.choice((":", ":", "", " :", ".", ": ")),
        leader=rng.choice(("", "", "", "", ".", "_")),
        big_total=rng.choice((1.0, 1.0, 1.3, 1.6, 2.0)),
        head_align=rng.choice(("c", "c", "c", "l")),
        label_at=rng.choices(("left", "inline", "right", "above"), (70, 12, 14, 4))[0],
        sums_indent=rng.choice((0.0, 0.0, 0.0, 0.15, 0.3)),
        ruled=rng.random() < 0.3,
        modifiers=_draw_modifiers(rng, language, form),
        extras=rng.choice((0.0, 0.0, 0.2, 0.5))
        if form.quantity in {"none", "before_name", "column"}
        else 0.0,
        titled=rng.random() < 0.06,
        tax_first=rng.random() < 0.3,
        seed=rng.getrandbits(32),
    )


def _draw_modifiers(rng: random.Random, language: str, form: ItemForm) -> float:
    """How many items have rows of wishes beneath: many where meals are sold, hardly any elsewhere."""
    meals = form.name_at == "same" and form.wrap != "wrap" and language != "vi"
    return rng.choice((0.0, 0.05, 0.5)) if meals else rng.choice((0.0, 0.0, 0.01, 0.05))


def _draw_form(rng: random.Random) -> ItemForm:
    quantity = rng.choices(QUANTITY_FORMS, _QUANTITY_WEIGHTS)[0]
    return ItemForm(
        name_at=rng.choices(NAME_PLACES, _PLACE_WEIGHTS)[0],
        order=rng.choice(ORDERS) if rng.random() < 0.55 else rng.choice(("qpa", "pqa")),
        quantity=quantity,
        sign=rng.choice(SIGNS),
        spaced=rng.random() < 0.75,
        code=rng.choices(CODE_PLACES, _CODE_WEIGHTS)[0],
        code_kind=rng.choice(("ean", "ean", "ean14", "plu", "sku", "article", "ean8", "letters")),
        one_printed=rng.random() < 0.72,
        price_of_one=rng.random() < 0.82,
        numbered=rng.choices(
            ("none", "dot", "zeros", "hash", "plain", "bracket", "dot_glued"), (72, 6, 7, 2, 6, 2, 5)
        )[0],
        wrap=rng.choices(("wrap", "cut", "none"), (48, 22, 30))[0],
        indent=rng.choice((0, 0, 1, 2, 3, 4, 8)),
        tax=rng.choices(
            ("none", "after_amount", "glued", "before_name", "rate", "bracket", "own_star", "two_words"),
            (58, 14, 5, 4, 8, 3, 5, 4),
        )[0],
        unit=rng.choices(("none", "word", "glued", "weighed"), (50, 20, 8, 22))[0],
        weight_digits=rng.choice((3, 3, 3, 2)),
        weight_point=rng.choice((".", ".", ",")),
        name_width=rng.uniform(0.2, 1.0),
        spread=rng.random() < 0.8,
        figures_at_end=rng.random() < 0.45,
        parted=rng.random() < 0.6,
        rate=rng.choice(("{}%", "{}%", "{}%", "VAT{:02d}%", "VAT{}%", "{:02d}", "T{}", "({}%)")),
        weight_named=rng.random() < 0.15,
        name_most=rng.choice((99, 99, 24, 30, 36, 40)),
        second_code=rng.choices(("none", "row", "row"), (88, 6, 6))[0],
    )


def _draw_money(rng: random.Random, language: str) -> Money:
    if language == "vi":
        decimals = rng.random() < 0.07
        separator = rng.choice((".", ".", ",", ",", ",", "", " "))
    elif language == "id":
        decimals = rng.random() < 0.1
        separator = rng.choice((".", ",", ""))
    else:
        decimals = rng.random() < 0.96
        separator = rng.choice((",", ",", ",", "", ".", "'", " "))
    point = "." if separator in {",", "'", ""} else ","
    if separator == "" and rng.random() < 0.3:
        point = ","
    if language in {"de", "fr"} and rng.random() < 0.5:
        separator, point = ".", ","
    return Money(
        scale=100 if decimals else 1,
        separator=separator,
        point=point,
        currency=rng.choice(labels()[language]["currency"]),
        currency_at=rng.choices(
            ("none", "suffix", "prefix", "suffix_word", "prefix_word"), (46, 18, 16, 8, 12)
        )[0],
        currency_on=rng.choice(("all", "sums", "sums", "total")),
        plain_price=rng.random() < 0.06,
        minus=rng.choices(("-", "- ", "after", "bracket", "none"), (70, 6, 8, 8, 8))[0],
    )
