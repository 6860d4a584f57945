"""Every setting, read once from the environment (prefix QUETBILL_)."""

from __future__ import annotations

import os
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.keyring import keys_of

DAYS_MAX = 36_500


class Settings(BaseSettings):
    """What an operator or engineer can turn. Field descriptions are the table in docs/operating.md."""

    model_config = SettingsConfigDict(env_prefix="QUETBILL_", env_ignore_empty=True, frozen=True)

    data_dir: Path = Field(
        default=Path(".data"),
        description="Where the embedded PostgreSQL, Valkey, columnar store and pictures lie.",
    )
    database_url: str = Field(default="", description="PostgreSQL URL; empty starts the embedded one.")
    database_pool_size: int = Field(default=10, description="Connections kept by one process.")
    redis_url: str = Field(default="", description="Redis or Valkey URL; empty starts the embedded one.")
    storage_url: str = Field(
        default="",
        description="Photographs: file:///…, s3://bucket/prefix, gs://…, az://…; empty is data_dir.",
    )
    storage_endpoint: str = Field(default="", description="Endpoint of an S3-compatible store.")
    storage_timeout_seconds: int = Field(
        default=10, description="A call to the object store is given up after this."
    )
    storage_keys: SecretStr = Field(
        default=SecretStr(""),
        description="Seal what is stored: `NAME:BASE64` of 32 bytes, …; the first seals, each opens its own.",
    )
    token_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs bearer tokens and pseudonyms, 32 characters or more; empty makes one in data_dir.",
    )
    token_days: int = Field(default=30, description="How long a token made here is good.")
    code_provider: Literal["", "console", "http", "esms"] = Field(
        default="",
        description="Who sends sign-in codes; `console` prints them, for development; empty: no codes.",
    )
    code_cost_vnd: int = Field(default=1_000, ge=0, description="What one code costs at most, in đồng.")
    code_budget_vnd_day: int = Field(
        default=500_000, ge=0, description="What a day's codes may cost, in đồng; past it none is sent."
    )
    code_http_url: str = Field(default="", description="Where the `http` provider takes codes.")
    code_http_token: SecretStr = Field(default=SecretStr(""), description="Its bearer token.")
    esms_url: str = Field(
        default="https://rest.esms.vn/MainService.svc/json/MultiChannelMessage/",
        description="Where eSMS takes messages that go by Zalo first and by SMS second.",
    )
    esms_api_key: str = Field(default="", description="eSMS: ApiKey.")
    esms_secret_key: SecretStr = Field(default=SecretStr(""), description="eSMS: SecretKey.")
    esms_oa_id: str = Field(default="", description="eSMS: the Zalo account (OAID) that sends.")
    esms_template_id: str = Field(
        default="", description="eSMS: the Zalo template (TempID), whose one parameter is the code."
    )
    esms_brandname: str = Field(default="", description="eSMS: the registered sender of SMS.")
    esms_sms_text: str = Field(
        default="{code} la ma dang nhap QuetBill, dung trong 5 phut. Khong dua ma nay cho ai.",
        description="eSMS: the SMS as registered, without accents; {code} stands for the code.",
    )
    esms_sandbox: bool = Field(default=False, description="eSMS: check messages, send and charge none.")
    codes_per_address_hour_max: int = Field(
        default=60, description="Codes asked for from one public address; 0 never limits, as below."
    )
    codes_per_network_hour_max: int = Field(
        default=300, description="Codes asked for from one network, /24 or /48."
    )
    codes_per_device_day_max: int = Field(default=10, description="Codes asked for by one installation.")
    codes_per_prefix_hour_max: int = Field(
        default=30, description="Codes to numbers that differ in their last four digits only."
    )
    sign_in_tries_per_address_hour_max: int = Field(
        default=600, description="Codes, passkeys and tokens tried from one public address."
    )
    access_minutes: int = Field(
        default=10, ge=1, le=15, description="How long a shopper's access token is good."
    )
    session_idle_days: int = Field(
        default=45, ge=30, le=60, description="A shopper's session ends when it is not used for this long."
    )
    session_days_max: int = Field(default=180, ge=1, le=180, description="And after this in any case.")
    silent_days: int = Field(
        default=180, ge=1, description="An account silent for longer asks a new device for a second fact."
    )
    passkey_domain: str = Field(
        default="", description="Domain that passkeys are made for; empty is that of the public URL."
    )
    passkey_origins: str = Field(
        default="", description="Origins that use passkeys, comma separated; empty is the public URL."
    )
    outside_issuer: str = Field(
        default="", description="Outside sign-in service: `iss` of its tokens; empty: none is taken."
    )
    outside_audience: str = Field(default="", description="Outside sign-in service: `aud` of its tokens.")
    outside_jwks_url: str = Field(default="", description="Outside sign-in service: where its keys lie.")
    outside_phone_claim: str = Field(
        default="phone_number",
        description="Outside sign-in service: claim with the phone, taken if CLAIM_verified is true.",
    )
    api_host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    api_port: int = Field(default=8000, description="Port the API listens on.")
    public_url: str = Field(
        default="",
        description="Where browsers find us, as https://…; empty asks trusted proxies and the connection.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins of web apps elsewhere that may call /v1, comma separated, as https://….",
    )
    connections_max: int = Field(
        default=2_000, description="Connections that one API process takes; past it new ones are ended."
    )
    header_seconds_max: int = Field(default=10, description="A request's headers arrive within this.")
    body_seconds_min: int = Field(
        default=20, description="A request's body has this long, and a second more for each 4 kB."
    )
    reader_seconds_max: int = Field(
        default=30, description="A connection whose reader takes nothing for this long is ended."
    )
    stop_seconds_max: int = Field(
        default=5, description="On SIGTERM the API's requests have this long to end."
    )
    metrics_port: int = Field(
        default=0, description="A port of its own for /metrics, for inside; 0 is the API's port, open to all."
    )
    statement_seconds_max: int = Field(
        default=60, description="A statement to PostgreSQL is ended after this."
    )
    idle_transaction_seconds_max: int = Field(
        default=60, description="A transaction in which nothing is asked for this long is ended."
    )
    exports_at_once_max: int = Field(
        default=3, description="Exports that one process sends at once, over connections of their own."
    )
    export_seconds_max: int = Field(default=300, description="An export that takes longer is broken off.")
    uploads_at_once_max: int = Field(default=8, description="Uploads that one process looks at at once.")
    decodings_at_once_max: int = Field(
        default=2, description="Pictures that one process decodes at once; each may take 200 MB."
    )
    receipt_pixels_max: int = Field(
        default=120_000_000, description="Most pixels of all pages of one receipt together."
    )
    uploads_per_person_hour_max: int = Field(
        default=120, description="Receipts that one shopper may send; 0 never limits, here and below."
    )
    # A phone network puts thousands of shoppers behind one address.
    uploads_per_address_hour_max: int = Field(default=3_000, description="Receipts from one public address.")
    checks_per_person_hour_max: int = Field(
        default=300, description="Pictures that one shopper may have checked."
    )
    checks_per_address_hour_max: int = Field(default=6_000, description="The same of one public address.")
    redemptions_per_person_hour_max: int = Field(default=60, description="Rewards that one shopper takes.")
    redemptions_per_address_hour_max: int = Field(
        default=2000, description="Rewards taken from one public address."
    )
    referral_claims_per_person_hour_max: int = Field(
        default=10, description="Friends' codes that one shopper tries."
    )
    referral_claims_per_address_hour_max: int = Field(
        default=200, description="Friends' codes tried from one public address."
    )
    voucher_misses_per_partner_hour_max: int = Field(
        default=300, description="Codes good for nothing that one partner may ask about."
    )
    appeals_per_person_day_max: int = Field(default=20, description="Appeals of one shopper.")
    appeals_per_address_day_max: int = Field(default=500, description="Appeals from one public address.")
    imports_per_person_hour_max: int = Field(default=60, description="Files that one admin may import.")
    imports_per_address_hour_max: int = Field(default=120, description="The same of one public address.")
    exports_per_person_hour_max: int = Field(default=60, description="Exports of one member of staff.")
    exports_per_address_hour_max: int = Field(default=300, description="Exports to one public address.")
    sign_ins_per_address_quarter_hour_max: int = Field(
        default=30, description="Failed sign-ins of one address to the console; 0 never limits, as below."
    )
    hashings_at_once_max: int = Field(
        default=2, description="Passwords hashed at the same time; each takes 64 MB."
    )
    workers: int = Field(default=1, description="Worker processes that `quetbill work` keeps alive.")
    ocr_engine: Literal["recogniser", "tesserocr", "pytesseract"] = Field(
        default="recogniser",
        description="Text engine: our own network, or Tesseract in process or as a process per picture.",
    )
    tessdata_dir: Path | None = Field(default=None, description="Folder of Tesseract models; empty searches.")
    read_timeout_seconds: int = Field(default=90, description="A reading job is killed after this.")
    read_attempts_max: int = Field(default=3, description="Readings begun before a receipt is unreadable.")
    ring_again_seconds: int = Field(default=120, description="A waiting receipt is rung again after this.")
    ring_interval_seconds: int = Field(
        default=30, description="Pause between two looks for receipts that were forgotten."
    )
    follow_interval_seconds: int = Field(
        default=10,
        description="Pause between two looks at what receipts mean for tiers, friends and missions.",
    )
    purchase_waiting_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days that a partner's purchase waits for a buyer who has not joined, then is forgotten.",
    )
    learn_shoppers_min: int = Field(
        default=5,
        ge=0,
        description="A name or EAN is learned once so many unlinked shoppers agree; 0 learns nothing.",
    )
    learn_share_min: float = Field(
        default=0.9, gt=0.5, le=1, description="Share of those shoppers that must agree on one product."
    )
    learn_days: int = Field(default=90, ge=1, description="Receipts of so many days teach names and EANs.")
    links_days: int = Field(
        default=0,
        description="Devices, addresses and links of shoppers are forgotten after this; 0 keeps them.",
    )
    upload_bytes_max: int = Field(default=15_000_000, description="Largest page, in bytes.")
    upload_pixels_max: int = Field(default=50_000_000, description="Largest page, in pixels.")
    upload_side_min: int = Field(default=300, description="Smallest side of a page, in pixels.")
    import_bytes_max: int = Field(default=20_000_000, description="Largest file that is imported, in bytes.")
    upload_pages_max: int = Field(default=6, description="Most pages of one receipt.")
    group_shoppers_min: int = Field(
        default=5, description="Brand figures about fewer shoppers than this are withheld."
    )
    review_due_hours: int = Field(default=24, description="A receipt in review is overdue after this.")
    review_hold_seconds: int = Field(
        default=900, description="How long a reviewer who takes a case keeps it from the others."
    )
    review_undo_seconds: int = Field(default=600, description="How long a reviewer can take a decision back.")
    # Two million đồng spent at the usual rate, in one trip: rare, and dear enough to be looked at twice.
    second_person_points: int = Field(
        default=2000, description="An approval that credits more points than this takes two people."
    )
    refund_days: int = Field(
        default=7,
        ge=0,
        description="Points given back after their last day can be spent for so many days more.",
    )
    correction_share_max: float = Field(
        default=1.0, description="A correction that raises a figure by more than this share takes two people."
    )
    correction_minor_max: int = Field(
        default=500_000,
        description="A correction that raises a figure by more, in minor units, takes two people.",
    )
    # A hundredth of what is spent where a point is a thousand đồng spent (docs/decisions/0007).
    point_cost_vnd: int = Field(
        default=10, description="What a point costs the programme, in đồng: for money saved."
    )
    picture_days: int = Field(
        default=0, ge=0, description="Pictures are removed so long after their receipt ended; 0 keeps them."
    )
    picture_days_by_campaign: str = Field(
        default="", description="The same of receipts that earned in one: `SLUG:DAYS`, comma separated."
    )
    export_hours: int = Field(
        default=48, ge=1, description="A shopper's copy of their data can be fetched for so long."
    )
    controller: str = Field(
        default="", description="Who runs this: name, address, data protection contact. For the dossier."
    )
    consents_elsewhere: bool = Field(
        default=False,
        description="Another system asks for the programme's and brands' consents; here they count as given.",
    )
    consent_texts: Path | None = Field(
        default=None, description="TOML of your own consent texts, as domain/privacy/data; empty is ours."
    )
    trusted_proxies: str = Field(
        default="", description="Networks of our proxies, comma separated, whose X-Forwarded-For is taken."
    )
    attestation_mode: Literal["off", "observe", "enforce"] = Field(
        default="off", description="App attestation: not looked at, kept and counted, or asked of every app."
    )
    attestation_production: bool = Field(
        default=True, description="Take only attestations of released apps on whole devices."
    )
    attestation_apple_app_id: str = Field(
        default="", description="Team and bundle: ABCDE12345.vn.quetbill.app."
    )
    attestation_apple_root: Path | None = Field(
        default=None, description="PEM file of the authority that attests; empty is Apple's."
    )
    attestation_google_package: str = Field(default="", description="The Android app's package name.")
    attestation_google_decryption_key: SecretStr = Field(
        default=SecretStr(""), description="Play Integrity's decryption key, base64."
    )
    attestation_google_verification_key: str = Field(
        default="", description="Play Integrity's verification key, base64."
    )
    insight_url: str = Field(default="", description="Columnar store: clickhouse://…, `off`; empty: ours.")
    insight_bytes_max: int = Field(
        default=1_400_000_000, description="Memory of our columnar store, in bytes."
    )
    insight_feed_seconds: int = Field(default=20, ge=1, description="Pause between two turns of its feed.")
    insight_copy_url: str = Field(
        default="", description="Where its Parquet copy lies: s3://…; empty makes none."
    )
    event_days: int = Field(
        default=40, ge=31, description="Events are forgotten after this, once every reader has read them."
    )
    outbound_networks: str = Field(
        default="",
        description="Networks inside, comma separated, to which webhooks may go, also by http; else none.",
    )
    stream_seconds_max: int = Field(
        default=900, ge=0, description="An event stream ends after this, and its client comes again."
    )
    streams_max: int = Field(
        default=1_000, ge=1, description="Event streams that one API process keeps open."
    )
    push_vapid_key: Path | None = Field(
        default=None, description="PEM file of the P-256 key that signs Web Push; empty rings no browser."
    )
    push_contact: str = Field(
        default="",
        description="Whom push services write to, mailto:… or https://…; Apple asks for a real one.",
    )
    push_hosts: str = Field(
        default="fcm.googleapis.com,*.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com",
        description="Push services of browsers, comma separated; a subscription elsewhere is refused.",
    )
    push_open_url: str = Field(
        default="", description="Where a tap on a notification leads; empty is public_url."
    )
    push_fcm_account: Path | None = Field(
        default=None, description="JSON file of Firebase's service account; empty rings no app."
    )
    push_fcm_url: str = Field(default="https://fcm.googleapis.com", description="Where Firebase answers.")
    message_days: int = Field(default=365, ge=1, description="Messages in inboxes are deleted after this.")
    disk_free_bytes_min: int = Field(default=500_000_000, description="Below this /readyz says no.")
    log_level: str = Field(default="INFO", description="Least severe log line that is written.")

    @field_validator("picture_days_by_campaign")
    @classmethod
    def _days_can_be_read(cls, given: str) -> str:
        days_of(given)
        return given

    @field_validator("storage_keys")
    @classmethod
    def _keys_can_be_read(cls, given: SecretStr) -> SecretStr:
        keys_of(given.get_secret_value())
        return given


def days_of(text: str) -> dict[str, int]:
    """Return days by slug of `slug:days, …`.

    Raises:
        ValueError: It is not that.
    """
    pairs = [part.strip().rpartition(":") for part in text.split(",") if part.strip()]
    if any(not slug or not days.isdecimal() or int(days) > DAYS_MAX for slug, _, days in pairs):
        raise ValueError("each is SLUG:DAYS, comma separated")
    return {slug: int(days) for slug, _, days in pairs}


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()


def unknown_names() -> list[tuple[str, str | None]]:
    """Return the QUETBILL_ names in the environment that are no setting, each with the nearest one."""
    known = [f"QUETBILL_{name.upper()}" for name in Settings.model_fields]
    # What tests are told of data beside the project is no setting, and no slip either.
    given = set(os.environ) - {*known, "QUETBILL_SHARED_DATA"}  # noqa: TID251 - the one place that may
    return [
        (name, next(iter(get_close_matches(name, known, 1)), None))
        for name in sorted(given)
        if name.startswith("QUETBILL_")
    ]


def where(name: Literal["database_url", "redis_url"]) -> str:
    """Return host and port of an address in the settings, without its user and password."""
    parts = urlsplit(str(getattr(settings(), name)))
    try:
        return (
            f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else parts.hostname or "localhost"
        )
    except ValueError:
        return "an address that can't be read"


def override_settings(**values: object) -> None:
    """Change settings of this process and of those it starts from now on."""
    for name, value in values.items():
        os.environ["QUETBILL_" + name.upper()] = str(value)  # noqa: TID251 - the one place that may
    settings.cache_clear()
