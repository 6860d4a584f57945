"""Ways of printing that once went wrong: each stands for its kind, on a paper of the project's own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ocr.receipt import parse_receipt
from ocr.types import Reading
from tests.make.paper import make_paper


def read(text: str) -> Reading:
    return parse_receipt(make_paper(text))


def items_of(text: str) -> list[tuple[str, Decimal, int]]:
    return [(line.raw_name, line.quantity, line.amount_minor) for line in read(text).lines]


def test_a_price_for_a_kilogram_and_a_weight_stand_beside_the_name():
    assert items_of("""
CUA HANG THUC PHAM SAO MAI
Ngay ban: 12/03/2024 08:15   HD: 00314159
Mat hang             Don gia   SL      T.Tien
Cai ngot huu co  41.500/KG X 0,836 KG  34.694
Dau phu chien           12.000   2     24.000
TONG TIEN PHAI T.TOAN                  58.694
TIEN MAT                               60.000
TIEN TRA LAI                            1.306
""") == [("Cai ngot huu co", Decimal("0.836"), 34694), ("Dau phu chien", Decimal(2), 24000)]


def test_a_tax_mark_stands_between_price_and_amount():
    assert items_of("""
CUA HANG THUC PHAM SAO MAI
Ngay: 12/03/2024 08:15
Ten hang      SL   Don gia          T.Tien
tuong ot chai 250g
2          14.500    VAT 8%         29.000
xoai cat loai mot
0,742 kg   39.000    VAT 5%         28.938
Tong tien                           57.938
""") == [("tuong ot chai 250g", Decimal(2), 29000), ("xoai cat loai mot", Decimal("0.742"), 28938)]


def test_a_struck_price_stands_before_the_price_that_was_paid():
    lines = read("""
CUA HANG THUC PHAM SAO MAI
Ngay: 12/03/2024 08:15
Ten hang      SL   Gia goc   Gia ban   T.Tien
banh quy bo hop 300g
2             48.000    39.500         79.000
nuoc ep tao hop 1L
1             31.000    31.000         31.000
Tong tien                             110.000
Tien mat                              110.000
""").lines
    assert [(line.amount_minor, line.quantity) for line in lines] == [(79000, 2), (31000, 1)]


@pytest.mark.parametrize("number", ["OV812345678901234", "OV912345678901234", "OV81234567890123"])
def test_a_number_stays_as_long_as_it_is_printed(number: str):
    text = f"""
BACH HOA XANH
www.bachhoaxanh.com
PHIEU THANH TOAN
So CT: {number}
Ngay CT: 12/03/2024 08:15
tuong ot chai 250g
2             14.500         29.000
Tong tien:                   29.000
"""
    assert read(text).receipt_no == number


def test_a_code_that_only_holds_a_number_does_not_confirm_it():
    lines = make_paper("CUA HANG AN PHUC\nSo HD: 48213\nTuong ot   14.500\nTong cong   14.500")
    held = parse_receipt(lines, codes=("99482137",)).confidence["receipt_no"]
    same = parse_receipt(lines, codes=("48213",)).confidence["receipt_no"]
    assert held < same


@pytest.mark.parametrize("line", ["HOA DON THANH TOAN", "Thanh tien:      29.000", "PHIEU THANH TOAN"])
def test_common_words_mark_no_provisional_bill_and_no_refund(line: str):
    assert read(f"CUA HANG AN PHUC\n{line}\nTuong ot   29.000\nTong cong   29.000").marks == ()


def test_a_total_may_be_called_a_sum_and_nothing_more():
    assert (
        read("""
QUAN COM BA TU
12 Le Loi, Phuong 3
18/11/2026 11:20
Com suon            1     35.000
Tra da              2      6.000
Tong:                     41.000
Cam on quy khach
""").total_minor
        == 41000
    )


@pytest.mark.parametrize("name", ["HAPPY REWARDS", "WINE MART", "MEMBER REWARDS CLUB"])
def test_loose_words_name_no_chain(name: str):
    reading = read(f"{name}\n12 Le Loi, Phuong 3\nTuong ot chai 250g   14.500\nTong cong   14.500")
    assert reading.chain is None


def test_a_shop_outside_the_catalogue_is_read_by_its_name_without_its_branch():
    reading = read("""
Hoang Gia Mart Le Loi
12 Le Loi, Phuong 3, Quan 5, TP. Ho Chi Minh
HOA DON BAN HANG
Ngay: 12/03/2024 08:15
Tuong ot chai 250g   1   14.500   14.500
Tong cong                         14.500
""")
    assert (reading.merchant, reading.status) == ("Hoang Gia Mart", "read")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("Hoang Gia Mart Thủ Dầu Một", "Hoang Gia Mart"),
        ("Hoang Gia Mart Bình Thạnh", "Hoang Gia Mart"),
        ("Hoang Gia Mart Minh Tam", "Hoang Gia Mart Minh Tam"),
    ],
)
def test_a_town_behind_a_shop_s_name_is_none_of_it(row: str, name: str):
    reading = read(f"""
{row}
HOA DON BAN HANG
Ngay: 12/03/2024 08:15
Tuong ot chai 250g   1   14.500   14.500
Tong cong                         14.500
""")
    assert reading.merchant == name


def test_names_codes_and_figures_on_rows_of_their_own_stay_together():
    assert items_of("""
SIEU THI HOANG GIA
12 Le Loi, Phuong 3, Quan 5
12/03/2024 (T3) 08:15 #0012-3456
Thu ngan: 204518 Lan
TUONG OT CHAI 250G
8936017361129
2 14.500 VAT 8% 29.000
BANH QUY BO HOP 300G
8934680024135
1 39.500 VAT 8% 39.500
GAO THOM TUI 5KG
8936079123456
3 95.000 VAT 5% 285.000
NUOC MAM CHAI 500ML
8934804029113
1 41.000 VAT 8% 41.000
TONG CONG            394.500
TIEN MAT             400.000
TIEN THOI LAI          5.500
""") == [
        ("TUONG OT CHAI 250G", Decimal(2), 29000),
        ("BANH QUY BO HOP 300G", Decimal(1), 39500),
        ("GAO THOM TUI 5KG", Decimal(3), 285000),
        ("NUOC MAM CHAI 500ML", Decimal(1), 41000),
    ]


def test_a_number_sign_marks_the_number():
    assert (
        read("SIEU THI HOANG GIA\n12/03/2024 (T3) 08:15 #0012-3456\nTuong ot  14.500").receipt_no
        == "0012-3456"
    )


def test_count_and_price_may_be_printed_as_one_word():
    lines = read("""
SIEU THI HOANG GIA
12/03/2024 08:15
Tuong ot chai 250g               29.000
14.500x2
Banh quy bo hop 300g             39.500
Khoai lang mat                   13.734
21.000x0,654
Tong cong                        82.234
""").lines
    assert [line.quantity for line in lines] == [2, 1, Decimal("0.654")]


def test_a_paper_that_adds_up_is_surer_as_a_whole_than_one_that_does_not():
    paper = """
SIEU THI HOANG GIA
12/03/2024 08:15
Ten hang                 SL   Don gia    T.Tien
Tuong ot chai 250g        2    14.500    29.000
Banh quy bo hop 300g      1    39.500    39.500
Tong cong                                68.500
"""
    fits = read(paper).confidence["items"]
    assert fits > read(paper.replace("68.500", "71.200")).confidence["items"]
    assert 0 < fits <= 1


def test_a_promotion_that_the_price_holds_already_is_not_taken_off_again():
    reading = read("""
SIEU THI HOANG GIA
12/03/2024 08:15
SO LUONG     DON GIA   THANH TIEN
BOT GIAT TUI 5KG 000008036926
1        185.000      185.000
KHUYEN MAI  @210.000  -25.000
NUOC SUOI 1.5L 000004569312
2          7.800       15.600
SO LUONG MAT HANG: 2  200.600
TONG THANH TOAN       200.600
TIEN MAT              200.600
TIEN THOI LAI               0
""")
    assert [(line.amount_minor, line.discount_minor) for line in reading.lines] == [(185000, 0), (15600, 0)]
    assert (reading.total_minor, "items" in reading.checks.confirmed) == (200600, True)
    assert reading.checks.others_minor is None


def test_a_promotion_that_the_price_does_not_hold_is_taken_off():
    lines = read("""
SIEU THI HOANG GIA
12/03/2024 08:15
SO LUONG     DON GIA   THANH TIEN
BOT GIAT TUI 5KG 000008036926
1        210.000      210.000
KHUYEN MAI  @210.000  -25.000
NUOC SUOI 1.5L 000004569312
2          7.800       15.600
TONG THANH TOAN       200.600
TIEN MAT              200.600
""").lines
    assert [(line.amount_minor, line.discount_minor) for line in lines] == [(210000, 25000), (15600, 0)]


def test_points_that_pay_a_part_take_nothing_off_the_goods():
    reading = read("""
CUA HANG THUC PHAM SAO MAI
So phieu: 240312081500731
Ngay: 12/03/2024 08:15
Ten hang      SL   Gia goc   Gia ban   T.Tien
banh quy bo hop 300g
2             48.000    39.500         79.000
nuoc ep tao hop 1L
1             31.000    31.000         31.000
Tong tien                             110.000
Diem da su dung                        10.000
Tien mat                              100.000
""")
    assert (reading.total_minor, reading.discount_total_minor) == (110000, 0)
    assert [(line.amount_minor, line.discount_minor) for line in reading.lines] == [(79000, 0), (31000, 0)]
    assert reading.receipt_no == "240312081500731"


def test_a_reduction_with_a_minus_beneath_an_item_is_that_item_s():
    lines = read("""
COSTCO WHOLESALE
08/15/2024 11:04
E 1234567 ORG SPINACH       4.99
  555123 TIDE PODS         27.99 A
  0000298765 / 555123       6.00-
SUBTOTAL                   26.98
TAX                         1.81
**** TOTAL                 28.79
""").lines
    assert [(line.amount_minor, line.discount_minor) for line in lines] == [(499, 0), (2799, 600)]


def test_a_row_that_an_amount_left_room_for_is_a_wish_and_no_part_of_the_name():
    reading = read("""
HARBOR STREET GRILL
Table: 23    Server: DANA
1 GRILLED SNAPPER                     $19.95
    Green salad
1 LEMON CHICKEN                       $17.00
    Plantains
1 SODA                                 $3.00
Subtotal:                             $39.95
Total:                                $39.95
""")
    assert [line.raw_name for line in reading.lines] == ["GRILLED SNAPPER", "LEMON CHICKEN", "SODA"]


def test_words_tell_the_price_before_a_reduction_from_the_one_that_is_paid():
    reading = read("""
CUA HANG ME VA BE SAO MAI
12 Le Loi, Phuong 3, Quan 5
HOA DON BAN LE
Ma don hang: SM240312477001
Ngay mua: 12/03/2024 - 15:59
1) Sua tuoi tiet trung hop 1L
36.900d x 1                           36.900d
2) Nuoc xa vai huong xuan tui 1.6L
Gia goc 110.000d con 77.000d x2      154.000d
3) Khan uot 80 mieng
Gia goc 38.000d con 28.500d x1        28.500d
Tong tien hang                       219.400d
Tong thanh toan                      219.400d
The ngan hang                        219.400d
""")
    assert [
        (line.raw_name, line.quantity, line.amount_minor, line.discount_minor) for line in reading.lines
    ] == [
        ("Sua tuoi tiet trung hop 1L", 1, 36900, 0),
        ("Nuoc xa vai huong xuan tui 1.6L", 2, 154000, 0),
        ("Khan uot 80 mieng", 1, 28500, 0),
    ]


def test_a_code_stands_above_a_name_and_count_and_reduction_beneath_its_amount():
    reading = read("""
CUA HANG SAO MAI
12/03/2024 19:33:39 Hoa don 4437 05 003058
8936017361129
Khan giay hop 180 to                29,000
Giam 50%                          - 14,500
8934680024135
Kem danh rang bac ha
230g                               138,000
SL 3 @ 46,000
8936079123456
TUI TU HUY SINH HOC M                2,800
SL 4 @700
Tong phu                           169,800
Tiet kiem                         - 14,500
Tong tien (VND)                    155,300
The ngan hang                      155,300
""")
    assert [
        (line.raw_name, line.quantity, line.amount_minor, line.discount_minor) for line in reading.lines
    ] == [
        ("Khan giay hop 180 to", 1, 29000, 14500),
        ("Kem danh rang bac ha 230g", 3, 138000, 0),
        ("TUI TU HUY SINH HOC M", 4, 2800, 0),
    ]
    assert (reading.subtotal_minor, reading.total_minor) == (169800, 155300)
