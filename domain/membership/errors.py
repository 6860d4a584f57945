"""What a referral or a mission is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class ReferralClosedError(ConflictError):
    """Nothing is given for friends at the moment."""

    code = "referral_closed"


class ReferralUnknownError(DomainError):
    """Nobody has this code."""

    code = "referral_unknown"


class ReferralRefusedError(ConflictError):
    """The shopper is no newcomer, or somebody brought them already."""

    code = "referral_refused"


class MissionExistsError(ConflictError):
    """Another mission has this name."""

    code = "mission_exists"
