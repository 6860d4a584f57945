"""One file a family of tills; `TILLS` lists them."""

from __future__ import annotations

from samples.tills import (
    bach_hoa_xanh,
    circle_k,
    coop,
    go,
    lotte,
    minimart,
    seven_eleven,
    winmart,
    winmart_plus,
)
from samples.tills.base import Till

TILLS: dict[str, Till] = {
    module.TILL.code: module.TILL
    for module in (
        winmart, winmart_plus, coop, bach_hoa_xanh, lotte, go, circle_k, seven_eleven, minimart,
    )
}  # fmt: skip

__all__ = ["TILLS", "Till"]
