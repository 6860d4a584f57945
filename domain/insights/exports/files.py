"""Tables as files: CSV for either kind of spreadsheet, XLSX, and Parquet out of the columnar store."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import xlsxwriter

from domain.insights.export import BYTE_ORDER_MARK, cell
from infra.columnar.store import Store
from schemas.exports import ExportFormat
from schemas.insight import Unit

Value = float | int | str | None
EXTENSIONS: Final[dict[ExportFormat, str]] = {
    "csv": "csv",
    "csv_semicolon": "csv",
    "xlsx": "xlsx",
    "parquet": "parquet",
}
# Shares of a thousandth of a percent and less tell nothing.
_DECIMALS: Final = 6
_FORMATS: Final[dict[Unit, str]] = {"share": "0.0%", "count": "#,##0", "money": "#,##0.##", "ratio": "0.00"}


def table_file(
    store: Store,
    written_as: ExportFormat,
    columns: Sequence[tuple[str, Unit]],
    rows: Sequence[Sequence[Value]],
) -> bytes:
    """Return a table as a file.

    Args:
        store: What makes Parquet.
        written_as: The format; `csv_semicolon` has a decimal comma, as Vietnamese spreadsheets expect.
        columns: Name and unit of each column.
        rows: Values by column.

    Raises:
        ColumnarError: The store does not answer.
    """
    if written_as == "xlsx":
        return _xlsx(columns, rows)
    if written_as == "parquet":
        return _parquet(store, columns, rows)
    return _csv(columns, rows, comma=written_as == "csv_semicolon")


def _csv(columns: Sequence[tuple[str, Unit]], rows: Sequence[Sequence[Value]], *, comma: bool) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if comma else ",")
    writer.writerow([name for name, _ in columns])
    for row in rows:
        writer.writerow([_cell(value, comma=comma) for value in row])
    return (BYTE_ORDER_MARK + buffer.getvalue()).encode()


def _cell(value: Value, *, comma: bool) -> str:
    if not isinstance(value, float):
        return cell(value)
    written = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return written.replace(".", ",") if comma else written


def _xlsx(columns: Sequence[tuple[str, Unit]], rows: Sequence[Sequence[Value]]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        # A row is on disk before the next is made; text stays text, whatever it begins with.
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(str(path), options | {"tmpdir": folder})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        head = book.add_format({"bold": True})
        styles = [book.add_format({"num_format": _FORMATS.get(unit, "General")}) for _, unit in columns]
        for place, (name, _) in enumerate(columns):
            sheet.write_string(0, place, name, head)
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif value is not None:
                    sheet.write_number(number, place, value, styles[place])
        book.close()
        return path.read_bytes()


def _parquet(store: Store, columns: Sequence[tuple[str, Unit]], rows: Sequence[Sequence[Value]]) -> bytes:
    kinds = {"text": "Nullable(String)", "count": "Nullable(Int64)"}
    structure = ", ".join(f"`{name}` {kinds.get(unit, 'Nullable(Float64)')}" for name, unit in columns)
    lines = "\n".join(json.dumps(list(row), ensure_ascii=False) for row in rows)
    return store.parquet(
        "SELECT * FROM format(JSONCompactEachRow, {structure:String}, {lines:String})",
        {"structure": structure, "lines": lines},
    )
