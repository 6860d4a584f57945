"""The tagger tells what the words of a till nobody has seen are, and says so where its model is gone."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from ocr.tagger import model
from ocr.tagger.features import features_of
from ocr.tagger.groups import with_joined_groups
from ocr.tagger.letters import letters_of
from ocr.tagger.model import MODEL_FILE, Tagger, TaggerError, Tags
from ocr.tagger.roles import ROLE_INDEX, ROLES, SECTIONS, STEP_INDEX, STEPS
from ocr.types import TextLine, Word

_PITCH = 10
_WIDTH = 40


def paper(*rows: tuple[str, ...]) -> list[TextLine]:
    """Monospaced rows: the first part at the left edge, the others flush right in even columns."""
    lines = []
    for number, row in enumerate(rows):
        words: list[Word] = []
        for place, part in enumerate(row):
            share = place / max(1, len(row) - 1)
            column = 0 if place == 0 else round(_WIDTH * share) - len(part)
            column = max(column, (words[-1].box[2] // _PITCH + 1) if words else 0)
            for text in part.split():
                left, top = column * _PITCH, 40 + 30 * number
                words.append(Word(text, (left, top, left + len(text) * _PITCH, top + 20), 0.98))
                column += len(text) + 1
        lines.append(TextLine(tuple(words)))
    return lines


NAMES_FIRST = paper(
    ("KALIPO MART",),
    ("12 Tran Phu, Q. 3",),
    ("So HD: 0047115", "Ngay: 14/03/2025 10:22"),
    ("Ten hang",),
    ("SL", "Don gia", "T.Tien"),
    ("Sua chua nha dam 4x100g",),
    ("2", "26.000", "52.000"),
    ("Banh quy bo hop 454g",),
    ("1", "118.000", "118.000"),
    ("Nuoc mam 500ml",),
    ("3", "31.500", "94.500"),
    ("Tong cong", "264.500"),
    ("Tien mat", "300.000"),
    ("Tien thoi lai", "35.500"),
    ("Cam on quy khach",),
)
NAMES_LAST = paper(
    ("MORA FOODS",),
    ("8 Market Street",),
    ("Receipt No: 88121", "14/03/2025 10:22"),
    ("Qty", "Price", "Amount"),
    ("2", "2.60", "5.20"),
    ("Lemon yogurt 4x100g",),
    ("1", "11.80", "11.80"),
    ("Butter biscuits 454g",),
    ("3", "3.15", "9.45"),
    ("Fish sauce 500ml",),
    ("TOTAL", "26.45"),
    ("CASH", "30.00"),
    ("CHANGE", "3.55"),
    ("THANK YOU",),
)


def role_of(tags: Tags, lines: list[TextLine], text: str) -> str:
    """The likeliest role of the first word that reads so."""
    words = [word.text for line in lines for word in line.words]
    return ROLES[int(tags.roles[words.index(text)].argmax())]


def steps_of(tags: Tags) -> str:
    return "".join(STEPS[step][0] for step in tags.steps.argmax(1))


def test_names_above_their_figures_begin_items() -> None:
    tags = Tagger().tag(NAMES_FIRST)
    assert steps_of(tags) == "ooooo" + "bi" * 3 + "oooo"


def test_names_below_their_figures_end_items() -> None:
    tags = Tagger().tag(NAMES_LAST)
    assert steps_of(tags) == "oooo" + "bi" * 3 + "oooo"


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("KALIPO", "merchant"),
        ("0047115", "number"),
        ("14/03/2025", "date"),
        ("10:22", "time"),
        ("quy", "name"),
        ("2", "quantity"),
        ("26.000", "price"),
        ("52.000", "amount"),
        ("264.500", "total"),
        ("300.000", "tender"),
        ("35.500", "change"),
        ("khach", "none"),
    ],
)
def test_words_have_the_role_they_play(text: str, role: str) -> None:
    assert role_of(Tagger().tag(NAMES_FIRST), NAMES_FIRST, text) == role


def test_a_reduction_beneath_an_item_belongs_to_it() -> None:
    lines = paper(
        ("Mart Lodan",),
        ("Sua rua mat 120g", "98.000"),
        ("Giam gia", "-29.400"),
        ("Mi cay 75g", "50.500"),
        ("Tam tinh", "148.500"),
        ("Giam gia", "-29.400"),
        ("Tong thanh toan", "119.100"),
    )
    tags = Tagger().tag(lines)
    assert steps_of(tags) == "obibooo"
    found = [ROLES[role] for role in tags.roles.argmax(1)]
    assert found[tags.starts[3] - 1] == "discount"
    assert found[tags.starts[6] - 1] == "discount_total"


def test_probabilities_are_shaped_by_words_and_lines_and_sum_to_one() -> None:
    tags = Tagger().tag(NAMES_FIRST)
    words = sum(len(line.words) for line in NAMES_FIRST)
    assert tags.roles.shape == (words, len(ROLES))
    assert tags.steps.shape == (len(NAMES_FIRST), len(STEPS))
    assert tags.sections.shape == (len(NAMES_FIRST), len(SECTIONS))
    assert tags.starts.tolist()[-1] == words
    for part in (tags.roles, tags.steps, tags.sections):
        assert np.allclose(part.sum(axis=1), 1, atol=1e-4)


def test_the_size_of_the_picture_changes_nothing() -> None:
    large = [
        TextLine(
            tuple(
                Word(word.text, (*(3 * side + 50 for side in word.box),), word.confidence)
                for word in line.words
            )  # type: ignore[arg-type]
        )
        for line in NAMES_FIRST
    ]
    assert np.allclose(features_of(large).words, features_of(NAMES_FIRST).words, atol=1e-5)


def test_one_word_is_tagged_and_no_line_is_refused() -> None:
    assert Tagger().tag(paper(("TOTAL",))).roles.shape == (1, len(ROLES))
    with pytest.raises(ValueError, match="without lines"):
        Tagger().tag([])


@pytest.mark.parametrize(
    ("text", "value", "measure"),
    [
        ("12.500", 12500, 12.5),
        ("12,500.00", 12500, 12500),
        ("12.500,00", 12500, 12500),
        ("9.90", 9.9, 9.9),
        ("1,282", 1282, 1.282),
        ("-57,000A", -57000, -57),
        ("(35.600đ)", -35600, -35.6),
        ("2x12.500", 0, 0),
        ("14/03/2025", 0, 0),
        ("10:22", 0, 0),
    ],
)
def test_figures_are_worth_what_is_printed(text: str, value: float, measure: float) -> None:
    letters = letters_of([text])
    assert letters.value[0] == pytest.approx(value)
    assert letters.measure[0] == pytest.approx(measure)


def test_an_article_number_is_told_by_its_check_digit() -> None:
    right, wrong = letters_of(["8934868489658", "8934868489657"]).ean
    assert right
    assert not wrong


def test_figures_parted_by_spaces_are_worth_the_whole() -> None:
    rows = [("Gao", "12 500"), ("Muoi", "3 000"), ("Duong", "21 000"), ("Cong", "36 500")]
    lines = paper(*rows)
    words = [word for line in lines for word in line.words]
    boxes = np.array([word.box for word in words], float) / 20
    letters = letters_of([word.text for word in words])
    joined, goes_on = with_joined_groups(letters, boxes, np.repeat(np.arange(4), 3))
    assert goes_on.tolist() == [False, False, True] * 4
    assert joined.value.tolist() == [0, 12500, 12500, 0, 3000, 3000, 0, 21000, 21000, 0, 36500, 36500]


def test_a_receipt_is_described_and_tagged_in_milliseconds() -> None:
    tagger = Tagger()
    lines = NAMES_FIRST[:5] + NAMES_FIRST[5:11] * 5 + NAMES_FIRST[11:]
    spent = []
    for _ in range(8):
        start = process_time()
        tagger.tag(lines)
        spent.append(process_time() - start)
    assert min(spent) < 0.05


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The model and its sum in a folder of their own."""
    for name in (MODEL_FILE.name, MODEL_FILE.with_suffix(".sha256").name):
        shutil.copy(MODEL_FILE.with_name(name), tmp_path)
    return tmp_path / MODEL_FILE.name


def test_a_missing_model_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(TaggerError, match="missing"):
        Tagger(tmp_path / "tagger.onnx")


def test_a_damaged_model_is_not_loaded(copied: Path) -> None:
    data = bytearray(copied.read_bytes())
    data[len(data) // 2] ^= 1
    copied.write_bytes(data)
    with pytest.raises(TaggerError, match="damaged"):
        Tagger(copied)


def test_a_model_for_other_roles_is_not_loaded(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "CONTRACT", "[]")
    with pytest.raises(TaggerError, match="no model for these roles"):
        Tagger(copied)


def test_without_its_model_receipts_are_tagged_by_plain_guesses_and_it_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> Tagger:
        raise TaggerError("The tagger's model is missing.")

    monkeypatch.setattr(model, "Tagger", missing)
    model.own_tagger.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            tags = model.tag(NAMES_FIRST)
    finally:
        model.own_tagger.cache_clear()
    assert not tags.learned
    assert "without the tagger" in caplog.text
    assert role_of(tags, NAMES_FIRST, "52.000") == "amount"
    assert tags.roles[:, ROLE_INDEX["name"]].max() < 0.9
    assert tags.steps[6, STEP_INDEX["outside"]] < 0.5
