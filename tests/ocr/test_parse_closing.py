"""Where figures of a line may be read in two ways, the printed sums and the product say which is meant."""

from __future__ import annotations

import pytest

from ocr.receipt import parse_receipt
from tests.make.paper import make_paper

HEAD = """
CUA HANG AN PHUC
PHIEU THANH TOAN
So CT: 36202501318497
Ngay CT: 20/01/2025 16:39
"""
# A till with a column of discounts in brackets; thousands are parted by spaces.
CUT_COLUMN = """
{head}
HOA DON BAN HANG
Hoa don: GD3605005059
Ngay: 16/10/2024 Gio: 07:43
San pham
SL   Don gia        CK      T.Tien
{items}
Tong tien hang {gross:>18}
Chiet khau SP {cut:>19}
THANH TOAN {total:>22} VND
"""


def amounts_of(text: str) -> list[tuple[int, int]]:
    """The lines' amounts and discounts."""
    return [(line.amount_minor, line.discount_minor) for line in parse_receipt(make_paper(text)).lines]


def spaced(value: int) -> str:
    return f"{value:,}".replace(",", " ")


@pytest.mark.parametrize("head", ["CUA HANG AN PHUC", "GUARDIAN"])
@pytest.mark.parametrize(
    "rows",
    [
        [("DAO CAO 2 CAI", 3, 76000, 114000, "3     76 000 (114 000) 114 000")],
        [("DAO CAO 2 CAI", 2, 56000, 11200, "2     56 000 (11 200) 100 800")],
        [
            ("DAO CAO 2 CAI", 1, 189000, 94500, "1    189 000   (94 500)    94 500"),
            ("BAN CHAI THAN 2 CAY", 1, 175000, 17500, "1    175 000   (17 500)   157 500"),
        ],
        [
            ("LAN KHU MUI 50ML", 1, 108000, 54000, "1    108 000   (54 000)    54 000"),
            ("BAN CHAI THAN 2 CAY", 1, 175000, 0, "1    175 000          0   175 000"),
        ],
        [
            ("LAN KHU MUI 50ML", 2, 37500, 0, "2     37 500          0    75 000"),
            ("LAN KHU MUI 50ML", 1, 56000, 0, "1     56 000          0    56 000"),
        ],
    ],
    ids=["close before", "close behind", "half off", "half off, before a subtotal", "none"],
)
def test_a_column_of_discounts_is_taken_off_once(head: str, rows: list[tuple[str, int, int, int, str]]):
    gross, cut = sum(row[1] * row[2] for row in rows), sum(row[3] for row in rows)
    items = "\n".join(
        f"{name}\n893486800000{place}\n{figures}" for place, (name, *_, figures) in enumerate(rows)
    )
    text = CUT_COLUMN.format(
        head=head, items=items, gross=spaced(gross), cut=f"({spaced(cut)})", total=spaced(gross - cut)
    )
    assert amounts_of(text) == [(count * price, cut) for _, count, price, cut, _ in rows]


def test_a_price_before_the_reduction_is_no_amount_where_the_sums_say_so():
    assert amounts_of(
        HEAD
        + """SL   Gia ban          T.Tien
Nuoc tay trang hop 500ml
2                   262,500    525,000
Tra xanh hop 360ml
1          108,000  216,000    108,000
Banh que hop 126g
2                   189,000    378,000
Ca phe sua da
2                    37,500     75,000
Tong tien:            1,086,000
Thanh toan:           1,086,000
"""
    ) == [(525000, 0), (108000, 0), (378000, 0), (75000, 0)]


# A till that prints a count, a price and an amount beneath each name.
COUNTED = (
    HEAD
    + """SL   Gia ban              T.Tien
Nuoc tay trang hop 500ml
2             62,500     125,000
Tra xanh hop 360ml
{first}
Banh que hop 126g
{second}
Ca phe sua da
3             37,500     112,500
Tong tien:               {total}
Tien mat:                {total}
"""
)


@pytest.mark.parametrize(
    ("first", "second", "amounts"),
    [
        ("3            125,900", "4             89,000", [125000, 377700, 356000, 112500]),
        (
            "2            108,000     216,00",
            "2             44,000     88,00",
            [125000, 216000, 88000, 112500],
        ),
        ("            108,000", "2             44,000     88,000", [125000, 216000, 88000, 112500]),
    ],
    ids=["amounts lost", "last zeros lost", "count and amount lost"],
)
def test_what_was_lost_at_the_end_of_rows_is_worked_out(first: str, second: str, amounts: list[int]):
    reading = parse_receipt(make_paper(COUNTED.format(first=first, second=second, total=f"{sum(amounts):,}")))
    assert [line.amount_minor for line in reading.lines] == amounts
    assert "items" in reading.checks.confirmed


def test_nothing_is_counted_by_what_is_missing_where_two_items_may_be_what_is():
    text = COUNTED.format(first="            108,000", second="             54,000", total="561,500")
    assert [amount for amount, _ in amounts_of(text)] == [125000, 108000, 54000, 112500]


@pytest.mark.parametrize(
    ("cuts", "read"),
    [
        (("10,800A  1   -10,300", "43,800A  2   -87,500"), [10800, 87600]),
        (("-10,800", "-57,600"), [10800, 87600]),
        (("-19,800", "-87,600"), [10800, 87600]),
        # Either may be misread by the same.
        (("-10,800", "-10,800"), [10800, 10800]),
    ],
    ids=["of one and of all", "one digit", "a zero", "either"],
)
def test_discounts_are_read_again_so_that_they_come_to_what_is_stated(cuts: tuple[str, str], read: list[int]):
    stated = sum(read) if len(set(read)) > 1 else sum(read) - 3000
    lines = parse_receipt(
        make_paper(f"""
SIEU THI HOANG GIA
ENT 2025-07-20 20:09 POS: 5047-2438
Ma sp            dgia      sl      so tien
001 RUA TAY BAO VE VUOT TROI
  8934868542452  36000      1       36,000
  CK   {cuts[0]:>32}
002 KEM DANH RANG TRA XANH 230
  8934868339991  38500      1       38,500
003 DAU AN HUONG DUONG 2L
  8934988089523  146000     2      292,000
  CK   {cuts[1]:>32}
Tong cong                          366,500
giam gia san pham              {-stated:>11,}
So tien thanh toan                 {366500 - stated:,}
Tien mat                           {366500 - stated:,}
""")
    ).lines
    assert [line.discount_minor for line in lines if line.discount_minor] == read


def test_a_sum_s_label_that_lost_its_end_is_that_sum():
    reading = parse_receipt(
        make_paper("""
SIEU THI HOANG GIA
ENT 2025-07-20 20:09 POS: 5047-2438
Ma sp            dgia      sl      so tien
001 RUA TAY BAO VE VUOT TROI
  8934868542452  36000      1       36,000
002 DAU AN HUONG DUONG 2L
  8934988089523  146000     2      292,000
Tong cong                          328,000
giam gia san pham
So tien thanh                      318,000
The ngan hang                      318,000
""")
    )
    assert (reading.total_minor, reading.subtotal_minor) == (318000, 328000)
