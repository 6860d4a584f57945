"""A CSV file from a spreadsheet, row by row; what is wrong with it is told by line and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TextIO

from schemas.catalog import ImportErrorCode, ImportRowError

ROWS_MAX = 50_000
CHARACTERS_MAX = 20_000_000
ERRORS_SHOWN_MAX = 1000
# NUL, which PostgreSQL refuses in text, and what `surrogateescape` makes of bytes that are no UTF-8.
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class Sheet:
    """What has been read of a file: how many rows, what was wrong, and which line holds what.

    `required` are the columns that must be there, `columns` all that may.
    """

    required: Sequence[str]
    columns: Sequence[str]
    rows_read: int = 0
    errors: list[ImportRowError] = field(default_factory=list)
    line_of: dict[tuple[str, Any], int] = field(default_factory=dict)

    def refuse(self, line: int, column: str | None, code: ImportErrorCode, message: str) -> None:
        """Note what is wrong in a cell; without a column, on a line."""
        if len(self.errors) < ERRORS_SHOWN_MAX:
            self.errors.append(ImportRowError(line=line, column=column, code=code, message=message))

    def is_new(self, kind: str, value: object, line: int) -> int | None:
        """Return None and remember `value`, or the line that holds it already."""
        return None if (held := self.line_of.setdefault((kind, value), line)) == line else held

    def rows(self, text_stream: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the line on which each row starts and its cells by column, empty rows left out."""
        text = text_stream.read(CHARACTERS_MAX + 1)
        if len(text) > CHARACTERS_MAX:
            self.refuse(1, None, "file_too_large", f"More than {CHARACTERS_MAX} characters.")
            return
        unreadable = _NOT_TEXT.search(text)
        if unreadable:
            line = text[: unreadable.start()].count("\n") + 1
            self.refuse(line, None, "bad_encoding", "A character here is not UTF-8 text.")
            return
        for line, cells in self._cells(text.removeprefix("\ufeff")):
            self.rows_read += 1
            if self.rows_read > ROWS_MAX:
                self.refuse(line, None, "too_many_rows", f"More than {ROWS_MAX} rows.")
                return
            yield line, cells

    def _cells(self, text: str) -> Iterator[tuple[int, dict[str, str]]]:
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        end = 0
        try:
            header = [name.strip().lower() for name in next(reader, [])]
            if not self._header_is_good(header):
                return
            end = reader.line_num
            for row in reader:
                line, end = end + 1, reader.line_num
                if len(row) == len(header):
                    if any(cell.strip() for cell in row):
                        yield line, dict(zip(header, (cell.strip() for cell in row), strict=True))
                elif row:
                    message = f"{len(row)} cells, the header has {len(header)}."
                    self.refuse(line, None, "wrong_column_count", message)
        except csv.Error as error:
            self.refuse(end + 1, None, "bad_csv", f"The row can't be told into cells: {error}.")

    def _header_is_good(self, header: list[str]) -> bool:
        for name in self.required:
            if name not in header:
                self.refuse(1, name, "missing_column", f"The column {name} is missing.")
        for name in dict.fromkeys(header):
            if name not in self.columns:
                self.refuse(1, name, "unknown_column", f"The columns are {', '.join(self.columns)}.")
            elif header.count(name) > 1:
                self.refuse(1, name, "duplicate", f"The column {name} stands there twice.")
        return not self.errors


def csv_text(file: BinaryIO) -> TextIO:
    """Open an uploaded file to read rows from: bytes that are no UTF-8 are reported by line."""
    return io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
