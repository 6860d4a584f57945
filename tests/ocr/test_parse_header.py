"""Who sold it, where, and under which number."""

from __future__ import annotations

import pytest

from ocr.head.chains import chains
from ocr.receipt import parse_receipt
from ocr.types import Reading
from tests.make.paper import make_paper

BODY = """
Ngay: 15/08/2024 11:04
Mat hang              Don gia   SL     T.Tien
Dau goi thao duoc     100,000    2    200,000
TONG CONG                             200,000
"""
CATALOGUE = {
    "WinMart", "WinMart+", "Co.opmart", "Co.opXtra", "Co.op Food", "GO!", "Big C", "LOTTE Mart", "AEON",
    "MM Mega Market", "Bách Hóa Xanh", "Emart", "Circle K", "FamilyMart", "7-Eleven", "GS25", "MINISTOP",
    "Guardian", "Watsons", "Con Cưng", "Tops Market", "Satra",
}  # fmt: skip


def read(head: str, foot: str = "") -> Reading:
    return parse_receipt(make_paper(head.strip("\n") + BODY + foot))


def test_chains_are_spelled_as_in_the_catalogue():
    assert {chain.name for chain in chains()} == CATALOGUE


@pytest.mark.parametrize(
    ("head", "chain"),
    [
        ("VinCommerce\nVM+ QNH 12 Le Loi", "WinMart+"),
        ("WinMart\nWM HCM Le Van Viet", "WinMart"),
        ("Saigon Co.op\nCo.opMart Hau Giang", "Co.opmart"),
        ("Saigon Co.op\nCo.op Food Chung cu A", "Co.op Food"),
        ("Co.opXtra Linh Trung", "Co.opXtra"),
        ("GO!\nGO! DONG NAI\nCTY TNHH DICH VU EB", "GO!"),
        ("BIG C DONG NAI\nCTY TNHH DICH VU EB", "Big C"),
        ("LOTTE MART\nHotline: 0901857057", "LOTTE Mart"),
        ("BACH HOA XANH\nwww.bachhoaxanh.com", "Bách Hóa Xanh"),
        ("AEON VIET NAM\nAEON TAN PHU", "AEON"),
        ("MM MEGA MARKET AN PHU", "MM Mega Market"),
        ("7-ELEVEN\n1095 - Cobi Tower", "7-Eleven"),
        ("CIRCLE K\nCIRCLE K VIETNAM", "Circle K"),
        ("guardian\nGuardian Vincom", "Guardian"),
        ("FamilyMart\nFM 12 Nguyen Du", "FamilyMart"),
        ("GS25 VIETNAM", "GS25"),
        ("MINISTOP\nMS 030", "MINISTOP"),
        ("WATSONS VIETNAM", "Watsons"),
        ("CON CUNG\nconcung.com", "Con Cưng"),
        ("TOPS MARKET THAO DIEN", "Tops Market"),
        ("SATRAFOODS\nNguyen Trai", "Satra"),
        ("emart\nTHISO RETAIL", "Emart"),
    ],
)
def test_chains_are_told_by_what_their_tills_print(head: str, chain: str):
    assert read(head).chain == chain


def test_a_misread_letter_does_not_hide_the_chain():
    assert read("WINCCMMERCE\nNguyen Van Linh").chain == "WinMart"


def test_a_tax_code_tells_the_chain_whose_name_is_a_picture():
    assert read("MST: 0304 741 634 - 006").chain == "LOTTE Mart"


def test_a_chain_named_in_an_address_is_only_a_neighbour():
    assert read("COM TAM MAI\n12 Le Loi, Tang 3 LOTTE MART, Q. 7, TP. HCM").chain is None


def test_the_head_is_told_apart():
    reading = read("""
NHA SACH HOA MAI
Chi nhanh Go Vap
12 Quang Trung, P. 10, Q. Go Vap
MST: 0301234567-005
""")
    assert reading.merchant == "NHA SACH HOA MAI"
    assert reading.store == "Chi nhanh Go Vap"
    assert reading.address == "12 Quang Trung, P. 10, Q. Go Vap"
    assert reading.tax_code == "0301234567-005"


def test_a_company_is_named_before_a_stray_line_above_it():
    reading = parse_receipt(
        make_paper("""
lim ah seng
SYARIKAT BINTANG TIMUR SDN BHD (12345-X)
LOT 3, JALAN AMPANG
50450 KUALA LUMPUR
FLOUR 1KG                     7.00
TOTAL RM                      7.00
""")
    )
    assert reading.merchant == "SYARIKAT BINTANG TIMUR SDN BHD"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("So HD: 60948", "60948"),
        ("HD:00064608", "00064608"),
        ("So CT:   OV12345678901234", "OV12345678901234"),
        ("Receipt No: 088 02 20240815 0314", "088 02 20240815 0314"),
        ("SO: 5280-002-08226   TN: 57908", "5280-002-08226"),
        ("POS:0208-0151", "0208-0151"),
        ("Quay: 02     INV:09017155", "09017155"),
        ("Hoa don: GD4238002739", "GD4238002739"),
    ],
)
def test_the_number_follows_its_label(line: str, number: str):
    assert read(f"CUA HANG AN PHUC\n{line}").receipt_no == number


def test_a_number_without_label_stands_alone_at_the_foot():
    assert read("CUA HANG AN PHUC", "2439005-0815-1104-4961").receipt_no == "2439005-0815-1104-4961"


def test_a_till_that_is_known_prints_its_numbers_in_one_shape():
    assert read("CIRCLE K VIETNAM\nReceipt No: 507 @2 28240815 2566").receipt_no == "507 02 20240815 2566"
    assert read("BACH HOA XANH\nSo CT: 0V12345678901234").receipt_no == "OV12345678901234"


def test_a_decoded_barcode_corrects_the_printed_number():
    paper = make_paper("BACH HOA XANH\nSo CT: OV12345678981234" + BODY)
    reading = parse_receipt(paper, codes=("OV12345678901234",))
    assert reading.receipt_no == "OV12345678901234"
    assert "receipt_no" in reading.inferred


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("HOA DON IN LAI", "reprint"),
        ("(In lan 1)", "reprint"),
        ("GIAO DICH TREO", "suspended"),
        ("PHIEU TAM TINH", "provisional"),
        ("BAN SAO", "copy"),
        ("DUPLICATE RECEIPT", "reprint"),
    ],
)
def test_marks_of_papers_that_prove_nothing_are_seen(line: str, mark: str):
    assert mark in read(f"CUA HANG AN PHUC\n{line}").marks


def test_the_title_of_an_original_is_no_mark_though_it_is_one_word_short_of_one() -> None:
    assert read("CUA HANG AN PHUC\nwoi PHIEU TINH TIEN").marks == ()
    assert read("CUA HANG AN PHUC\nPHIEU TAM TINH TIEN").marks == ("provisional",)


def test_a_subtotal_is_no_provisional_bill():
    assert read("CUA HANG AN PHUC", "TAM TINH                             200,000").marks == ()


def test_a_number_broken_behind_its_hyphen_is_one():
    assert read("SIEU THI GO! AN LAC\n$0:6405 -016-40362   TN: 57908").receipt_no == "6405-016-40362"


def test_a_number_whose_label_is_lost_stands_beside_the_date():
    head = "WINMART\nNgay ban: 12/03/2024 08:15     H: 00727181"
    assert read(head).receipt_no == "00727181"


def test_the_padding_of_an_article_code_makes_no_number_of_zeros():
    head = "SAIGON CO.OP\nSo HD: 69090"
    items = BODY.replace("TONG CONG", "00000002907522 Xoai cat\nTONG CONG", 1)
    assert parse_receipt(make_paper(head + items)).receipt_no == "69090"


@pytest.mark.parametrize("name", ["MINIMART THANH CONG", "SIEU THI MINI HOA MAI"])
def test_names_that_any_shop_may_bear_are_no_chains(name: str):
    reading = read(f"{name}\nSo HD: HD401136\nNgay: 13/11/2026-15:09")
    assert (reading.chain, reading.receipt_no) == (None, "HD401136")


@pytest.mark.parametrize(
    ("head", "chain"),
    [
        ("WinMart+\nWM+ BDG Phan Dang Luu", "WinMart+"),
        ("WinMart\nWM Bien Hoa", "WinMart"),
        ("Saigon Co.op\nCo.op Food Kha Van Can\nMa so thue: 0301175691-177", "Co.op Food"),
        ("Saigon Co.op\nCo.opmart Vinh Long\nMa so thue: 0301175691-017", "Co.opmart"),
    ],
)
def test_the_small_shops_of_a_family_are_told_from_its_large_ones(head: str, chain: str):
    assert read(head).chain == chain


def test_column_headings_name_no_branch():
    reading = read("""
BACH HOA XANH
PHIEU TINH TIEN
15/08/2024 11:04
SL  Gia ban (co VAT)       T.Tien
Nuoc mam ca com 500ml
1            45,000        45,000
Tong tien                  45,000
""")
    assert reading.store in {None, "BACH HOA XANH"}


@pytest.mark.parametrize(
    ("head", "merchant"),
    [
        ("REWE\nHauptstr. 12\n50667 Koeln\nUID Nr.: DE812706034", "REWE"),
        (
            "99 SPEEDMART S/B (519537-X)\nLOT P.T. 2811, JALAN ANGSA\n41150 KLANG, SELANGOR",
            "99 SPEEDMART S/B",
        ),
        ("12 Nguyen Trai, P. Ben Thanh, Q.1, TP.\nHo Chi Minh\nMST: 0301234567", None),
    ],
)
def test_the_shop_is_named_before_its_address_and_no_part_of_that(head: str, merchant: str | None):
    found = read(head).merchant
    assert found == merchant


def test_a_name_without_a_companys_form_is_less_sure():
    assert read("SUNNY VILLAGE\n12 Pier Ave").confidence["merchant"] < 0.9
    assert read("SUNNY VILLAGE TRADING SDN BHD\n12 JALAN BESAR").confidence["merchant"] >= 0.9


@pytest.mark.parametrize(
    ("head", "merchant"),
    [
        # A logo is cut off or misread; the branch's row beneath begins with the whole name.
        ("OMART\nHapromart Ngo Quyen\n136 Hoang Dieu, P. May To, Hai Phong", "Hapromart"),
        ("AN MARKET\nNam An Market Cau Giay\n640B Cau Giay, P. Tan Phong, Ha Noi", "Nam An Market"),
        # A better reading above stands, though the branch's is longer with its place.
        ("Finelife\nFinelfe Di An\n12 Tran Hung Dao, P. Dong Hoa, Binh Duong", "Finelife"),
        # One word of the name is one of the street's, too.
        ("SOI BIEN\n876 Dien Bien Phu, P. Bach Mai, Ha Noi", "SOI BIEN"),
        # The place behind the name goes on from one row of the address to the next.
        ("T-Mart Ngo Quyen\n253A Truong Chinh, P. An Bien, Q. Ngo\nQuyen, Hai Phong", "T-Mart"),
    ],
)
def test_a_shop_is_called_by_its_whole_name_without_its_place(head: str, merchant: str) -> None:
    assert read(head).merchant == merchant
