"""Pack sizes: one form for what tills and makers write in many, and products told apart by it."""

from __future__ import annotations

import pytest

from domain.catalog.packs import Pack, pack_of, packs_of
from domain.catalog.product_names import product_named
from domain.catalog.snapshot import CatalogProduct
from schemas.base import new_id


@pytest.mark.parametrize(
    ("printed", "pack"),
    [
        ("OMO 3.2kg", Pack(3200, "G")),
        ("OMO 3,2 KG", Pack(3200, "G")),
        ("LIX 1.500G", Pack(1500, "G")),
        ("DOWNY T2,15kg", Pack(2150, "G")),
        ("COMFORT 1,4 LÍT", Pack(1400, "ML")),
        ("MILO 180MLX48", Pack(180, "ML", 48)),
        ("MILO HOP 180ML*4", Pack(180, "ML", 4)),
        ("Bia Tiger thùng 24x330ml", Pack(330, "ML", 24)),
        ("Bia Heineken 24 lon x 330ml", Pack(330, "ML", 24)),
        ("LỐC 4 SỮA 180ML", Pack(180, "ML", 4)),
        ("LOC SUA 180ML", Pack(180, "ML", 0)),
        ("VIÊN GIẶT OMO 30 viên", Pack(30, "PIECE")),
        ("LIFEBUOY 850G/24", Pack(850, "G")),
        ("OMO 3.6KG + 500ML", None),
        ("BAO TAY 5GANG", None),
        ("OMO MATIC", None),
    ],
)
def test_a_pack_is_one_form_however_it_is_written(printed: str, pack: Pack | None) -> None:
    assert pack_of(printed) == pack


def test_a_product_of_many_may_be_printed_by_its_sum_and_never_as_one_of_them() -> None:
    assert packs_of("Trà 12 gói x 12g", "144g") == {Pack(12, "G", 12), Pack(144, "G")}
    assert packs_of("Bia 24 lon x 330ml", "330ml") == {Pack(330, "ML", 24)}
    assert packs_of("Bia lon", "330ml") == {Pack(330, "ML")}
    assert packs_of("Bia", None) == frozenset()


def product(name: str, pack: str) -> CatalogProduct:
    return CatalogProduct(new_id(), name, "tiger", name, "beer", pack)


def test_a_can_a_six_pack_and_a_case_are_three_products() -> None:
    can = product("Bia Tiger Crystal lon 330ml", "330ml")
    six = product("Bia Tiger Crystal lốc 6x330ml", "6x330ml")
    case = product("Bia Tiger Crystal 24 lon x 330ml", "330ml")
    sold = [can, six, case]
    assert product_named("BIA TIGER CRYSTAL 330ML", sold) == can
    assert product_named("Bia TIGER Crystal 6*330ml", sold) == six
    assert product_named("BIA TIGER CRYSTAL 330ML X24", sold) == case
    assert product_named("BIA TIGER CRYSTAL THUNG 330ML", sold) is None
    assert product_named("BIA TIGER CRYSTAL 12X330ML", sold) is None
    assert (
        product_named("BIA TIGER CRYSTAL 330ML", [*sold, product("Tiger Crystal bia 330ml", "330ml")]) is None
    )
