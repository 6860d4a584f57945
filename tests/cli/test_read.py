"""`quetbill read`: one object for each picture, in order, whatever the picture holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import samples
from cli.bench import show
from cli.main import MODULES, app
from cli.read import as_json, pictures_in
from cli.show import money, points
from ocr.types import Reading
from tests import make

# The contract of the command line, in its order.
KEYS = [
    "image", "status", "reasons", "retailer", "merchant", "store", "receipt_no", "purchased_at", "currency",
    "items", "subtotal", "discount_total", "total", "payment", "quality", "text", "seconds",
]  # fmt: skip
ITEM_KEYS = [
    "raw_name", "name", "brand", "product", "barcode", "quantity", "unit_price", "amount", "discount",
    "confidence", "box",
]  # fmt: skip


def test_the_help_page_lists_every_verb() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0
    assert [verb for verb in MODULES if f" {verb} " not in shown.output] == []


def test_an_unknown_verb_is_refused() -> None:
    assert CliRunner().invoke(app, ["fly"]).exit_code == 2


def test_a_reading_becomes_the_object_that_others_rely_on() -> None:
    shown = as_json("a.jpg", make.make_reading(make.make_line(discount_minor=5_000)))
    assert list(shown) == KEYS
    (item,) = shown["items"]
    assert list(item) == ITEM_KEYS
    assert (item["brand"], item["amount"], item["discount"]) == ("OMO", 185_000, 5_000)
    assert (shown["retailer"], shown["subtotal"], shown["total"]) == ("WinMart", 185_000, 180_000)
    assert json.loads(json.dumps(shown)) == shown


def test_money_is_in_major_units() -> None:
    ringgit = as_json("a.jpg", make.make_reading(make.make_line(amount_minor=900), currency="MYR"))
    assert ringgit["total"] == 9.0
    dong = as_json("a.jpg", make.make_reading(make.make_line(amount_minor=12_500)))
    assert dong["total"] == 12_500
    assert isinstance(dong["total"], int)


def test_a_time_that_was_not_read_leaves_the_day() -> None:
    reading = make.make_reading()
    dated = reading.model_copy(update={"purchased_at": None})
    assert as_json("a.jpg", dated)["purchased_at"] == str(reading.purchased_on)
    assert as_json("a.jpg", Reading(status="unreadable"))["purchased_at"] is None


def test_a_folder_gives_its_pictures_by_name(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "notes.txt"):
        (tmp_path / name).touch()
    given = tmp_path / "notes.txt"
    assert [path.name for path in pictures_in([given, tmp_path])] == ["notes.txt", "a.png", "b.JPG"]


@pytest.mark.ocr
def test_bad_files_are_unreadable_and_the_rest_is_read_in_order(tmp_path: Path) -> None:
    photo = (samples.photos_dir() / "07-circle-k.jpg").read_bytes()
    bad = {
        "1-text.jpg": b"not a picture",
        "2-empty.png": b"",
        "3-cut.jpg": photo[:2000],
        "4-pdf.jpg": b"%PDF-1.7\n",
        "6-gone.jpg": None,
    }
    for name, content in bad.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    (tmp_path / "5-good.jpg").write_bytes(photo)
    paths = [str(tmp_path / name) for name in sorted([*bad, "5-good.jpg"])]
    shown = CliRunner().invoke(app, ["read", "--jsonl", *paths])
    assert shown.exit_code == 0, shown.output
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [row["image"] for row in rows] == [Path(path).name for path in paths]
    assert [row["status"] for row in rows] == ["unreadable"] * 4 + ["read", "unreadable"]
    assert all(row["reasons"] for row in rows if row["status"] == "unreadable")
    assert rows[4]["total"] == 346_000


@pytest.mark.ocr
def test_several_processes_read_the_same_in_the_same_order() -> None:
    folder = samples.photos_dir()
    paths = [str(folder / name) for name in ("07-circle-k.jpg", "02-winmart-plus.jpg")]
    one, two = (
        CliRunner().invoke(app, ["read", "--jsonl", f"--processes={number}", *paths]) for number in (1, 2)
    )
    untimed = [[json.loads(line) | {"seconds": 0} for line in run.stdout.splitlines()] for run in (one, two)]
    assert untimed[0] == untimed[1]
    assert [row["image"] for row in untimed[0]] == ["07-circle-k.jpg", "02-winmart-plus.jpg"]


@pytest.mark.ocr
def test_without_jsonl_a_table_is_shown() -> None:
    shown = CliRunner().invoke(app, ["read", str(samples.photos_dir() / "07-circle-k.jpg")])
    assert shown.exit_code == 0
    assert "Circle K" in shown.output
    assert "346.000 đ" in shown.output


def test_figures_are_shown_as_one_object_or_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show({"per_second": 1.5, "machine": {"cores": 2}}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"per_second": 1.5, "machine": {"cores": 2}}
    table = CliRunner().invoke(app, ["bench", "--help"]).output
    assert all(name in table for name in ("intake", "settle", "read"))


def test_numbers_are_shown_as_in_vietnam() -> None:
    assert (money(1_250_000, "VND"), money(9, "MYR"), money(None, "VND")) == ("1.250.000 đ", "9.00 MYR", "")
    assert (points(1250), points(0)) == ("1.250", "")
