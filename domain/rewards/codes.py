"""Voucher codes: 60 random bits and a check character (Luhn modulo 32), as people type and misread them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from infra import secrets as keys

# Crockford's base 32: no I, L, O, U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE = len(ALPHABET)
CODE_LENGTH = 13
GROUP_LENGTH = 5
TAIL_LENGTH = 4
PURPOSE = "voucher code"
MAC_PURPOSE = "voucher code by digest"
_MISREAD = str.maketrans("ILO", "110", " -_.")


def new_code() -> str:
    """Return a code nobody can guess: 12 random characters and the check character."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return drawn + ALPHABET[-_weighed(drawn + ALPHABET[0]) % BASE]


def normalised(typed: str) -> str:
    """Return a code as it is kept: capitals, no gaps, and what is misread for a digit as that digit."""
    return typed.upper().translate(_MISREAD)


def is_mistyped(typed: str) -> bool:
    """Say that a code has the shape of ours and can't be one: a till may tell so at once.

    Every wrong character is found, and nearly every pair of neighbours that changed places. It says nothing
    about which codes exist.
    """
    code = normalised(typed)
    of_ours = len(code) == CODE_LENGTH and all(character in ALPHABET for character in code)
    return of_ours and _weighed(code) % BASE != 0


def _weighed(code: str) -> int:
    doubled = [ALPHABET.index(character) * (1 + place % 2) for place, character in enumerate(reversed(code))]
    return sum(sum(divmod(value, BASE)) for value in doubled)


def shown(code: str) -> str:
    """Return a code of ours as it is shown, in groups."""
    return "-".join(code[start : start + GROUP_LENGTH] for start in range(0, len(code), GROUP_LENGTH))


def mac(typed: str) -> bytes:
    """Return by what a typed code is found: 32 bytes that give the code away to nobody."""
    return keys.mac(MAC_PURPOSE, normalised(typed))


def macs(typed: str) -> Sequence[bytes]:
    """Return `mac` and behind it what it was under secrets that are still listed."""
    return keys.macs(MAC_PURPOSE, normalised(typed))


def tail(code: str) -> str:
    """Return the last characters, by which its owner and support speak of it."""
    return code[-TAIL_LENGTH:]
