"""Secrets, and how shoppers, staff and apps prove who they are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class SignInSettings(BaseModel):
    """Part of `infra.settings.Settings`. Descriptions are the table in docs/operating.md."""

    token_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs tokens, 32 characters or more; a list is newest first; empty: made in data_dir.",
    )
    pseudonym_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The same for pseudonyms, of which the newest alone counts; empty is the tokens'.",
    )
    code_secret: SecretStr = Field(
        default=SecretStr(""), description="The same for one-time codes; empty is the tokens'."
    )
    hash_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The same for keyed hashes and what is sealed in rows; empty is the tokens'.",
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
    text_provider: str = Field(default="", description="Who carries journeys' SMS: console, http or esms.")
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
    sign_ins_per_address_quarter_hour_max: int = Field(
        default=30, description="Failed sign-ins of one address to the console; 0 never limits, as below."
    )
    hashings_at_once_max: int = Field(
        default=2, description="Passwords hashed at the same time; each takes 64 MB."
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
