"""Training draws lines the engine could have cut, holds merchants back whole, and exports what it trained."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.engines.ctc import read_glyphs
from ocr.engines.model import MODEL_FILE, Model
from ocr.engines.strips import HEIGHT, MARGIN, padded
from samples.fonts import missing_packages
from training.align import align, clear_edges, words_shown
from training.charset import CHARSET, clean, greedy, places, text_of
from training.cuts import parts_of
from training.measure import accuracy
from training.recombine import Recombiner
from training.render import Renderer
from training.strokes import crossed

cv2.setNumThreads(1)
needs_fonts = pytest.mark.skipif(bool(missing_packages()), reason="The fonts of samples are not installed.")


@needs_fonts
def test_the_same_seed_draws_the_same_lines() -> None:
    one, other = Renderer(7), Renderer(7)
    for _ in range(20):
        (strip, text), (same_strip, same_text) = one.draw(24), other.draw(24)
        assert text == same_text
        assert (strip == same_strip).all()


@needs_fonts
def test_drawn_lines_are_as_the_engine_cuts_them() -> None:
    renderer = Renderer(8)
    for _ in range(60):
        strip, text = renderer.draw(16)
        assert strip.shape[0] == HEIGHT
        assert strip.max() > 100
        assert 1 <= len(text) <= 16
        assert text == clean(text)


@needs_fonts
def test_the_committed_model_reads_drawn_lines() -> None:
    renderer, network = Renderer(99), Model()
    lines = [renderer.draw(18) for _ in range(120)]
    read = [
        "".join(glyph.text for glyph in glyphs)
        for glyphs in read_glyphs(network.scores([strip for strip, _ in lines]), network.charset)
    ]
    reached = accuracy(zip([text for _, text in lines], read, strict=True))
    assert reached.words > 0.6
    assert reached.character_errors < 0.2


def test_texts_survive_their_places() -> None:
    assert text_of(places("Nước xả 1,5L")) == "Nước xả 1,5L"
    assert clean(unicodedata.normalize("NFD", "Tổng cộng")) == "Tổng cộng"
    assert clean("a\u4e2db  c") == "ab c"
    assert len(set(CHARSET)) == len(CHARSET)


def test_a_repeated_letter_needs_a_blank_between() -> None:
    letter = places("o")[0]
    assert greedy([0, letter, letter, 0, letter]) == "oo"


def test_accuracy_counts_words_digits_and_characters() -> None:
    reached = accuracy([("Tong 12.500", "Tong 12.600"), ("CASH", "cash")], folded=False)
    assert (reached.words, reached.digit_words) == (round(1 / 3, 4), 0.0)
    assert accuracy([("CASH", "cash")], folded=True).words == 1


def drawn_letters(text: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A strip with a block of ink for each letter, 12 columns apart, and the steps that see them."""
    strip = np.zeros((HEIGHT, 12 * len(text)), np.uint8)
    steps = np.full((3 * len(text), len(CHARSET) + 1), 1e-4, np.float32)
    steps[:, 0] = 0.9
    for number, place in enumerate(places(text)):
        strip[10:25, 12 * number + 2 : 12 * number + 10] = 0 if text[number] == " " else 255
        steps[3 * number + 1, place] = 0.95
        steps[3 * number + 1, 0] = 0.01
    return strip, steps


def test_characters_part_where_no_ink_is() -> None:
    strip, steps = drawn_letters("rm 10.50")
    found = align(strip, steps, "RM 10.50", 4)
    assert found is not None
    assert clear_edges(strip, found.edges).all()
    # A space has no ink of its own: its edges may lie anywhere in the gap.
    np.testing.assert_allclose(np.delete(found.edges[1:-1], [1, 2]), [12, 48, 60, 72, 84], atol=2)
    assert (found.sure > 0.9).all()
    assert align(strip[:, :24], steps[:6], "RM 10.50", 4) is None


def test_a_piece_shows_the_words_of_a_line_that_are_like_what_was_read() -> None:
    assert words_shown("TOTAI", "TOTAL RM 12.50") == "TOTAL"
    assert words_shown("RM 12.S0", "TOTAL RM 12.50") == "RM 12.50"
    assert words_shown("Thank you", "TOTAL RM 12.50") is None


def real_lines(texts: list[str]) -> Recombiner:
    around = 8
    cuts, edges = [], []
    for text in texts:
        width = 12 * len(text) + 2 * MARGIN
        gray = np.full((HEIGHT + 2 * around, width + 2 * around), 235, np.uint8)
        for place, character in enumerate(text):
            # Its own shade tells which character the ink was.
            left = around + MARGIN + 12 * place + 2
            gray[around + 10 : around + 25, left : left + 8] = 235 if character == " " else ord(character)
        cuts.append(gray)
        inner = MARGIN + 12 * np.arange(1, len(text))
        edges.append(np.concatenate([[0], inner, [width]]).astype(np.int16))
    return Recombiner(cuts, texts, [0] * len(texts), edges, around)


def shades(gray: NDArray[np.uint8]) -> str:
    row = gray[8 + 17]
    starts = np.flatnonzero((row[1:] != row[:-1]) & (row[1:] < 200)) + 1
    return "".join(chr(row[start]) for start in starts)


def test_real_ink_in_other_orders_bears_the_text_it_shows() -> None:
    lines = real_lines(["TOTAL 1234567890", "CASH 50.25", "NO 8191", "QTY 27"])
    rng = np.random.Generator(np.random.PCG64(5))
    assert lines.usable
    texts = set()
    for _ in range(40):
        gray, text = lines.with_others(rng)
        # A faded mark is lighter than its own shade.
        if "." not in text:
            assert shades(gray) == text.replace(" ", "")
        gray, other = lines.of_words(rng)
        assert gray.shape[0] == HEIGHT + 16
        if "." not in other:
            assert shades(gray) == other.replace(" ", "")
        texts |= {text, other}
    assert len(texts) > 40


def test_strokes_and_rules_only_add_ink() -> None:
    rng = np.random.Generator(np.random.PCG64(6))
    paper = np.full((HEIGHT, 200), 235, np.uint8)
    worn = [crossed(paper, rng) for _ in range(30)]
    assert all(gray.shape == paper.shape and gray.max() <= 235 for gray in worn)
    assert sum(gray.min() < 200 for gray in worn) > 10


def test_a_merchant_is_held_back_whole(tmp_path: Path) -> None:
    names = ["MR D.I.Y. (M) SDN BHD", "MR.D.I.Y(M)SDN BHD", "MR. D.I.Y. (M) SDN. BHD."]
    names += [f"{letter * 5} TRADING {letter}" for letter in "ABCDEFGHIJKLMNOP"]
    rows = [{"image": f"{number}.jpg", "merchant": name} for number, name in enumerate(names)]
    (tmp_path / "gt.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    parts = parts_of(tmp_path)
    assert len({parts[f"{number}.jpg"] for number in range(3)}) == 1
    assert {"train", "test", "validation"} == set(parts.values())


def test_pytorch_and_the_exported_network_agree(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="Needs the group `training`: uv sync --group training.")
    pytest.importorskip("onnx", reason="Needs the group `training`: uv sync --group training.")
    # Imported here because they need PyTorch, which most machines are without.
    from training.export import export, scores_of  # noqa: PLC0415
    from training.net import Network  # noqa: PLC0415
    from training.train import as_tensor  # noqa: PLC0415

    torch.manual_seed(3)
    network = Network()
    export(network, tmp_path / "network.onnx")
    rng = np.random.Generator(np.random.PCG64(4))
    strips = padded([rng.integers(0, 256, (HEIGHT, width), np.uint8) for width in (40, 90, 120)])
    with torch.no_grad():
        wanted = network(as_tensor(strips)).numpy()
    np.testing.assert_allclose(scores_of(tmp_path / "network.onnx", strips), wanted, atol=1e-4)


def test_equal_capitals_and_small_letters_cost_nothing_where_case_is_unknown() -> None:
    torch = pytest.importorskip("torch", reason="Needs the group `training`: uv sync --group training.")
    from training.net import CaseFold  # noqa: PLC0415 - needs PyTorch

    scores = torch.full((2, 4, len(CHARSET) + 1), -9.0)
    for step, place in enumerate((places("t")[0], 0, places("o")[0], 0)):
        scores[:, step, place] = 9.0
    targets = torch.tensor([places("TO"), places("TO")])
    lengths = torch.tensor([2, 2])
    fold = CaseFold()
    known = fold.loss(scores, targets, lengths, torch.tensor([False, False]))
    unknown = fold.loss(scores, targets, lengths, torch.tensor([True, True]))
    assert float(unknown) < 0.01 < float(known)


def test_the_model_file_stands_beside_its_sum() -> None:
    assert MODEL_FILE.with_suffix(".sha256").read_text(encoding="ascii").split()[1] == MODEL_FILE.name
