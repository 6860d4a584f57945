"""Code 128 barcodes, as tills print them under the receipt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Widths of bar, space, bar, space, bar, space of the symbols 0 to 105, and of the stop symbol.
# Source: ISO/IEC 15417, table 1.
TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 "
    "122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 "
    "322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 "
    "112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 "
    "331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 "
    "112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 "
    "411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
WIDTHS = TABLE.split()
START_B, START_C, STOP, MODULUS = 104, 105, 106, 103
FIRST_LETTER = 32


def bars(payload: str) -> NDArray[np.bool_]:
    """Encode printable ASCII.

    Returns:
        One value a module, True where it is dark. Pairs of digits take the denser set C.

    Raises:
        ValueError: The payload holds something that is not printable ASCII.
    """
    if not payload.isascii() or not payload.isprintable():
        raise ValueError(f"Code 128 takes printable ASCII, not {payload!r}.")
    if payload.isdigit() and len(payload) % 2 == 0:
        start, values = START_C, [int(payload[at : at + 2]) for at in range(0, len(payload), 2)]
    else:
        start, values = START_B, [ord(letter) - FIRST_LETTER for letter in payload]
    check = (start + sum(place * value for place, value in enumerate(values, 1))) % MODULUS
    widths = [int(width) for symbol in (start, *values, check, STOP) for width in WIDTHS[symbol]]
    return np.repeat(np.arange(len(widths)) % 2 == 0, widths)
