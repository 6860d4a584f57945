"""From signals to a decision: refuse, let a person look, or approve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.fraud.signals import SIGNAL_MEASURES, ReceiptFacts, Signal

Verdict = Literal["approve", "review", "reject"]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The signals that were raised, the strongest's strength (0 to 1), and what follows."""

    signals: tuple[Signal, ...]
    score: float
    verdict: Verdict


def assess_receipt(facts: ReceiptFacts) -> Assessment:
    """Measure every signal; the most severe decides."""
    signals = tuple(signal for measure in SIGNAL_MEASURES if (signal := measure(facts)) is not None)
    score = max((signal.strength for signal in signals), default=0.0)
    severities = {signal.severity for signal in signals}
    verdict: Verdict = "approve"
    if "reject" in severities:
        verdict = "reject"
    elif "review" in severities:
        verdict = "review"
    return Assessment(signals, score, verdict)
