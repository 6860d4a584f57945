"""Training draws lines the engine could have cut, holds merchants back whole, and exports what it trained."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocr.engines.ctc import probabilities, read_glyphs
from ocr.engines.model import MODEL_FILE, Model
from ocr.engines.strips import HEIGHT, padded
from samples.fonts import missing_packages
from training.charset import CHARSET, clean, greedy, places, text_of
from training.cuts import parts_of
from training.measure import accuracy
from training.render import Renderer

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
        "".join(glyph.text for glyph in read_glyphs(probabilities(scores), network.charset))
        for scores in network.scores([strip for strip, _ in lines])
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
