"""Whole receipts as tills of Vietnamese shops lay them out."""

from __future__ import annotations

import pytest

from ocr.receipt import parse_receipt
from tests.make.paper import make_paper

# Each paper with its total, and its items: name, quantity, amount and discount.
PAPERS = [
    pytest.param(
        """
CIRCLE K VIETNAM
Store: VN0188 - 12 Le Van Sy, P.13, Q.3
Bill: 188 02 20240815 0044
15/08/2024 11:04:21   Cashier: Hoa
2 x Mi ly Hao Hao tom chua cay   9,500    19,000
1 x Nuoc suoi La Vie 500ml       7,000     7,000
1 x Banh bao thit trung         22,000    22,000
 Giam gia combo                           -5,000
Item(s)/Qty(s) (VAT included): 3/4        48,000
Discount:                                 -5,000
Total:                                    43,000
CASH                                      50,000
Change                                     7,000
""",
        43000,
        [
            ("Mi ly Hao Hao tom chua cay", "2", 19000, 0),
            ("Nuoc suoi La Vie 500ml", "1", 7000, 0),
            ("Banh bao thit trung", "1", 22000, 5000),
        ],
        id="counts with a times sign before names",
    ),
    pytest.param(
        """
FAMILYMART VIETNAM
22 Nguyen Thai Hoc, P. Cau Ong Lanh, Q.1
HOA DON BAN LE
Ngay: 15/08/2024 11:04   Quay: 01
So HD: 0112408150045
SL  Ten hang              Don gia   T.Tien
1   Com nam ca hoi mayo    18,000   18,000
3   Tra xanh 0 do 455ml     9,000   27,000
      KM mua 2 tang 1                -9,000
1   Xuc xich Vissan 70g    12,000   12,000
Tong cong                            48,000
MOMO                                 48,000
""",
        48000,
        [
            ("Com nam ca hoi mayo", "1", 18000, 0),
            ("Tra xanh 0 do 455ml", "3", 27000, 9000),
            ("Xuc xich Vissan 70g", "1", 12000, 0),
        ],
        id="a count column before names, buy two get one",
    ),
    pytest.param(
        """
GS25 VIETNAM
GS25 Le Thanh Ton
MST: 0314623981
[POS:01] 2024/08/15 11:04:33
--------------------------------
Ten SP         SL   Don gia  Thanh tien
--------------------------------
Gimbap thit bo xao
8801234567893   1    25,000    25,000
Sua chuoi Binggrae 200ml
8801104111113   2    24,000    48,000
 1+1 khuyen mai              (24,000)
--------------------------------
Tong SL: 3
Tong tien:                     49,000
Zalopay                        49,000
""",
        49000,
        [("Gimbap thit bo xao", "1", 25000, 0), ("Sua chuoi Binggrae 200ml", "2", 48000, 24000)],
        id="codes under names, one free of two in brackets",
    ),
    pytest.param(
        """
WinMart+ HNI 25 Lang Ha
25 Lang Ha, Dong Da, Ha Noi
MSCH: 2A31  Quay: 002
HOA DON BAN HANG
Ngay ban: 15/08/2024 11:04  HD: 00112233
NVBH: Nguyen Thi Hoa
Mat hang    Don gia    SL    T.Tien
Sua tuoi tiet trung Vinamilk 1L
8934673123454   34.900   2   69.800
Chuoi tieu hong (kg)
2061234012858   24.900  1,285  31.997
Nuoc rua chen Sunlight 750g
8934868123456   29.500   1   29.500
 Giam gia                   -4.500
TONG TIEN PHAI T.TOAN       126.797
TONG TIEN DA GIAM             4.500
TIEN KHACH TRA              130.000
TIEN TRA LAI                  3.203
""",
        126797,
        [
            ("Sua tuoi tiet trung Vinamilk 1L", "2", 69800, 0),
            ("Chuoi tieu hong (kg)", "1.285", 31997, 0),
            ("Nuoc rua chen Sunlight 750g", "1", 29500, 4500),
        ],
        id="a weight that has the form of a thousand",
    ),
    pytest.param(
        """
Co.opmart Rach Mieu
48 Hoa Su, P.7, Q.Phu Nhuan
HOA DON BAN LE
Ngay: 15/08/24 11:04  Quay 05  So CT: 1503
Ten hang       SL   Don gia  Thanh tien
1. Dau an Tuong An 1L  (VAT 8%)
   2 x 45,500              91,000
2. Ca chua (kg)
   0.652 x 28,000          18,256
3. Banh gao One One 150g
   1 x 22,300              22,300
   CK 10%                  -2,230
Tong so luong hang: 3
Tong cong                 131,556
Tong tien giam              2,230
Tong so tien thanh toan   129,326
Lam tron                  129,300
Tien mat                  150,000
Tien thoi lai              20,700
""",
        129300,
        [
            ("Dau an Tuong An 1L", "2", 91000, 0),
            ("Ca chua (kg)", "0.652", 18256, 0),
            ("Banh gao One One 150g", "1", 22300, 2230),
        ],
        id="numbered names over counts and prices, rounded cash",
    ),
    pytest.param(
        """
GO! AN LAC
1231 QL 1A, Binh Tan, TP.HCM
CTY TNHH DV EB  MST: 0105696842-014
Ticket: 15/08/2024 11:04  014-012-00345
DESCRIPTION           AMOUNT
8934563138165 MI HAO HAO TOM 75G
  30 x 3.900         117.000 V08
8936036020373 GIAY AN AN 10C
                      42.900 V10
  GIAM GIA            -5.000
0201234000000 THIT BA ROI
  0,734 KG x 159.900 117.367 V05
TONG                 272.267
THE NGAN HANG        272.267
""",
        272267,
        [
            ("MI HAO HAO TOM 75G", "30", 117000, 0),
            ("GIAY AN AN 10C", "1", 42900, 5000),
            ("THIT BA ROI", "0.734", 117367, 0),
        ],
        id="codes before names, units of weight and tax classes behind amounts",
    ),
    pytest.param(
        """
BACH HOA XANH
www.bachhoaxanh.com
128 Tran Quang Khai, Q1
PHIEU TINH TIEN
So CT: OV00112408150123
15/08/2024 11:04
Mat hang  SL  Gia  T.Tien
Nuoc mam Nam Ngu 750ml
1   45,000   45,000
Gia goc: 52,000
Rau muong 500g
2   12,500   25,000
Trung ga hop 10
1   32,000   32,000
Tong tien                102,000
Giam gia                  -2,040
Tien lam tron                 40
Khach phai tra           100,000
Tien khach dua           200,000
Tien thoi lai            100,000
""",
        100000,
        [
            ("Nuoc mam Nam Ngu 750ml", "1", 45000, 0),
            ("Rau muong 500g", "2", 25000, 0),
            ("Trung ga hop 10", "1", 32000, 0),
        ],
        id="former prices between items",
    ),
    pytest.param(
        """
MM MEGA MARKET AN PHU
HOA DON GTGT  So: 00012345
Ngay 15-08-2024 11:04
Ma hang   Ten hang                 DVT     SL     Don gia    Thanh tien
123456    BIA TIGER LON 24x330ML   THU      2     385.000       770.000
234567    NUOC MAM PHU QUOC 1L     CHAI     6      41.500       249.000
345678    CA BASA PHI LE           KG   2,416      89.000       215.024
Cong tien hang                                                1.234.024
Tong tien giam                                                   34.024
Tong thanh toan                                               1.200.000
The tin dung                                                  1.200.000
""",
        1200000,
        [
            ("BIA TIGER LON 24x330ML", "2", 770000, 0),
            ("NUOC MAM PHU QUOC 1L", "6", 249000, 0),
            ("CA BASA PHI LE", "2.416", 215024, 0),
        ],
        id="a column of units",
    ),
    pytest.param(
        """
NHA HANG LAU NAM HUONG
14 Truong Dinh, Q.3, TP.HCM
HOA DON THANH TOAN
Ban: A12   Gio vao: 18:30  Gio ra: 20:15
Ngay: 15/08/2024   Thu ngan: Lan
STT Ten mon          SL   D.Gia   T.Tien
1  Lau thai hai san   1  389,000  389,000
2  Bia Heineken       6   28,000  168,000
3  Khan lanh          4    3,000   12,000
Tam tinh:                         569,000
Phi dich vu 5%:                    28,450
VAT 8%:                            47,796
Tong cong:                        645,246
Lam tron:                         645,000
Chuyen khoan:                     645,000
""",
        645000,
        [
            ("Lau thai hai san", "1", 389000, 0),
            ("Bia Heineken", "6", 168000, 0),
            ("Khan lanh", "4", 12000, 0),
        ],
        id="line numbers, a service charge and a total rounded",
    ),
    pytest.param(
        """
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang              SL    Gia     T.Tien
Nuoc giat OMO 2kg      1  120.000  120.000
Sua Milo lon 240ml     4   14.000   56.000
Banh quy Cosy          2   25.000   50.000
TONG CONG                          226.000
CHUONG TRINH KHUYEN MAI
Nuoc giat OMO 2kg                  -20.000
Sua Milo lon 240ml                  -6.000
TONG TIEN PHAI THANH TOAN          200.000
TIEN MAT                           200.000
""",
        200000,
        [
            ("Nuoc giat OMO 2kg", "1", 120000, 20000),
            ("Sua Milo lon 240ml", "4", 56000, 6000),
            ("Banh quy Cosy", "2", 50000, 0),
        ],
        id="discounts listed below by names",
    ),
    pytest.param(
        """
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Sua chua Vinamilk     2    7.500   15.000
Keo Alpenliebe        1   18.000   18.000
HUY Keo Alpenliebe    1  -18.000  -18.000
Banh mi tuoi          1   12.000   12.000
Tong cong                          27.000
Tien mat                           50.000
Tien thoi lai                      23.000
""",
        27000,
        [("Sua chua Vinamilk", "2", 15000, 0), ("Banh mi tuoi", "1", 12000, 0)],
        id="a void that names its item",
    ),
    pytest.param(
        """
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Sua Ensure Gold 850g   1  789.000  789.000
Ta Bobby L54           2  255.000  510.000
Tong cong                        1.299.000
Phieu qua tang                     300.000
The ngan hang                      900.000
Tien mat                           100.000
Tien thoi lai                        1.000
""",
        1299000,
        [("Sua Ensure Gold 850g", "1", 789000, 0), ("Ta Bobby L54", "2", 510000, 0)],
        id="three tenders and change",
    ),
    pytest.param(
        """
AEON BINH TAN
15/08/2024(T5) 11:04  No.0012345
 0021 VAT08 SUA CHUA TH 4X100    28.500
 0022 VAT10 KHAN GIAY PULPPY     35.000
 HUY
 0022 VAT10 KHAN GIAY PULPPY    -35.000
 0023 VAT05 CA HOI PHI LE
      0,350KG    589.000/KG     206.150
TONG PHU                        234.650
TONG CONG                       234.650
VISA                            234.650
""",
        234650,
        [("SUA CHUA TH 4X100", "1", 28500, 0), ("CA HOI PHI LE", "0.350", 206150, 0)],
        id="a void announced by a row of its own",
    ),
    pytest.param(
        """
CO.OP FOOD THU DUC
Ngay: 15/08/2024 11:04
Mat hang              SL   Gia      T.Tien
Sua chua Vinamilk x4   2   28.000   56.000
  KM Mua 1 tang 1                  -28.000
Xa bong Lifebuoy 90g   3   12.000   36.000
Tui nilon              1        0        0
TONG CONG                           64.000
Momo                                64.000
""",
        64000,
        [
            ("Sua chua Vinamilk x4", "2", 56000, 28000),
            ("Xa bong Lifebuoy 90g", "3", 36000, 0),
            ("Tui nilon", "1", 0, 0),
        ],
        id="one of two for nothing, and a bag for nothing",
    ),
    pytest.param(
        """
LOTTE MART DISTRICT 7
15/08/2024 11:04 POS:0012-0345
MI GOI OMACHI         10   8,900    89,000
NUOC TUONG MAGGI       1  25,500    25,500
TONG CONG                          114,500
VOUCHER                             50,000
THE NGAN HANG                       64,500
DIEM TICH LUY              1,145
DIEM HIEN CO              12,345
""",
        114500,
        [("MI GOI OMACHI", "10", 89000, 0), ("NUOC TUONG MAGGI", "1", 25500, 0)],
        id="a voucher, a card and points",
    ),
]


@pytest.mark.parametrize(("paper", "total", "items"), PAPERS)
def test_total_and_items_are_read(paper: str, total: int, items: list[tuple[str, str, int, int]]) -> None:
    reading = parse_receipt(make_paper(paper, confidence=0.97), sure_min=0.95)
    assert reading.total_minor == total
    read = [
        (line.raw_name, str(line.quantity), line.amount_minor, line.discount_minor) for line in reading.lines
    ]
    assert read == items
