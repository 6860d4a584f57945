"""How much fraud is caught, and how many honest receipts are held back: read, settled, counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session, select

from bench.cases import accept_any_day, read_all, settle_picture
from bench.services import own_services
from infra.db import engine
from ocr.types import Reading
from schemas.fraud import RaisedSignal, RuleMode
from schemas.receipts import Receipt

# The share to catch of each kind; of honest receipts, the share that may be held back for fraud.
REACH: Final = {
    "same_photo": 0.99,
    "rephotographed": 0.95,
    "tampered_inconsistent": 0.95,
    "tampered_consistent": 0.50,
    "screen_recapture": 0.90,
    "digital_synthetic": 0.90,
    "wrong_document": 1.0,
    "reprint": 0.95,
}
HELD_BACK_MAX: Final = {"near_miss_not_duplicate": 0.01, "genuine": 0.03}
# What can be said of an honest receipt too: it can't be read, or the programme doesn't take it.
NO_FRAUD: Final = {
    "missing_field",
    "sums_unsure",
    "lines_unsure",
    "unknown_retailer",
    "outside_campaign",
    "too_old",
    "no_participating_products",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one receipt ended.

    `codes` are those that held it back and speak of fraud, `raised` all rules that were, by how they acted.
    """

    image: str
    status: str
    codes: tuple[str, ...]
    raised: Mapping[str, RuleMode] = field(default_factory=dict)

    @property
    def caught(self) -> bool:
        """Whether it earned nothing yet."""
        return self.status != "approved"

    @property
    def accused(self) -> bool:
        """Whether it was held back for fraud, not because it can't be read."""
        return self.caught and bool(self.codes)


@dataclass(slots=True)
class KindFigures:
    """One row of the table. `caught` are not credited, `for_fraud` those with a signal of fraud."""

    kind: str
    cases: int
    caught: int
    for_fraud: int
    share: float
    bound: float
    reached: bool
    codes: dict[str, int]
    missed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """How often one rule was raised: for genuine receipts and near misses, and for each kind of fraud.

    `precision` is fraud's share of both: other cases than these weigh otherwise.
    """

    code: str
    mode: RuleMode
    honest: int
    fraud: int
    precision: float
    recall_by_kind: dict[str, float]


def measure(folder: Path, *, processes: int | None = None) -> dict[str, Any]:
    """Read and settle every case of a labelled folder on a PostgreSQL of the benchmark's own.

    Each kind is settled in a transaction of its own that is rolled back, so that no kind finds
    another's receipts.

    Args:
        folder: holds `fraud/pairs.jsonl` (kind, a, b and labels) and `img/`, the genuine ones.
        processes: that read at once; as many as there are cores when None.

    Raises:
        FileNotFoundError: The folder holds no such file.
    """
    pairs = [json.loads(line) for line in (folder / "fraud/pairs.jsonl").read_text("utf-8").splitlines()]
    genuine = sorted(f"img/{path.name}" for path in (folder / "img").iterdir())
    images = sorted({pair[side] for pair in pairs for side in "ab" if pair[side]} | set(genuine))
    with own_services():
        engine().dispose()
        readings = read_all(folder, images, processes)
        outcomes = {
            kind: _settle_cases(folder, cases, readings) for kind, cases in _kinds(pairs, genuine).items()
        }
    rows = [_figures(kind, ended) for kind, ended in outcomes.items()]
    return {
        "reached": all(row.reached for row in rows),
        "kinds": [asdict(row) for row in rows],
        "rules": [asdict(rule) for rule in rule_figures(outcomes)],
    }


def rule_figures(outcomes: Mapping[str, Sequence[Outcome]]) -> list[RuleFigures]:
    """Count by rule what was raised, by kind of case; those that are counted only come last."""
    modes = {code: mode for ended in outcomes.values() for one in ended for code, mode in one.raised.items()}
    found = []
    for code, mode in sorted(modes.items(), key=lambda rule: (rule[1], rule[0])):
        raised = {kind: sum(code in one.raised for one in ended) for kind, ended in outcomes.items()}
        honest = sum(count for kind, count in raised.items() if kind in HELD_BACK_MAX)
        fraud = sum(raised.values()) - honest
        recall = {
            kind: round(count / len(outcomes[kind]), 3)
            for kind, count in raised.items()
            if count and kind not in HELD_BACK_MAX
        }
        found.append(RuleFigures(code, mode, honest, fraud, round(fraud / (fraud + honest), 3), recall))
    return found


def _kinds(
    pairs: Sequence[Mapping[str, Any]], genuine: Sequence[str]
) -> dict[str, list[tuple[str | None, str]]]:
    """By kind, pairs of what was sent before, if that matters, and the case itself."""
    kinds: dict[str, list[tuple[str | None, str]]] = {}
    for pair in pairs:
        kind = pair["kind"]
        if kind == "tampered":
            kind = "tampered_inconsistent" if pair["consistent"] is False else "tampered_consistent"
        # A screen must be seen by itself, not because its receipt is known.
        before = None if kind == "screen_recapture" else pair["a"]
        kinds.setdefault(kind, []).append((before, pair["b"]))
    kinds["genuine"] = [(None, image) for image in genuine]
    return kinds


def _settle_cases(
    folder: Path, cases: Sequence[tuple[str | None, str]], readings: Mapping[str, Reading]
) -> list[Outcome]:
    """Settle cases one after another, each sent by a shopper of its own, and forget them."""
    with Session(engine()) as session:
        accept_any_day(session)
        phones = (f"09{number:08}" for number in range(10_000_000, 100_000_000))
        outcomes = []
        for before, image in cases:
            if before:
                _settle(session, next(phones), folder, before, readings)
            outcomes.append(_settle(session, next(phones), folder, image, readings))
        session.rollback()
    return outcomes


def _settle(
    session: Session, phone: str, folder: Path, image: str, readings: Mapping[str, Reading]
) -> Outcome:
    receipt = settle_picture(session, phone, (folder / image).read_bytes(), readings[image])
    signals = session.exec(
        select(RaisedSignal.code, RaisedSignal.acting).where(RaisedSignal.receipt_id == receipt.id)
    ).all()
    raised: dict[str, RuleMode] = {code: "on" if acting else "shadow" for code, acting in signals}
    return Outcome(image, receipt.status, tuple(_codes(receipt)), raised)


def _codes(receipt: Receipt) -> Iterator[str]:
    if receipt.status in {"unreadable", "approved"}:
        return
    for reason in receipt.reasons:
        if reason.severity != "info" and reason.code not in NO_FRAUD:
            yield reason.code


def _figures(kind: str, outcomes: Sequence[Outcome]) -> KindFigures:
    caught = sum(outcome.caught for outcome in outcomes)
    accused = sum(outcome.accused for outcome in outcomes)
    honest = kind in HELD_BACK_MAX
    share = round((accused if honest else caught) / len(outcomes), 4)
    bound = HELD_BACK_MAX[kind] if honest else REACH[kind]
    return KindFigures(
        kind=kind,
        cases=len(outcomes),
        caught=caught,
        for_fraud=accused,
        share=share,
        bound=bound,
        reached=share <= bound if honest else share >= bound,
        codes=dict(Counter(code for outcome in outcomes for code in outcome.codes)),
        missed=[
            outcome.image
            for outcome in outcomes
            if outcome.accused == honest and (honest or not outcome.caught)
        ],
    )
