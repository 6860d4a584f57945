"""A partner who tells of orders and returns; shoppers who take vouchers, use some and give others back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from bench.chaos_clients import Ask, Wire
from bench.chaos_stage import PARTNER, Stage, order_of
from domain.partners.access import signature
from domain.rewards.errors import SoldOutError, VoucherRefusedError
from infra.tokens import issue_token
from schemas.purchases import NewReturn, ReturnedLine
from schemas.rewards import Transaction, VoucherStanding

ORDER_DONG: Final = 200_000
# Of so many orders one goes back in half, and one whole.
RETURNS: Final = 5
HALF, WHOLE = 1, 3


def _signed(stage: Stage, path: str, body: bytes) -> Ask:
    now = str(int(time.time()))
    signed = signature(stage.secret, method="POST", path=path, timestamp=now, body=body)
    headers = {"Quetbill-Partner": PARTNER, "Quetbill-Timestamp": now, "Quetbill-Signature": signed}
    return {"content": body, "headers": headers | {"Content-Type": "application/json"}}


@dataclass(frozen=True, slots=True)
class Orders:
    """A partner's system: `ids` of purchases by order, `returned` how many of its two packs went back."""

    wire: Wire
    stage: Stage
    ids: dict[int, str] = field(default_factory=dict)
    returned: dict[int, int] = field(default_factory=dict)

    def tell(self, number: int) -> None:
        """Tell of one order, and of some that they went back."""
        buyer = self.stage.buyers[number % len(self.stage.buyers)]
        order = order_of(name_of(number), buyer, ORDER_DONG + 1000 * (number % 50), number)
        if not (answer := self._post(f"order {number}", "/v1/purchases", order)):
            return
        self.ids[number] = answer["id"]
        if number % RETURNS not in {HALF, WHOLE}:
            return
        packs = 1 if number % RETURNS == HALF else 2
        lines = [ReturnedLine(line=1, quantity=packs if packs == 1 else None)]
        back = NewReturn(return_id=f"back-{number}", lines=lines)
        if self._post(f"return {number}", f"/v1/purchases/{name_of(number)}/returns", back):
            self.returned[number] = packs

    def _post(self, what: str, path: str, body: Any) -> dict[str, Any] | None:
        content = body.model_dump_json(exclude_defaults=True).encode()
        answer = self.wire.ask(what, path, lambda: _signed(self.stage, path, content))
        return None if answer is None else answer.json()


def name_of(number: int) -> str:
    """Return the partner's name of an order."""
    return f"chaos-{number}"


@dataclass(frozen=True, slots=True)
class Bought:
    """What a shopper was told of one try to take a voucher: which, and how it stands; None where sold out."""

    shopper_id: UUID
    voucher_id: str | None
    state: VoucherStanding | None


@dataclass(frozen=True, slots=True)
class Buys:
    """Shoppers at rewards and tills: `told` is by try; of those in `unsure` nobody knows the end."""

    wire: Wire
    stage: Stage
    told: dict[int, Bought] = field(default_factory=dict)
    unsure: set[int] = field(default_factory=set)

    def take(self, number: int) -> None:
        """Take one voucher where one is left; use it at a till, give it back, or have it held and let go."""
        shopper_id = self.stage.buyers[number % len(self.stage.buyers)].id
        path = f"/v1/rewards/{self.stage.reward_id}/redemptions"
        key = {"Idempotency-Key": key_of(number)}
        answer = self.wire.ask(
            f"buy {number}", path, lambda: _as_shopper(shopper_id, key), {SoldOutError.code}
        )
        if answer is None:
            self.unsure.add(number)
            return
        if not answer.is_success:
            self.told[number] = Bought(shopper_id, None, None)
            return
        voucher = answer.json()
        state = self._go_on(number, shopper_id, voucher)
        self.told[number] = Bought(shopper_id, voucher["id"], state)

    def _go_on(self, number: int, shopper_id: UUID, voucher: dict[str, Any]) -> VoucherStanding | None:
        """Do what follows with a voucher; return how it stands, None where nobody was told."""
        match number % 4:
            case 0:
                return "used" if self._at_till(number, voucher["code"], "use") else None
            case 1:
                path = f"/v1/me/vouchers/{voucher['id']}/cancel"
                answer = self.wire.ask(f"cancel {number}", path, lambda: _as_shopper(shopper_id, {}))
                return "cancelled" if answer else None
            case 2:
                done = self._at_till(number, voucher["code"], "reserve")
                return "issued" if done and self._at_till(number, voucher["code"], "release") else None
            case _:
                return "issued"

    def _at_till(self, number: int, code: str, what: str) -> bool:
        path = f"/v1/partners/vouchers/{code}/{what}"
        sale = Transaction(transaction=f"sale-{number}").model_dump_json().encode()
        # One who lets go again of what was let go is refused, and knows by that.
        expected = {VoucherRefusedError.code} if what == "release" else set()
        answer = self.wire.ask(f"{what} {number}", path, lambda: _signed(self.stage, path, sale), expected)
        return answer is not None


def key_of(number: int) -> str:
    """Return the key under which a voucher is asked for."""
    return f"buy-{number}"


def _as_shopper(shopper_id: UUID, headers: dict[str, str]) -> Ask:
    return {"headers": headers | {"Authorization": f"Bearer {issue_token(shopper_id, 'shopper')}"}}
