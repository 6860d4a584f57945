"""Whole receipts as tills of Malaysia, the United States and Germany lay them out."""

from __future__ import annotations

import pytest

from ocr.receipt import parse_receipt
from tests.make.paper import make_paper

# Each paper with its total, and its items: name, quantity, amount and discount.
PAPERS = [
    pytest.param(
        """
99 SPEEDMART S/B (519537-X)
LOT P.T. 2811, JALAN ANGSA
41150 KLANG, SELANGOR
1234-TMN SRI MUDA
GST ID. : 000181747712
INVOICE NO : 18234/102/T0312
04:32PM 568123 15-08-17
0452 MAGGI KARI 5X79G         RM 4.15 S
     2 @ RM 4.15 =            RM 8.30
0923 MILO SOFTPACK 1KG        RM 17.95 S
TOTAL SALES (INCLUSIVE GST)   RM 26.25
CASH                          RM 30.00
CHANGE                        RM 3.75
GST SUMMARY     AMT(RM)  TAX(RM)
S = 6 %           24.76    1.49
""",
        2625,
        [("MAGGI KARI 5X79G", "2", 830, 0), ("MILO SOFTPACK 1KG", "1", 1795, 0)],
        id="the price of one, then the count below",
    ),
    pytest.param(
        """
TESCO STORES (M) SDN BHD
NILAI, NEGERI SEMBILAN
GST NO: 001234567890
ROTI GARDENIA 400G      2.80 S
SUSU DUTCH LADY 1L      6.99 S
  2 x 6.99             13.98 S
AYAM SEGAR
  1.245 kg @ RM 7.90/kg   9.84 Z
CLUBCARD SAVINGS        -1.00
TOTAL                   25.62
CASH                    25.62
""",
        2562,
        [
            ("ROTI GARDENIA 400G", "1", 280, 0),
            ("SUSU DUTCH LADY 1L", "2", 1398, 0),
            ("AYAM SEGAR", "1.245", 984, 100),
        ],
        id="a weight below a name and savings",
    ),
    pytest.param(
        """
MYDIN MOHAMED HOLDINGS BHD
JALAN MASJID INDIA, KUALA LUMPUR
TAX INVOICE  NO: 0123-456
DATE 15/08/2017 11:04
BERAS FAIZA 5KG      1  28.90   28.90 SR
MINYAK SAJI 1KG      3   2.50    7.50 ZR
GULA PRAI 1KG        2   2.85    5.70 ZR
DISKAUN                         -2.00
SUBTOTAL                        40.10
GST 6%                           0.00
ROUNDING ADJ                     0.00
TOTAL                           40.10
TUNAI                           50.00
BAKI                             9.90
""",
        4010,
        [
            ("BERAS FAIZA 5KG", "1", 2890, 0),
            ("MINYAK SAJI 1KG", "3", 750, 0),
            ("GULA PRAI 1KG", "2", 570, 200),
        ],
        id="Malay words for discount, cash and change",
    ),
    pytest.param(
        """
RESTORAN NASI KANDAR BESTARI SDN BHD
NO 5, JALAN BESAR, 13000 PENANG
TABLE 12   PAX 3
15/08/2018 20:15
1 ROTI CANAI                1.40
3 TEH TARIK                 6.60
1 NASI GORENG AYAM          8.50
  - LESS SPICY
SUBTOTAL                   16.50
SERVICE CHARGE 10%          1.65
SST 6%                      1.09
ROUNDING                    0.01
TOTAL RM                   19.25
CASH                       20.00
CHANGE                      0.75
""",
        1925,
        [("ROTI CANAI", "1", 140, 0), ("TEH TARIK", "3", 660, 0), ("NASI GORENG AYAM", "1", 850, 0)],
        id="service charge, tax and rounding",
    ),
    pytest.param(
        """
COSTCO WHOLESALE
Dallas #0674
Member 111812345678
E 1234567 ORG SPINACH       4.99
E 7654321 ROTIS CHICKEN     4.99
  555123 TIDE PODS         27.99 A
  0000298765 / 555123       6.00-
SUBTOTAL                   31.97
TAX                         1.81
**** TOTAL                 33.78
XXXXXXXXXXXX1234 CHIP
VISA                       33.78
CHANGE                      0.00
A 8.25% TAX                 1.81
TOTAL NUMBER OF ITEMS SOLD = 3
08/15/2024 11:04 674 12 345 67
""",
        3378,
        [("ORG SPINACH", "1", 499, 0), ("ROTIS CHICKEN", "1", 499, 0), ("TIDE PODS", "1", 2799, 600)],
        id="a letter before codes and a minus behind an amount",
    ),
    pytest.param(
        """
EDEKA Schmidt
Lindenallee 5, 20259 Hamburg
Tel. 040 123456
              EUR
Brot Roggen          3,49 A
2 x 0,89
Butter 250g          1,78 A
Äpfel Elstar
0,752 kg x 2,49      1,87 A
Spülmittel           1,25 B
SUMME EUR            8,39
BAR EUR             10,00
Rückgeld EUR         1,61
MwSt     Netto   MwSt  Brutto
A  7%     6,67   0,47    7,14
B 19%     1,05   0,20    1,25
15.08.24 11:04 4711
""",
        839,
        [
            ("Brot Roggen", "1", 349, 0),
            ("Butter 250g", "2", 178, 0),
            ("Äpfel Elstar", "0.752", 187, 0),
            ("Spülmittel", "1", 125, 0),
        ],
        id="counts above names, a table of taxes",
    ),
    pytest.param(
        """
LIDL
Bahnhofstr. 3
10115 Berlin
                    EUR
Vollmilch 3,5%     1,09 A
Tomaten 500g  1,99 x 2   3,98 A
Lidl Plus Rabatt  -0,40
zu zahlen          4,67
Karte              4,67
MWST%  MWST + Netto = Brutto
A 7%   0,31   4,36   4,67
15.08.24 11:04
""",
        467,
        [("Vollmilch", "1", 109, 0), ("Tomaten 500g", "2", 398, 0)],
        id="a count behind the price of one",
    ),
    pytest.param(
        """
ALDI SÜD
Industriestr. 4
45476 Mülheim
4711 Gurken            0,59 A
0815 Kaffee gem.       4,99 A
  2 x 4,99             9,98 A
STORNO
4711 Gurken           -0,59 A
Summe                  9,98
BAR                   20,00
Rückgeld             -10,02
7% MwSt aus 9,98       0,65
15.08.24 11:04
""",
        998,
        [("Kaffee gem.", "2", 998, 0)],
        id="an announced void",
    ),
    pytest.param(
        """
LA TRATTORIA
18 Elm Ave
08/15/2024 7:45 PM
1 Lasagna                18.00
1 Tiramisu                8.00
Subtotal                 26.00
Tax                       2.15
Total                    28.15
Tip                       5.00
Grand Total              33.15
Visa                     33.15
""",
        3315,
        [("Lasagna", "1", 1800, 0), ("Tiramisu", "1", 800, 0)],
        id="a tip between total and grand total",
    ),
    pytest.param(
        """
PASARAYA RUMAH KITA SDN BHD
(GST ID No :000306020352)
-INVOICE-
PENCIL CASE BLUE            *S
WA12 - 24/120
9071234           2 X  3.50      7.00
STORAGE BOX 5L              *S
9556012345678     1 X 12.90     12.90
ITEM(S) : 2     QTY(S) : 3
TOTAL AMOUNT          RM 19.90
CASH                  RM 50.00
CHANGE                RM 30.10
12-08-17 11:04 SH01 T2 R000012345
""",
        1990,
        [("PENCIL CASE BLUE", "2", 700, 0), ("STORAGE BOX 5L", "1", 1290, 0)],
        id="places on the shelf between names and figures",
    ),
    pytest.param(
        """
KEDAI RUNCIT AMAN SDN BHD
JALAN BESAR, KLANG
15/08/2018 11:04
MINYAK MASAK 1KG        6.72
GULA 1KG                2.91
Sub Total               9.63
Rounding Adj            0.02
Total                   9.65
Cash                   10.00
Change                  0.35
""",
        965,
        [("MINYAK MASAK 1KG", "1", 672, 0), ("GULA 1KG", "1", 291, 0)],
        id="a total rounded to five sen",
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
