"""What a reward or voucher is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class RewardExistsError(ConflictError):
    """Another reward has this name."""

    code = "reward_exists"


class RewardClosedError(ConflictError):
    """The reward is not on offer now."""

    code = "reward_closed"


class SoldOutError(ConflictError):
    """No voucher of the reward is left."""

    code = "sold_out"


class RewardLimitError(ConflictError):
    """The shopper has had as many as one may."""

    code = "reward_limit"


class VoucherGoneError(ConflictError):
    """The voucher was used, cancelled or is at a till just now, so it can't be given back."""

    code = "voucher_gone"


class VoucherRefusedError(DomainError):
    """No such code, used, past its day, or not for this partner: a till is told no more than that."""

    kind = "not_found"
    code = "voucher_refused"


class VoucherMistypedError(DomainError):
    """The code's check character does not fit: somebody mistyped it."""

    code = "voucher_mistyped"


class TransactionReusedError(ConflictError):
    """The partner used this name of a sale for another voucher."""

    code = "transaction_reused"


class RedemptionReusedError(DomainError):
    """The same key was used for another reward."""

    code = "idempotency_key_reused"
