"""Which province a shop's address lies in, and how far apart two provinces are."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Final

from domain.text import plain

EARTH_RADIUS_KM: Final = 6371.0
# Tills' codes of provinces, as in WM+ HNI; only Huế is as short.
CODE_LENGTH_MAX: Final = 3
# What may follow the province: a postal code, a stop.
TAIL_LENGTH_MAX: Final = 8

# Latitude and longitude of provinces' capitals, to a tenth of a degree (11 km). Provinces that were merged
# in 2025 stand too: tills go on printing them. Abbreviations are those that tills print.
CAPITALS: Final[dict[str, tuple[float, float, tuple[str, ...]]]] = {
    "ha noi": (21.0, 105.8, ("hni",)),
    "ho chi minh": (10.8, 106.7, ("hcm", "hcmc", "tphcm", "sai gon")),
    "da nang": (16.1, 108.2, ("dng",)),
    "hai phong": (20.9, 106.7, ("hpg",)),
    "can tho": (10.0, 105.8, ("cto",)),
    "hue": (16.5, 107.6, ("thua thien hue",)),
    "quang ninh": (21.0, 107.1, ("ha long",)),
    "bac ninh": (21.2, 106.1, ()),
    "bac giang": (21.3, 106.2, ()),
    "hai duong": (20.9, 106.3, ()),
    "hung yen": (20.7, 106.1, ()),
    "thai binh": (20.4, 106.3, ()),
    "nam dinh": (20.4, 106.2, ()),
    "ninh binh": (20.3, 106.0, ()),
    "ha nam": (20.5, 105.9, ()),
    "vinh phuc": (21.3, 105.6, ()),
    "phu tho": (21.3, 105.2, ("viet tri",)),
    "thai nguyen": (21.6, 105.8, ()),
    "lang son": (21.9, 106.8, ()),
    "cao bang": (22.7, 106.3, ()),
    "ha giang": (22.8, 105.0, ()),
    "tuyen quang": (21.8, 105.2, ()),
    "lao cai": (22.5, 104.0, ()),
    "yen bai": (21.7, 104.9, ()),
    "son la": (21.3, 103.9, ()),
    "dien bien": (21.4, 103.0, ()),
    "lai chau": (22.4, 103.5, ()),
    "hoa binh": (20.8, 105.3, ()),
    "thanh hoa": (19.8, 105.8, ()),
    "nghe an": (18.7, 105.7, ()),
    "ha tinh": (18.3, 105.9, ()),
    "quang binh": (17.5, 106.6, ("dong hoi",)),
    "quang tri": (16.8, 107.1, ("dong ha",)),
    "quang nam": (15.6, 108.5, ("tam ky", "hoi an")),
    "quang ngai": (15.1, 108.8, ()),
    "binh dinh": (13.8, 109.2, ("quy nhon",)),
    "phu yen": (13.1, 109.3, ("tuy hoa",)),
    "khanh hoa": (12.2, 109.2, ("nha trang", "kha")),
    "ninh thuan": (11.6, 109.0, ("phan rang",)),
    "binh thuan": (10.9, 108.1, ("phan thiet",)),
    "kon tum": (14.4, 108.0, ()),
    "gia lai": (14.0, 108.0, ("pleiku",)),
    "dak lak": (12.7, 108.0, ("buon ma thuot",)),
    "dak nong": (12.0, 107.7, ("gia nghia",)),
    "lam dong": (11.9, 108.4, ("da lat",)),
    "binh duong": (11.0, 106.7, ("thu dau mot", "bdg")),
    "dong nai": (10.9, 106.8, ("bien hoa", "dni")),
    "ba ria vung tau": (10.3, 107.1, ("vung tau", "ba ria")),
    "binh phuoc": (11.5, 106.9, ("dong xoai",)),
    "tay ninh": (11.3, 106.1, ()),
    "long an": (10.5, 106.4, ("tan an",)),
    "tien giang": (10.4, 106.4, ("my tho",)),
    "ben tre": (10.2, 106.4, ()),
    "tra vinh": (9.9, 106.3, ()),
    "vinh long": (10.3, 106.0, ()),
    "dong thap": (10.5, 105.6, ("cao lanh",)),
    "an giang": (10.4, 105.4, ("long xuyen",)),
    "kien giang": (10.0, 105.1, ("rach gia", "phu quoc")),
    "hau giang": (9.8, 105.5, ("vi thanh",)),
    "soc trang": (9.6, 106.0, ()),
    "bac lieu": (9.3, 105.7, ()),
    "ca mau": (9.2, 105.2, ()),
}


def province_of(address: str | None) -> str | None:
    """Return the province that an address ends with, or whose code a shop's name holds, as in CAPITALS.

    Streets are named after provinces too (Xa lộ Hà Nội lies in Hồ Chí Minh City), so a name counts
    only where the address ends.
    """
    text = plain(address or "").replace(".", " ").removesuffix(", viet nam").removesuffix(", vietnam")
    found = [
        match
        for match in _named().finditer(text)
        if len(match.group()) <= CODE_LENGTH_MAX or len(text) - match.end() <= TAIL_LENGTH_MAX
    ]
    return _province_by_name()[found[-1].group()] if found else None


def distance_km(one: str, other: str) -> float:
    """Return how far apart two provinces' capitals are, as the crow flies."""
    lat_one, lon_one, lat_two, lon_two = map(math.radians, (*CAPITALS[one][:2], *CAPITALS[other][:2]))
    half = (
        math.sin((lat_two - lat_one) / 2) ** 2
        + math.cos(lat_one) * math.cos(lat_two) * math.sin((lon_two - lon_one) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


@cache
def _province_by_name() -> dict[str, str]:
    return {name: province for province, (_, _, others) in CAPITALS.items() for name in (province, *others)}


@cache
def _named() -> re.Pattern[str]:
    longest_first = sorted(_province_by_name(), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(longest_first) + r")\b")
