"""Made-up shop addresses from real names of streets, wards and cities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STREETS = (
    "Nguyễn Văn Cừ", "Lý Thường Kiệt", "Cách Mạng Tháng Tám", "Phạm Ngọc Thạch", "Hoàng Diệu",
    "Trần Quốc Toản", "Võ Văn Kiệt", "Huỳnh Tấn Phát", "Nguyễn Thị Định", "Tô Hiến Thành",
    "Lạc Long Quân", "Âu Cơ", "Phan Đăng Lưu", "Kha Vạn Cân", "Quang Trung", "Bạch Đằng",
)  # fmt: skip
WARDS = ("An Hội", "Bình Hòa", "Thạnh Lộc", "Tân Định", "Phước Long", "Hòa Cường", "Vĩnh Tuy", "Mỹ Đình")
# Province code as tills abbreviate it, and how the address ends.
CITIES = (
    ("HCM", "TP. Hồ Chí Minh"), ("HNI", "Hà Nội"), ("DNG", "Đà Nẵng"), ("CTO", "Cần Thơ"),
    ("HPG", "Hải Phòng"), ("BDG", "Bình Dương"), ("DNI", "Đồng Nai"), ("KHA", "Nha Trang, Khánh Hòa"),
)  # fmt: skip
STAFF = ("Ngọc Hân", "Thùy Trang", "Minh Thư", "Bảo Châu", "Quốc Huy", "Thanh Tâm", "Gia Linh", "Đức Anh")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shop stands."""

    number: str
    street: str
    ward: str
    province: str
    city: str

    @property
    def address(self) -> str:
        """One line: 12 Âu Cơ, P. Tân Định, TP. Hồ Chí Minh."""
        return f"{self.number} {self.street}, P. {self.ward}, {self.city}"


def draw_place(rng: np.random.Generator) -> Place:
    """Draw an address."""
    province, city = CITIES[rng.integers(len(CITIES))]
    number = str(rng.integers(2, 900))
    if rng.random() < 0.2:  # noqa: PLR2004  (a share of addresses has a letter; it is no setting)
        number += "AB"[rng.integers(2)]
    return Place(number, STREETS[rng.integers(len(STREETS))], WARDS[rng.integers(len(WARDS))], province, city)


def draw_digits(rng: np.random.Generator, count: int) -> str:
    """Draw `count` decimal digits, the first not 0."""
    return "".join([str(rng.integers(1, 10)), *(str(rng.integers(10)) for _ in range(count - 1))])


def draw_staff(rng: np.random.Generator) -> str:
    """Draw a cashier's name."""
    return STAFF[rng.integers(len(STAFF))]
