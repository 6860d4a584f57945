"""A CSV file from a spreadsheet, row by row; what is wrong with it is told by line and column.

Spreadsheets write what they like: UTF-8, UTF-16 or the Vietnamese code page; a line `sep=;` first; empty
cells after the header's last, and none at a row's end. That is taken where it can mean one thing only.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, BinaryIO, Final, TextIO

from infra.words import DEFAULT_LANGUAGE, Language, say
from schemas.base import YEAR_MAX, YEAR_MIN
from schemas.catalog import RESTRICTED_CLASSES, ImportErrorCode, ImportRowError

ROWS_MAX = 50_000
CHARACTERS_MAX = 20_000_000
# UTF-8 takes no more for a letter of any alphabet tills print.
_BYTES_MAX = 4 * CHARACTERS_MAX
ERRORS_SHOWN_MAX = 1000
# NUL, which PostgreSQL refuses in text, and what `surrogateescape` makes of bytes that are no UTF-8.
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_SEPARATOR = re.compile(r"sep=(.)\r?(?:\n|$)", re.IGNORECASE)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")
_HOUR = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
_CENTURY: Final = 2000
_TWO_DIGITS: Final = 100
_VIETNAMESE = frozenset(
    letter
    for base in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
    for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    for letter in unicodedata.normalize("NFC", base + tone)
) | frozenset("đĐ\u2013\u2014\u2018\u2019\u201c\u201d•…€™°²³·«»®©\u00a0₫")


def _day(cell: str) -> date | None:
    """Return the day that a cell writes; None where it is none, or of a year that no body takes either."""
    try:
        if (parts := _DAY.fullmatch(cell)) is None:
            found = date.fromisoformat(cell)
        else:
            day, month, year = (int(part) for part in parts.groups())
            found = date(year + _CENTURY if year < _TWO_DIGITS else year, month, day)
    except ValueError:
        return None
    return found if YEAR_MIN <= found.year <= YEAR_MAX else None


@dataclass(slots=True)
class Sheet:
    """What has been read of a file: how many rows, what was wrong, and which line holds what.

    `required` are the columns that must be there, `columns` all that may. Errors are told in `language`.
    """

    required: Sequence[str]
    columns: Sequence[str]
    language: Language = DEFAULT_LANGUAGE
    rows_read: int = 0
    header: list[str] = field(default_factory=list)
    errors: list[ImportRowError] = field(default_factory=list)
    line_of: dict[tuple[str, Any], int] = field(default_factory=dict)

    def refuse(
        self, line: int, column: str | None, code: ImportErrorCode, words: str | None = None, **values: Any
    ) -> None:
        """Note what is wrong in a cell; without a column, on a line.

        Args:
            line: From 1; the header is line 1.
            column: Its name.
            code: What clients go by.
            words: Which sentence of [import] says it, where that is not the code's own.
            values: What the sentence names; long ones are cut.
        """
        if len(self.errors) < ERRORS_SHOWN_MAX:
            cut = {name: str(value)[:80] for name, value in values.items()} | {"column": column or ""}
            message = say("import", words or code, self.language, cut)
            self.errors.append(ImportRowError(line=line, column=column, code=code, message=message))

    def is_new(self, kind: str, value: object, line: int) -> int | None:
        """Return None and remember `value`, or the line that holds it already."""
        return None if (held := self.line_of.setdefault((kind, value), line)) == line else held

    def check_cells(self, line: int, cells: Mapping[str, str], lengths_max: Mapping[str, int]) -> None:
        """Refuse required cells that are empty, and any that are too long."""
        for column in self.required:
            if not cells[column]:
                self.refuse(line, column, "missing_value")
        for column, length_max in lengths_max.items():
            if len(cells.get(column, "")) > length_max:
                self.refuse(line, column, "too_long", most=length_max)

    def day(self, line: int, column: str, cells: Mapping[str, str]) -> date | None:
        """Return a cell's day, written 2026-12-31, 31/12/2026 or 31/12/26; None where it is empty or none."""
        if not (cell := cells.get(column)):
            return None
        found = _day(cell)
        if found is None:
            self.refuse(line, column, "invalid_day", value=cell)
        return found

    def hour(self, line: int, column: str, cells: Mapping[str, str]) -> time | None:
        """Return a cell's hour, written 8:00, 08:00 or 08:00:00; None where it is empty or none."""
        if not (cell := cells.get(column)):
            return None
        parts = _HOUR.fullmatch(cell)
        try:
            hour = time(int(parts[1]), int(parts[2])) if parts else None
        except ValueError:
            hour = None
        if hour is None:
            self.refuse(line, column, "invalid_hours", value=cell)
        return hour

    def restricted_class(self, line: int, cells: Mapping[str, str]) -> str:
        """Return a row's class of goods that law restricts; `none` where the cell is empty or no class."""
        cell = cells.get("restricted_class") or "none"
        if cell not in RESTRICTED_CLASSES:
            self.refuse(line, "restricted_class", "unknown_class", value=cell)
        return cell

    def whole(self, line: int, column: str, cells: Mapping[str, str], *, least: int, most: int) -> int | None:
        """Return a cell's whole number; None where it is empty or none."""
        if not (cell := cells.get(column)):
            return None
        if not (cell.isascii() and cell.isdigit() and len(cell) <= len(str(most))) or not (
            least <= int(cell) <= most
        ):
            self.refuse(line, column, "invalid_number", value=cell, least=least, most=most)
            return None
        return int(cell)

    def rows(self, text_stream: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the line on which each row starts and its cells by column, empty rows left out."""
        text = text_stream.read(CHARACTERS_MAX + 1)
        if len(text) > CHARACTERS_MAX:
            self.refuse(1, None, "file_too_large", most=CHARACTERS_MAX)
            return
        unreadable = _NOT_TEXT.search(text)
        if unreadable:
            line = text[: unreadable.start()].count("\n") + 1
            self.refuse(line, None, "bad_encoding")
            return
        for line, cells in self._cells(text.removeprefix("\ufeff")):
            self.rows_read += 1
            if self.rows_read > ROWS_MAX:
                self.refuse(line, None, "too_many_rows", most=ROWS_MAX)
                return
            yield line, cells

    def _cells(self, text: str) -> Iterator[tuple[int, dict[str, str]]]:
        said = _SEPARATOR.match(text)
        skipped = 1 if said else 0
        text = text[said.end() :] if said else text
        first = text.partition("\n")[0]
        delimiter = said[1] if said else max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        end = skipped
        try:
            self.header = [name.lower() for name in _without_empty_end(next(reader, []))]
            if not self._header_is_good(skipped + 1):
                return
            end = reader.line_num + skipped
            for row in reader:
                line, end = end + 1, reader.line_num + skipped
                cells = _without_empty_end(row)
                if len(cells) > len(self.header):
                    self.refuse(line, None, "wrong_column_count", found=len(cells), wanted=len(self.header))
                elif cells:
                    cells += [""] * (len(self.header) - len(cells))
                    yield line, dict(zip(self.header, cells, strict=True))
        except csv.Error:
            self.refuse(end + 1, None, "bad_csv")

    def _header_is_good(self, line: int) -> bool:
        for name in self.required:
            if name not in self.header:
                self.refuse(line, name, "missing_column")
        for name in dict.fromkeys(self.header):
            if name not in self.columns:
                self.refuse(line, name, "unknown_column", columns=", ".join(self.columns))
            elif self.header.count(name) > 1:
                self.refuse(line, name, "duplicate", "duplicate_column")
        return not self.errors


def _without_empty_end(row: Sequence[str]) -> list[str]:
    """Return a row's cells, trimmed, without the empty ones that a spreadsheet puts after the last."""
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def csv_text(file: BinaryIO) -> TextIO:
    """Open an uploaded file to read rows from, in whichever encoding a spreadsheet saved it.

    UTF-8; UTF-16 with its mark; Windows-1258 where all that it gives are letters of Vietnamese. Other bytes
    are reported by line.
    """
    return io.StringIO(_decoded(file.read(_BYTES_MAX + 1)), newline="")


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").replace("\ufffd", "\0")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        vietnamese = _windows_1258(data)
        return data.decode("utf-8", "surrogateescape") if vietnamese is None else vietnamese


def _windows_1258(data: bytes) -> str | None:
    """Return what Excel saves as plain CSV on a Vietnamese machine; None where it is something else."""
    try:
        text = unicodedata.normalize("NFC", data.decode("cp1258"))
    except UnicodeDecodeError:
        return None
    odd = {letter for letter in set(text) if not letter.isascii()} - _VIETNAMESE
    controls = any(
        not letter.isprintable() and letter not in "\t\r\n" for letter in set(text) if letter.isascii()
    )
    return None if odd or controls else text
