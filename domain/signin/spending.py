"""What codes may cost, and the guards against those who have them sent to earn by it.

The budget of a day stands in PostgreSQL and fails closed: what is not reserved is not sent. The rates by who
asks and by the numbers' neighbourhood are counted in Redis, or by each process where Redis is away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Final

import structlog
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from domain.signin.errors import CodeBudgetError, TooManyCodesError
from infra import clock, rates
from infra.db import after_commit
from infra.settings import settings
from schemas.base import table_of
from schemas.origins import Origin
from schemas.signin import CodeBudget, CodeTraffic, OneTimeCode

# Of one phone: how many codes in how many seconds. Vietnamese services that publish theirs give 3 to 5 a day.
PHONE_RATES: Final = ((1, 60), (3, 3_600), (5, 86_400))
HOUR_SECONDS: Final = 3_600
DAY_SECONDS: Final = 24 * HOUR_SECONDS
# Attackers count upwards: these digits are what their numbers differ in.
PREFIX_LEAVES_OUT: Final = 4
ALARM_SHARE: Final = 0.8
QUARTER: Final = timedelta(minutes=15)
# A quarter is judged when its last code is too old to be entered still.
QUARTER_SETTLES: Final = timedelta(minutes=5)
TRAFFIC_DAYS: Final = 7
# Fewer requests in a quarter say nothing of their share.
TRAFFIC_MIN: Final = 20
_log = structlog.get_logger()


def count_asking(origin: Origin) -> None:
    """Count that somebody asks for a code.

    Raises:
        TooManyCodesError: Their address, network or device has had its share.
    """
    given = settings()
    counted = (
        ("codes_address", given.codes_per_address_hour_max, HOUR_SECONDS, origin.address),
        ("codes_network", given.codes_per_network_hour_max, HOUR_SECONDS, origin.network),
        ("codes_device", given.codes_per_device_day_max, DAY_SECONDS, origin.device),
    )
    for name, most, seconds, key in counted:
        if key is not None:
            _take(rates.Rate(name, most, seconds), key)


def count_neighbourhood(number: str) -> None:
    """Count a code for one of ten thousand numbers in a row.

    Not before its own rates have let it pass: who asks for one number again and again takes nothing from
    its neighbours.

    Raises:
        TooManyCodesError: They have had their share.
    """
    rate = rates.Rate("codes_prefix", settings().codes_per_prefix_hour_max, HOUR_SECONDS)
    _take(rate, number[:-PREFIX_LEAVES_OUT])


def _take(rate: rates.Rate, key: str) -> None:
    wait = rates.take(rate, key)
    if wait is not None:
        raise TooManyCodesError(retry_after_seconds=wait)


def count_try(origin: Origin) -> None:
    """Count that somebody tries to prove who they are.

    Raises:
        TooManyCodesError: Their address tries too much.
    """
    if origin.address is not None:
        most = settings().sign_in_tries_per_address_hour_max
        _take(rates.Rate("sign_in_tries", most, HOUR_SECONDS), origin.address)


def check_phone_rates(session: Session, phone_digests: Sequence[str], now: datetime) -> None:
    """Look whether a phone may have another code. Its lock is held, so none comes in between.

    Raises:
        TooManyCodesError: It had as many as it may.
    """
    since = now - timedelta(seconds=PHONE_RATES[-1][1])
    sent = session.exec(
        select(OneTimeCode.created_at)
        .where(col(OneTimeCode.phone_digest).in_(phone_digests), OneTimeCode.created_at > since)
        .order_by(col(OneTimeCode.created_at).desc())
        .limit(PHONE_RATES[-1][0])
    ).all()
    waits = [
        (sent[most - 1] + timedelta(seconds=seconds) - now).total_seconds()
        for most, seconds in PHONE_RATES
        if len(sent) >= most
    ]
    if waits and max(waits) > 0:
        raise TooManyCodesError(retry_after_seconds=int(max(waits)) + 1)


def reserve(session: Session) -> int:
    """Set aside what one code may cost, out of the day's budget; return it, in đồng.

    The row of the day is locked until the transaction ends, which is a few statements later.

    Raises:
        CodeBudgetError: It is spent.
    """
    cost = 0 if settings().code_provider == "console" else settings().code_cost_vnd
    budget = settings().code_budget_vnd_day
    statement = insert(table_of(CodeBudget)).values(day=clock.till_today(), reserved_vnd=cost, codes=1)
    table = table_of(CodeBudget).c
    reserved = session.execute(
        statement.on_conflict_do_update(
            index_elements=["day"],
            set_={"reserved_vnd": table.reserved_vnd + cost, "codes": table.codes + 1},
            where=table.reserved_vnd + cost <= budget,
        ).returning(table.reserved_vnd)
    ).scalar()
    # The first of a day conflicts with nothing, so what it may cost is compared here.
    if reserved is None or reserved > budget:
        raise CodeBudgetError(retry_after_seconds=_seconds_left_today())
    if reserved - cost < ALARM_SHARE * budget <= reserved:
        after_commit(session, partial(_log.error, "code_budget_nearly_spent", reserved_vnd=reserved))
    return cost


def give_back(session: Session, code: OneTimeCode) -> None:
    """Return what was set aside for a code that the provider refused to carry."""
    day = clock.day_of(code.created_at)
    session.execute(
        update(CodeBudget)
        .where(col(CodeBudget.day) == day)
        .values(reserved_vnd=CodeBudget.reserved_vnd - code.cost_vnd)
    )
    code.cost_vnd = 0


def _seconds_left_today() -> int:
    now = clock.till_now()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((midnight - now).total_seconds()) + 1


def count_traffic(session: Session, asked_at: datetime, *, verified: bool) -> None:
    """Count a code that was asked for, or that one asked for then was entered."""
    amounts = {"requested": int(not verified), "verified": int(verified)}
    statement = insert(table_of(CodeTraffic)).values(quarter=_quarter(asked_at), **amounts)
    table = table_of(CodeTraffic).c
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["quarter"],
            set_={name: table[name] + amount for name, amount in amounts.items()},
        )
    )


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def figures(session: Session) -> dict[str, float]:
    """Return what an operator watches: the budget, and codes of the last quarter of an hour that has settled.

    `alarm` is 1 when less than half as many of its codes were entered as usually are.
    """
    now = clock.now()
    judged = _quarter(now - QUARTER_SETTLES) - QUARTER
    rows = session.exec(
        select(CodeTraffic).where(
            CodeTraffic.quarter >= judged - timedelta(days=TRAFFIC_DAYS), CodeTraffic.quarter <= judged
        )
    ).all()
    last = next((row for row in rows if row.quarter == judged), None)
    requested, verified = (last.requested, last.verified) if last else (0, 0)
    usual = [
        row.verified / row.requested for row in rows if row.quarter != judged and row.requested >= TRAFFIC_MIN
    ]
    low = bool(usual) and requested >= TRAFFIC_MIN and verified / requested < median(usual) / 2
    reserved = session.exec(
        select(func.sum(CodeBudget.reserved_vnd)).where(CodeBudget.day == clock.till_today())
    ).one()
    return {
        "budget_vnd": settings().code_budget_vnd_day,
        "reserved_vnd": float(reserved or 0),
        "requested": requested,
        "verified": verified,
        "alarm": float(low),
    }
