"""What else a printed figure may be: digits that print and recogniser confuse, at a cost.

Dotted and slashed zeros are read as 6, 8 and 9 on whole papers, so a zero is cheap to restore where
the paper shows that trouble, and dear where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import combinations
from math import log
from statistics import median

from ocr.text.money import Figure, MoneyStyle, quantity_value, read_figure, weighed
from ocr.types import Box

Reread = Callable[[int, Box], list[tuple[str, float]]]

# How easily thermal print turns one digit into another; unlisted pairs cost 4.
CONFUSION_COST = {
    frozenset(pair): cost
    for cost, pairs in {
        1.2: ("38", "56", "17", "68"),
        1.6: ("35", "89", "58", "49", "14", "27"),
        2.0: ("23", "39", "59", "69"),
        2.6: ("79", "13", "12", "47", "25", "26", "28", "46"),
    }.items()
    for pair in pairs
}
ZERO_COST = {"6": 0.5, "8": 0.5, "9": 0.5, "3": 1.1, "5": 1.3, "4": 1.6, "2": 1.6, "7": 1.6, "1": 1.9}
OTHER_COST = 4.0
LENGTH_COST = 3.2
COST_MAX = 5.2
IMPOSSIBLE = 99.0
# Zeros restored in one figure may cost this much together.
ZEROS_COST_MAX = 8.0
VARIANTS_MAX = 40
REREADS_MAX = 12
# Another reading that the engine finds as likely costs this much.
SEEN_COST_MIN = 0.2
# A figure read with this confidence reads the same again.
SURE_MIN = 0.95
# Shelf prices in đồng are whole hundreds; a last digit is printed for weighed goods only.
NOT_HUNDREDS_COST, NOT_TENS_COST = 2.0, 2.5
CLEAN_SCALE, CLEAN_COST = 3.2, 2.4
COUNT_MAX = 1000
FEW_COST = 1.2
# What speaks against a shelf price with this digit in the hundreds, against a zero there.
HUNDREDS_COST = {"0": 0.0, "5": 0.5, "9": 0.9, "8": 1.8}
OTHER_HUNDREDS_COST = 2.4
# Where zeros are clean, an odd price is more likely what was printed.
CLEAN_SHARE = 0.6
# Hundreds that shelf prices do have beside zero.
COMMON_HUNDREDS = "59"
# Digits whose shape a dotted or slashed zero takes.
ROUND_DIGITS = "23689"
HUNDREDS_PLACE = 3
# A digit that comes this often more than others, and in this share of the zeros' places, is a zero.
EXTRA_COUNT_MIN, EXTRA_SHARE_MIN = 5, 0.08
TROUBLE_SHARE_MIN, TROUBLE_COUNT_MIN = 0.12, 2


class Ink:
    """The digits of one paper: how it prints zeros, and a second look at a figure."""

    def __init__(
        self,
        style: MoneyStyle,
        figures: Iterable[Figure],
        reread: Reread | None,
        sure_min: float | None = None,
    ) -> None:
        """Look at the paper's figures.

        Args:
            style: how the paper writes money.
            figures: all its figures.
            reread: asks the engine for other readings of one group of digits.
            sure_min: figures read with this confidence are right; None where confidence does not tell.
        """
        self.style = style
        self.reread = reread
        self.sure_min = sure_min
        self.rereads_left = REREADS_MAX if reread else 0
        self.again: dict[Box, list[Figure]] = {}
        self.zero_costs, self.hundreds_costs = zero_costs(
            [figure for figure in figures if figure.is_money and not self.is_sure(figure)], style
        )

    def is_sure(self, figure: Figure) -> bool:
        """Whether the engine vouches for every digit of a figure."""
        return self.sure_min is not None and figure.confidence >= self.sure_min and not figure.guessed

    def variants(self, figure: Figure, page: int) -> dict[int, float]:
        """Values that the figure's ink may mean, with costs; as read costs nothing."""
        found: dict[int, float] = {}
        for place, value in enumerate(figure.values):
            add(found, abs(value), 0.3 * place)
        if self.is_sure(figure):
            return found
        for value in list(found):
            for other, cost in self.zeroed(value):
                add(found, other, found[value] + cost)
        for value, cost in self.seen_too(figure):
            add(found, value, cost)
        for other_figure in self.readings(figure, page):
            cost = 0.2 + (1 - other_figure.confidence)
            for value in other_figure.values[:1]:
                add(found, abs(value), cost)
        return dict(sorted(found.items(), key=lambda item: item[1])[:VARIANTS_MAX])

    def seen_too(self, figure: Figure) -> list[tuple[int, float]]:
        """What else the engine saw in the figure's ink, where its confidences tell how likely that is."""
        found: list[tuple[int, float]] = []
        for text, confidence in figure.alternatives if self.sure_min is not None else ():
            other = read_figure(text, figure.box, confidence, figure.first)
            if other is None or other.digits == figure.digits:
                continue
            other = weighed(other, self.style)
            cost = max(SEEN_COST_MIN, log(max(figure.confidence, 1e-6) / max(confidence, 1e-6)))
            found += [(abs(value), cost) for value in other.values[:1]]
        return found

    def zeroed(self, value: int) -> list[tuple[int, float]]:
        """The value with some of its later digits read as zeros."""
        text = str(value)
        doubtful = self.zero_costs or "689"
        places = [place for place, digit in enumerate(text) if place and digit in doubtful][-5:]
        found = []
        for count in range(1, len(places) + 1):
            for chosen in combinations(places, count):
                digits = list(text)
                for place in chosen:
                    digits[place] = "0"
                cost = sum(self.zero_cost(text[place], len(text) - place) for place in chosen)
                if cost <= ZEROS_COST_MAX:
                    found.append((int("".join(digits)), cost))
        return found

    def zero_cost(self, digit: str, from_right: int) -> float:
        """What it costs to say that a digit, the `from_right`-th from the right, is a misread zero."""
        if from_right == HUNDREDS_PLACE and digit in self.hundreds_costs:
            return self.hundreds_costs[digit]
        return self.zero_costs.get(digit, CLEAN_COST)

    def cost_of(self, figure: Figure, value: int, page: int) -> float:
        """What it costs to say that the figure's ink means `value`; above COST_MAX it can't."""
        known = self.variants(figure, page).get(value, IMPOSSIBLE)
        if self.is_sure(figure):
            return known
        read = figure.values
        return min([known, *(self.digit_cost(str(abs(other)), str(value)) for other in read)])

    def digit_cost(self, read: str, meant: str) -> float:
        """What it costs to read digits `meant` as `read`: confusions, or one digit lost or gained."""
        if len(read) == len(meant):
            return sum(self.pair_cost(a, b) for a, b in zip(read, meant, strict=True) if a != b)
        if self.style.exponent:
            return IMPOSSIBLE
        longer, shorter = (read, meant) if len(read) > len(meant) else (meant, read)
        if len(longer) == len(shorter) + 1 and any(
            longer[:k] + longer[k + 1 :] == shorter for k in range(len(longer))
        ):
            return LENGTH_COST
        return IMPOSSIBLE

    def pair_cost(self, read: str, meant: str) -> float:
        """What it costs to read one digit as another."""
        if meant == "0":
            return self.zero_costs.get(read, ZERO_COST.get(read, OTHER_COST / 2) * CLEAN_SCALE)
        if read == "0":
            return ZERO_COST.get(meant, OTHER_COST / 2) * CLEAN_SCALE
        return CONFUSION_COST.get(frozenset((read, meant)), OTHER_COST)

    def readings(self, figure: Figure, page: int) -> Sequence[Figure]:
        """The engine's second look at a figure, once per figure and a dozen per paper."""
        if figure.box not in self.again:
            found: list[Figure] = []
            if self.reread is not None and self.rereads_left > 0 and figure.confidence < SURE_MIN:
                self.rereads_left -= 1
                for text, confidence in self.reread(page, figure.box):
                    other = read_figure(text, figure.box, confidence, figure.first)
                    if other is not None and other.digits != figure.digits:
                        found.append(weighed(other, self.style))
            self.again[figure.box] = found
        return self.again[figure.box]

    def round_cost(self, value: int) -> float:
        """How unlikely a shelf price or discount of this value is."""
        if self.style.exponent:
            return 0.0
        hundreds = HUNDREDS_COST.get(str(value // 100 % 10), OTHER_HUNDREDS_COST)
        return self.end_cost(value) + hundreds * (1.0 if self.zero_costs else CLEAN_SHARE)

    def end_cost(self, value: int) -> float:
        """How unlikely a sum in đồng with these last two digits is."""
        if self.style.exponent:
            return 0.0
        cost = NOT_TENS_COST * (value % 10 != 0) + NOT_HUNDREDS_COST * (value // 10 % 10 != 0)
        return cost * (1.0 if self.zero_costs else CLEAN_SHARE)

    def counts(self, figure: Figure) -> list[tuple[Decimal, float]]:
        """What a figure may be as a count or weight: as read, a weight's zero restored, or one."""
        value = quantity_value(figure)
        found = [(value, 0.0)] if value and value < COUNT_MAX else []
        if self.is_sure(figure):
            return found
        if value is not None and len(figure.groups) > 1:
            whole, part = figure.groups[0], figure.groups[1]
            if whole in {"6", "8", "9"}:
                found.append((Decimal(f"0.{part}"), 0.5 * self.pair_cost(whole, "0")))
            for place, digit in enumerate(part):
                if digit in (self.zero_costs or "689"):
                    fixed = part[:place] + "0" + part[place + 1 :]
                    found.append((Decimal(f"{whole}.{fixed}"), self.pair_cost(digit, "0")))
        elif len(figure.digits) == 1 and value != 1:
            found.append((Decimal(1), 1.2))
        if value and figure.suffix == "@" and len(figure.digits) == 1:
            # A dotted zero behind a digit: 1@ is ten.
            found.append((value * 10, 0.3))
        return found


def add(found: dict[int, float], value: int, cost: float) -> None:
    """Keep the cheapest way to a value."""
    if cost < found.get(value, ZEROS_COST_MAX):
        found[value] = cost


def zero_costs(figures: Sequence[Figure], style: MoneyStyle) -> tuple[dict[str, float], dict[str, float]]:
    """What it costs on this paper to say that a digit is a misread zero: anywhere, and in the hundreds.

    Shelf prices end in two zeros and seldom have another digit than 5 or 9 before them, so those places
    tell how often a zero is read as which digit: the cost is minus the logarithm of that rate. Weighed
    goods and taxes spread evenly over the digits, which is taken off. Empty where zeros are clean.
    """
    if style.exponent or not figures:
        return {}, {}
    values = [str(abs(figure.values[0])) for figure in figures]
    ends = "".join(value[-2:] for value in values)
    thirds = "".join(value[-3] for value in values if len(value) > 3)  # noqa: PLR2004 - the hundreds
    hundreds = surplus(thirds, COMMON_HUNDREDS)
    extra = surplus(ends + "".join(digit for digit in thirds if digit not in COMMON_HUNDREDS), "")
    zeros = ends.count("0") + thirds.count("0") + sum(extra.values())
    bad = sum(value[-1] in "689" for value in values)
    few = bad < TROUBLE_COUNT_MIN or bad / len(values) < TROUBLE_SHARE_MIN
    most = max(extra.values())
    if few and (most < EXTRA_COUNT_MIN or most / zeros < EXTRA_SHARE_MIN):
        return (dict.fromkeys("689", FEW_COST) if bad else {}), {}
    doubtful = [digit for digit, count in extra.items() if digit in "689" or count >= TROUBLE_COUNT_MIN]
    anywhere = {digit: rate_cost(extra[digit], zeros) for digit in doubtful}
    in_hundreds = thirds.count("0") + sum(hundreds.values())
    return anywhere, {
        digit: min(anywhere[digit], rate_cost(hundreds[digit], in_hundreds))
        for digit in doubtful
        if digit not in COMMON_HUNDREDS
    }


def surplus(digits: str, common: str) -> dict[str, float]:
    """How often each digit comes more than an even spread would have it; none for `common` ones."""
    counts = {digit: 0 if digit in common else digits.count(digit) for digit in "123456789"}
    even = median(counts.values())
    return {digit: max(0.0, counts[digit] - even) for digit in ROUND_DIGITS}


def rate_cost(count: float, zeros: float) -> float:
    """Minus the logarithm of a rate, kept within what one paper can tell."""
    return max(0.05, min(2.0, -log((count + 0.2) / (zeros + 0.6))))
