"""Where figures of a line may be read in two ways, the printed sums and the product say which is meant."""

from __future__ import annotations

import pytest

from ocr.receipt import parse_receipt
from tests.make.paper import make_paper

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
    assert amounts_of("""
CUA HANG AN PHUC
PHIEU THANH TOAN
So CT: 36202501318497
Ngay CT: 20/01/2025 16:39
SL   Gia ban          T.Tien
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
""") == [(525000, 0), (108000, 0), (378000, 0), (75000, 0)]
