"""What the fraud benchmark counts as caught, as held back, and as reached."""

from __future__ import annotations

from bench.fraud import Outcome, _figures, _kinds, rule_figures

PAIRS = [
    {"kind": "same_photo", "a": "img/1.jpg", "b": "fraud/1.jpg"},
    {"kind": "screen_recapture", "a": "img/2.jpg", "b": "fraud/2.jpg"},
    {"kind": "tampered", "a": None, "b": "fraud/3.jpg", "consistent": False},
    {"kind": "tampered", "a": None, "b": "fraud/4.jpg", "consistent": None},
]
HONEST = Outcome("img/1.jpg", "approved", ())
UNREAD = Outcome("img/2.jpg", "unreadable", ())
ACCUSED = Outcome("img/3.jpg", "in_review", ("same_receipt",))


def test_a_screen_is_settled_without_the_receipt_it_shows() -> None:
    kinds = _kinds(PAIRS, ["img/1.jpg"])
    assert kinds["same_photo"] == [("img/1.jpg", "fraud/1.jpg")]
    assert kinds["screen_recapture"] == [(None, "fraud/2.jpg")]
    assert kinds["genuine"] == [(None, "img/1.jpg")]


def test_edits_are_told_apart_by_whether_their_sums_still_fit() -> None:
    kinds = _kinds(PAIRS, [])
    assert kinds["tampered_inconsistent"] == [(None, "fraud/3.jpg")]
    assert kinds["tampered_consistent"] == [(None, "fraud/4.jpg")]


def test_an_honest_receipt_that_cannot_be_read_is_not_accused() -> None:
    figures = _figures("genuine", [HONEST] * 98 + [UNREAD, ACCUSED])
    assert (figures.caught, figures.for_fraud, figures.share) == (2, 1, 0.01)
    assert figures.reached
    assert figures.missed == ["img/3.jpg"]


def test_fraud_that_earns_is_missed() -> None:
    figures = _figures("reprint", [ACCUSED] * 9 + [HONEST])
    assert (figures.share, figures.reached, figures.missed) == (0.9, False, ["img/1.jpg"])


def test_a_rule_is_measured_on_every_kind_whether_it_acts_or_is_only_counted() -> None:
    told = Outcome(
        "img/4.jpg", "in_review", ("not_original",), {"not_original": "on", "vat_misfit": "shadow"}
    )
    wrongly = Outcome("img/5.jpg", "approved", (), {"vat_misfit": "shadow"})
    acting, counted = rule_figures({"genuine": [HONEST, wrongly], "reprint": [told, told, told, HONEST]})
    assert (acting.code, acting.mode, acting.precision) == ("not_original", "on", 1.0)
    assert (counted.code, counted.mode) == ("vat_misfit", "shadow")
    assert (counted.honest, counted.fraud, counted.precision) == (1, 3, 0.75)
    assert counted.recall_by_kind == {"reprint": 0.75}
