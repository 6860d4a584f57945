"""What a sign-in is refused for."""

from __future__ import annotations

from domain.errors import DomainError


class PhoneNotTakenError(DomainError):
    """No Vietnamese mobile number: nothing is sent there."""

    code = "phone_not_taken"


class CodesOffError(DomainError):
    """Nobody is set to carry codes here."""

    kind = "not_found"
    code = "codes_off"


class TooManyCodesError(DomainError):
    """The phone, or who asks, has had as many codes as they may; `retry_after_seconds` says when again."""

    kind = "limited"
    code = "too_many_codes"


class CodeBudgetError(DomainError):
    """The day's money for codes is spent."""

    kind = "limited"
    code = "code_budget_spent"


class WrongCodeError(DomainError):
    """Not the code, or one that is used, too old, voided by a newer one or tried too often."""

    code = "wrong_code"


class WrongPasskeyError(DomainError):
    """A passkey's answer that proves nothing: unknown, forged, of another site, late or sent twice."""

    code = "wrong_passkey"


class PasskeyKnownError(DomainError):
    """The passkey is registered already."""

    kind = "conflict"
    code = "passkey_known"


class TooManyPasskeysError(DomainError):
    """As many passkeys as an account may have."""

    code = "too_many_passkeys"


class OutsideOffError(DomainError):
    """No outside sign-in service is set here."""

    kind = "not_found"
    code = "outside_sign_in_off"


class OutsideTokenError(DomainError):
    """An outside service's token that is no good."""

    kind = "unauthenticated"
    code = "outside_token_refused"


class SessionEndedError(DomainError):
    """The session of an access token was ended."""

    kind = "unauthenticated"
    code = "session_ended"


class FreshSignInNeededError(DomainError):
    """It can't be taken back, or shows everything: only who signed in a moment ago may do it."""

    kind = "withheld"
    code = "fresh_sign_in_needed"


class RefreshRefusedError(DomainError):
    """A refresh token that is none of ours."""

    kind = "unauthenticated"
    code = "refresh_refused"


class SignedOutError(DomainError):
    """A refresh token whose session its shopper ended, or that another sign-in replaced."""

    kind = "unauthenticated"
    code = "signed_out"


class SessionExpiredError(DomainError):
    """A refresh token whose session was not used for too long, or is too old."""

    kind = "unauthenticated"
    code = "session_expired"


class SessionReusedError(DomainError):
    """A refresh token that was used before: somebody has a copy, so its session is over."""

    kind = "unauthenticated"
    code = "session_reused"


class SecondFactNeededError(DomainError):
    """An account that was silent for long, on a new device: it shows nothing before a second fact."""

    kind = "withheld"
    code = "second_fact_needed"


class SecondFactWrongError(DomainError):
    """Not the chain of the last receipt; `tries_left` says how often another may be named."""

    code = "second_fact_wrong"


class SecondFactSpentError(DomainError):
    """The question was answered wrong too often; it is asked again after `retry_after_seconds`."""

    kind = "limited"
    code = "second_fact_spent"


class SecondFactNotDueError(DomainError):
    """Nothing more is asked of this session."""

    kind = "conflict"
    code = "second_fact_not_due"
