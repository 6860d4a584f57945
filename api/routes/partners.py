"""Partners' tills: a shopper's voucher looked at, held, used, let go; and what each month is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.exc import IntegrityError

from api.auth import CallerLanguage
from api.contract import refusals
from api.partner_auth import CurrentPartner, Till, miss_rate
from domain.rewards import counter
from domain.rewards.errors import TransactionReusedError, VoucherMistypedError, VoucherRefusedError
from infra import rates
from infra.metrics import count_voucher
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.partners import Partner
from schemas.rewards import CounterView, Settlements, Transaction

router = APIRouter(prefix="/v1/partners", tags=["partners"])

# What a till may hear of a code.
COUNTER_REFUSALS = refusals(VoucherRefusedError, VoucherMistypedError, TransactionReusedError)

Code = Annotated[
    ShortText, Path(min_length=1, max_length=80, description="As printed, with or without gaps.")
]


@router.get("/vouchers/{code}", responses=COUNTER_REFUSALS)
def check_voucher(session: ReadOnly, till: Till, code: Code, language: CallerLanguage) -> CounterView:
    """Say what a voucher is good for at this partner; nothing changes."""
    return _answered(till, lambda: counter.check(session, till.id, code, language))


@router.post("/vouchers/{code}/reserve", responses=COUNTER_REFUSALS)
def reserve_voucher(
    session: UnitOfWork, till: Till, code: Code, sale: Transaction, language: CallerLanguage
) -> CounterView:
    """Hold a voucher for one sale for 15 minutes."""
    return _answered(till, lambda: counter.reserve(session, till.id, code, sale, language))


@router.post("/vouchers/{code}/use", responses=COUNTER_REFUSALS)
def use_voucher(
    session: UnitOfWork, till: Till, code: Code, sale: Transaction, language: CallerLanguage
) -> CounterView:
    """Use a voucher up in one sale. The same sale again is answered the same."""
    return _answered(till, lambda: counter.use(session, till.id, code, sale, language))


@router.post("/vouchers/{code}/release", responses=COUNTER_REFUSALS)
def release_voucher(
    session: UnitOfWork, till: Till, code: Code, sale: Transaction, language: CallerLanguage
) -> CounterView:
    """Let go of a voucher that was held for a sale. Asked again once nobody holds it, answered the same."""
    return _answered(till, lambda: counter.release(session, till.id, code, sale, language))


@router.get("/settlements")
def list_settlements(session: ReadOnly, partner: CurrentPartner) -> Settlements:
    """Return what the partner is owed for used vouchers, by month and reward, newest first."""
    return Settlements(settlements=counter.settlements(session, partner.id))


def _answered(till: Partner, ask: Callable[[], CounterView]) -> CounterView:
    """Ask about a code, and count a miss where it was good for nothing: guessing shows by those."""
    try:
        answer = ask()
    except VoucherRefusedError:
        count_voucher(till.slug, "refused")
        raise
    except IntegrityError as error:
        # Two vouchers at once under one name of a sale: the table lets one have it.
        raise TransactionReusedError from error
    except (VoucherMistypedError, TransactionReusedError):
        rates.give_back(miss_rate(), till.slug)
        raise
    rates.give_back(miss_rate(), till.slug)
    count_voucher(till.slug, answer.state)
    return answer
