"""Whether a receipt's figures fit each other, and when a doubt is the camera's."""

from __future__ import annotations

from typing import Any

import pytest

from domain.fraud.bands import Policy, RuleSetting
from domain.fraud.facts import ReceiptFacts
from domain.fraud.scoring import assess_receipt
from domain.fraud.sum_signals import lines_unsure, sums_differ, sums_unsure, total_changed, vat_misfit
from infra import clock
from ocr.types import ReadingLine, SumChecks
from tests import make


def facts(
    *lines: ReadingLine, earning: frozenset[int] | None = None, checks: SumChecks | None = None, **values: Any
) -> ReceiptFacts:
    reading = make.make_reading(*lines, checks=checks or SumChecks(), **values)
    return ReceiptFacts(reading, clock.till_now(), retailer_known=True, accepted_days=30, earning=earning)


def test_sure_lines_that_do_not_come_to_a_sure_total_are_fraud_s() -> None:
    signal = sums_differ(facts(total_minor=285_000))
    assert signal is not None
    assert signal.evidence == {"lines_minor": 185_000, "total_minor": 285_000}


@pytest.mark.parametrize(
    "doubt",
    [
        {"lines": (make.make_line(confidence=0.84),)},
        {"lines": (make.make_line(inferred=("amount",)),)},
        {"confidence": {"total": 0.89}},
        {"confidence": {}},
    ],
)
def test_one_doubtful_figure_makes_it_the_camera_s(doubt: dict[str, Any]) -> None:
    assert sums_differ(facts(**({"total_minor": 285_000} | doubt))) is None


def test_lines_that_were_not_read_make_no_fraud_of_a_confirmed_total() -> None:
    confirmed = SumChecks(confirmed=("tender",))
    assert sums_differ(facts(total_minor=285_000, checks=confirmed)) is None
    assert sums_differ(facts(total_minor=85_000, checks=confirmed)) is not None


def test_a_subtotal_read_for_the_total_is_no_fraud() -> None:
    line = make.make_line(amount_minor=185_000, discount_minor=20_000)
    assert sums_differ(facts(line, discount_total_minor=20_000, total_minor=185_000)) is None
    assert sums_differ(facts(line, discount_total_minor=20_000, total_minor=285_000)) is not None


def test_a_printed_discount_explains_the_gap() -> None:
    explained = facts(total_minor=85_000, checks=SumChecks(gap_printed=True))
    assert sums_differ(explained) is None
    assert sums_unsure(explained) is None


@pytest.mark.parametrize(("confidence", "asked"), [(0.49, True), (0.5, False)])
def test_a_person_looks_where_points_hang_on_a_doubtful_line(confidence: float, *, asked: bool) -> None:
    line = make.make_line(confidence=confidence)
    assert (sums_unsure(facts(line, total_minor=285_000)) is not None) == asked


def test_doubts_about_lines_that_earn_nothing_delay_nobody() -> None:
    lines = (make.make_line(), make.make_line("Rau muong", confidence=0.2))
    assert sums_unsure(facts(*lines, total_minor=400_000, earning=frozenset({0}))) is None
    assert sums_unsure(facts(*lines, total_minor=400_000, earning=frozenset({1}))) is not None


@pytest.mark.parametrize(("confidence", "asked"), [(0.49, True), (0.5, False)])
def test_a_person_looks_where_the_total_is_a_guess_that_nothing_confirms(
    confidence: float, *, asked: bool
) -> None:
    guessed = {"total_minor": 285_000, "confidence": {"total": confidence}}
    assert (sums_unsure(facts(**guessed)) is not None) == asked
    assert sums_unsure(facts(**guessed, checks=SumChecks(confirmed=("tax",)))) is None
    assert sums_unsure(facts(**guessed, earning=frozenset())) is None


def test_a_person_looks_where_a_total_that_nothing_confirms_would_cut_lines_short() -> None:
    lines = (make.make_line(confidence=0.8), make.make_line(confidence=0.8))
    assert sums_unsure(facts(*lines, total_minor=552)) is not None
    assert sums_unsure(facts(*lines, total_minor=390_000)) is None
    assert sums_unsure(facts(*lines, total_minor=360_000, checks=SumChecks(confirmed=("sums",)))) is None


def doubted(items: float, *lines: ReadingLine, **values: Any) -> ReceiptFacts:
    return facts(*lines, confidence={"total": 0.99, "items": items}, **values)


@pytest.mark.parametrize(("items", "asked"), [(0.69, True), (0.7, False)])
def test_a_person_looks_where_sums_fit_but_a_brand_s_may_be_wrong(items: float, *, asked: bool) -> None:
    fitting = doubted(items, make.make_line(confidence=0.89))
    signal = lines_unsure(fitting)
    assert (signal is not None) == asked
    assert (assess_receipt(fitting).verdict == "review") == asked
    if signal is not None:
        assert signal.evidence == {"items_confidence": 0.69, "unsure_lines": ["OMO Bột giặt 5.5kg"]}


def test_lines_in_doubt_delay_nobody_whose_earning_lines_are_sure() -> None:
    lines = (make.make_line(), make.make_line("Rau muong", confidence=0.2))
    assert lines_unsure(doubted(0.1, *lines, earning=frozenset({0}))) is None
    assert lines_unsure(doubted(0.1, *lines, earning=frozenset())) is None
    assert lines_unsure(doubted(0.1, *lines, earning=frozenset({1}))) is not None


def test_sure_lines_wait_too_where_another_s_amount_cuts_them_short() -> None:
    lines = (make.make_line(), make.make_line("Bia", amount_minor=525_000, confidence=0.75))
    paid = {"earning": frozenset({0}), "checks": SumChecks(confirmed=("tender",))}
    signal = lines_unsure(doubted(0.6, *lines, total_minor=447_500, **paid))
    assert signal is not None
    assert signal.evidence["unsure_lines"] == ["OMO Bột giặt 5.5kg", "Bia"]
    assert lines_unsure(doubted(0.6, *lines, total_minor=900_000, **paid)) is None


def test_a_person_looks_where_lines_discounts_come_to_more_than_the_paper_states() -> None:
    lines = (make.make_line(discount_minor=185_000), make.make_line("Bia", discount_minor=10_000))
    values = {"total_minor": 275_000, "checks": SumChecks(confirmed=("sums",))}
    assert lines_unsure(doubted(0.95, *lines, discount_total_minor=95_000, **values)) is not None
    assert lines_unsure(doubted(0.95, *lines, discount_total_minor=0, **values)) is None
    bought = frozenset({0})
    plain = (make.make_line(), make.make_line("Bia", discount_minor=100_000))
    assert lines_unsure(doubted(0.95, *plain, discount_total_minor=95_000, earning=bought, **values)) is None


def test_one_doubt_is_told_once() -> None:
    line = make.make_line(confidence=0.3)
    assert sums_unsure(doubted(0.1, line, total_minor=285_000)) is not None
    assert lines_unsure(doubted(0.1, line, total_minor=285_000)) is None


def test_an_admin_decides_how_sure_lines_must_be() -> None:
    lenient = Policy(rules={"lines_unsure": RuleSetting(weight=0.8)})
    line = make.make_line(confidence=0.5)
    assert assess_receipt(doubted(0.65, line)).verdict == "review"
    assert assess_receipt(doubted(0.65, line), lenient).verdict == "approve"
    assert assess_receipt(doubted(0.05, line), lenient).verdict == "review"


def test_sums_that_fit_raise_nothing_however_faint() -> None:
    fitting = facts(make.make_line(confidence=0.1), confidence={"total": 0.1})
    assert sums_differ(fitting) is None
    assert sums_unsure(fitting) is None


def test_a_total_that_two_other_places_contradict_goes_to_a_person() -> None:
    changed = SumChecks(
        printed_minor=985_000, printed_confidence=0.9, others_minor=185_000, others=("items", "tender")
    )
    signal = total_changed(facts(checks=changed))
    assert signal is not None
    assert signal.evidence["others"] == ["items", "tender"]
    assert signal.strength == pytest.approx(0.81)
    assert assess_receipt(facts(checks=changed)).verdict == "review"
    assert total_changed(facts(checks=SumChecks(printed_minor=185_000))) is None


def test_a_second_sum_beside_a_total_that_the_paper_confirms_was_written_there() -> None:
    checks = SumChecks(printed_minor=185_000, beside_minor=985_000, confirmed=("items",))
    signal = total_changed(facts(checks=checks))
    assert signal is not None
    assert (signal.severity, signal.evidence["beside_minor"]) == ("review", 985_000)


def test_a_second_sum_beside_a_total_that_nothing_confirms_may_be_misread() -> None:
    assert total_changed(facts(checks=SumChecks(printed_minor=185_000, beside_minor=985_000))) is None


@pytest.mark.parametrize(
    ("taxed", "proven", "strength"),
    [
        (194_000, True, None),
        (195_000, True, 1.0),
        (195_000, False, None),
        (175_000, True, 0.5),
        (176_000, True, None),
    ],
)
def test_vat_of_another_total_is_noticed_where_its_rows_prove_themselves(
    taxed: int, *, proven: bool, strength: float | None
) -> None:
    signal = vat_misfit(facts(checks=SumChecks(taxed_minor=taxed, taxed_proven=proven)))
    assert (signal.strength if signal else None) == strength


def test_a_rule_on_trial_is_counted_and_delays_nobody() -> None:
    assessment = assess_receipt(facts(checks=SumChecks(taxed_minor=500_000, taxed_proven=True)))
    assert assessment.verdict == "approve"
    assert [signal.code for signal in assessment.shadow] == ["vat_misfit"]
