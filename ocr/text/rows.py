"""Text lines as rows of tokens and figures: what every later step reads."""

# ruff: noqa: RUF001 - dashes and quotes as tills print them

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from statistics import median

from ocr.text.labels import LINE_KINDS, SUM_KINDS, Label, match_start
from ocr.text.letters import count_digits, count_letters, fold, strip_marks
from ocr.text.locales import currency_signs, currency_words, tax_pattern
from ocr.text.money import THOUSAND, Figure, MoneyStyle, joined, read_figure, undashed, weighed
from ocr.types import Box, TextLine, Word, union

# A value is often glued to its label: POS:3262-5678, Ticket:17/10/2024, INV|09017155.
# So do a leader's or a rule's remains between two columns: 1~=—«:148,000.
NO_SIGN_BEFORE = "".join(rf"(?<!{word})" for word in sorted(currency_words()) if len(word) == THOUSAND)
GLUED = re.compile(
    r"(?<=[^\W_])(_{2,})(?=[^\W_])|(?<=[^\W\d])([:#|]+)(?=\S)|(?<=\S)([:|])(?=[^\W\d]{2})|"
    r"(?<=\d)([~=—–_«»*:|‘’'-]*[~=—_«»][~=—–_«»*:|‘’'-]+)(?=\d)|"
    # A count and a price on both sides of their sign: 2x12.500, 12,000x2, 25,000x1.072.
    r"(?<=\d)([xX\u00d7*@])(?=(?:\d{1,3}(?:[.,]\d{3})+|\d{1,4}[.,]\d\d)[đĐ₫dD]?$)|"
    r"(?<=[.,]\d\d\d)([xX\u00d7*@])(?=[\d.,]+$)|(?<=[.,]\d\d\d[đĐ₫dD])([xX\u00d7*@])(?=[\d.,]+$)|"
    r"(?<=[.,]\d\d)([xX\u00d7*@])(?=[\d.,]+$)|"
    # A long code and the name behind it: I00100000056-Fried.
    r"(?<=\d{6})(-)(?=[^\W\d_][a-z]{2})|"
    # Money at the end of a word: CONG902.900, Parm21.75; a currency before it stays with it.
    r"(?<=[^\W\d_]{3})" + NO_SIGN_BEFORE + r"[.:]?"
    r"(?=(?:\d{1,3}(?:[.,]\d{3})+|\d{1,4}[.,]\d\d)[đĐ₫dD]?$)"
)
# The first digits of money parted by spaces, glued to its label: CONG902 900.
GLUED_GROUP = re.compile(r"(.*[^\W\d_]{3}[.:]?)(\d{1,3})")
THREE_DIGITS = re.compile(r"\d{3}")
TAX_RATE = re.compile(
    r"^\W*(?:"
    + tax_pattern()
    + r")\W*(?=\S*[\d%@©])[\w@©°]{1,3}(?:[.,]\d+)?\W?[%7]{0,2}\W*$|^\d{1,2}(?:[.,]\d{1,2})?%$"
)
# VAT08% as it is misread: VATOSS, VATOS®, VATO!.
MISREAD_RATE = re.compile(r"^\W*VAT[O0Q@GD][58SBG%]{0,3}\W{0,3}$")
# Dots that lead to a figure, read as letters.
LEADERS = re.compile(r"[ceosvnur.·:~—_«»*=-]{6,}")
# A rate behind the tax it is of: TAX(6%), misread or not.
RATE_AFTER = re.compile(r"(?<=[^\W\d]{3})\([^()]{1,4}%\)?$")
RATE_DIGITS = re.compile(r"[@(]*\d{1,2}(?:[.,]\d{1,2})?[%7]\)?")
CODE_LENGTHS = range(8, 15)
# Pieces of one number stand this close, in characters.
REST_GAP_MAX = 2.2


@dataclass(frozen=True, slots=True)
class Token:
    """A printed word, or the part of one before or after its colon."""

    text: str
    box: Box
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Row:
    """One printed line with its figures. `index` is its place on the paper, `reach` the print's width."""

    index: int
    tokens: tuple[Token, ...]
    figures: tuple[Figure, ...]
    page: int
    reach: float = 0.0

    @cached_property
    def text(self) -> str:
        """The words joined by spaces."""
        return " ".join(token.text for token in self.tokens)

    @cached_property
    def folded(self) -> str:
        """The words folded."""
        return fold(self.text)

    @cached_property
    def box(self) -> Box:
        """The smallest box around the words."""
        return union([token.box for token in self.tokens])

    @cached_property
    def pitch(self) -> float:
        """Width of one character in pixels."""
        return median([(token.box[2] - token.box[0]) / max(1, len(token.text)) for token in self.tokens])

    @cached_property
    def label(self) -> Label | None:
        """The label the row starts with."""
        return match_start(self.leading_words, LINE_KINDS)

    @property
    def kind(self) -> str:
        """The kind of the row's label, or nothing."""
        return self.label.kind if self.label else ""

    @cached_property
    def leading_words(self) -> list[str]:
        """The words that are no figures, rates or lone marks."""
        taken = {
            place
            for figure in self.figures
            for place in range(figure.first, figure.last + 1)
            if worth(figure)
        }
        money = [figure.last for figure in self.figures if len(figure.groups) > 1 or figure.currency]
        words = [
            RATE_DIGITS.sub("", RATE_AFTER.sub("", token.text))
            for place, token in enumerate(self.tokens)
            if place not in taken
            and count_letters(token.text) > 0
            and not (place == 0 and is_rate(token.text) and not RATE_AFTER.search(token.text))
            and (not money or place < money[-1])
            and not LEADERS.fullmatch(token.text)
        ]
        bare = [word for word in words if strip_marks(word).strip(".:()") not in currency_words()]
        return bare or words

    @cached_property
    def confidence(self) -> float:
        """Mean confidence of the words, by length."""
        total = sum(len(token.text) for token in self.tokens)
        return sum(token.confidence * len(token.text) for token in self.tokens) / max(1, total)

    def words(self) -> list[str]:
        """The tokens' texts."""
        return [token.text for token in self.tokens]

    def figure_at(self, place: int) -> Figure | None:
        """The figure that covers token `place`."""
        return next((figure for figure in self.figures if figure.first <= place <= figure.last), None)


def worth(figure: Figure) -> bool:
    """Whether a figure is more than a digit or two inside a name."""
    return len(figure.digits) > 0 and figure.guessed < len(figure.digits)


def split_glued(word: Word) -> list[Token]:
    """A word cut where a colon or bar glues a label to its value, boxes in proportion."""
    cuts = [0, *(match.end() for match in GLUED.finditer(word.text)), len(word.text)]
    if len(cuts) == 2:  # noqa: PLR2004 - nothing was cut
        return [Token(word.text, word.box, word.confidence, word.alternatives)]
    left, top, right, bottom = word.box
    step = (right - left) / len(word.text)
    return [
        Token(word.text[a:b], (round(left + a * step), top, round(left + b * step), bottom), word.confidence)
        for a, b in pairwise(cuts)
        if b > a
    ]


def make_rows(lines: Sequence[TextLine]) -> list[Row]:
    """Rows of the lines that hold any word, with figures read in a first guess of style."""
    rows: list[Row] = []
    for line in lines:
        tokens = tuple(token for word in line.words if word.text.strip() for token in split_glued(word))
        if tokens:
            rows.append(Row(len(rows), tokens, find_figures(tokens, ""), line.page))
    reach = max((row.box[2] for row in rows), default=0) - min((row.box[0] for row in rows), default=0)
    return [replace(row, reach=float(reach)) for row in rows]


def as_line(row: Row) -> TextLine:
    """The row as a text line of its tokens."""
    words = (Word(token.text, token.box, token.confidence, token.alternatives) for token in row.tokens)
    return TextLine(tuple(words), row.page)


def respace(rows: Sequence[Row], style: MoneyStyle) -> list[Row]:
    """The rows with figures read, and weighed, in the paper's style: parted by spaces or dashes."""
    dashed = any(row.kind in SUM_KINDS and ends_dashed(row, style) for row in rows)
    read = [reread_row(row, style, dashed=dashed) for row in rows]
    return [replace(row, figures=tuple(weighed(figure, style) for figure in row.figures)) for row in read]


def reread_row(row: Row, style: MoneyStyle, *, dashed: bool) -> Row:
    """A row with its figures in the paper's style; `dashed` says that a sum on the paper has dashes."""
    if style.spaced:
        parted = part_first_group(row)
        row = parted if parted.kind in SUM_KINDS else row
    # Beside a sum's label no count stands before the money: 1 652 400 is one figure.
    is_sum = row.kind in SUM_KINDS
    if (is_sum or (dashed and not row.kind)) and ends_dashed(row, style):
        row = without_dashes(row, style)
    if style.exponent:
        return replace(row, figures=find_figures(row.tokens, ".")) if style.spaced else row
    if style.spaced or is_sum:
        return replace(row, figures=find_figures(row.tokens, ",", loose=is_sum))
    return row


def part_first_group(row: Row) -> Row:
    """A row whose label is cut off the first digits of money parted by spaces: CONG902 900."""
    for place, (token, following) in enumerate(pairwise(row.tokens)):
        found = GLUED_GROUP.fullmatch(token.text)
        if found and THREE_DIGITS.fullmatch(following.text):
            left, top, right, bottom = token.box
            cut = round(left + (right - left) * len(found[1]) / len(token.text))
            pieces = (
                replace(token, text=found[1], box=(left, top, cut, bottom), alternatives=()),
                replace(token, text=found[2], box=(cut, top, right, bottom), alternatives=()),
            )
            tokens = (*row.tokens[:place], *pieces, *row.tokens[place + 1 :])
            return replace(row, tokens=tokens, figures=find_figures(tokens, ","))
    return row


def ends_dashed(row: Row, style: MoneyStyle) -> bool:
    """Whether money with dashes for separators ends a row."""
    words = [token.text for token in row.tokens if strip_marks(token.text) not in currency_words()]
    return bool(words) and undashed(words[-1], style) is not None


def without_dashes(row: Row, style: MoneyStyle) -> Row:
    """A row with all money that has dashes for separators read as money."""
    tokens = tuple(replace(token, text=undashed(token.text, style) or token.text) for token in row.tokens)
    return replace(row, tokens=tokens, figures=find_figures(tokens, ""))


def find_figures(tokens: Sequence[Token], space: str, *, loose: bool = False) -> tuple[Figure, ...]:
    """Read every token as a figure and join the pieces of one number.

    `space` is what a space stands for; `loose` joins a lone first digit across a wider gap too.
    """
    found: list[Figure] = []
    for place, token in enumerate(tokens):
        if token.text in {",", "."} and found and found[-1].last == place - 1:
            # A separator read as a word of its own: 267 , 000.
            found[-1] = replace(found[-1], last=place)
            continue
        figure = read_figure(token.text, token.box, token.confidence, place)
        if figure is None:
            continue
        if token.alternatives:
            figure = replace(figure, alternatives=token.alternatives)
        previous = found[-1] if found else None
        glue = glue_between(tokens, previous, figure, space, loose=loose) if previous else None
        if previous is not None and glue is not None:
            found[-1] = joined(previous, figure, glue)
        else:
            found.append(signed(tokens, figure))
    return tuple(found)


def signed(tokens: Sequence[Token], figure: Figure) -> Figure:
    """The figure with a minus or currency sign that stands as a word of its own before it."""
    if figure.first == 0:
        return figure
    before = strip_marks(tokens[figure.first - 1].text).strip(".:")
    if before in {"-", "–", "—", "("} and not figure.negative:
        # Between two figures a dash leads from one column to the next.
        between = any(
            count_digits(token.text) and "%" not in token.text for token in tokens[: figure.first - 1]
        )
        return figure if between else replace(figure, negative=True)
    if before in currency_signs():
        return replace(figure, currency=True)
    return figure


def glue_between(
    tokens: Sequence[Token], left: Figure, right: Figure, space: str, *, loose: bool
) -> str | None:
    """What belongs between two pieces of one number, or None where they are two numbers."""
    if right.first != left.last + 1 or right.negative or left.suffix or left.percent:
        return None
    height = right.box[3] - right.box[1]
    gap = right.box[0] - left.box[2]
    left_text, right_text = tokens[left.last].text, tokens[right.first].text
    if right_text[0] in "([" or left_text[-1] in ")]":
        # A bracket parts figures: 38 000 (114 000) 114 000.
        return None
    pitch = (left.box[2] - left.box[0]) / max(1, len(left_text))
    broken = left_text[-1] in ".," or right_text[0] in ".,"
    if gap > max(height, 1.9 * pitch) * (1.6 if broken or loose else 1):
        return None
    if left_text[-1] in ".,":
        # A fourth digit may be a zero seen twice: 18, 9000.
        whole = len(right.groups[0]) in {2, 3} or (len(right.core) == 4 and right.core.endswith("00"))  # noqa: PLR2004
        return left_text[-1] if whole else None
    if right_text[0] in ".,":
        return right_text[0] if len(right.groups[0]) in {2, 3} else None
    if is_rest(right) and gap <= REST_GAP_MAX * pitch and len(left.core) <= THOUSAND and not left.guessed:
        return ","
    if space == "." and len(right.core) == 2 and right.core.isdigit() and len(left.groups) == 1:  # noqa: PLR2004
        last = right.last >= len(tokens) - 2 or not any(
            token.text[0].isdigit() for token in tokens[right.last + 1 :]
        )
        return "." if last and gap <= 1.4 * pitch and not left.guessed else None
    if space == "," and len(left.groups[-1]) <= 3 and len(right.core) == 3 and right.core.isdigit():  # noqa: PLR2004
        if left.core == "0":
            return None
        wide = len(left.core) == 1 and gap > 1.6 * pitch and not loose
        return None if wide or (len(left.groups) > 1 and len(left.groups[-1]) != 3) else ","  # noqa: PLR2004
    return None


def is_rest(figure: Figure) -> bool:
    """Whether a figure can't stand alone, since no number starts with three digits of which one is a zero."""
    return figure.groups[0] == "000" and not figure.guessed and figure.first > 0


def is_rate(text: str) -> bool:
    """Whether a word is a tax rate: VAT08%, 8%, VATO57."""
    bare = strip_marks(text)
    return bool(TAX_RATE.match(bare) or MISREAD_RATE.match(bare))


def barcode_in(token: Token) -> str | None:
    """The digits of a token that is an article code of 8 to 14 digits."""
    text = token.text.strip(".,:;'\"|-_*")
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) in CODE_LENGTHS and count_digits(text) >= len(text) - 1:
        return digits
    return None
