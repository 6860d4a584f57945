"""Items in every order that tills print them."""

from __future__ import annotations

from decimal import Decimal

from ocr.receipt import parse_receipt
from ocr.types import ReadingLine
from tests.make.paper import make_paper


def lines_of(text: str) -> list[tuple[str, Decimal, int]]:
    return [
        (line.raw_name, line.quantity, line.amount_minor) for line in parse_receipt(make_paper(text)).lines
    ]


def read(text: str) -> tuple[ReadingLine, ...]:
    return parse_receipt(make_paper(text)).lines


def test_a_count_a_name_and_an_amount_stand_on_one_line():
    assert lines_of("""
CUA HANG TIEN LOI SAO MAI
Ngay 12/03/2024 08:15
HOA DON BAN HANG
2  Banh mi bo toi               30,000
1  Sua dau nanh hop             12,500
1  Khan giay bo tui              8,000
TONG CONG                       50,500
TIEN MAT                        50,500
""") == [
        ("Banh mi bo toi", Decimal(2), 30000),
        ("Sua dau nanh hop", Decimal(1), 12500),
        ("Khan giay bo tui", Decimal(1), 8000),
    ]


def test_figures_stand_below_the_name():
    assert lines_of("""
Ten hang       SL      Gia ban       T.Tien
Nuoc mam ca com 500ml
               2        41,000        82,000
Duong cat trang 1kg
               1        26,500        26,500
Tong cong                            108,500
""") == [
        ("Nuoc mam ca com 500ml", Decimal(2), 82000),
        ("Duong cat trang 1kg", Decimal(1), 26500),
    ]


def test_figures_with_a_code_stand_above_the_name():
    lines = read("""
Mat hang              Don gia   SL     T.Tien
8936012340012          18.000    3     54.000
Mi tron hai san
8936012340029          22.000    1     22.000
Tra tui hoa cuc
8936012340036           9.500    2     19.000
Keo bac ha
TONG TIEN PHAI T.TOAN                  95.000
""")
    assert [line.raw_name for line in lines] == ["Mi tron hai san", "Tra tui hoa cuc", "Keo bac ha"]
    assert [line.quantity for line in lines] == [3, 1, 2]
    assert lines[0].barcode == "8936012340012"


def test_a_zero_padded_code_stands_before_the_name_and_the_tax_rate_before_the_figures():
    lines = read("""
Quay: 02         Ngay: 03/05/2024 09:12:15
08936012340012 Bot ngot goi 400g
VAT08%    2 goi     31,000.00     62,000.00
08936012340029 Dau hao chai 350g
VAT10%    1 chai    27,000.00     27,000.00
Tong so tien thanh toan:          89,000.00
""")
    assert [(line.raw_name, line.barcode, line.amount_minor) for line in lines] == [
        ("Bot ngot goi 400g", "8936012340012", 62000),
        ("Dau hao chai 350g", "8936012340029", 27000),
    ]


def test_three_lines_make_one_item():
    lines = read("""
San pham
SL        Don gia        T.Tien
KEM CHONG NANG DIU NHE 50ML
8936012340012
1         185.000        185.000
BONG TAY TRANG HOP 120
8936012340029
2          32.000         64.000
THANH TOAN               249.000
""")
    assert [(line.raw_name, line.barcode) for line in lines] == [
        ("KEM CHONG NANG DIU NHE 50ML", "8936012340012"),
        ("BONG TAY TRANG HOP 120", "8936012340029"),
    ]


def test_a_name_wraps_under_the_figures_of_its_first_line():
    assert [
        name
        for name, _, _ in lines_of("""
Mat hang                 Gia    SL     T.Tien
Nuoc giat huong hoa   95.000     1     95.000
 oai huong tui 2.1kg
Giay ve sinh ba lop   54.000     2    108.000
 goi 10 cuon
TONG TIEN THANH TOAN                  203.000
""")
    ] == ["Nuoc giat huong hoa oai huong tui 2.1kg", "Giay ve sinh ba lop goi 10 cuon"]


def test_one_line_items_and_two_line_items_mix():
    assert lines_of("""
MAT HANG                         GIA TRI
HOP NHUA VUONG                 44.500 B
CA HOI CAT KHUC
   0.500 KG X 400.000         200.000 A
TUI RAC DEN
   3 Cai X 15.000              45.000 B
TONG CONG                     289.500d
""") == [
        ("HOP NHUA VUONG", Decimal(1), 44500),
        ("CA HOI CAT KHUC", Decimal("0.500"), 200000),
        ("TUI RAC DEN", Decimal(3), 45000),
    ]


def test_a_discount_below_belongs_to_the_item_above():
    lines = read("""
Mat hang              Don gia   SL     T.Tien
Dau goi thao duoc     100.000    2    200.000
KM                                    -40.000
Kem tay da nang        45.000    1     45.000
TONG TIEN PHAI T.TOAN                 205.000
""")
    assert [(line.amount_minor, line.discount_minor) for line in lines] == [(200000, 40000), (45000, 0)]


def test_a_discount_column_gives_the_gross_amount():
    lines = read("""
SL        Don gia      CK        T.Tien
SUA TAM GOI XA 500ML
2         80,000    (30,000)    130,000
KEM DUONG DEM 50G
1        120,000          0     120,000
THANH TOAN                      250,000
""")
    assert [(line.amount_minor, line.discount_minor) for line in lines] == [(160000, 30000), (120000, 0)]


def test_a_weight_is_told_from_a_thousand_by_the_product():
    (line,) = read("""
Ma sp            dgia      sl      so tien
001 CHUOI TIEU
  2300012000004   39900   1.282      51,152
Tong cong                            51,152
So tien thanh toan                   51,152
""")
    assert (line.quantity, line.unit_price_minor, line.amount_minor) == (Decimal("1.282"), 39900, 51152)


def test_the_weight_code_of_a_label_tells_the_weight_behind_a_quantity_of_one():
    lines = read("""
Mat hang              Don gia   SL     T.Tien
2607609009502         149.625    1    149.625
Thit ba roi
   0,950 KG  157.500
8936012340029          22.000    1     22.000
Tra tui hoa cuc
TONG TIEN PHAI T.TOAN                 171.625
""")
    assert (lines[0].quantity, lines[0].unit_price_minor) == (Decimal("0.950"), 157500)


def test_the_recap_of_discounts_after_the_total_holds_no_items():
    assert (
        len(
            lines_of("""
1  Com nam rong bien               18,000
1  Nuoc suoi 500ml                  6,000
TAM TINH                           24,000
GIAM GIA                           -4,000
TONG CONG                          20,000
TIEN MAT                           20,000
Cac chuong trinh giam gia da ap dung:
Com nam rong bien                  -4,000
""")
        )
        == 2
    )


def test_a_voided_item_is_not_bought():
    assert [
        name
        for name, _, _ in lines_of("""
DESCRIPTION                    AMOUNT
GREEN TEA BOTTLE                 2.50
RICE CRACKER                     4.00
VOID                            -4.00
PEANUTS                          3.00
TOTAL                 RM         5.50
CASH                  RM         5.50
""")
    ] == ["GREEN TEA BOTTLE", "PEANUTS"]


def test_goods_taken_back_count_negative():
    lines = read("""
DESCRIPTION       U.P   QTY   AMT(RM)
WHITE BREAD      2.00     5     10.00
SESAME BUN       0.80    -2     -1.60
TOTAL PAYABLE:                   8.40
""")
    assert [line.amount_minor for line in lines] == [1000, -160]


def test_article_numbers_and_tax_classes_are_no_names():
    assert [
        name
        for name, _, _ in lines_of("""
ITEM                 QTY        TOTAL
SR I00100000031- VEGETABLE RICE
$4.40                  1        $4.40
SR I00100000064- ADD TOFU
$0.50                  1        $0.50
TOTAL AMOUNT:                   $4.90
CASH                            $4.90
KUALA LUMPUR GST
""")
    ] == ["VEGETABLE RICE", "ADD TOFU"]


def test_lines_that_prove_themselves_and_add_up_are_trusted():
    reading = parse_receipt(
        make_paper("""
Mat hang              Don gia   SL     T.Tien
Dau goi thao duoc     100.000    2    200.000
Kem tay da nang        45.000    3    135.000
TONG TIEN PHAI T.TOAN                 335.000
""")
    )
    assert all(line.confidence >= 0.9 for line in reading.lines)
    faint = parse_receipt(
        make_paper(
            """
Mat hang                               T.Tien
Dau goi thao duoc                     200.000
Kem tay da nang                       135.000
TONG TIEN PHAI T.TOAN                 399.000
""",
            confidence=0.5,
        )
    )
    assert all(line.confidence < 0.9 for line in faint.lines)


def test_of_two_figures_with_decimals_the_whole_one_is_the_count():
    assert lines_of("""
BERRY CAKE HOUSE SDN BHD
Desc & Code      Qty    Price   Amount
00014960 RAISIN BREAD
                1.00     4.55     4.55
00002493 CHEESE ROLL
               65.00     1.50    97.50
Total Inclusive of Tax          102.05
""") == [("RAISIN BREAD", Decimal(1), 455), ("CHEESE ROLL", Decimal(65), 9750)]


def test_a_count_that_does_not_divide_its_amount_was_misread():
    assert lines_of("""
LAKESIDE DINER
08/15/2024 11:04 AM
2 Pancakes                $15.00
7 Sprite                   $2.50
1 Coffee                   $3.25
Total                     $20.75
""") == [("Pancakes", Decimal(2), 1500), ("Sprite", Decimal(1), 250), ("Coffee", Decimal(1), 325)]
