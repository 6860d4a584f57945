"""One labelled paper from one seed: a till, a sale, its print, what reading makes of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.tagger.features import Features, features_of
from ocr.tagger.roles import ROLE_INDEX, SECTION_INDEX, STEP_INDEX
from ocr.types import TextLine, Word
from training.layout.bill import Bill, draw_bill
from training.layout.foot_rows import FootPrinter
from training.layout.grammar import Grammar, draw_grammar
from training.layout.head_rows import HeadPrinter
from training.layout.item_rows import ItemPrinter
from training.layout.rows import Cell, Row, tokens
from training.layout.typeset import PrintedLine, typeset
from training.layout.wear import draw_wear, worn
from training.layout.words import Words


@dataclass(frozen=True, slots=True)
class Paper:
    """A printed sale with its truth, before it is read."""

    grammar: Grammar
    bill: Bill
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Sample:
    """A receipt as arrays, with the index of each word's role and of each line's step and section.

    A role, step or section of -1 is not known and teaches nothing.
    """

    features: Features
    roles: NDArray[np.int64]
    steps: NDArray[np.int64]
    sections: NDArray[np.int64]


def draw_paper(seed: int, *, held: bool = False) -> Paper:
    """Draw a paper; the same seed draws the same one. `held` draws a form kept from training."""
    rng = random.Random(seed)
    grammar = draw_grammar(rng, held=held)
    words = Words(rng, grammar.language, invented=grammar.invented, marks=grammar.marks, case=grammar.case)
    names = words if grammar.name_case == grammar.case else Words(
        rng, grammar.second_language or grammar.language,
        invented=grammar.invented, marks=grammar.marks, case=grammar.name_case,
    )  # fmt: skip
    bill = draw_bill(rng, grammar, names)
    head = HeadPrinter(rng, grammar, words)
    rows, fields = head.rows()
    printer = ItemPrinter(rng, grammar, words)
    for number, item in enumerate(bill.items, 1):
        if grammar.titled and (number == 1 or rng.random() < 0.25):
            title = rng.choice(
                (names.any("goods"), names.any("shops"), names.any("remark"), f"-- {names.any('goods')} --")
            )
            rows.append(Row([Cell(tokens(title, "none"), rng.choice((0, 0, 3)))], "items"))
        own = printer.rows(item, number)
        if grammar.ruled and rng.random() < 0.04:
            own[-1].gap = 0.5
        rows += own
    rows += FootPrinter(rng, grammar, words, bill).rows(head.number, fields)
    return Paper(grammar, bill, _ruled(rows, grammar, rng))


def read_paper(paper: Paper, rng: random.Random) -> list[PrintedLine]:
    """The paper's lines as a reader hands them on, never none."""
    printed = typeset(paper.rows, paper.grammar, rng)
    return worn(printed, draw_wear(rng), rng) or printed


def draw_sample(seed: int, *, held: bool = False) -> Sample:
    """Draw, print, read and describe a paper."""
    paper = draw_paper(seed, held=held)
    return sample_of(read_paper(paper, random.Random(seed + 1)))


def sample_of(lines: Sequence[PrintedLine]) -> Sample:
    """Labelled lines as arrays."""
    return Sample(
        features=features_of(text_lines(lines)),
        roles=np.array([ROLE_INDEX.get(word.role, -1) for line in lines for word in line.words], np.int64),
        steps=np.array([STEP_INDEX.get(line.step, -1) for line in lines], np.int64),
        sections=np.array([SECTION_INDEX.get(line.section, -1) for line in lines], np.int64),
    )


def text_lines(lines: Sequence[PrintedLine]) -> list[TextLine]:
    """The lines as the reader's own."""
    return [
        TextLine(
            tuple(
                Word(
                    word.text,
                    (round(word.left), round(word.top), round(word.right), round(word.bottom)),
                    word.confidence,
                )
                for word in line.words
            )
        )
        for line in lines
    ]


def _ruled(rows: list[Row], grammar: Grammar, rng: random.Random) -> list[Row]:
    """With rules of dashes where the parts of the paper meet, as far as a reader takes them for print."""
    if not grammar.ruled:
        return rows
    found: list[Row] = []
    for row in rows:
        if found and row.section != found[-1].section and rng.random() < 0.7:
            sign = rng.choice("-=_.*")
            word = sign * rng.randint(3, 30)
            cell = Cell([(word, "none")], rng.choice((0, 0, grammar.width / 3)))
            found.append(Row([cell], row.section if rng.random() < 0.5 else found[-1].section))
        found.append(row)
    return found
