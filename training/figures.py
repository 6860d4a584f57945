"""Amounts, dates, codes and what else tills print in digits, in the formats of many countries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

Rng = np.random.Generator

_CODE_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LABELS: Final = (
    "Total", "TOTAL:", "Tong cong", "Tổng cộng:", "Cash", "Tiền mặt", "CHANGE", "SL:", "Don gia",
    "Đơn giá", "T.Tiền", "VAT", "GST 6%", "Qty:", "No.", "HD:", "Số HĐ:", "MST:", "Tel:", "ĐT:", "Ngày:",
    "Date:", "Giờ:", "Invoice No:", "Bill#", "Quầy:", "TTL", "RM", "KM", "Giảm giá", "Thuế", "Doc No. :",
    "Time:", "Điểm:",
)  # fmt: skip


def draw_figures(rng: Rng) -> str:
    """Draw one to three groups of digits, now and then behind a label."""
    count = int(rng.choice([1, 2, 3], p=[0.6, 0.27, 0.13]))
    groups = [_KINDS[int(rng.choice(len(_KINDS), p=_SHARES))](rng) for _ in range(count)]
    if rng.random() < 0.18:
        groups.insert(0, _pick(rng, _LABELS))
    return " ".join(groups)


def _digits(rng: Rng, fewest: int, most: int) -> str:
    return "".join(str(digit) for digit in rng.integers(0, 10, int(rng.integers(fewest, most + 1))))


def _pick(rng: Rng, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _dong(rng: Rng) -> str:
    """Vietnamese money: thousands in groups, mostly round to hundreds."""
    amount = int(10 ** rng.uniform(2.7, 7.3))
    amount -= amount % int(rng.choice([1, 100, 500, 1000]))
    grouped = f"{amount:,}"
    if rng.random() < 0.5:
        grouped = grouped.replace(",", ".")
    elif rng.random() < 0.2:
        grouped += ".00"
    elif rng.random() < 0.1:
        grouped = grouped.replace(",", "")
    elif rng.random() < 0.25:
        grouped = grouped.replace(",", " ")
    sign = _pick(rng, ("", "", "", "", "", "-", "- ", "+"))
    return sign + grouped + _pick(rng, ("", "", "", "", "", "đ", "d", " đ", "₫", " VND", "VNĐ", " B", " A"))


def _cents(rng: Rng) -> str:
    """Money with two decimals."""
    amount = int(10 ** rng.uniform(0.5, 6))
    text = f"{amount / 100:,.2f}"
    if rng.random() < 0.12:
        text = text.replace(",", " ").replace(".", ",").replace(" ", ".")
    before = _pick(rng, ("", "", "", "", "", "RM", "RM ", "$", "-", "€", "@", "S$"))
    return before + text + _pick(rng, ("", "", "", "", "", "", " SR", " S", "-", "%", " Z", " T", "*"))


def _quantity(rng: Rng) -> str:
    number = str(int(rng.integers(1, 30))) if rng.random() < 0.6 else f"{rng.uniform(0.05, 9):.3f}"
    unit = _pick(
        rng,
        (
            "",
            "x",
            " x",
            "X",
            " X",
            "kg",
            " KG",
            " Cai",
            " cái",
            " Goi",
            "pcs",
            " PCS",
            "*",
            ")",
            "/",
            "ml",
            "g",
            "L",
        ),
    )
    return number + unit


def _date(rng: Rng) -> str:
    day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(2005, 2032))
    mark = _pick(rng, ("/", "/", "/", "-", ".", " "))
    month_text = _pick(
        rng, ("JAN", "Feb", "MAR", "Apr", "MAY", "Jun", "JUL", "Aug", "SEP", "Oct", "NOV", "Dec")
    )
    shape = int(rng.integers(6))
    if shape == 0:
        return f"{year}{mark}{month:02d}{mark}{day:02d}"
    if shape == 1:
        return f"{day:02d}{mark}{month_text}{mark}{year}"
    if shape == 2:
        return f"{day:02d}{mark}{month:02d}{mark}{year % 100:02d}"
    if shape == 3:
        return f"{day}{mark}{month}{mark}{year}"
    return f"{day:02d}{mark}{month:02d}{mark}{year}"


def _time(rng: Rng) -> str:
    hour, minute, second = (int(part) for part in rng.integers([0, 0, 0], [24, 60, 60]))
    text = f"{hour:02d}:{minute:02d}"
    if rng.random() < 0.5:
        text += f":{second:02d}"
    return text + _pick(rng, ("", "", "", "AM", " PM", " am", "h"))


def _code(rng: Rng) -> str:
    """Numbers of receipts, tills and companies: letters and digits that look alike side by side."""
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.35:
            parts.append(
                "".join(_CODE_LETTERS[place] for place in rng.integers(0, 26, int(rng.integers(1, 4))))
            )
        else:
            parts.append(_digits(rng, 1, 7))
    return _pick(rng, ("", "-", "/", "", ".", "#")).join(parts)


def _alike(rng: Rng) -> str:
    """Characters that tills' fonts hardly tell apart."""
    letters = "0O1Il5S8B2Z6G3E7T4A,.:;-'`96%"
    return "".join(letters[place] for place in rng.integers(0, len(letters), int(rng.integers(2, 9))))


def _plain(rng: Rng) -> str:
    return _digits(rng, 1, 5)


def _ean(rng: Rng) -> str:
    return _pick(rng, ("893", "893", "955", "", "49", "00", "2")) + _digits(rng, 8, 11)


def _phone(rng: Rng) -> str:
    mark = _pick(rng, ("", "-", " ", "."))
    return f"0{_digits(rng, 1, 3)}{mark}{_digits(rng, 3, 4)}{mark}{_digits(rng, 3, 4)}"


def _address(rng: Rng) -> str:
    """A street's number between words and commas."""
    street = _pick(rng, ("Jalan", "JALAN", "Jln", "Đường", "Duong", "Lorong", "Taman", "Road", "Lot"))
    before = _pick(rng, ("No ", "No.", "NO. ", "Lot ", "", "", "Số ", "No. "))
    number = _digits(rng, 1, 3).lstrip("0") or "8"
    number += _pick(rng, ("", "", "A", "-1", "/2", f"&{_digits(rng, 1, 2)}", f" & {_digits(rng, 1, 2)}A"))
    name = "".join(_CODE_LETTERS[place] for place in rng.integers(0, 26, int(rng.integers(2, 8))))
    name = name if rng.random() < 0.5 else name.title()
    tail = _pick(rng, ("", f" {_digits(rng, 1, 2)}", f" {_digits(rng, 1, 2)}/{_digits(rng, 1, 2)}B"))
    end = _pick(rng, (",", ",", "", f", {_digits(rng, 5, 5)} {name}", "."))
    return f"{before}{number}, {street} {name}{tail}{end}"


def _label_code(rng: Rng) -> str:
    """A till's, a counter's or a company's number: letters close to digits that look like them."""
    letters = _pick(
        rng, ("POS", "HP", "B", "L", "M", "R", "V", "T", "W", "CS", "CASH", "SO", "INV", "C", "SS", "K", "D")
    )
    number = "0" * int(rng.integers(0, 3)) + _digits(rng, 1, 4)
    shape = int(rng.integers(5))
    if shape == 0:
        return f"({_digits(rng, 5, 7)}-{_pick(rng, tuple('ADHKMPTUVWX'))})"
    if shape == 1:
        return f"({letters}{number})"
    if shape == 2:
        return f"{letters}{number}-{_digits(rng, 1, 6)}"
    if shape == 3:
        return f"{letters}{int(rng.integers(1, 9))} - {_digits(rng, 1, 2)}"
    return f"{letters}{number}"


def _measure(rng: Rng) -> str:
    """Sizes and counts as goods bear them."""
    unit = _pick(rng, ("MM", "CM", "ML", "PCS", "'S", "KG", "G", "%", '"', "x", "IN1", "L", "W", "oz", "mm"))
    number = _digits(rng, 1, 3)
    shape = int(rng.integers(4))
    if shape == 0:
        return f'{int(rng.integers(1, 8))}/{int(rng.integers(2, 9))}"'
    if shape == 1:
        return f"{number}{unit}X{_digits(rng, 1, 3)}{unit}"
    if shape == 2:
        return f"({number}{unit})"
    return f"{number}{unit}"


def _masked(rng: Rng) -> str:
    return (
        _digits(rng, 0, 6)
        + _pick(rng, ("******", "****", "XXXX", "xxxx", "xxx", "xxxxxx", "************", "*" * 20))
        + _digits(rng, 2, 4)
    )


_WEIGHED: Final[tuple[tuple[Callable[[Rng], str], float], ...]] = (
    (_dong, 0.24), (_cents, 0.20), (_quantity, 0.08), (_date, 0.07), (_time, 0.06), (_code, 0.06),
    (_alike, 0.03), (_plain, 0.04), (_ean, 0.05), (_phone, 0.03), (_masked, 0.02), (_address, 0.04),
    (_label_code, 0.05), (_measure, 0.03),
)  # fmt: skip
_KINDS: Final = [kind for kind, _ in _WEIGHED]
_SHARES: Final = [share for _, share in _WEIGHED]
