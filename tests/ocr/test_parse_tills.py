"""Habits of tills that no rule was written for one by one."""

# ruff: noqa: RUF001 - quotes as tills and readers make them

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ocr.receipt import parse_receipt
from ocr.types import Reading
from tests.make.paper import make_paper


def read(text: str) -> Reading:
    return parse_receipt(make_paper(text))


def items(reading: Reading) -> list[tuple[str, Decimal, int, int]]:
    return [(line.raw_name, line.quantity, line.amount_minor, line.discount_minor) for line in reading.lines]


def test_promotions_name_their_base_before_the_discount():
    reading = read("""
AEON TAN PHU
15/08/2024 11:04
BANH BONG LAN CUON 300G
000011220688
1         55.000   VAT 8%     55.000
KHUYEN MAI #55.000           -10.000
CK THE AEON 5% #45.000        -2.250
TRA CHANH LON 330ML
000011220695
2          9.500   VAT 8%     19.000
TONG CONG                     61.750
TIEN MAT                      61.750
""")
    assert items(reading) == [
        ("BANH BONG LAN CUON 300G", 1, 55000, 12250),
        ("TRA CHANH LON 330ML", 2, 19000, 0),
    ]
    assert (reading.chain, reading.total_minor) == ("AEON", 61750)


def test_a_tax_code_and_a_line_number_stand_before_the_name():
    reading = read("""
CUA HANG TIEN LOI SAO MAI
Ngay: 15/08/2024 11:04
091 VAT08 Banh mi sandwich     3    4.800   14.400
092 VAT08 Sua dac hop giay     1   21.000   21.000
Tong cong                                   35.400
""")
    assert items(reading) == [("Banh mi sandwich", 3, 14400, 0), ("Sua dac hop giay", 1, 21000, 0)]


def test_the_unit_stands_before_the_count():
    reading = read("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang                         Thanh tien
Keo dua ben tre
   Goi  2       9.800            19.600
Nuoc suoi chai lon
   Chai 3       7.000            21.000
Tong cong                        40.600
""")
    assert items(reading) == [("Keo dua ben tre", 2, 19600, 0), ("Nuoc suoi chai lon", 3, 21000, 0)]


def test_expiry_dates_and_former_prices_between_name_and_figures_are_no_names():
    reading = read("""
CUA HANG SACH XANH
Ngay: 15/08/2024 11:04
Ten hang        SL     Don gia     T.Tien
Sua chua trai cay
HSD: 31/12/2026
                2        7.000     14.000
Banh gao lut
                1       28.000     28.000
Gia goc: 38.900
Tong cong                          42.000
""")
    assert items(reading) == [("Sua chua trai cay", 2, 14000, 0), ("Banh gao lut", 1, 28000, 0)]
    assert str(reading.purchased_on) == "2024-08-15"


def test_bars_part_the_fields_of_a_line():
    reading = read("""
WinMart
PHIEU TINH TIEN
14/04/2025 08:45|MSCH:1675|INV:09017155
Mat hang            Gia      SL     T.Tien
Nuoc giat sach     95.000     1     95.000
 tui 2.1kg
                       KM: -10.000
TONG GIA TRI DON                    95.000
TONG TIEN GIAM                      10.000
TONG TIEN THANH TOAN                85.000
Tien tra lai                             0
""")
    assert (reading.chain, reading.receipt_no) == ("WinMart", "09017155")
    assert items(reading) == [("Nuoc giat sach tui 2.1kg", 1, 95000, 10000)]
    assert (reading.subtotal_minor, reading.total_minor) == (95000, 85000)


def test_stars_and_weekdays_of_convenience_stores():
    reading = read("""
FamilyMart
521 Hoang Van Thu Q.Tan Binh
23/06/2024(Sun)  08:10
Com nam ca hoi         16.000     16,000*
Sua dau nanh 350ml     12.000     12,000*
Tam tinh:                         28,000
Tong cong:                        28,000
So don:2-69318   Thu ngan:120013
""")
    assert items(reading) == [("Com nam ca hoi", 1, 16000, 0), ("Sua dau nanh 350ml", 1, 12000, 0)]
    assert (reading.chain, reading.total_minor, reading.receipt_no) == ("FamilyMart", 28000, "2-69318")
    assert str(reading.purchased_at) == "2024-06-23 08:10:00"


def test_a_bag_for_nothing_is_an_item_too():
    reading = read("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang            Don gia   SL    T.Tien
Nuoc giat sach       95.000    1    95.000
Tui giay nho              0    1         0
Tui giay lon            500    2     1.000
TONG CONG                           96.000
""")
    assert [amount for _, _, amount, _ in items(reading)] == [95000, 0, 1000]


def test_several_tenders_pay_one_receipt():
    reading = read("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang            Don gia   SL    T.Tien
Nuoc giat sach       95.000    3   285.000
TONG TIEN THANH TOAN               285.000
TIEN VOUCHER                        50.000
THE NGAN HANG                      235.000
TIEN TRA LAI                             0
""")
    assert (reading.total_minor, reading.tendered_minor, reading.payment) == (285000, 285000, "card")


def test_two_pages_are_one_receipt():
    first = make_paper("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang            Don gia   SL    T.Tien
Nuoc giat sach       95.000    3   285.000
""")
    second = [
        type(line)(line.words, 1)
        for line in make_paper("""
Nuoc xa vai thom     60.000    2   120.000
TONG TIEN THANH TOAN               405.000
""")
    ]
    reading = parse_receipt([*first, *second])
    assert [line.page for line in reading.lines] == [0, 1]
    assert reading.total_minor == 405000


def test_points_and_members_are_no_items():
    reading = read("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang            Don gia   SL    T.Tien
Nuoc giat sach       95.000    1    95.000
TONG CONG                           95.000
Diem tich luy                          950
The thanh vien: 0912xxxx34
Tong diem hien co                   12.450
""")
    assert len(reading.lines) == 1
    assert reading.total_minor == 95000


def test_a_leader_between_count_and_amount_joins_them_to_no_word():
    reading = read("""
Mat hang          Gia       SL   T.Tien
Bot giat trang    148,000   1~=—«:148,000
Xa phong thom      17,500   1   ~—‘17,500
TONG CONG                         165,500
""")
    assert items(reading) == [("Bot giat trang", 1, 148000, 0), ("Xa phong thom", 1, 17500, 0)]


def test_a_separator_that_was_not_read_parts_no_number():
    reading = read("""
SAIGON CO.OP
PHIEU TINH TIEN
Ngay: 14/11/2026 08:51   Nhan vien: Gia Linh
8934868367391 Xa phong thom
VAT08%   1 banh     17,500.00     17,500.00
8934868448751 Dau xa em diu
VAT08%   1 chai     96 000.00     96 000.00
Tong tien hang:                  113,500.00
Tong so tien thanh toan:         113,500.00
""")
    assert [line.amount_minor for line in reading.lines] == [17500, 96000]


def test_a_zero_seen_twice_after_a_space_makes_no_number_of_its_own():
    reading = read("""
LOTTE MART
Ma sp          dgia      sl     so tien
001 COM NAM CA HOI
8938599995006   18000     1      18, 9000
002 HAT NEM NAM HUONG
8934868155157   46500     1      46, 500
Tong cong                        64,500
""")
    assert [line.amount_minor for line in reading.lines] == [18000, 46500]


def test_line_numbers_with_a_misread_zero_are_no_part_of_names():
    reading = read("""
LOTTE MART
Ma sp          dgia      sl     so tien
@01 COM NAM CA HOI
8938599995006   18000     1      18,000
©02 HAT NEM NAM HUONG
8934868155157   46500     1      46,500
Tong cong                        64,500
""")
    assert [line.raw_name for line in reading.lines] == ["COM NAM CA HOI", "HAT NEM NAM HUONG"]


def test_grain_above_the_first_figures_does_not_shift_the_names():
    text = """
Mat hang              Don gia   SL     T.Tien
oo
8936012340012          18.000    3     54.000
Mi tron hai san
8936012340029          22.000    1     22.000
Tra tui hoa cuc
8936012340036           9.500    2     19.000
Keo gung
TONG CONG                              95.000
"""
    faint = [
        replace(line, words=tuple(replace(word, confidence=0.1) for word in line.words))
        if line.text == "oo"
        else line
        for line in make_paper(text)
    ]
    assert [line.raw_name for line in parse_receipt(faint).lines] == [
        "Mi tron hai san",
        "Tra tui hoa cuc",
        "Keo gung",
    ]


def test_a_code_before_a_name_opens_its_item_however_the_ends_of_the_list_were_read():
    reading = read("""
SAIGON CO.OP
PHIEU TINH TIEN
Ngay: 14/11/2026 08:51   Nhan vien: Gia Linh
8935102921439 Kem danh rang
VAT08%   1 cai       39,000.00     39,000.00
8934804621876 Nuoc khoang
VATOSS   1 cai       10,400.00     10,400.00
8934868521457 Nuoc giat
VATOS%   1 cai      199,000.00    199,000.00
8934868034758 Dau goi thom
8934868610892 Lan khu mui
VATO!    1 cai       53,900.00     53,900.00
VAT08%   1 cai        8,800.00      8,800.00
Tong tien hang:                   311,100.00
Tong so tien thanh toan:          311,100.00
""")
    assert [(line.raw_name, line.amount_minor) for line in reading.lines][:3] == [
        ("Kem danh rang", 39000),
        ("Nuoc khoang", 10400),
        ("Nuoc giat", 199000),
    ]


def test_what_is_left_of_a_broken_total_is_not_what_was_paid():
    reading = read("""
SAIGON CO.OP
PHIEU TINH TIEN
Ngay: 14/11/2026 08:51   Nhan vien: Gia Linh
8935102921439 Kem danh rang
VAT08%   1 cai       39,000.00     39,000.00
8934804621876 Nuoc khoang
VAT08%   1 cai       10,400.00     10,400.00
Tong so tien thanh toan: 4                68
Tien mat                           50,000.00
Tien thoi lai                         600.00
""")
    assert reading.total_minor == 49400


def test_numbers_that_open_brand_names_are_no_counts_where_counts_have_a_column():
    reading = read("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang                 SL     Gia    T.Tien
3 Mien mi tom chua cay    1   4.500     4.500
7 Up lon 320ml            2   9.000    18.000
Nuoc suoi Vinh Hao        6  13.500    81.000
Sua tiet trung thung      1 312.000   312.000
TONG CONG                             415.500
TIEN MAT                              415.500
""")
    assert [(line.raw_name, line.quantity) for line in reading.lines] == [
        ("3 Mien mi tom chua cay", 1),
        ("7 Up lon 320ml", 2),
        ("Nuoc suoi Vinh Hao", 6),
        ("Sua tiet trung thung", 1),
    ]


def test_numbers_that_count_the_lines_are_no_part_of_names_where_counts_have_a_column():
    reading = read("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang                 SL     Gia    T.Tien
1 Mien mi tom chua cay    1   4.500     4.500
2 Up lon 320ml            2   9.000    18.000
3 Nuoc suoi Vinh Hao      6  13.500    81.000
TONG CONG                             103.500
TIEN MAT                              103.500
""")
    assert [line.raw_name for line in reading.lines] == [
        "Mien mi tom chua cay",
        "Up lon 320ml",
        "Nuoc suoi Vinh Hao",
    ]


def test_numbers_of_lines_that_run_into_names_are_no_part_of_them():
    lines = read("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang                 SL     Gia    T.Tien
1.Nuoc mam chai 500ml     1  41.500    41.500
V2.Banh quy bo hop        2   9.000    18.000
3.Nuoc suoi Vinh Hao      6  13.500    81.000
TONG CONG                             140.500
TIEN MAT                              140.500
""").lines
    assert [line.raw_name for line in lines] == [
        "Nuoc mam chai 500ml",
        "Banh quy bo hop",
        "Nuoc suoi Vinh Hao",
    ]
