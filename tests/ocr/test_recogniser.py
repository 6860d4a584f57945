"""Our own recogniser reads what stands on the page, whatever else it reads, and gives way to Tesseract."""

from __future__ import annotations

import logging
import multiprocessing
from collections import Counter
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from ocr.engines import factory, model
from ocr.engines.base import EngineError, Gray
from ocr.engines.ctc import Glyph, confidence_of, digit_alternatives, read_glyphs, with_zeros, words_of
from ocr.engines.factory import make_engine
from ocr.engines.finder import Piece, find_pieces
from ocr.engines.merge import certainty
from ocr.engines.model import MODEL_FILE, Model
from ocr.engines.recogniser_engine import RecogniserEngine, without_grain, without_stray_accents
from ocr.engines.strips import HEIGHT, cut, padded, to_depth, width_class
from ocr.engines.word_boxes import word_boxes
from ocr.preprocess.straighten import straighten
from ocr.reader import look
from ocr.types import Word
from samples.slip import Cell, Slip
from tests.make.pictures import pages_of, truth_of

cv2.setNumThreads(1)

PHOTOS = ("04-bach-hoa-xanh.jpg", "01-winmart.jpg")


def straightened(image: str) -> Gray:
    sheet = look(pages_of(image)[0], 0).sheet
    assert sheet is not None
    return straighten(sheet).gray


def printed(*rows: tuple[str, str], tight: float = 1.0) -> Gray:
    """A clean page with a name at the left and a figure at the right of each row."""
    slip = Slip("cousine", 28, tight=tight)
    for left, right in rows:
        slip.cells(Cell(left), Cell(right, 1.0, "right"))
    dots = cv2.GaussianBlur(slip.dots(), (0, 0), 0.7)
    return np.minimum(np.asarray(dots, np.uint8), 235)


def words_right(image: str) -> float:
    read = Counter(word.text for word in RecogniserEngine().read_words(straightened(image)))
    wanted = Counter(word for line in truth_of(image)["text_lines"] for word in line.split())
    return (read & wanted).total() / wanted.total()


@pytest.mark.ocr
@pytest.mark.parametrize("image", PHOTOS)
def test_nearly_all_words_of_a_photo_are_read(image: str) -> None:
    assert words_right(image) >= 0.9


@pytest.mark.ocr
def test_names_bear_their_accents_and_figures_stand_in_their_column() -> None:
    page = printed(("Nước xả vải", "185.000"), ("Sữa đặc Ông Thọ", "22.500"), ("TỔNG CỘNG", "207.500"))
    words = RecogniserEngine().read_words(page)
    assert " ".join(word.text for word in words) == (
        "Nước xả vải 185.000 Sữa đặc Ông Thọ 22.500 TỔNG CỘNG 207.500"
    )
    figures = [word for word in words if word.text[0].isdigit()]
    assert max(word.box[2] for word in figures) - min(word.box[2] for word in figures) <= 4
    assert all(0.2 < word.confidence <= 1 for word in words)
    for word in words:
        left, top, right, bottom = word.box
        assert 0 <= left < right <= page.shape[1]
        assert 12 <= bottom - top <= 45


@pytest.mark.ocr
def test_a_pens_tick_before_a_name_is_no_letter_of_it() -> None:
    page = printed(
        ("   OMO SACH CUC NHANH", "229.000"), ("   VIM VIEN TREO", "43.000"), ("   2 DOVE", "9.000")
    )
    pieces = [piece for piece in find_pieces(page) if piece.left < page.shape[1] / 3]
    for piece in pieces:
        high, base, left = piece.capitals, round(piece.base), piece.left
        tick = np.array(
            [
                [left - 0.95 * high, base - 0.45 * high],
                [left - 0.6 * high, base],
                [left - 0.1 * high, base - high],
            ]
        )
        cv2.polylines(page, [np.int32(tick)], isClosed=False, color=110, thickness=2, lineType=cv2.LINE_AA)
    words = sorted(word.text for word in RecogniserEngine().read_words(page))
    assert words == sorted(
        ["OMO", "SACH", "CUC", "NHANH", "229.000", "VIM", "VIEN", "TREO", "43.000", "2", "DOVE", "9.000"]
    )


@pytest.mark.ocr
def test_a_figure_is_read_again_by_its_box() -> None:
    engine = RecogniserEngine()
    page = printed(("Tong cong", "1.185.000"))
    box = engine.read_words(page)[-1].box
    text, confidence = engine.read_number(page, box)[0]
    assert text == "1.185.000"
    assert confidence > 0.5


@pytest.mark.ocr
def test_printed_wordson_its_head_is_read_with_less_certainty() -> None:
    page = straightened(PHOTOS[0])
    engine = RecogniserEngine()
    upright = certainty(engine.read_words(page))
    turned = certainty(engine.read_words(np.ascontiguousarray(page[::-1, ::-1])))
    assert turned < 0.5 < upright


@pytest.mark.ocr
def test_what_is_read_together_changes_nothing() -> None:
    page = straightened(PHOTOS[0])
    strips = [to_depth(cut(page, piece)) for piece in find_pieces(page)]
    network = Model()
    together = network.scores(strips)
    alone = [network.scores([strip])[0] for strip in strips[:12]]
    backwards = network.scores(strips[::-1])[::-1]
    for number, scores in enumerate(alone):
        np.testing.assert_allclose(scores, together[number], atol=0.05)
        assert (scores.argmax(-1) == together[number].argmax(-1)).all()
    for one, other in zip(together, backwards, strict=True):
        assert (one.argmax(-1) == other.argmax(-1)).all()


def test_a_page_without_printed_wordshas_no_words() -> None:
    engine = RecogniserEngine()
    blank = np.full((300, 400), 235, np.uint8)
    assert engine.read_words(blank) == []
    assert engine.read_words(blank[:3, :3]) == []
    assert engine.read_number(blank, (10, 10, 60, 40)) == []
    assert engine.read_number(blank, (500, 500, 560, 540)) == []
    assert engine.read_number(blank, (60, 40, 10, 10)) == []


def _read_in_child(engine: RecogniserEngine, page: Gray) -> list[str]:
    return [word.text for word in engine.read_words(page)]


@pytest.mark.ocr
def test_a_forked_child_reads_with_its_parents_network() -> None:
    engine, page = RecogniserEngine(), printed(("Tong cong", "185.000"))
    parents = _read_in_child(engine, page)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(_read_in_child(engine, page)))
    child.start()
    assert receiver.poll(60)
    assert receiver.recv() == parents
    child.join(60)


@pytest.mark.ocr
def test_reading_many_pages_keeps_no_memory() -> None:
    engine, process = RecogniserEngine(), psutil.Process()
    pages = [printed((f"Nuoc xa vai {'lon ' * count}", "185.000")) for count in range(4)]
    for page in pages * 10:
        engine.read_words(page)
    before = process.memory_info().rss
    for page in pages * 100:
        engine.read_words(page)
    assert process.memory_info().rss - before < 12_000_000


def _model_file(folder: Path, data: bytes) -> Path:
    file = folder / MODEL_FILE.name
    file.write_bytes(data)
    file.with_suffix(".sha256").write_bytes(MODEL_FILE.with_suffix(".sha256").read_bytes())
    return file


def test_a_damaged_model_is_said_so(tmp_path: Path) -> None:
    data = bytearray(MODEL_FILE.read_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(EngineError, match="damaged"):
        Model(_model_file(tmp_path, bytes(data)))


def test_a_missing_model_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="missing"):
        Model(tmp_path / "none.onnx")


@pytest.mark.ocr
def test_tesseract_reads_where_the_model_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(RecogniserEngine.__init__, "__defaults__", (tmp_path / "none.onnx", None))
    with caplog.at_level(logging.WARNING, factory.__name__):
        engine = make_engine("recogniser")
    assert engine.name == "tesserocr"
    assert "Tesseract reads instead" in caplog.text


def test_the_model_is_small_and_knows_every_vietnamese_letter() -> None:
    assert MODEL_FILE.stat().st_size < 5_000_000
    letters = Model().charset
    assert set("ắằẳẵặếềểễệốồổỗộớờởỡợứừửữựỳỵỷỹđĐỄỰ₫0123456789.,:%*#@") <= set(letters)
    assert len(set(letters)) == len(letters)


def test_columns_are_pieces_of_their_own() -> None:
    page = printed(("Nuoc xa vai", "185.000"), ("Sua dac", "22.500"))
    pieces = find_pieces(page)
    assert len(pieces) == 4
    assert pieces[0].right < pieces[1].left
    assert abs(pieces[0].base - pieces[1].base) < 2
    assert pieces[2].base - pieces[0].base > 20


def test_words_take_the_ink_up_to_the_widest_blank_between_them() -> None:
    ink = np.array([[0, 0, 10, 20], [12, 0, 22, 20], [40, 0, 50, 20], [52, 5, 62, 24]], np.int32)
    piece = Piece(0, 62, 20.0, 0.0, 20.0, ink)
    assert word_boxes(piece, [(3, 14), (43, 54)]) == [(0, 0, 22, 20), (40, 0, 62, 24)]
    assert word_boxes(piece, []) == []


def test_a_lone_digit_keeps_its_place_beside_a_wider_blank_before_it() -> None:
    before, digit, after = (0, 0, 52, 20), (60, 0, 71, 20), (77, 0, 136, 20)
    ink = np.array([before, digit, after], np.int32)
    piece = Piece(0, 136, base=20, slope=0, capitals=20, ink=ink)
    # Characters are seen a little off their ink, and narrower.
    assert word_boxes(piece, [(2, 44), (62, 65), (76, 128)]) == [before, digit, after]


def test_touching_lines_are_told_apart() -> None:
    page = printed(("gỹ ngõ Ổ Ễ quỷ", ""), ("Ế Ẫ Ổ NGỘ TỶ", ""), ("yếu ỷ gặp qụy", ""), tight=0.72)
    bases = sorted(piece.base for piece in find_pieces(page))
    assert len(bases) == 3
    assert all(15 < lower - upper < 40 for upper, lower in pairwise(bases))


def test_a_slope_is_followed() -> None:
    page = printed(("Nuoc xa vai lon nho Comfort", ""))
    lean = np.array([[1, 0, 0], [0.03, 1, 20]], np.float32)
    height, width = page.shape
    leaning = cv2.warpAffine(page, lean, (width, height + 60), borderMode=cv2.BORDER_REPLICATE)
    (piece,) = find_pieces(np.asarray(leaning, np.uint8))
    assert piece.slope == pytest.approx(0.03, abs=0.008)
    strip = cut(np.asarray(leaning, np.uint8), piece)
    assert strip.shape[0] == HEIGHT


def test_a_ruled_line_joins_no_letters() -> None:
    page = printed(("Thanh tien gom thue", "185.000"))
    (base, right) = max((piece.base, piece.right) for piece in find_pieces(page))
    page[round(base) + 1 : round(base) + 3, 20:right] = 20
    assert len(find_pieces(page)) == 2


def test_a_stray_accent_on_a_page_without_any_is_a_speck() -> None:
    plain = [Word("GOODS SOLD ARE NOT RETURNABLE", (0, 0, 90, 9), 0.9), Word("5.000đ", (0, 10, 90, 19), 0.9)]
    words = without_stray_accents([*plain * 5, Word("SUMMARỴ", (0, 20, 90, 29), 0.9)])
    assert [word.text for word in words[-2:]] == ["5.000đ", "SUMMARY"]
    accented = [Word("Tổng cộng tiền hàng", (0, 0, 90, 9), 0.9)]
    assert without_stray_accents(accented) == accented


def test_grain_is_left_out_of_an_upright_page_however_much_there_is() -> None:
    printed_words = [Word("TONG", (0, 0, 40, 20), 0.9), Word("185.000", (60, 0, 120, 20), 0.9)]
    grain = [Word("iljl", (0, 9 * row, 30, 9 * row + 9), 0.02) for row in range(40)]
    assert certainty(printed_words + grain) < 0.5
    assert without_grain(printed_words + grain) == printed_words
    on_its_head = [Word("6uoL", (0, 0, 40, 20), 0.3), *grain]
    assert without_grain(on_its_head) == on_its_head


def one_hot(*likely: tuple[int, float]) -> NDArray[np.float32]:
    """Scores of an alphabet of two letters: each step its likeliest place and how likely that is."""
    steps = np.zeros((len(likely), 3), np.float32)
    for row, (place, share) in zip(steps, likely, strict=True):
        row[:] = (1 - share) / 2
        row[place] = share
    return np.log(steps)


def test_repeated_steps_are_one_letter_and_a_blank_between_makes_two() -> None:
    steps = one_hot((1, 0.9), (1, 0.8), (0, 0.9), (1, 0.9), (2, 0.7))
    _, glyphs, _, same = read_glyphs([steps[:0], steps, one_hot((0, 0.9)), steps[:1]], "ab")
    assert [glyph.text for glyph in glyphs] == ["a", "a", "b"]
    assert [(glyph.first, glyph.last) for glyph in glyphs] == [(0, 1), (3, 3), (4, 4)]
    assert glyphs[2].others == (("a", pytest.approx(0.15)),)
    assert [glyph.text for glyph in same] == ["a"]


def test_other_readings_of_a_figure_come_likeliest_first() -> None:
    word = [Glyph("1", 0, 0, 0.99), Glyph("8", 1, 1, 0.6, (("6", 0.3), ("3", 0.05))), Glyph("5", 2, 2, 0.9)]
    texts = [text for text, _ in digit_alternatives(word)]
    assert texts == ["165", "135"]
    assert digit_alternatives([Glyph("a", 0, 0, 0.5, (("o", 0.4),))]) == ()
    assert confidence_of(word) < 0.36


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("7.O0", "7.00"),
        ("POSO1", "POS01"),
        ("MOO1", "M001"),
        ("10O.OO", "100.00"),
        ("M1-O", "M1-0"),
        ("NO12", "NO12"),
        ("SO21", "SO21"),
        ("H2O", "H2O"),
        ("Milo3in1", "Milo3in1"),
        ("ONG", "ONG"),
        ("O", "O"),
    ],
)
def test_letters_that_touch_digits_are_zeros(read: str, meant: str) -> None:
    word = [Glyph(letter, place, place, 0.9) for place, letter in enumerate(read)]
    assert "".join(glyph.text for glyph in with_zeros(word)) == meant


def test_spaces_part_words() -> None:
    glyphs = [Glyph(letter, place, place, 0.9) for place, letter in enumerate(" a  bc ")]
    assert [[glyph.text for glyph in word] for word in words_of(glyphs)] == [["a"], ["b", "c"]]


def test_grain_far_beyond_a_word_is_none_of_it() -> None:
    word = [Glyph(letter, 3 * place, 3 * place, 1.0) for place, letter in enumerate("LIME")]
    grain, print_ = Glyph("2", 30, 30, 0.3), [Glyph("4", 45, 45, 1.0), Glyph("9", 48, 48, 1.0)]
    read = words_of([*word, grain, *print_])
    assert ["".join(glyph.text for glyph in part) for part in read] == ["LIME", "49"]


def test_strips_are_filled_up_to_widths_of_their_own_class() -> None:
    narrow, wide = np.full((HEIGHT, 82), 9, np.uint8), np.full((HEIGHT, 96), 9, np.uint8)
    assert width_class(82) == width_class(96) == 96
    batch = padded([narrow, wide])
    assert batch.shape == (2, HEIGHT, 96)
    assert batch[0, :, 82:].max() == 0
    assert model.width_class(97) == 112
