"""The moment of purchase, told from expiry dates, print times and other dates on the paper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import product

from ocr.text.labels import find_words
from ocr.text.letters import strip_marks
from ocr.text.locales import Locale, locales
from ocr.text.rows import Row

# Dates outside are misread: no till of ours is older, nor from the next decade.
YEAR_MIN, YEAR_MAX = 2005, 2039
SEP = r"\s?[-/.,:]\s?"
ISO = re.compile(r"(?<!\d)(2[0689]\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
NUMERIC = re.compile(rf"(?<![\d.,])(\d{{1,2}}){SEP}(\d{{1,2}}){SEP}(2[0689]\d\d|\d\d)(?!\d|[.,]\d)")
WORDED = re.compile(r"NGAY\s*(\d{1,2})\s*THANG\s*(\d{1,2})\s*NAM\s*(2[0689]\d\d)")
DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:ST|ND|RD|TH)?[\s./'-]{0,2}([A-Z]{3,9})[\s.,/'-]{0,2}(2[0689]\d\d|\d\d)(?!\d|[.,]\d)"
)
MONTH_DAY = re.compile(
    r"(?<![A-Z])([A-Z]{3,9})[\s.,]{0,2}(\d{1,2})(?:ST|ND|RD|TH)?[\s.,'/-]{1,3}(2[0689]\d\d|\d\d)(?!\d|:)"
)
# A slash read as 1 or 7, or lost: 22107/2024, 22/0712024, 2207/2024.
RUN_TOGETHER = re.compile(r"(?<!\d)(\d\d)[/.,\-17l|]?(\d\d)[/.,\-17l|]?(2[0689]\d\d)(?!\d)")
TIME = re.compile(
    r"(?<![\d.,/-])(\d{1,2})\s?[:;hH]\s?(\d{2})(?:\s?[:.]\s?(\d{2}))?\s?(AM|PM|SA|CH|A\.M\.?|P\.M\.?|A|P)?(?![\d%A-Z])"
)
SLOPPY_TIME = re.compile(
    r"(?<!\d)([01]\d|2[0-3])\s?[.:,]?\s?([0-5]\d)(?:\s?[.:,]\s?([0-5]\d))?\s?(AM|PM|SA|CH)?(?!\d)"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of purchase: its day, its clock where printed, and how sure that is (0 to 1)."""

    day: date
    clock: time | None
    confidence: float
    row: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A date seen in a row, ending at character `end`; `certain` is false for repaired ones."""

    day: date
    start: int
    end: int
    certain: bool


def find_moment(rows: Sequence[Row], locale: Locale) -> Moment | None:
    """The moment of purchase, or None where no date is printed."""
    days: list[tuple[float, int, Sighting]] = []
    seen: dict[date, int] = {}
    for row in rows:
        for sighting in sightings(date_text(row), locale):
            seen[sighting.day] = seen.get(sighting.day, 0) + 1
            days.append((score_sighting(row, sighting), row.index, sighting))
    if not days:
        return None
    digits = " ".join(re.sub(r"\D", "", token.text) for row in rows for token in row.tokens)
    best = max(days, key=lambda day: (day[0] + support(day[2].day, seen, digits), -day[1]))
    score, index, sighting = best
    clock = clock_near(rows, index, sighting)
    confidence = (0.9 if sighting.certain else 0.55) + (0.05 if score >= 3 else 0)  # noqa: PLR2004 - a label or a clock
    if support(sighting.day, seen, digits) > 1:
        confidence = min(0.99, confidence + 0.04)
    return Moment(sighting.day, clock, confidence, index)


def date_text(row: Row) -> str:
    """The row in capitals without accents, letters between digits read as digits."""
    text = strip_marks(row.text)
    text = re.sub(r"(?<=[\d/])[OQ](?=[\d/:O])|(?<=[/ ])[@Ø©](?=\d)", "0", text)
    text = re.sub(r"(?<=\d)S(?=[,/:])", "5", text)
    text = re.sub(r"(?<=\d )P[NH]\b", "PM", text)
    return re.sub(r"(?<=[\d/])[IL](?=[\d/:])", "1", text)


def support(day: date, seen: dict[date, int], digits: str) -> float:
    """What else on the paper holds the same day: another printed date, a code that embeds it."""
    forms = (f"{day:%Y%m%d}", f"{day:%y%m%d}", f"{day:%d%m%Y}", f"{day:%d%m%y}")
    longer = [digit for digit in digits.split() if len(digit) > 8]  # noqa: PLR2004 - more than the date itself
    return 0.6 * (min(seen[day], 3) - 1) + 0.6 * any(form in digit for digit in longer for form in forms)


def score_sighting(row: Row, sighting: Sighting) -> float:
    """How much a date looks like the moment of purchase."""
    score = 1.0 if sighting.certain else -1.0
    words = row.words()
    if find_words(words, ("wrong_date",)):
        score -= 4
    if find_words(words, ("date",)):
        score += 2
    if TIME.search(date_text(row)[sighting.end :]) or TIME.search(date_text(row)[: sighting.start]):
        score += 1.5
    return score


def sightings(text: str, locale: Locale) -> Iterator[Sighting]:
    """Every date in a row's text."""
    found = False
    for pattern, (year, month, day) in ((ISO, (1, 2, 3)), (WORDED, (3, 2, 1))):
        for match in pattern.finditer(text):
            for built, cost in build(match[year], match[month], match[day]):
                found = True
                yield Sighting(built, match.start(), match.end(), certain=cost == 0)
    if found:
        return
    for match in NUMERIC.finditer(text):
        if match[0].count(":") > 1 and len(match[3]) == 2:  # noqa: PLR2004 - that is a clock
            continue
        for built, cost in read_numeric(match[1], match[2], match[3], locale):
            found = True
            clean = ":" not in match[0] and "," not in match[0]
            yield Sighting(built, match.start(), match.end(), certain=cost == 0 and clean)
    for pattern, day_group, month_group in ((MONTH_DAY, 2, 1), (DAY_MONTH, 1, 2)):
        for match in () if found else pattern.finditer(text):
            number = month_number(match[month_group])
            for built, cost in build(match[3], str(number), match[day_group]) if number else ():
                found = True
                yield Sighting(built, match.start(), match.end(), certain=cost == 0)
    if found:
        return
    for match in RUN_TOGETHER.finditer(text):
        for built, _ in read_numeric(match[1], match[2], match[3], locale):
            yield Sighting(built, match.start(), match.end(), certain=False)


def read_numeric(first: str, second: str, year: str, locale: Locale) -> list[tuple[date, int]]:
    """A date of three numbers, in the locale's order unless only the other order exists."""
    orders = [(second, first), (first, second)] if locale.day_first else [(first, second), (second, first)]
    found = [built for month, day in orders for built in build(year, month, day)]
    return sorted(found, key=lambda built: built[1])[:1]


def build(year: str, month: str, day: str) -> list[tuple[date, int]]:
    """The date and how many digits were taken for misread zeros, or nothing where there is no such day.

    A date that exists as read is never repaired.
    """
    ways = sorted(
        (cost_y + cost_m + cost_d, y, m, d)
        for (y, cost_y), (m, cost_m), (d, cost_d) in product(zeroed(year), zeroed(month), zeroed(day))
    )
    for cost, y, m, d in ways:
        number = y + (2000 if len(year) == 2 else 0)  # noqa: PLR2004 - two digits of this century
        if YEAR_MIN <= number <= YEAR_MAX:
            try:
                return [(date(number, m, d), cost)]
            except ValueError:
                continue
    return []


def zeroed(digits: str) -> list[tuple[int, int]]:
    """A number as read, and with digits that dotted zeros are read as taken for zeros, with their count."""
    found = [("", 0)]
    for digit in digits:
        options = [(digit, 0), ("0", 1)] if digit in "689" else [(digit, 0)]
        found = [(text + other, cost + more) for text, cost in found for other, more in options]
    return [(int(text), cost) for text, cost in found]


def month_number(word: str) -> int | None:
    """The number of a month named in any locale; a longer word may start with a month's name."""
    for locale in locales().values():
        if word in locale.months:
            return locale.months[word]
    return None


def clock_near(rows: Sequence[Row], index: int, sighting: Sighting) -> time | None:
    """The clock time on the date's row, else on a row labelled as time, else on the rows beside it."""
    text = date_text(rows[index])
    for part in (text[sighting.end :], text[: sighting.start]):
        clock = read_clock(part)
        if clock:
            return clock
    after = text[sighting.end :].strip(" -|:.")
    sloppy = SLOPPY_TIME.match(after)
    if sloppy:
        return make_clock(*sloppy.groups())
    labelled = [row for row in rows if find_words(row.words(), ("date",)) and row.index != index]
    nearby = [rows[place] for place in (index + 1, index - 1) if 0 <= place < len(rows)]
    for row in (*sorted(labelled, key=lambda row: abs(row.index - index)), *nearby):
        clock = read_clock(date_text(row))
        if clock:
            return clock
    return None


def read_clock(text: str) -> time | None:
    """The first clock time in a text."""
    for match in TIME.finditer(text):
        clock = make_clock(*match.groups())
        if clock:
            return clock
    return None


def make_clock(hour: str, minute: str, second: str | None, half: str | None) -> time | None:
    """A clock time from its parts, CH and PM counted as afternoon; None where there is no such time."""
    ways = sorted((a + b, h, m) for (h, a), (m, b) in product(zeroed(hour), zeroed(minute)))
    for _, h, m in ways:
        number = h
        if half_of_day(half) == "evening" and number < 12:  # noqa: PLR2004 - hours of half a day
            number += 12
        elif half_of_day(half) == "morning" and number == 12:  # noqa: PLR2004 - midnight
            number = 0
        if number < 24 and m < 60:  # noqa: PLR2004 - a clock
            seconds = int(second or 0)
            return time(number, m, seconds if seconds < 60 else 0)  # noqa: PLR2004
    return None


def half_of_day(word: str | None) -> str | None:
    """Which half of the day a word behind a clock names in any language: PM, CH, A.M."""
    bare = (word or "").replace(".", "")
    return next(
        (half for locale in locales().values() for half, words in locale.halves.items() if bare in words),
        None,
    )


def combine(moment: Moment | None) -> datetime | None:
    """The moment as date and time, where both are known."""
    if moment is None or moment.clock is None:
        return None
    return datetime.combine(moment.day, moment.clock)
