"""From bytes to a reading: right way up whatever was sent, a verdict where it can't be read, no crash."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ocr.engines.base import Engine, EngineError, Gray
from ocr.engines.factory import make_engine
from ocr.reader import check_picture, read_receipt
from ocr.types import Box, Reading, Word
from samples import faults, photos_dir

PHOTOS = photos_dir()
TRUTH: dict[str, dict[str, Any]] = {
    row["image"].rsplit("/", 1)[-1]: row
    for row in map(json.loads, (PHOTOS / "gt.jsonl").read_text().splitlines())
}
PLAIN = "07-circle-k.jpg"


class BrokenEngine:
    """An engine whose recogniser dies."""

    name = "broken"
    sure_min: float | None = None
    second: Engine | None = None

    def read_words(self, _page: Gray) -> list[Word]:
        raise EngineError("out of memory")

    def read_number(self, _page: Gray, _box: Box) -> list[tuple[str, float]]:
        raise EngineError("out of memory")


class SilentEngine:
    """An engine that sees nothing, for tests of what happens before and after it."""

    name = "silent"
    sure_min: float | None = None
    second: Engine | None = None

    def read_words(self, _page: Gray) -> list[Word]:
        return []

    def read_number(self, _page: Gray, _box: Box) -> list[tuple[str, float]]:
        return []


def photo(name: str = PLAIN) -> bytes:
    return (PHOTOS / name).read_bytes()


@cache
def read(name: str = PLAIN) -> Reading:
    return read_receipt(photo(name))


def test_a_reading_tells_how_each_page_s_picture_was_made() -> None:
    reading = read_receipt([photo("09-long-1.jpg"), photo("09-long-2.jpg")])
    assert [traces.page for traces in reading.traces] == [0, 1]
    assert all(traces.code and traces.plain > 0 for traces in reading.traces)
    assert '"probes"' not in reading.model_dump_json()


def codes(reading: Reading) -> list[str]:
    return [reason.code for reason in reading.reasons]


def total_of(pages: bytes | Sequence[bytes]) -> tuple[str, int | None]:
    reading = read_receipt(pages)
    return reading.status, reading.total_minor


@pytest.mark.ocr
@pytest.mark.parametrize("name", [PLAIN, "01-winmart.jpg", "04-bach-hoa-xanh.jpg"])
def test_a_clear_photo_gives_its_total_and_lines(name: str) -> None:
    reading = read(name)
    assert reading.status == "read"
    assert reading.reasons == ()
    assert reading.total_minor == TRUTH[name]["total"]
    assert len(reading.lines) == len(TRUTH[name]["items"])
    assert reading.seconds > 0
    assert 0.2 < reading.quality.coverage < 0.95
    assert 12 < reading.quality.text_height < 60


@pytest.mark.ocr
def test_boxes_of_lines_lie_on_the_paper_in_order() -> None:
    reading = read()
    corners = np.array(TRUTH[PLAIN]["paper_quad"])
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    tops = []
    for line in reading.lines:
        assert line.box is not None
        assert left - 5 <= line.box[0] < line.box[2] <= right + 5
        assert top - 5 <= line.box[1] < line.box[3] <= bottom + 5
        tops.append(line.box[1])
    assert tops == sorted(tops)


@pytest.mark.ocr
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_picture_taken_any_way_round_reads_the_same(degrees: int) -> None:
    expected = ("read", TRUTH[PLAIN]["total"])
    assert total_of(faults.turned(photo(), degrees)) == expected
    assert total_of(faults.turned_by_exif(photo(), degrees)) == expected


@pytest.mark.ocr
def test_a_shadow_over_half_the_paper_changes_nothing() -> None:
    assert total_of(faults.half_in_shadow(photo(), 1)) == ("read", TRUTH[PLAIN]["total"])


@pytest.mark.ocr
@pytest.mark.parametrize("quality", [60, 75, 95])
def test_stronger_compression_changes_no_sum(quality: int) -> None:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(photo())).save(buffer, "JPEG", quality=quality)
    assert total_of(buffer.getvalue()) == ("read", TRUTH[PLAIN]["total"])


@pytest.mark.ocr
def test_pages_in_any_order_make_one_receipt() -> None:
    pages = [photo("09-long-1.jpg"), photo("09-long-2.jpg")]
    truth = TRUTH["09-long-1.jpg"]
    readings = [read_receipt(order) for order in (pages, pages[::-1])]
    for reading in readings:
        assert reading.total_minor == truth["total"]
        assert abs(len(reading.lines) - len(truth["items"])) <= 2
        assert "cut_off_bottom" not in codes(reading)
        assert "cut_off_top" not in codes(reading)
    amounts = [[line.amount_minor for line in reading.lines] for reading in readings]
    assert amounts[0] == amounts[1]
    assert {line.page for line in readings[0].lines} == {0, 1}


@pytest.mark.ocr
def test_half_of_a_long_receipt_alone_is_cut_off() -> None:
    reading = read_receipt(photo("09-long-1.jpg"))
    assert reading.status == "unreadable"
    assert codes(reading) == ["cut_off_bottom"]


FAULTY = [
    ("blurred", lambda: faults.blurred(photo())),
    ("too_dark", lambda: faults.too_dark(photo(), light=0.02)),
    ("too_far", lambda: faults.too_far(photo("02-winmart-plus.jpg"))),
    ("glare", lambda: faults.glaring(photo(), share=0.6)),
    ("several_receipts", lambda: faults.several_receipts(1)),
    ("no_text", lambda: faults.blank(1)),
    ("no_text", lambda: faults.blank(3, paper=True)),
    ("not_an_image", lambda: b"hello"),
]


@pytest.mark.parametrize(("code", "picture"), FAULTY, ids=[code for code, _ in FAULTY])
def test_a_faulty_picture_is_refused_at_upload_with_what_to_do(
    code: str, picture: Callable[[], bytes]
) -> None:
    reasons = check_picture(picture())
    assert (reasons[0].code, reasons[0].severity) == (code, "reject")


@pytest.mark.ocr
@pytest.mark.parametrize(("code", "picture"), FAULTY, ids=[code for code, _ in FAULTY])
def test_a_faulty_picture_is_no_reading_and_says_why(code: str, picture: Callable[[], bytes]) -> None:
    reading = read_receipt(picture())
    assert reading.status in {"unreadable", "not_a_receipt"}
    assert code in codes(reading)


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_good_pictures_pass_the_check(name: str) -> None:
    assert [reason.code for reason in check_picture(photo(name)) if reason.severity == "reject"] == []


@pytest.mark.ocr
@pytest.mark.parametrize(
    "picture", [lambda: faults.menu(1), lambda: faults.bank_slip(1)], ids=["menu", "slip"]
)
def test_other_papers_are_no_receipts(picture: Callable[[], bytes]) -> None:
    assert read_receipt(picture()).status == "not_a_receipt"


def test_an_engine_that_fails_is_an_ordinary_reading() -> None:
    reading = read_receipt(photo(), BrokenEngine())
    assert reading.status == "unreadable"
    assert codes(reading) == ["engine_failed"]


def test_a_bad_page_among_good_ones_is_named() -> None:
    reading = read_receipt([photo(), b"no picture"], SilentEngine())
    assert [(reason.code, reason.page) for reason in reading.reasons] == [("not_an_image", 1)]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_pictures_never_crash(data: st.DataObject) -> None:
    damaged = bytearray(photo())
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=8)):
        damaged[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    assert read_receipt(bytes(damaged[:cut]), SilentEngine()).status in {"unreadable", "not_a_receipt"}


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (20_000, 20), (17, 4000), (64, 64)])
@pytest.mark.parametrize("fill", ["black", "white", "noise"])
def test_pictures_of_odd_shapes_never_crash(size: tuple[int, int], fill: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0]), np.uint8)
    picture = Image.fromarray(noise) if fill == "noise" else Image.new("L", size, fill)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    assert read_receipt(buffer.getvalue(), SilentEngine()).status in {"unreadable", "not_a_receipt"}
    assert check_picture(buffer.getvalue())[0].severity == "reject"


class ForgetfulEngine:
    """Our own engine, except that it sees nothing on the lower half, and another to ask."""

    name = "forgetful"
    sure_min: float | None = None

    def __init__(self) -> None:
        self._engine = make_engine("recogniser")
        self.second: Engine | None = self._engine

    def read_words(self, page: Gray) -> list[Word]:
        return [word for word in self._engine.read_words(page) if 2 * word.box[3] < page.shape[0]]

    def read_number(self, _page: Gray, _box: Box) -> list[tuple[str, float]]:
        return []


@pytest.mark.ocr
def test_what_one_engine_does_not_see_another_is_asked_for() -> None:
    engine = ForgetfulEngine()
    image = "04-bach-hoa-xanh.jpg"
    assert read_receipt(photo(image), engine).total_minor == TRUTH[image]["total"]
    engine.second = None
    assert read_receipt(photo(image), engine).total_minor is None


@pytest.mark.ocr
def test_a_second_engine_that_fails_leaves_what_the_first_one_read() -> None:
    engine = ForgetfulEngine()
    engine.second = None
    image = photo("04-bach-hoa-xanh.jpg")
    alone = read_receipt(image, engine)
    engine.second = BrokenEngine()
    with_broken = read_receipt(image, engine)
    assert alone.lines
    assert (with_broken.status, with_broken.lines) == (alone.status, alone.lines)
