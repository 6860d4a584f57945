"""Papers of random tills: what they print adds up, every role comes up, the same seed draws the same one."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ocr.tagger.roles import ROLES, SECTIONS, STEPS
from training.layout.batches import batch_of, muted
from training.layout.bill import Bill
from training.layout.grammar import draw_grammar, held_back
from training.layout.real import is_held_back, load_real
from training.layout.rows import Row
from training.layout.sample import Paper, draw_paper, draw_sample, read_paper
from training.layout.typeset import typeset
from training.layout.words import labels

SEEDS = range(0, 400, 2)


@pytest.fixture(scope="module")
def papers() -> list[Paper]:
    return [draw_paper(seed) for seed in SEEDS]


def words_of(rows: list[Row]) -> list[tuple[str, str]]:
    return [token for row in rows for cell in row.cells for token in cell.tokens]


def owed(bill: Bill) -> int:
    return bill.subtotal - bill.item_off - bill.off + sum(minor for _, minor in bill.added) + bill.rounding


def test_items_less_reductions_with_taxes_and_rounding_come_to_the_total(papers: list[Paper]) -> None:
    assert all(owed(paper.bill) == paper.bill.total for paper in papers)


def test_what_is_paid_comes_to_the_total_and_the_change(papers: list[Paper]) -> None:
    for paper in papers:
        paid = sum(minor for _, minor in paper.bill.tenders)
        assert paid == paper.bill.total + paper.bill.change


def test_quantity_times_price_is_the_amount_before_reductions(papers: list[Paper]) -> None:
    for paper in papers:
        for item in paper.bill.items:
            whole = abs(item.quantity * item.price)
            assert abs(whole - abs(item.amount + item.discount * (item.off == 0))) <= 1


def test_figures_printed_as_amounts_are_those_of_the_bill(papers: list[Paper]) -> None:
    """Where figures are printed plainly, the printed digits are compared."""
    compared = 0
    for paper in papers:
        money = paper.grammar.money
        if money.separator in {" ", ""} or paper.grammar.item.tax == "glued":
            continue
        printed = [
            "".join(filter(str.isdigit, text)) for text, role in words_of(paper.rows) if role == "amount"
        ]
        wanted = [str(abs(item.amount)) for item in paper.bill.items]
        if money.scale == 100:
            wanted = [text.zfill(3) for text in wanted]
        assert printed == wanted
        compared += 1
    assert compared > len(SEEDS) / 3


def test_every_item_begins_once_and_items_stand_in_the_items_part(papers: list[Paper]) -> None:
    for paper in papers:
        begun = [row for row in paper.rows if row.step == "begin"]
        assert len(begun) == len(paper.bill.items)
        assert all(row.section == "items" for row in paper.rows if row.step != "outside")


def test_every_role_step_and_section_comes_up(papers: list[Paper]) -> None:
    roles = Counter(role for paper in papers for _, role in words_of(paper.rows))
    assert set(roles) == set(ROLES)
    assert {row.step for paper in papers for row in paper.rows} == set(STEPS)
    assert {row.section for paper in papers for row in paper.rows} == set(SECTIONS)


def test_names_stand_before_and_after_their_figures_about_as_often() -> None:
    rng = random.Random(5)
    places = Counter(draw_grammar(rng).item.name_at for _ in range(2000))
    before = places["above"] + places["split_above"] + places["amount_below"]
    after = places["below"] + places["split_below"]
    assert 0.75 < before / after < 1.33


def test_the_same_seed_draws_the_same_paper_and_another_seed_another() -> None:
    one, same, other = draw_sample(11), draw_sample(11), draw_sample(13)
    assert np.array_equal(one.features.words, same.features.words)
    assert np.array_equal(one.roles, same.roles)
    assert one.features.words.shape != other.features.words.shape or not np.array_equal(
        one.features.words, other.features.words
    )


def test_forms_that_are_held_back_are_never_drawn_for_training() -> None:
    rng = random.Random(6)
    assert not any(held_back(draw_grammar(rng).item.key) for _ in range(500))
    assert all(held_back(draw_grammar(rng, held=True).item.key) for _ in range(100))


def test_every_language_has_every_label() -> None:
    keys = {language: set(table) for language, table in labels().items()}
    assert all(own == keys["vi"] for own in keys.values())
    assert all(
        alternatives and all(alternatives) for table in labels().values() for alternatives in table.values()
    )


def test_words_do_not_overlap_where_they_are_set(papers: list[Paper]) -> None:
    for paper in papers[:60]:
        for line in typeset(paper.rows, paper.grammar, random.Random(1)):
            assert all(left.right <= right.left + 1 for left, right in pairwise(line.words))


def test_a_worn_paper_keeps_a_label_for_every_word(papers: list[Paper]) -> None:
    for seed, paper in zip(SEEDS, papers, strict=True):
        lines = read_paper(paper, random.Random(seed + 1))
        assert lines
        assert all(word.role in ROLES and word.text for line in lines for word in line.words)


def test_a_batch_points_each_word_at_its_own_receipt() -> None:
    samples = [draw_sample(seed) for seed in (2, 4, 6)]
    batch = batch_of(samples)
    ends = np.cumsum([len(sample.roles) for sample in samples])
    owner = np.searchsorted(ends, np.arange(ends[-1]), "right")
    for column in batch.near.T:
        there = column > 0
        assert np.array_equal(owner[column[there] - 1], owner[there])
    assert (batch.grid > 0).sum(axis=1).tolist() == [len(sample.steps) for sample in samples]


def test_muted_words_keep_their_place_and_lose_their_letters() -> None:
    sample = draw_sample(8)
    quiet = muted(sample, np.random.default_rng(1))
    assert np.array_equal(quiet.features.words, sample.features.words)
    lost = (quiet.features.trigrams == 0).all(axis=1)
    assert 0.02 < lost.mean() < 1.0


def test_real_receipts_teach_only_what_their_truth_tells(tmp_path: Path) -> None:
    merchant = next(
        name for name in ("KEDAI SATU", "KEDAI DUA", "KEDAI TIGA", "KEDAI EMPAT") if not is_held_back(name)
    )
    texts = [
        (merchant, 20, 20), ("CASH BILL", 20, 50), ("PLASTIC CUP", 20, 80), ("2", 200, 80),
        ("15.50", 260, 80), ("31.00", 340, 80), ("TOTAL AMOUNT:", 20, 110), ("31.00", 340, 110),
        ("CASH", 20, 140), ("50.00", 340, 140),
    ]  # fmt: skip
    quads = [
        {"text": text, "quad": [x, y, x + 9 * len(text), y, x + 9 * len(text), y + 20, x, y + 20]}
        for text, x, y in texts
    ]
    item = {"name": "PLASTIC CUP", "quantity": 2.0, "unit_price": 15.5, "amount": 31.0}
    truth = {"image": "a.jpg", "merchant": merchant, "total": 31.0, "items": [item]}
    (tmp_path / "lines.jsonl").write_text(json.dumps({"image": "a.jpg", "lines": quads}), encoding="utf-8")
    (tmp_path / "gt.jsonl").write_text(json.dumps(truth), encoding="utf-8")
    (sample,) = load_real(tmp_path, held=False, copies=1)
    told = [ROLES[role] if role >= 0 else "?" for role in sample.roles.tolist()]
    assert told == (
        ["merchant"] * 2 + ["?"] * 2 + ["name", "name", "quantity", "price", "amount"]
        + ["label", "label", "total", "?", "?"]
    )  # fmt: skip
    assert load_real(tmp_path, held=True, copies=1) == []
