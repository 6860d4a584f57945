"""Both recognisers read the same page, survive a fork, and say what is missing."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.engines.base import Engine, EngineError, Gray
from ocr.engines.factory import EngineName, find_tessdata, make_engine
from ocr.engines.merge import accent_share, certainty, merge_digits, read_merged
from ocr.types import Word

NAMES: tuple[EngineName, ...] = ("tesserocr", "pytesseract")


def page(*lines: str) -> Gray:
    picture = Image.new("L", (700, 60 + 50 * len(lines)), 235)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((30, 30 + 50 * number), line, fill=30, font=ImageFont.load_default(28))
    return np.asarray(picture)


def text_of(words: list[Word]) -> str:
    return " ".join(word.text for word in words)


@pytest.mark.ocr
@pytest.mark.parametrize("name", NAMES)
def test_words_come_in_reading_order_with_boxes_and_confidence(name: EngineName) -> None:
    words = make_engine(name).read_words(page("PHIEU TINH TIEN", "Tong cong 185,000"))
    assert text_of(words) == "PHIEU TINH TIEN Tong cong 185,000"
    assert all(0.5 < word.confidence <= 1 for word in words)
    assert words[0].box[0] < words[1].box[0] < words[2].box[0]
    assert words[0].box[3] < words[-1].box[1]


@pytest.mark.ocr
@pytest.mark.parametrize("name", NAMES)
def test_one_number_is_read_again_alone(name: EngineName) -> None:
    engine = make_engine(name)
    drawn = page("Tong cong 185,000")
    box = engine.read_words(drawn)[-1].box
    text, confidence = engine.read_number(drawn, box)[0]
    assert text == "185,000"
    assert 0 < confidence <= 1


@pytest.mark.ocr
@pytest.mark.parametrize("name", NAMES)
def test_a_blank_page_has_no_words(name: EngineName) -> None:
    engine = make_engine(name)
    blank = np.full((200, 300), 235, np.uint8)
    assert engine.read_words(blank) == []
    assert engine.read_number(blank, (10, 10, 60, 40)) == []
    assert engine.read_number(blank, (400, 400, 500, 420)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_model_is_said_at_once(name: EngineName, tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        make_engine(name, tessdata=tmp_path)
    with pytest.raises(EngineError):
        find_tessdata("klingon")


def _count_in_child(engine: Engine, drawn: Gray) -> str:
    return text_of(engine.read_words(drawn))


@pytest.mark.ocr
def test_a_forked_child_reads_with_its_parents_models() -> None:
    engine = make_engine("tesserocr")
    drawn = page("Tong cong 185,000")
    parents = _count_in_child(engine, drawn)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(_count_in_child(engine, drawn)))
    child.start()
    child.join(60)
    assert receiver.poll(0)
    assert receiver.recv() == parents


def word(text: str, left: int, right: int, confidence: float = 0.9) -> Word:
    return Word(text, (left, 10, right, 30), confidence)


def test_digits_come_from_the_one_model_and_letters_from_the_other() -> None:
    vietnamese = [word("Nước", 0, 60), word("xả", 70, 100), word("185.0O0", 300, 400)]
    english = [word("Nuéc", 0, 60), word("xa", 70, 100), word("185.000", 300, 400)]
    merged = merge_digits(vietnamese, english)
    assert text_of(merged) == "Nước xả 185.000"
    assert merged[-1].alternatives == (("185.0O0", 0.9),)


def test_a_number_broken_into_words_stands_once() -> None:
    broken = [word("Tổng", 0, 60), word("82,", 300, 340), word("000.", 342, 380), word("00", 382, 400)]
    merged = merge_digits(broken, [word("Téng", 0, 60), word("82,000.00", 300, 400)])
    assert text_of(merged) == "Tổng 82,000.00"


def test_accents_that_reach_into_the_digits_above_keep_their_word() -> None:
    code, name = word("8934868590842", 0, 200), Word("Huyền", (10, 28, 60, 52), 0.9)
    merged = merge_digits([code, name], [code, Word("Huyén", (10, 28, 60, 52), 0.9)])
    assert text_of(merged) == "8934868590842 Huyền"


def test_letters_beside_digits_come_from_the_model_that_is_surer() -> None:
    merged = merge_digits(
        [word("XỐI", 0, 60, 0.9), word("G750ml", 70, 150, 0.6)],
        [word("x6i", 0, 60, 0.5), word("C750ml", 70, 150, 0.9)],
    )
    assert text_of(merged) == "XỐI C750ml"


def test_a_page_without_accents_is_read_once() -> None:
    asked: list[str] = []

    def read(model: str) -> list[Word]:
        asked.append(model)
        return [word("TONG TIEN 12,000", 0, 200)]

    assert text_of(read_merged(("vie", "eng"), read)) == "TONG TIEN 12,000"
    assert asked == ["eng"]


def test_a_page_with_accents_is_read_by_the_model_that_knows_them() -> None:
    pages = {"eng": [word("Téng", 0, 60), word("12,000", 70, 200)]}
    pages["vie"] = [word("Tổng", 0, 60), word("l2.O0O", 70, 200)]
    assert text_of(read_merged(("vie", "eng"), pages.__getitem__)) == "Tổng 12,000"


def test_a_page_on_its_head_keeps_the_reading_that_is_surer() -> None:
    pages = {"eng": [word("6uệL", 0, 60, 0.5)], "vie": [word("ọỗq", 0, 60, 0.2)]}
    assert text_of(read_merged(("vie", "eng"), pages.__getitem__)) == "6uệL"


def test_what_only_one_model_saw_is_kept() -> None:
    merged = merge_digits([word("Sữa", 0, 60)], [word("Sua", 0, 60), Word("Tide", (0, 60, 50, 80), 0.9)])
    assert text_of(merged) == "Sữa Tide"


def test_certainty_weighs_words_by_their_length() -> None:
    assert certainty([word("abcdefghi", 0, 9, 1.0), word("x", 10, 11, 0.0)]) == pytest.approx(0.9)
    assert certainty([]) == 0


def test_accents_tell_vietnamese_print_from_plain() -> None:
    assert accent_share([word("Tổng tiền phải trả", 0, 9)]) > 0.2
    assert accent_share([word("Tong tien 185,000", 0, 9)]) == 0
    assert accent_share([]) == 0
