"""What a change of a campaign is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class UnknownNamesError(DomainError):
    """Terms name a brand, product or chain that the catalogue lacks. `field` says where, `value` what."""

    code = "campaign_names_unknown"


class OtherBrandsError(DomainError):
    """A manager's terms are about a brand that is not theirs. `field` says where, `value` which."""

    code = "campaign_of_other_brands"


class OtherGroupError(DomainError):
    """Terms pay or exchange the points that one owner's brands share for another's brand."""

    code = "campaign_of_other_group"


class ExchangeGainsError(ConflictError):
    """Points given round by exchanges would come back as more than they were. `field` says where."""

    code = "campaign_exchange_gains"


class NothingToPublishError(ConflictError):
    """The campaign has no draft."""

    code = "campaign_without_draft"


class LegalPapersMissingError(DomainError):
    """A draw or contest can't begin before its number, file, rules and day of results are told."""

    code = "campaign_papers_missing"


class PointValueMissingError(DomainError):
    """A gift, discount or voucher is worth half of the price at most: what a point is worth must be told."""

    code = "campaign_point_value_missing"


class MeasuringFixedError(ConflictError):
    """The campaign is or was live: how it is judged was agreed before, and stays."""

    code = "campaign_measuring_fixed"


class ObjectiveOverError(DomainError):
    """An objective's period is over when the campaign begins. `period` says which."""

    code = "campaign_objective_over"


class CampaignStateError(ConflictError):
    """It can't be paused, resumed or ended as it stands. `state` says how."""

    code = "campaign_state"


class DryRunUnderWayError(ConflictError):
    """A draft of the campaign is being tried already."""

    code = "campaign_dry_run_under_way"


class CampaignNameTakenError(ConflictError):
    """Another campaign has this key."""

    code = "campaign_slug_taken"


class CapOverclaimedError(Exception):
    """A cap was used up by another receipt meanwhile: the job is tried again."""
