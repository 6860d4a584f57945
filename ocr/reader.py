"""One receipt: bytes in, what it says out. The one place where the steps of reading meet."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter
from typing import Final

from ocr.codes import Code, read_codes, without_codes
from ocr.engines.base import Engine, EngineError
from ocr.engines.factory import make_engine
from ocr.engines.merge import certainty
from ocr.layout import lines_of
from ocr.pages import join_pages
from ocr.preprocess.decode import NotAnImageError, Photo, decode
from ocr.preprocess.paper import Paper, find_paper, whole_frame
from ocr.preprocess.straighten import Page, Sheet, lay_flat, straighten
from ocr.quality import measure, verdicts
from ocr.receipt import parse_receipt
from ocr.second_look import better_of, is_doubtful
from ocr.traces.edits import PrintedWord
from ocr.traces.look import look_at
from ocr.traces.types import PictureTraces
from ocr.types import Box, Quality, Reading, ReadingLine, ReadingReason, TextLine, Word

_log = logging.getLogger(__name__)

# Upright print is read with more certainty than this, print that stands on its head with less
# (docs/decisions/0013).
CERTAINTY_MIN: Final = 0.5
# A total this certain was read in spite of the picture's lesser faults.
_SURE_MIN: Final = 0.9
# Fewer letters than this are no receipt's: a label, a sign, noise.
_LETTERS_MIN: Final = 20
# A sheet with next to nothing on it may have been found in the wrong place.
_SHEET_LETTERS_MIN: Final = 60
# What the quick check decodes to: print that can be read at all has letters of 8 px here.
_CHECK_SIDE: Final = 1500


@dataclass(frozen=True, slots=True)
class View:
    """One picture, looked at but not read. `paper` and `sheet` are None when no print was seen."""

    photo: Photo
    paper: Paper | None
    sheet: Sheet | None
    quality: Quality
    reasons: tuple[ReadingReason, ...]


@dataclass(frozen=True, slots=True)
class ReadPage:
    """One picture, read down to lines; `page` is None when it holds no print."""

    view: View
    page: Page | None
    lines: list[TextLine]
    codes: tuple[str, ...] = ()


def read_receipt(pages: bytes | Sequence[bytes], engine: Engine | None = None) -> Reading:
    """Read one receipt from its pictures; a bad picture is an ordinary reading that says why.

    Args:
        pages: One picture, or several overlapping ones of one long receipt, in any order.
        engine: Recogniser to use; one of this process's own when None.

    Returns:
        The reading. Boxes are in pixels of the picture at full size, upright by its EXIF tag.

    Raises:
        EngineError: `engine` is None and no recogniser is installed.
    """
    started = perf_counter()
    engine = engine or own_engine()
    try:
        read = read_pages(pages, engine)
        reading = _looked_at_twice(parse_pages(read, engine), read, engine)
        reading = reading.model_copy(update={"traces": _traces(pages, read)})
    except _BadPageError as error:
        reading = Reading(status="unreadable", reasons=(error.reason,))
    except EngineError:
        failed = ReadingReason(code="engine_failed", severity="reject")
        reading = Reading(status="unreadable", reasons=(failed,))
    return reading.model_copy(update={"seconds": round(perf_counter() - started, 4)})


def check_picture(data: bytes) -> tuple[ReadingReason, ...]:
    """Say what stands in the way of reading a picture, without reading it.

    Returns:
        Reasons, worst first; none when the picture looks fine. Boxes as in `read_receipt`.
    """
    try:
        view = look(data, 0, _CHECK_SIDE)
    except _BadPageError as error:
        return (error.reason,)
    return tuple(sorted(view.reasons, key=lambda reason: reason.severity != "reject"))


@cache
def own_engine() -> Engine:
    """The engine of this process when none is given.

    Raises:
        EngineError: The recogniser or a model is missing.
    """
    return make_engine("recogniser")


class _BadPageError(Exception):
    """A page is no picture."""

    def __init__(self, reason: ReadingReason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def look(data: bytes, number: int, side_wanted: int | None = None) -> View:
    """Decode one picture, find its sheet and judge it; `number` counts pages from 0.

    Raises:
        _BadPageError: The bytes are no picture.
    """
    try:
        photo = decode(data) if side_wanted is None else decode(data, side_wanted)
    except NotAnImageError as error:
        raise _BadPageError(ReadingReason(code="not_an_image", severity="reject", page=number)) from error
    paper = find_paper(photo.gray)
    sheet = None if paper is None else lay_flat(photo.gray, paper)
    if sheet is None or sheet.letters_in_lines < _SHEET_LETTERS_MIN:
        frame = whole_frame(photo.gray)
        wide = lay_flat(photo.gray, frame)
        if wide is not None and (sheet is None or wide.letters_in_lines > 2 * sheet.letters_in_lines):
            paper, sheet = frame, wide
    quality = measure(photo.gray, photo.scale, paper, sheet)
    return View(photo, paper, sheet, quality, verdicts(quality, photo.scale, paper, sheet, number))


def read_pages(pages: bytes | Sequence[bytes], engine: Engine) -> list[ReadPage]:
    """Read each picture down to lines.

    Raises:
        _BadPageError: A page is no picture.
        EngineError: The engine failed.
    """
    sent = [pages] if isinstance(pages, bytes) else pages
    return [_read_page(look(data, number), number, engine) for number, data in enumerate(sent)]


def _read_page(view: View, number: int, engine: Engine) -> ReadPage:
    if view.sheet is None or any(reason.severity == "reject" for reason in view.reasons):
        return ReadPage(view, None, [])
    page = straighten(view.sheet)
    words, codes = _read_upright(page, engine)
    if certainty(words) < CERTAINTY_MIN:
        turned = page.turned()
        other_words, other_codes = _read_upright(turned, engine)
        if certainty(other_words) > certainty(words):
            page, words, codes = turned, other_words, other_codes
    return ReadPage(view, page, lines_of(words, number), tuple(code.payload for code in codes))


def _read_upright(page: Page, engine: Engine) -> tuple[list[Word], list[Code]]:
    codes = read_codes(page.gray)
    return _words_on(page, codes, engine), codes


def _looked_at_twice(reading: Reading, read: Sequence[ReadPage], engine: Engine) -> Reading:
    """The reading, with what another engine sees where it is doubtful; where that one fails, as it is."""
    if not is_doubtful(reading) or engine.second is None:
        return reading
    try:
        return better_of(reading, parse_pages(_read_again(read, engine.second), engine.second))
    except EngineError as error:
        _log.warning("No second opinion: %s", error)
        return reading


def _read_again(read: Sequence[ReadPage], engine: Engine) -> list[ReadPage]:
    """The same pages as another engine reads them."""
    return [
        page
        if page.page is None
        else replace(page, lines=lines_of(_words_on(page.page, read_codes(page.page.gray), engine), number))
        for number, page in enumerate(read)
    ]


def _words_on(page: Page, codes: list[Code], engine: Engine) -> list[Word]:
    return engine.read_words(without_codes(page.gray, codes))


def _traces(pages: bytes | Sequence[bytes], read: Sequence[ReadPage]) -> tuple[PictureTraces, ...]:
    """What each picture tells of its making."""
    sent = [pages] if isinstance(pages, bytes) else pages
    return tuple(
        look_at(data, page.view.photo, _on_picture(page), number)
        for number, (data, page) in enumerate(zip(sent, read, strict=True))
    )


def _on_picture(read: ReadPage) -> list[PrintedWord]:
    """The words read, boxes in pixels of the decoded picture."""
    if read.page is None:
        return []
    words = [word for line in read.lines for word in line.words]
    boxes = read.page.photo_boxes([word.box for word in words])
    return [PrintedWord(word.text, box, word.confidence) for word, box in zip(words, boxes, strict=True)]


def parse_pages(read: Sequence[ReadPage], engine: Engine) -> Reading:
    """Parse pages that were read: all of `read_receipt` but looking, a second opinion, and traces."""
    lines = join_pages([page.lines for page in read])
    quality = _worst([page.view.quality for page in read])
    reasons = _without_inner_cuts([reason for page in read for reason in page.view.reasons], lines)
    if sum(len(word.text) for line in lines for word in line.words) < _LETTERS_MIN:
        return _without_text(quality, reasons)

    def reread(number: int, box: Box) -> list[tuple[str, float]]:
        page = read[number].page
        return [] if page is None else engine.read_number(page.gray, box)

    codes = [code for page in read for code in page.codes]
    reading = parse_receipt(lines, reread=reread, codes=tuple(dict.fromkeys(codes)), sure_min=engine.sure_min)
    items = tuple(_on_photo(item, read) for item in reading.lines)
    return _judged(reading.model_copy(update={"lines": items, "quality": quality}), reasons)


def _without_inner_cuts(
    reasons: Sequence[ReadingReason], lines: Sequence[TextLine]
) -> tuple[ReadingReason, ...]:
    """Without what is cut off one page and goes on on the next."""
    if not lines:
        return tuple(reasons)
    ends = {"cut_off_top": lines[0].page, "cut_off_bottom": lines[-1].page}
    return tuple(reason for reason in reasons if ends.get(reason.code, reason.page) == reason.page)


def _without_text(quality: Quality, reasons: tuple[ReadingReason, ...]) -> Reading:
    if not any(reason.severity == "reject" for reason in reasons):
        reasons = (ReadingReason(code="no_text", severity="reject"), *reasons)
    seen_badly = any(reason.code != "no_text" and reason.severity == "reject" for reason in reasons)
    return Reading(status="unreadable" if seen_badly else "not_a_receipt", reasons=reasons, quality=quality)


def _judged(reading: Reading, reasons: tuple[ReadingReason, ...]) -> Reading:
    """Weigh what was seen in the picture by what could be read of it."""
    if reading.status == "read" and reading.total_minor is not None:
        sure = reading.confidence.get("total", 0.0) >= _SURE_MIN
        # Where the foot is missing, the lowest sum seen may be one before discounts; tender vouches for it.
        ended = sure and reading.tendered_minor is not None
        kept = tuple(
            _weighed(reason, sure=ended if reason.code == "cut_off_bottom" else sure) for reason in reasons
        )
        refused = any(reason.severity == "reject" for reason in kept)
        return reading.model_copy(update={"reasons": kept, "status": "unreadable" if refused else "read"})
    grave = [reason for reason in reasons if reason.severity != "info"] or reasons
    causes = tuple(reason.model_copy(update={"severity": "reject"}) for reason in grave)
    if causes:
        return reading.model_copy(update={"status": "unreadable", "reasons": causes})
    if reading.status == "not_a_receipt":
        no_receipt = ReadingReason(code="not_a_receipt", severity="reject")
        return reading.model_copy(update={"reasons": (no_receipt,)})
    return reading


def _weighed(reason: ReadingReason, *, sure: bool) -> ReadingReason:
    """What a fault weighs when a total was read all the same."""
    if reason.severity == "reject":
        return reason
    return reason.model_copy(update={"severity": "info" if sure else "review"})


def _on_photo(item: ReadingLine, read: Sequence[ReadPage]) -> ReadingLine:
    """The item with its box in pixels of the picture at full size."""
    page = read[item.page].page
    if item.box is None or page is None:
        return item
    photo = read[item.page].view.photo
    height, width = photo.gray.shape
    left, top, right, bottom = page.photo_box(item.box)
    box = (max(0, left), max(0, top), min(width, right), min(height, bottom))
    scaled = tuple(round(value * photo.scale) for value in box)
    return item.model_copy(update={"box": scaled})


def _worst(qualities: Sequence[Quality]) -> Quality:
    return Quality(
        blur=max(quality.blur for quality in qualities),
        glare=max(quality.glare for quality in qualities),
        dark=max(quality.dark for quality in qualities),
        coverage=min(quality.coverage for quality in qualities),
        text_height=min(quality.text_height for quality in qualities),
    )
