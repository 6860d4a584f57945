"""What the benchmark of credits counts as approved, as exact, as wrong and as lost."""

from __future__ import annotations

from pathlib import Path

from bench.cases import read_once
from bench.credit import Ended, figures, half_of, true_paid


def ended(status: str = "approved", paid: int = 100_000, true: int = 100_000, till: str = "A") -> Ended:
    codes = () if status == "approved" else ("sums_unsure",)
    return Ended("1.jpg", till, status, codes, {"OMO": paid}, {"OMO": true}, 3)


def test_a_receipt_is_exact_only_where_every_brands_sum_is() -> None:
    assert ended().exact
    assert not ended(paid=99_000).exact
    other_brand = Ended("1.jpg", "A", "approved", (), {"OMO": 5, "Vim": 20_000}, {"OMO": 5}, 3)
    assert not other_brand.exact


def test_rounding_of_a_shared_discount_makes_no_sum_wrong() -> None:
    assert ended(paid=99_998).exact


def test_value_is_wrong_where_it_was_not_paid_and_lost_where_it_is_not_credited() -> None:
    summed = figures([ended(), ended(paid=150_000), ended(paid=50_000)])
    assert (summed.value_wrong, summed.value_lost) == (round(1 / 6, 4), round(1 / 6, 4))
    assert summed.exact == round(1 / 3, 4)


def test_what_waits_for_a_person_is_counted_by_reason_and_not_judged() -> None:
    summed = figures([ended(), ended("in_review", paid=0)])
    assert (summed.approved, summed.exact, summed.value_lost) == (0.5, 1.0, 0.0)
    assert summed.waiting_for == {"sums_unsure": 1}


def test_what_was_truly_paid_shares_a_discount_on_the_whole_receipt() -> None:
    items = [
        {"brand": "OMO", "amount": 100_000, "discount": 20_000},
        {"brand": None, "amount": 120_000, "discount": 0},
    ]
    assert true_paid({"items": items, "total": 100_000}, ["OMO", "Vim"]) == {"OMO": 40_000}


def test_a_till_always_falls_in_the_same_half() -> None:
    halves = [half_of(till) for till in ("WinMart", "LOTTE Mart", "t01", "t02", "t03", "t04")]
    assert set(halves) == {0, 1}
    assert halves[0] == half_of("WinMart")


def test_pictures_are_read_once_where_readings_are_kept(tmp_path: Path) -> None:
    picture, kept = tmp_path / "1.jpg", tmp_path / "readings.jsonl"
    picture.write_bytes(b"no picture")
    first = read_once(tmp_path, ["1.jpg"], kept, processes=1)
    picture.unlink()
    second = read_once(tmp_path, ["1.jpg"], kept, processes=1)
    assert first["1.jpg"].reasons[0].code == "not_an_image"
    assert second == first
