"""One-time codes: made and checked by us, whoever carries them to the phone.

Asking for a code never looks whether anybody has that phone: known and unknown numbers go the same way.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from domain.signin import spending
from domain.signin.errors import CodesOffError, PhoneNotTakenError, WrongCodeError
from infra import clock
from infra.db import lock_key
from infra.secrets import is_mac, mac, macs, seal
from infra.settings import settings
from infra.words import Language
from schemas.base import new_id
from schemas.origins import Origin
from schemas.signin import CODE_TRIES_MAX, CodePurpose, CodeTraffic, OneTimeCode

HOME_REGION: Final = "VN"
HOME_COUNTRY: Final = 84
# What people's phones begin with since 2018; the numbering plan lists those of machines and satellites too.
MOBILE_BEGINS: Final = "35789"
CODE_DIGITS: Final = 6
CODE_SECONDS: Final = 300
SEALED: Final = "one-time code on its way"
_DIGITS: Final = "one-time code"
# The longest of a phone's rates is a day; a provider reports within three (eSMS asks up to five times).
CODES_KEPT: Final = timedelta(days=3)
TRAFFIC_KEPT: Final = timedelta(days=spending.TRAFFIC_DAYS + 1)


def mobile_e164(phone: str) -> str:
    """Return a Vietnamese mobile number as +84….

    Raises:
        PhoneNotTakenError: It is another country's, a fixed line's, a premium one's, or no number at all.
    """
    try:
        number = phonenumbers.parse(phone, HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise PhoneNotTakenError from error
    is_mobile = (
        number.country_code == HOME_COUNTRY
        and number.extension is None
        and phonenumbers.is_valid_number(number)
        and phonenumbers.number_type(number) == PhoneNumberType.MOBILE
        and str(number.national_number)[0] in MOBILE_BEGINS
    )
    if not is_mobile:
        raise PhoneNotTakenError
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def ask_for_code(session: Session, phone: str, origin: Origin, language: Language) -> OneTimeCode:
    """Make a code for a phone, which voids the one before; a worker hands it over once that is committed.

    Raises:
        CodesOffError: Nobody is set to carry codes.
        PhoneNotTakenError: It is no Vietnamese mobile number.
        TooManyCodesError: The phone, its neighbourhood, or who asks has had as many as they may.
        CodeBudgetError: The day's money is spent.
    """
    if not settings().code_provider:
        raise CodesOffError
    number = mobile_e164(phone)
    spending.count_asking(origin)
    digests = phone_digests(number)
    # Two requests for one phone queue here, so that the second sees the first's code and is refused.
    lock_key(session, f"code|{digests[0]}")
    now = clock.now()
    spending.check_phone_rates(session, digests, now)
    spending.count_neighbourhood(number)
    cost = spending.reserve(session)
    _void_open(session, digests)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    code_id = new_id()
    made = OneTimeCode(
        id=code_id,
        phone_digest=digests[0],
        code_digest=mac(_DIGITS, f"{code_id}|{code}").hex(),
        created_at=now,
        expires_at=now + timedelta(seconds=CODE_SECONDS),
        language=language,
        sealed=seal(SEALED, json.dumps({"phone": number, "code": code}).encode()),
        due_at=now,
        cost_vnd=cost,
    )
    session.add(made)
    session.flush()
    spending.count_traffic(session, now, verified=False)
    return made


def try_code(session: Session, phone: str, code: str, purpose: CodePurpose = "sign_in") -> str:
    """Judge one try at a phone's open code; return the number that it proves, as +84….

    A try is counted by the statement that finds the code, so that of any number sent at once
    five are judged. Raising must not undo that: the caller keeps the transaction.

    Raises:
        PhoneNotTakenError: It is no Vietnamese mobile number.
        WrongCodeError: It is wrong, used, too old, voided, or was tried five times.
    """
    number = mobile_e164(phone)
    now = clock.now()
    found = session.execute(
        update(OneTimeCode)
        .where(
            col(OneTimeCode.phone_digest).in_(phone_digests(number)),
            col(OneTimeCode.purpose) == purpose,
            col(OneTimeCode.used_at).is_(None),
            col(OneTimeCode.voided_at).is_(None),
            col(OneTimeCode.expires_at) > now,
            col(OneTimeCode.tries) < CODE_TRIES_MAX,
        )
        .values(tries=OneTimeCode.tries + 1)
        .returning(col(OneTimeCode.id), col(OneTimeCode.code_digest), col(OneTimeCode.created_at))
        .execution_options(synchronize_session=False)
    ).first()
    given = "".join(code.split())
    # As much work where there is no code: the time tells nothing.
    code_id, expected, asked_at = found or ("", "", now)
    if not is_mac(_DIGITS, f"{code_id}|{given}", bytes.fromhex(expected)):
        raise WrongCodeError
    session.execute(
        update(OneTimeCode)
        .where(col(OneTimeCode.id) == code_id)
        .values(used_at=now, sealed=None, due_at=None)
        .execution_options(synchronize_session=False)
    )
    spending.count_traffic(session, asked_at, verified=True)
    return number


def phone_digests(number: str) -> Sequence[str]:
    """Return the names under which codes for a number are kept, the first from now on.

    Nobody can find the number by trying all.
    """
    return [made.hex() for made in macs("phone of a code", number)]


def _void_open(session: Session, digests: Sequence[str]) -> None:
    session.execute(
        update(OneTimeCode)
        .where(
            col(OneTimeCode.phone_digest).in_(digests),
            col(OneTimeCode.used_at).is_(None),
            col(OneTimeCode.voided_at).is_(None),
        )
        .values(voided_at=clock.now(), sealed=None, due_at=None)
        .execution_options(synchronize_session=False)
    )


def forget_codes(session: Session, limit: int) -> int:
    """Delete codes that nothing asks for any more, and empty those that were never handed over in time."""
    now = clock.now()
    late = (
        select(OneTimeCode.id)
        .where(col(OneTimeCode.due_at).is_not(None), OneTimeCode.expires_at < now)
        .limit(limit)
    )
    emptied = session.execute(
        update(OneTimeCode)
        .where(col(OneTimeCode.id).in_(late))
        .values(sealed=None, due_at=None, state="failed")
        .returning(col(OneTimeCode.id))
        .execution_options(synchronize_session=False)
    ).all()
    old = select(OneTimeCode.id).where(OneTimeCode.created_at < now - CODES_KEPT).limit(limit)
    gone = session.execute(
        delete(OneTimeCode).where(col(OneTimeCode.id).in_(old)).returning(col(OneTimeCode.id))
    ).all()
    session.execute(delete(CodeTraffic).where(col(CodeTraffic.quarter) < now - TRAFFIC_KEPT))
    return len(emptied) + len(gone)
