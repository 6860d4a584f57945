"""Currencies and accounts: found, opened on first use, locked, and read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from infra.statements import Statement
from schemas.base import table_of
from schemas.ledger import Account, AccountKind, Currency, SystemKind, Transfer


def currency_of(session: Session, brand_id: UUID) -> int:
    """Return the id of a brand's own currency."""
    return session.exec(select(Currency.id).where(Currency.brand_id == brand_id)).one()


def group_currency(session: Session, owner: str) -> int:
    """Return the id of the currency of all brands of an owner; opened on first use."""
    session.execute(insert(table_of(Currency)).on_conflict_do_nothing(), {"owner": owner})
    return session.exec(select(Currency.id).where(Currency.owner == owner)).one()


def system_account(session: Session, currency_id: int, kind: SystemKind) -> int:
    """Return a currency's account of a kind: all of them are opened with the currency."""
    return session.exec(
        select(Account.id).where(
            Account.currency_id == currency_id, Account.kind == kind, col(Account.shopper_id).is_(None)
        )
    ).one()


def shopper_account(
    session: Session, currency_id: int, shopper_id: UUID, kind: AccountKind = "shopper"
) -> int:
    """Return a shopper's account, or their debt, in a currency; opened on first use.

    Two transactions that open the same accounts in other orders would wait for each other: a transaction
    opens purses before it locks any, and by currency, and a debt under the lock of the purse beside it.
    """
    wanted = select(Account.id).where(
        Account.currency_id == currency_id, Account.kind == kind, Account.shopper_id == shopper_id
    )
    found = session.exec(wanted).first()
    if found is None:
        row = {"currency_id": currency_id, "kind": kind, "shopper_id": shopper_id, "posted": 0}
        session.execute(insert(table_of(Account)).on_conflict_do_nothing(), row)
        found = session.exec(wanted).one()
    return found


def in_debt(session: Session, shopper_id: UUID, currency_ids: Collection[int]) -> set[int]:
    """Return in which of some currencies a shopper owes points.

    It means something under the locks of their purses alone: whoever takes back what was spent holds those.
    """
    asked = {"shopper": shopper_id, "currencies": list(currency_ids)}
    return {currency_id for (currency_id,) in _IN_DEBT.rows(session, asked)}


_IN_DEBT: Final = Statement("""
    SELECT currency_id FROM account WHERE shopper_id = CAST(:shopper AS uuid)
    AND currency_id = ANY(CAST(:currencies AS int[])) AND kind = 'debt' AND posted < 0
""")


@dataclass(frozen=True, slots=True)
class EarningAccounts:
    """Between which accounts a shopper's earning moves."""

    currency_id: int
    issuer_id: int
    shopper_id: int


def earning_accounts(
    session: Session, purses: Sequence[UUID | str], shopper_id: UUID
) -> dict[UUID | str, EarningAccounts]:
    """Return by purse the accounts that an earning in its currency moves between, opened on first use.

    A purse is a brand's id, or the owner of a group whose brands share a currency that is open.
    """
    brands = [purse for purse in purses if isinstance(purse, UUID)]
    owners = [purse for purse in purses if isinstance(purse, str)]
    asked = {"brands": brands, "owners": owners, "shopper": shopper_id, "most": len(purses)}
    found: dict[tuple[UUID | str, str], tuple[int, int]] = {}
    # An account that another transaction opens meanwhile is seen by the second look only.
    while len(found) < 2 * len(set(purses)):
        for brand_id, owner, kind, *account in _EARNING_ACCOUNTS.rows(session, asked):
            found[brand_id or owner, kind] = (account[0], account[1])
    return {
        purse: EarningAccounts(
            found[purse, "issuer"][0],
            found[purse, "issuer"][1],
            found[purse, "shopper"][1],
        )
        for purse in purses
    }


# One statement: every receipt that earns asks this, and most shoppers' first receipts open accounts. The
# limits leave nothing out. They tell the planner that few are asked for, whoever asks: without them it takes
# ten of each, finds a plan of its own for every receipt cheaper, and spends more on that than on the answer.
_EARNING_ACCOUNTS: Final = Statement("""
    WITH wanted AS (
        SELECT currency.id AS currency_id, currency.brand_id, currency.owner
        FROM (SELECT unnest(CAST(:brands AS uuid[])) AS brand_id LIMIT CAST(:most AS bigint)) AS asked
        JOIN currency ON currency.brand_id = asked.brand_id
        UNION ALL
        SELECT currency.id, currency.brand_id, currency.owner
        FROM (SELECT unnest(CAST(:owners AS text[])) AS owner LIMIT CAST(:most AS bigint)) AS asked
        JOIN currency ON currency.owner = asked.owner
    ), standing AS (
        SELECT wanted.brand_id, wanted.owner, account.kind, wanted.currency_id, account.id
        FROM wanted JOIN account ON account.currency_id = wanted.currency_id
            AND account.shopper_id = CAST(:shopper AS uuid) AND account.kind = 'shopper'
        UNION ALL
        SELECT wanted.brand_id, wanted.owner, account.kind, wanted.currency_id, account.id
        FROM wanted JOIN account ON account.currency_id = wanted.currency_id
            AND account.kind = 'issuer' AND account.shopper_id IS NULL
    ), opened AS (
        INSERT INTO account (currency_id, kind, shopper_id, posted)
        SELECT currency_id, 'shopper', CAST(:shopper AS uuid), 0 FROM wanted
        WHERE currency_id NOT IN (SELECT currency_id FROM standing WHERE kind = 'shopper')
        ORDER BY currency_id
        ON CONFLICT DO NOTHING RETURNING currency_id, kind, id
    )
    SELECT brand_id, owner, kind, currency_id, id FROM standing
    UNION ALL SELECT brand_id, owner, kind, currency_id, id FROM opened JOIN wanted USING (currency_id)
""")


@dataclass(frozen=True, slots=True)
class Purse:
    """A shopper's account as it stands under its lock."""

    account_id: int
    currency_id: int
    posted: int
    held: int


def lock_accounts(session: Session, account_ids: Collection[int]) -> dict[int, Purse]:
    """Lock accounts until the transaction ends; return how they stand.

    Everybody takes them in one order, debts last.
    """
    statement = (
        select(Account.id, Account.currency_id, Account.posted, Account.held)
        .where(col(Account.id).in_(account_ids))
        .order_by(col(Account.kind).desc(), col(Account.id))
        .with_for_update(key_share=True)
    )
    return {
        account: Purse(account, currency_id, posted or 0, held)
        for account, currency_id, posted, held in session.exec(statement).all()
    }


def lock_purse(session: Session, shopper_id: UUID, currency_id: int) -> Purse | None:
    """Lock a shopper's account in a currency; None where they have none yet."""
    statement = (
        select(Account.id, Account.posted, Account.held)
        .where(
            Account.shopper_id == shopper_id, Account.currency_id == currency_id, Account.kind == "shopper"
        )
        .with_for_update(key_share=True)
    )
    found = session.exec(statement).first()
    return found and Purse(found[0], currency_id, found[1] or 0, found[2])


def balance(session: Session, account_id: int) -> int:
    """Return what a shopper's account or debt stands at; a system's is added up from its transfers."""
    posted = session.exec(select(Account.posted).where(Account.id == account_id)).one()
    if posted is not None:
        return posted
    came, left = (
        session.exec(select(func.coalesce(func.sum(Transfer.points), 0)).where(side == account_id)).one()
        for side in (col(Transfer.credit_id), col(Transfer.debit_id))
    )
    return int(came) - int(left)


def as_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as one JSON value: many parameters cost the driver more than the statement itself."""
    return json.dumps(rows, default=str)
