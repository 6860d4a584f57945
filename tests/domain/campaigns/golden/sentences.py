"""What the golden table tells shoppers, in two languages, written apart from the catalogue of words."""

from __future__ import annotations

Told = tuple[str, str]


def vi(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def en(number: int) -> str:
    return f"{number:,}"


def with_would(told: Told, would: int) -> Told:
    if would <= 0:
        return told
    return (
        f"{told[0]} Nếu đủ, bạn được thêm {vi(would)} điểm.",
        f"{told[1]} With it you would get {en(would)} points more.",
    )


def short_units(need: int, have: int, what_vi: str, what_en: str) -> Told:
    short = need - have
    return (
        f"Còn thiếu {short} sản phẩm {what_vi} (đã mua {have}, cần {need}).",
        f"{short} units {what_en} short (bought {have}, needed {need}).",
    )


def short_of_set(need: int, have: int, what: str) -> Told:
    short = need - have
    return (
        f"Còn thiếu {short} sản phẩm {what} để đủ bộ (đã mua {have}, cần {need}).",
        f"{short} units {what} short of the set (bought {have}, needed {need}).",
    )


def short_spend(need: int, have: int) -> Told:
    short = need - have
    return (
        f"Còn thiếu {vi(short)} đ hàng của chương trình (đã mua {vi(have)} đ, cần {vi(need)} đ).",
        f"{en(short)} đ of the campaign's goods short (bought for {en(have)} đ, needed {en(need)} đ).",
    )


def only_at(what: str) -> Told:
    return f"Chỉ tính khi mua tại {what}.", f"It counts at {what} only."


UNKNOWN_SHOP: Told = ("Cửa hàng này chưa tham gia chương trình.", "This shop does not take part.")
