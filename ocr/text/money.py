"""Figures as tills print them: money, quantities, and how a misread separator is undone.

A separator alone never says whether it groups thousands or starts decimals: the currency does, and
where it leaves a doubt, arithmetic (`arithmetic.py`).
"""

# ruff: noqa: RUF001 - dashes and quotes as tills print them

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from ocr.text.letters import DIGIT_LOOKALIKES, fold, strip_marks
from ocr.text.locales import alternatives, currency_signs, currency_words, locales, tax_marks, unit_words
from ocr.types import Box

FIGURE = re.compile(
    r"(?P<open>[(\[{]?)(?P<sign>[-–—−~+]{0,2})(?P<currency>(?:"
    + alternatives(currency_signs())
    # A sign may be seen twice.
    + r"){1,2})?(?P<sign2>[-–—−]?)"
    r"(?P<core>[0-9OoQDUIl|!iSsBbZzGgq©Øø°ðó.,'’]*?)(?P<suffix>%|[-–]|[@*#xX]|[A-Za-zđĐ₫]{1,3}\*?)?(?P<close>[)\]}]?)[;:]*"
)  # fmt: skip
# Leaders, rules and specks that run into a figure: ——13,900, ....12.00, =—-*'17,500.
DIRT = re.compile(r"^[—–−_=~.*:;«»‘’“”\"'`´-]+(?=[\d(])")
# A price for a weight: 589.000/KG, /0.54.
PER_UNIT = re.compile(r"(?<=\d)/[A-Za-z]{1,3}\.?$|^/(?=\d+[.,]\d\d$)")
# Money whose separators a pen or a worn head made dashes: 1-564-700, 142-01.
DASHED = {0: re.compile(r"[1-9]\d{0,2}(?:[-–]\d{3})+"), 2: re.compile(r"\d{1,4}[-–]\d{2}")}
MINUSES = "-–−"
DASHES = frozenset("—–−-")
SEPARATOR = re.compile(r"[.,'’]")
# Letters that may stand against plain digits; others make the whole a word with a misread letter.
KNOWN_SUFFIXES = frozenset({""}) | currency_words() | tax_marks() | unit_words()
SIGNS = frozenset(strip_marks(sign) for sign in currency_signs())
# Signs that lead to a figure rather than turn it negative.
LEADERS = {"+", "++", "—", "——", "—-", "-—", "~—", "—~", "--", "~~", "––"}
DECIMAL_POINT = {locale.currency: locale.decimal for locale in locales().values()}
THOUSAND = 3
CENT = 2


@dataclass(frozen=True, slots=True)
class MoneyStyle:
    """How this paper writes money.

    `exponent` is the currency's (VND 0), `cents` says that two decimals are printed although the
    currency has none (53,889.00), `spaced` that thousands, or lost decimal points, are spaces.
    """

    currency: str = "VND"
    exponent: int = 0
    cents: bool = False
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed number. `core` holds its digits and separators, `guessed` how many were letters.

    `first` and `last` are its words' places in the row, both included. `alternatives` are other
    readings of its ink as text, with their confidences. `values` are what it may be worth in minor
    units, likeliest first, and `is_money` that its form alone says money: both are known once the
    paper's style is (`weighed`).
    """

    core: str
    box: Box
    confidence: float
    first: int
    last: int
    negative: bool = False
    percent: bool = False
    suffix: str = ""
    currency: bool = False
    guessed: int = 0
    alternatives: tuple[tuple[str, float], ...] = ()
    values: tuple[int, ...] = ()
    is_money: bool = False

    @property
    def digits(self) -> str:
        """Only the digits."""
        return SEPARATOR.sub("", self.core)

    @property
    def groups(self) -> list[str]:
        """The digits as the separators part them."""
        return SEPARATOR.split(self.core)


def read_figure(text: str, box: Box, confidence: float, place: int) -> Figure | None:
    """Read one word as a printed number, or None where it is none."""
    if not any(map(str.isdigit, text)):
        return None
    text = PER_UNIT.sub("", re.sub(r"^[@©Øø](?=[.,]\d)", "0", text))
    # A sign of times stands against its count or price: x2, @12.500.
    text = re.sub(r"^[xX\u00d7*@](?=\d[\d.,]*$)", "", text)
    found = FIGURE.fullmatch(DIRT.sub(minus_of, text).strip('"“”‘’`´=_:;«»'))
    if found is None:
        return None
    core = found["core"].strip(".,'’")
    real = sum(char.isdigit() for char in core)
    if not core or not real or real * 2 < len(SEPARATOR.sub("", core)):
        return None
    if not core[0].isdigit() and core[0] not in "©Øø°" and not SEPARATOR.search(core):
        return None
    suffix = found["suffix"] or ""
    if len(suffix) > 1 and core.isdigit() and fold(suffix) not in KNOWN_SUFFIXES:
        return None
    missing = THOUSAND - len(SEPARATOR.split(core)[-1])
    if SEPARATOR.search(core) and len(suffix) == missing and set(suffix) <= set("OoQ"):
        core, suffix = core + suffix, ""
    clean = core.translate(DIGIT_LOOKALIKES).replace("’", "'")
    return Figure(
        core=clean,
        box=box,
        confidence=confidence,
        first=place,
        last=place,
        negative=bool(
            (found["sign"] and found["sign"] not in LEADERS)
            or found["sign2"]
            or (suffix in "-–" and suffix)
            or (found["open"] == "(" and found["close"])
        ),
        percent=suffix == "%",
        suffix=strip_marks(suffix),
        currency=bool(found["currency"]) or strip_marks(suffix) in SIGNS,
        guessed=sum(a != b for a, b in zip(core, clean, strict=True)),
    )


def undashed(text: str, style: MoneyStyle) -> str | None:
    """Money with its dashes read as the separators they were, or None where it has no such form."""
    if not DASHED[style.exponent].fullmatch(text):
        return None
    return re.sub("[-–]", ".", text)


def minus_of(dirt: re.Match[str]) -> str:
    """What of the marks before a figure is its sign: one dash that stands next to it, or a lone one."""
    run = dirt[0]
    if len(run) == 1:
        return "" if run in "‘’“”\"'`´_=~*:;«»" else run
    alone = run[-1] in MINUSES and not DASHES & set(run[:-1])
    return run[-1] if alone else ""


def weighed(figure: Figure, style: MoneyStyle) -> Figure:
    """The figure with its worth in the paper's style of money."""
    values = money_values(figure, style)
    return replace(figure, values=values, is_money=bool(values) and is_strong(figure, style))


def money_values(figure: Figure, style: MoneyStyle) -> tuple[int, ...]:
    """What a figure may be worth in minor units, likeliest first; empty where it can't be money."""
    groups = figure.groups
    if not figure.digits or len(figure.digits) > 12:  # noqa: PLR2004 - longer runs are codes
        return ()
    sign = -1 if figure.negative else 1
    values = whole_values(groups, style) if style.exponent == 0 else cent_values(figure.core, style.currency)
    return tuple(sign * value for value in dict.fromkeys(values))


def whole_values(groups: list[str], style: MoneyStyle) -> list[int]:
    """Values in a currency without minor unit: 12.500, 12500, 53,889.00, and 25,0000 for 25,000đ."""
    joined, tail = "".join(groups), groups[-1]
    if len(groups) == 1:
        # Several zeros are the end of a figure whose beginning was lost; nothing is one zero.
        return [] if len(joined) > 1 and not int(joined) else [int(joined)]
    inner = all(len(group) == THOUSAND for group in groups[1:-1]) and 1 <= len(groups[0]) <= THOUSAND
    if inner and len(tail) == THOUSAND:
        # Where cents are printed, 26,000.000 is 26,000.00 with a digit seen twice.
        return [int(joined)] if not style.cents or len(groups) < 3 else [int(joined) // 1000, int(joined)]  # noqa: PLR2004
    if inner and len(tail) == CENT and (style.cents or (tail == "00" and len(groups) > 2)):  # noqa: PLR2004 - 88,00 lost a zero
        return [int(joined[:-CENT])]
    if inner and len(tail) == THOUSAND + 1:
        # A fourth digit after the last separator is the currency sign misread.
        return [int(joined[:-1])]
    if inner and len(tail) <= CENT:
        # Digits lost at the end: prices end in zeros.
        return [int(joined) * 10 ** (THOUSAND - len(tail))]
    return [int(joined)] if inner else []


def cent_values(core: str, currency: str) -> list[int]:
    """Values in a currency with two decimals: 12.50, 1,234.50, 26.5000; 1250 where the point was lost."""
    groups = SEPARATOR.split(core)
    whole, tail = "".join(groups), groups[-1]
    if len(groups) == 1:
        return [int(whole), int(whole) * 100] if len(whole) > CENT else [int(whole) * 100]
    if len(tail) == CENT:
        return [int(whole)]
    if len(tail) == THOUSAND and len(groups[0]) <= THOUSAND and groups[0] != "0":
        thousands, cents = int(whole) * 100, int(whole) // 10
        # After a point, a third decimal is the tax mark behind the amount.
        return [cents, thousands] if core[-4] == DECIMAL_POINT.get(currency, ".") else [thousands, cents]
    if len(tail) in {THOUSAND, THOUSAND + 1}:
        return [round(int(whole) / 10 ** (len(tail) - CENT))]
    return [int(whole) * 10] if len(tail) == 1 else []


def is_strong(figure: Figure, style: MoneyStyle) -> bool:
    """Whether a figure is money by its form alone: grouped thousands, two decimals or a currency sign."""
    if figure.percent or len(figure.digits) > 10:  # noqa: PLR2004 - longer are codes
        return False
    groups = figure.groups
    if style.exponent:
        marked = (
            len(groups) > 1
            and len(groups[-1]) == THOUSAND
            and figure.core[-4] == DECIMAL_POINT.get(style.currency, ".")
        )
        return len(groups) > 1 and (len(groups[-1]) == CENT or marked)
    if len(groups) == 1:
        return figure.currency and len(groups[0]) > THOUSAND
    if len(groups[-1]) == CENT and not (style.cents or groups[-1] == "00"):
        return False
    return groups[0] != "0" and len(groups[-1]) in {THOUSAND, THOUSAND + 1, CENT}


def quantity_value(figure: Figure) -> Decimal | None:
    """A figure as a count or weight: 2, 1.282, 0,950; None where it can be neither."""
    groups = figure.groups
    if figure.negative or figure.percent or len(groups) > 2 or len(figure.digits) > 7:  # noqa: PLR2004
        return None
    return Decimal(".".join(groups))


def joined(left: Figure, right: Figure, glue: str = "") -> Figure:
    """Two neighbouring figures as one, `glue` between their digits."""
    return replace(
        left,
        core=left.core + glue + right.core,
        box=(left.box[0], min(left.box[1], right.box[1]), right.box[2], max(left.box[3], right.box[3])),
        confidence=min(left.confidence, right.confidence),
        last=right.last,
        negative=left.negative or right.negative,
        percent=right.percent,
        suffix=right.suffix,
        currency=left.currency or right.currency,
        guessed=left.guessed + right.guessed,
        alternatives=(
            *((text + glue + right.core, sure) for text, sure in left.alternatives),
            *((left.core + glue + text, sure) for text, sure in right.alternatives),
        ),
    )
