"""What 30 campaigns pay for 60 receipts, reckoned apart from the rules engine: plain sums of fractions.

Every campaign is a function here and terms in rules.json; neither knows the other. What is expected is
written by `python -m tests.domain.campaigns.golden.written`. Change the model only where the rules of a
campaign change, and read the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from tests.domain.campaigns.golden.drawn import Receipt
from tests.domain.campaigns.golden.reckoning import (
    Paid,
    by_net,
    by_units,
    eligible,
    floors,
    largest,
    near,
    per_amount,
    shares,
    spent,
    units,
)
from tests.domain.campaigns.golden.sentences import (
    UNKNOWN_SHOP,
    Told,
    en,
    only_at,
    short_of_set,
    short_spend,
    short_units,
    vi,
    with_would,
)

# --- the campaigns


def known_shop(rule: Callable[[Receipt], Paid]) -> Callable[[Receipt], Paid]:
    """At an unknown shop nothing is paid; who would have been paid is told that it takes no part."""

    def told(receipt: Receipt) -> Paid:
        if receipt["retailer"] is not None:
            return rule(receipt)
        would, _ = rule(receipt)
        return near(UNKNOWN_SHOP, would) if would else ({}, [])

    return told


def plain(receipt: Receipt, points: int = 10, minor: int = 10_000, **goods: Any) -> dict[str, int]:
    return floors(per_amount(receipt, eligible(receipt, **goods), points, minor))


def until_the_20th(receipt: Receipt) -> Paid:
    would, over = plain(receipt), date.fromisoformat(receipt["day"]) - date(2026, 11, 20)
    if over.days <= 0:
        return would, []
    if over.days > 7 or not would:
        return {}, []
    days = over.days
    told = (
        f"Chương trình đã kết thúc ngày 20/11/2026, {days} ngày trước khi bạn mua.",
        f"The campaign ended on 20 Nov 2026, {days} days before you bought.",
    )
    return near(told, would)


def steps_of_knorr(receipt: Receipt) -> Paid:
    lines = eligible(receipt, brands=["knorr"])
    steps = int(sum((spent(receipt, line) for line in lines), Fraction(0)) / 50_000)
    return ({"knorr": 5 * steps} if steps else {}), []


def each_unit(receipt: Receipt) -> Paid:
    lines = eligible(receipt)
    return shares(5 * units(lines), lines, by_units), []


def two_units_of_omo(receipt: Receipt) -> Paid:
    pairs = units(eligible(receipt, products=["omo-3kg", "omo-5kg"])) // 2
    return ({"omo": 7 * pairs} if pairs else {}), []


def spend_200(receipt: Receipt) -> Paid:
    lines = eligible(receipt)
    if not lines:
        return {}, []
    have = sum((spent(receipt, line) for line in lines), Fraction(0))
    would = shares(50, lines, by_net)
    return (would, []) if have >= 200_000 else near(short_spend(200_000, int(have)), would)


def three_knorr(receipt: Receipt) -> Paid:
    lines, have = eligible(receipt), units(eligible(receipt, brands=["knorr"]))
    if not lines:
        return {}, []
    would = shares(30, lines, by_net)
    return (would, []) if have >= 3 else near(short_units(3, have, "Knorr", "Knorr"), would)


def set_of_omo_and_cubes(receipt: Receipt) -> Paid:
    omo, cubes = (eligible(receipt, products=[name]) for name in ("omo-3kg", "knorr-cube"))
    sets = min(units(omo), units(cubes) // 2)
    return (shares(80 * sets, [*omo, *cubes], by_net) if sets else {}), []


def one_set_of_dove_and_omo(receipt: Receipt) -> Paid:
    dove, omo = (eligible(receipt, brands=[name]) for name in ("dove", "omo"))
    return (shares(40, [*dove, *omo], by_net) if dove and omo else {}), []


def weekend(receipt: Receipt) -> Paid:
    would = plain(receipt, 20)
    if date.fromisoformat(receipt["day"]).weekday() >= 5:
        return would, []
    told = ("Chỉ tính khi mua vào thứ Bảy, Chủ nhật.", "It counts on Saturday, Sunday only.")
    return near(told, would) if eligible(receipt) else ({}, [])


def between(since: int, before: int) -> Callable[[Receipt], Paid]:
    def rule(receipt: Receipt) -> Paid:
        would, hour = plain(receipt), receipt["hour"]
        if not eligible(receipt):
            return {}, []
        times = f"{since:02}:00", f"{before:02}:00"
        if hour is None:
            return near(
                (
                    f"Không đọc được giờ mua; chỉ tính khi mua từ {times[0]} đến trước {times[1]}.",
                    f"The time could not be read; it counts from {times[0]} until before {times[1]} only.",
                ),
                would,
            )
        hours = range(since, before) if since < before else [*range(since, 24), *range(before)]
        if hour in hours:
            return would, []
        return near(
            (
                f"Chỉ tính khi mua từ {times[0]} đến trước {times[1]}.",
                f"It counts from {times[0]} until before {times[1]} only.",
            ),
            would,
        )

    return rule


def at_aeon(receipt: Receipt) -> Paid:
    if receipt["retailer"] == "aeon":
        return plain(receipt), []
    if receipt["retailer"] is None or not eligible(receipt):
        return {}, []
    return near(only_at("Aeon"), plain(receipt))


def anywhere(receipt: Receipt) -> Paid:
    return plain(receipt), []


def listed_coopmart(receipt: Receipt) -> Paid:
    would = plain(receipt)
    if receipt["retailer"] == "coopmart":
        return would, []
    return near(only_at("Coopmart"), would) if would else ({}, [])


def in_da_nang(receipt: Receipt) -> Paid:
    if not eligible(receipt):
        return {}, []
    would = plain(receipt)
    if receipt["address"] is None:
        return near(
            (
                "Không đọc được địa chỉ; chỉ tính khi mua ở Đà Nẵng.",
                "The address could not be read; it counts in Đà Nẵng only.",
            ),
            would,
        )
    if "Đà Nẵng" in receipt["address"]:
        return would, []
    return near(("Chỉ tính khi mua ở Đà Nẵng.", "It counts in Đà Nẵng only."), would)


def at_le_loi(receipt: Receipt) -> Paid:
    if not eligible(receipt):
        return {}, []
    would = plain(receipt)
    if receipt["store"] is None:
        return near(
            (
                "Không đọc được tên cửa hàng; chỉ tính khi mua tại WM Lê Lợi.",
                "The store's name could not be read; it counts at WM Lê Lợi only.",
            ),
            would,
        )
    return (would, []) if receipt["store"] == "WM Lê Lợi" else near(only_at("WM Lê Lợi"), would)


def within_3_days(receipt: Receipt) -> Paid:
    if not eligible(receipt):
        return {}, []
    would, days = plain(receipt), receipt["sent_after"]
    if days <= 3:
        return would, []
    told = (
        f"Gửi trong vòng 3 ngày sau khi mua mới được tính; hóa đơn này được gửi sau {days} ngày.",
        f"It counts if sent within 3 days of the purchase; this one was sent after {days} days.",
    )
    return near(told, would)


def first_receipt(receipt: Receipt) -> Paid:
    lines = eligible(receipt)
    if not lines:
        return {}, []
    would = shares(100, lines, by_net)
    told = ("Chỉ tính cho hóa đơn đầu tiên của bạn.", "It counts for your first receipt only.")
    return near(told, would) if receipt["bought"] else (would, [])


def first_knorr(receipt: Receipt) -> Paid:
    lines = eligible(receipt, brands=["knorr"])
    if not lines:
        return {}, []
    told = (
        "Chỉ tính cho lần đầu bạn mua nhãn hàng này.",
        "It counts the first time you buy this brand only.",
    )
    known = any(name.startswith("knorr") for name in receipt["bought"])
    return near(told, {"knorr": 60}) if known else ({"knorr": 60}, [])


def new_omo(receipt: Receipt) -> Paid:
    lines = eligible(receipt)
    if not lines:
        return {}, []
    would = shares(25, lines, by_net)
    is_new = any(line["product"] not in receipt["bought"] for line in eligible(receipt, brands=["omo"]))
    told = (
        "Chỉ tính cho sản phẩm bạn chưa từng mua.",
        "It counts for products only that you have never bought.",
    )
    return (would, []) if is_new else near(told, would)


def doubled_at_weekends(receipt: Receipt) -> Paid:
    once = plain(receipt)
    twice = plain(receipt, 20)
    if not eligible(receipt):
        return {}, []
    if date.fromisoformat(receipt["day"]).weekday() >= 5:
        return twice, []
    told = ("Chỉ tính khi mua vào thứ Bảy, Chủ nhật.", "It counts on Saturday, Sunday only.")
    return once, [with_would(told, sum(twice.values()) - sum(once.values()))]


def knorr_times_two_and_a_half(receipt: Receipt) -> Paid:
    sums = per_amount(receipt, eligible(receipt), 10, 10_000)
    if "knorr" in sums:
        sums["knorr"] = sums["knorr"] * Fraction(5, 2)
    return floors(sums), []


def capped(receipt: Receipt, left: int, told: Callable[[int, int], Told]) -> Paid:
    wanted = plain(receipt)
    whole = sum(wanted.values())
    if whole <= left:
        return wanted, []
    got = max(0, left)
    return (largest(got, wanted) if got else {}), [told(got, whole)]


def a_hundred_a_receipt(receipt: Receipt) -> Paid:
    return capped(
        receipt,
        100,
        lambda got, wanted: (
            f"Đã đạt mức tối đa của một hóa đơn: được {vi(got)} trong số {vi(wanted)} điểm.",
            f"The most for one receipt is reached: {en(got)} of {en(wanted)} points.",
        ),
    )


def a_hundred_and_fifty_a_day(receipt: Receipt) -> Paid:
    return capped(
        receipt,
        150 - receipt["points_today"],
        lambda got, wanted: (
            f"Đã đạt mức tối đa của một ngày: được {vi(got)} trong số {vi(wanted)} điểm.",
            f"The most for one day is reached: {en(got)} of {en(wanted)} points.",
        ),
    )


def two_receipts_a_week(receipt: Receipt) -> Paid:
    wanted = plain(receipt)
    if receipt["receipts_this_week"] < 2 or not wanted:
        return wanted, []
    return {}, [
        (
            "Đã đủ số hóa đơn được tính trong tuần.",
            "As many receipts as count in a week have counted.",
        )
    ]


def knorr_stamps(receipt: Receipt) -> Paid:
    before, more = receipt["stamps"], units(eligible(receipt, brands=["knorr"]))
    filled = (before + more) // 5 - before // 5
    return ({"knorr": 60 * filled} if filled else {}), []


def saturday_or_half_a_million(receipt: Receipt) -> Paid:
    lines = eligible(receipt)
    if not lines:
        return {}, []
    would = shares(70, lines, by_net)
    have = sum((spent(receipt, line) for line in lines), Fraction(0))
    if date.fromisoformat(receipt["day"]).weekday() == 5 or have >= 500_000:
        return would, []
    return near(("Chỉ tính khi mua vào thứ Bảy.", "It counts on Saturday only."), would)


def not_at_winmart(receipt: Receipt) -> Paid:
    would = plain(receipt)
    if receipt["retailer"] != "winmart":
        return would, []
    told = (
        "Không tính cùng điều kiện khác mà hóa đơn này đã có.",
        "It does not count together with something else that this receipt has.",
    )
    return near(told, would) if eligible(receipt) else ({}, [])


def omo_with_dove_and_knorr(receipt: Receipt) -> Paid:
    lines = eligible(receipt)
    if not lines:
        return {}, []
    would = shares(90, lines, by_net)
    omo = eligible(receipt, brands=["omo"])
    missing: list[Told] = [] if omo else [("Hóa đơn cần có Omo.", "The receipt has to show Omo.")]
    for name, need in (("dove", 1), ("knorr", 2)):
        have = units(eligible(receipt, brands=[name]))
        if have < need:
            missing.append(short_of_set(need, have, name.title()))
            break
    if not missing:
        return would, []
    return near(missing[0], would) if len(missing) == 1 else ({}, [])


RULES: dict[str, Callable[[Receipt], Paid]] = {
    "until_the_20th": known_shop(until_the_20th),
    "omo_only": known_shop(lambda receipt: (plain(receipt, 1, 1_000, brands=["omo"]), [])),
    "steps_of_knorr": known_shop(steps_of_knorr),
    "each_unit": known_shop(each_unit),
    "two_units_of_omo": known_shop(two_units_of_omo),
    "spend_200": known_shop(spend_200),
    "three_knorr": known_shop(three_knorr),
    "set_of_omo_and_cubes": known_shop(set_of_omo_and_cubes),
    "one_set_of_dove_and_omo": known_shop(one_set_of_dove_and_omo),
    "weekend": known_shop(weekend),
    "evening": known_shop(between(17, 20)),
    "night": known_shop(between(22, 2)),
    "at_aeon": at_aeon,
    "anywhere": anywhere,
    "listed_coopmart": listed_coopmart,
    "in_da_nang": known_shop(in_da_nang),
    "at_le_loi": known_shop(at_le_loi),
    "within_3_days": known_shop(within_3_days),
    "first_receipt": known_shop(first_receipt),
    "first_knorr": known_shop(first_knorr),
    "new_omo": known_shop(new_omo),
    "doubled_at_weekends": known_shop(doubled_at_weekends),
    "knorr_times_two_and_a_half": known_shop(knorr_times_two_and_a_half),
    "a_hundred_a_receipt": known_shop(a_hundred_a_receipt),
    "a_hundred_and_fifty_a_day": known_shop(a_hundred_and_fifty_a_day),
    "two_receipts_a_week": known_shop(two_receipts_a_week),
    "knorr_stamps": known_shop(knorr_stamps),
    "saturday_or_half_a_million": known_shop(saturday_or_half_a_million),
    "not_at_winmart": not_at_winmart,
    "omo_with_dove_and_knorr": known_shop(omo_with_dove_and_knorr),
}
