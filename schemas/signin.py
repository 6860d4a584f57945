"""How shoppers sign in: one-time codes and what they cost, devices, sessions, passkeys; and their bodies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import ConfigDict, StringConstraints
from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, DateTime, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import BigInteger, Field, LargeBinary, SQLModel

from schemas.base import Body, ShortText, Text, TrimmedText, id_field, json_field, time_field
from schemas.origins import HASH_LENGTH

CodePurpose = Literal["sign_in"]
# `waiting` to be handed to the provider; `sent` when it took it; the last two are what it reported of it.
CodeState = Literal["waiting", "sent", "failed", "delivered", "undelivered"]
SignInWay = Literal["code", "passkey", "outside"]
EndReason = Literal["signed_out", "replaced", "expired", "reused", "start_over"]
CODE_TRIES_MAX: Final = 5
DIGEST_LENGTH: Final = 64
NAME_LENGTH_MAX: Final = 60


class OneTimeCode(SQLModel, table=True):
    """One code that was asked for. Without the server's key it tells neither phone nor code.

    `sealed` holds both, encrypted, until the provider has taken them or it is too late to send; then it is
    emptied. `due_at` is when a worker may hand it to the provider next, null when there is nothing to hand.
    `handed` counts the times after which the provider may have it: while it is 0 the code costs nothing.
    """

    __tablename__ = "one_time_code"
    __table_args__ = (
        CheckConstraint(f"tries BETWEEN 0 AND {CODE_TRIES_MAX}", name="tries"),
        CheckConstraint(f"state IN {get_args(CodeState)}", name="state"),
        # A new code voids the one before: at most one is open for a phone.
        Index(
            "uq_one_time_code_open",
            "phone_digest",
            "purpose",
            unique=True,
            postgresql_where=text("used_at IS NULL AND voided_at IS NULL"),
        ),
        Index("ix_one_time_code_phone", "phone_digest", "created_at"),
        Index("ix_one_time_code_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    id: UUID = id_field()
    phone_digest: str = Field(max_length=DIGEST_LENGTH)
    purpose: str = Field(default="sign_in", max_length=10)
    code_digest: str = Field(max_length=DIGEST_LENGTH)
    tries: int = Field(default=0, sa_type=SmallInteger)
    created_at: datetime = time_field(index=True)
    expires_at: datetime = time_field()
    used_at: datetime | None = time_field(nullable=True)
    voided_at: datetime | None = time_field(nullable=True)
    language: str = Field(max_length=2)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    due_at: datetime | None = time_field(nullable=True)
    handed: int = Field(default=0, sa_type=SmallInteger)
    state: str = Field(default="waiting", max_length=11)
    provider_id: str | None = Field(default=None, max_length=100)
    cost_vnd: int = 0


class CodeBudget(SQLModel, table=True):
    """What the codes of one day, by the tills' clock, may have cost at most: reserved before one is sent."""

    __tablename__ = "code_budget"

    day: date = Field(primary_key=True)
    reserved_vnd: int = Field(sa_type=BigInteger)
    codes: int


class CodeTraffic(SQLModel, table=True):
    """Codes asked for in a quarter of an hour, and how many of these were entered: shows pumping."""

    __tablename__ = "code_traffic"

    quarter: datetime = Field(sa_type=DateTime(timezone=True), primary_key=True)
    requested: int = 0
    verified: int = 0


class Device(SQLModel, table=True):
    """An installation of an app, or a browser, on which a shopper signed in.

    `install_digest` is the keyed hash of what it calls itself, the same as uploads are known by
    (`UploadOrigin.device`); null where it says nothing. `known` says that its user was once who they said: a
    session that still needs a second fact makes no device known.
    """

    __table_args__ = (UniqueConstraint("shopper_id", "install_digest"),)

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id")
    install_digest: str | None = Field(default=None, max_length=HASH_LENGTH)
    name: str | None = Field(default=None, max_length=NAME_LENGTH_MAX)
    client: str = Field(default="unknown", max_length=10)
    app_version: str | None = Field(default=None, max_length=40)
    known: bool = True
    first_seen_at: datetime = time_field()
    last_seen_at: datetime = time_field()


class ShopperSession(SQLModel, table=True):
    """A shopper signed in on a device: all refresh tokens that follow one another there are one session.

    No refresh token is kept, nor its hash: one is made again from `refresh_seed`, `generation` and the
    server's key when it has to be compared. `rotated_at` holds when the last generations before this one
    were used, as seconds since 1970, oldest first.
    """

    __tablename__ = "shopper_session"
    __table_args__ = (
        CheckConstraint(f"way IN {get_args(SignInWay)}", name="way"),
        CheckConstraint(f"end_reason IN {get_args(EndReason)}", name="end_reason"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
        Index("ix_shopper_session_shopper", "shopper_id", "last_used_at"),
    )

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id")
    device_id: UUID = Field(foreign_key="device.id", index=True)
    way: str = Field(max_length=8)
    began_at: datetime = time_field()
    last_used_at: datetime = time_field()
    idle_until: datetime = time_field(index=True)
    expires_at: datetime = time_field()
    ended_at: datetime | None = time_field(nullable=True)
    end_reason: str | None = Field(default=None, max_length=10)
    second_fact_due: bool = False
    refresh_seed: bytes = Field(sa_type=LargeBinary)
    generation: int = 0
    rotated_at: list[float] = json_field(list)


class SecondFact(SQLModel, table=True):
    """Wrong answers to the question that a silent account asks; counted by account, whoever asks."""

    __tablename__ = "second_fact"

    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    tries: int = Field(default=0, sa_type=SmallInteger)
    counted_from: datetime = time_field()


class Passkey(SQLModel, table=True):
    """A shopper's passkey: the public half of a key that never leaves their device or its keychain."""

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id", index=True)
    credential_id: bytes = Field(sa_type=LargeBinary, unique=True)
    public_key: bytes = Field(sa_type=LargeBinary)
    sign_count: int = Field(sa_type=BigInteger)
    name: str = Field(max_length=NAME_LENGTH_MAX)
    created_at: datetime = time_field()
    last_used_at: datetime | None = time_field(nullable=True)


class PasskeyChallenge(SQLModel, table=True):
    """What a passkey has to sign, once and soon. `shopper_id` is who registers one; null to sign in."""

    __tablename__ = "passkey_challenge"

    id: UUID = id_field()
    challenge: bytes = Field(sa_type=LargeBinary)
    shopper_id: UUID | None = Field(default=None, foreign_key="shopper.id", index=True)
    expires_at: datetime = time_field(index=True)


class OutsideIdentity(SQLModel, table=True):
    """Who a shopper is to an outside sign-in service."""

    __tablename__ = "outside_identity"

    issuer: str = Field(primary_key=True, max_length=200)
    subject: str = Field(primary_key=True, max_length=255)
    shopper_id: UUID = Field(foreign_key="shopper.id", index=True)
    first_seen_at: datetime = time_field()


PhoneText = Annotated[TrimmedText, StringConstraints(min_length=1, max_length=32)]
NameText = Annotated[TrimmedText, StringConstraints(min_length=1, max_length=NAME_LENGTH_MAX)]
# A refresh token takes 71 characters.
TokenText = Annotated[Text, StringConstraints(min_length=1, max_length=120)]
# An outside service's token, whatever it puts into it.
OutsideText = Annotated[Text, StringConstraints(min_length=1, max_length=8_000)]
CodeText = Annotated[TrimmedText, StringConstraints(min_length=1, max_length=16)]


class CodeRequest(Body):
    """A phone that a code is to be sent to: a Vietnamese mobile number, as people write it or as +84…."""

    phone: PhoneText = BodyField(description="A Vietnamese mobile number, with or without +84.")


class CodeAsked(Body):
    """What is answered whoever the phone's owner is: how long the code is good, when to ask again."""

    expires_in_seconds: int = BodyField(description="How long the code is good.")
    next_code_in_seconds: int = BodyField(description="How long until another code may be asked for.")


class SignInChoices(Body):
    """How a client wants its session: the name its device is listed by, the refresh token in a cookie."""

    device_name: NameText | None = BodyField(default=None, description="What the shopper calls this device.")
    cookie: bool = BodyField(
        default=False, description="True for web pages: the refresh token comes as a cookie, not in the body."
    )


class TokenRequest(SignInChoices):
    """The phone, and the code that was sent to it."""

    phone: PhoneText = BodyField(description="The number to which the code went.")
    code: CodeText = BodyField(description="The six digits.")


class OutsideTokenRequest(SignInChoices):
    """A token of the outside sign-in service that the settings name."""

    token: OutsideText = BodyField(description="The token of the outside service.")


class RefreshRequest(Body):
    """The refresh token; left out where it is in the cookie."""

    refresh_token: TokenText | None = BodyField(
        default=None, description="The last one given; null where it is in the cookie."
    )


class Tokens(Body):
    """A session's tokens. `refresh_token` is null where it went into the cookie.

    While `second_fact_needed`, the session shows nothing of the account until the fact is given.
    """

    access_token: str = BodyField(description="Bearer token for the API.")
    token_type: Literal["Bearer"] = BodyField(default="Bearer", description="Always Bearer.")
    expires_in_seconds: int = BodyField(description="How long the access token is good.")
    refresh_token: str | None = BodyField(description="For the next tokens; null where it came as a cookie.")
    session_id: UUID = BodyField(description="The session these belong to.")
    second_fact_needed: bool = BodyField(
        description="True: balances and vouchers are withheld until a second fact is given."
    )


class SecondFactRequest(Body):
    """The chain that the account's last receipt is of, by its slug in `/v1/catalog/retailers`."""

    retailer: ShortText = BodyField(description="Slug of the chain at which the last receipt was bought.")


class DeviceView(Body):
    """A device with an open session; `here` is the caller's own."""

    id: UUID = BodyField(description="The device's id.")
    name: str | None = BodyField(description="What the shopper calls it; null where it has no name.")
    client: str = BodyField(description="App, browser, script or unknown.")
    app_version: str | None = BodyField(description="Of our app, where it is one.")
    way: str = BodyField(description="How they signed in there.")
    signed_in_at: datetime = BodyField(description="When they did.")
    last_used_at: datetime = BodyField(description="When it last asked for tokens.")
    here: bool = BodyField(description="True for the device that asks.")


class Devices(Body):
    """Where a shopper is signed in, the last used first."""

    devices: list[DeviceView] = BodyField(description="Devices with a session, the last used first.")


class SignedOut(Body):
    """How many sessions ended."""

    sessions: int = BodyField(description="How many sessions ended.")


class PasskeyOptions(Body):
    """What `navigator.credentials` takes as `publicKey`, as JSON, and the id to send with the answer."""

    challenge_id: UUID = BodyField(description="To be sent back with the answer.")
    public_key: dict[str, Any] = BodyField(
        description="What the browser's `navigator.credentials` takes as `publicKey`."
    )


class PasskeyAnswerPart(Body):
    """The signed part of a passkey's answer, in base64url as browsers give it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    clientDataJSON: OutsideText = BodyField(description="As the browser gives it, base64url.")  # noqa: N815 - as WebAuthn spells it
    attestationObject: OutsideText | None = BodyField(default=None, description="On registration, base64url.")  # noqa: N815
    authenticatorData: OutsideText | None = BodyField(default=None, description="On signing in, base64url.")  # noqa: N815
    signature: OutsideText | None = BodyField(default=None, description="On signing in, base64url.")
    userHandle: OutsideText | None = BodyField(default=None, description="May be null.")  # noqa: N815


class PasskeyAnswer(Body):
    """A passkey's answer: what `PublicKeyCredential.toJSON()` gives; what else it says is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: OutsideText = BodyField(description="The credential's id, base64url.")
    rawId: OutsideText = BodyField(description="The same again.")  # noqa: N815 - as WebAuthn spells it
    type: Literal["public-key"] = BodyField(description="Always public-key.")
    response: PasskeyAnswerPart = BodyField(description="What the authenticator answered.")


class NewPasskey(Body):
    """A passkey to keep, and the name it is listed by."""

    challenge_id: UUID = BodyField(description="From the options.")
    name: NameText = BodyField(description="What the shopper calls it.")
    credential: PasskeyAnswer = BodyField(description="What the browser answered.")


class PasskeySignIn(SignInChoices):
    """A passkey's answer to the options of `/v1/auth/passkeys/options`."""

    challenge_id: UUID = BodyField(description="From the options.")
    credential: PasskeyAnswer = BodyField(description="What the browser answered.")


class PasskeyView(Body):
    """One of a shopper's passkeys."""

    id: UUID = BodyField(description="The passkey's id.")
    name: str = BodyField(description="What the shopper calls it.")
    created_at: datetime = BodyField(description="When it was registered.")
    last_used_at: datetime | None = BodyField(description="When it last signed in; null if never.")


class Passkeys(Body):
    """A shopper's passkeys; `offer` says that it is a good time to propose one."""

    passkeys: list[PasskeyView] = BodyField(description="The shopper's passkeys, newest first.")
    offer: bool = BodyField(description="True: this is a good moment to offer one.")


class DeliveryReport(Body):
    """What a provider reports of a code that it took."""

    status: Literal["delivered", "undelivered"] = BodyField(
        description="What became of the code, in the gateway's words."
    )
