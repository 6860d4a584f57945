"""What a word can be on a receipt, where a line can stand in an item, and the parts of a receipt.

The order is the model's: the position of a name is the index of its probability.
"""

from __future__ import annotations

from typing import Final

ROLES: Final = (
    "none",
    "name",
    "code",
    "quantity",
    "unit",
    "price",
    "list_price",
    "amount",
    "discount",
    "tax_mark",
    "net",
    "merchant",
    "store",
    "number",
    "date",
    "time",
    "subtotal",
    "discount_total",
    "total",
    "tender",
    "change",
    "tax",
    "rounding",
    "count",
    "member_points",
    "label",
)
STEPS: Final = ("outside", "begin", "inside")
SECTIONS: Final = ("head", "items", "sums", "tail")

ROLE_INDEX: Final = {role: index for index, role in enumerate(ROLES)}
STEP_INDEX: Final = {step: index for index, step in enumerate(STEPS)}
SECTION_INDEX: Final = {section: index for index, section in enumerate(SECTIONS)}
