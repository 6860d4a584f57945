"""Measures every signal of a receipt and says what follows."""

from __future__ import annotations

from dataclasses import dataclass

from domain.fraud.bands import Policy, Verdict, judge
from domain.fraud.facts import ReceiptFacts, Signal
from domain.fraud.origin_signals import origin_signals
from domain.fraud.paper_signals import PAPER_MEASURES
from domain.fraud.picture_signals import PICTURE_MEASURES
from domain.fraud.receipt_signals import SIGNAL_MEASURES
from domain.fraud.sum_signals import SUM_MEASURES

USUAL_POLICY = Policy()
MEASURES = (*SIGNAL_MEASURES, *SUM_MEASURES, *PAPER_MEASURES, *PICTURE_MEASURES)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The signals that act, those that are only counted, their score (0 to 1), and what follows."""

    signals: tuple[Signal, ...]
    shadow: tuple[Signal, ...]
    score: float
    verdict: Verdict


def assess_receipt(facts: ReceiptFacts, policy: Policy = USUAL_POLICY) -> Assessment:
    """Measure every signal and weigh them by a policy."""
    raised = tuple(signal for measure in MEASURES if (signal := measure(facts)) is not None)
    raised += origin_signals(facts.origin)
    judged = judge(raised, policy)
    return Assessment(judged.acting, judged.shadow, judged.score, judged.verdict)
