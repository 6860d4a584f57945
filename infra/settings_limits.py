"""What one caller, one process and one upload may take."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LimitSettings(BaseModel):
    """Part of `infra.settings.Settings`. Descriptions are the table in docs/operating.md."""

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
    upload_bytes_max: int = Field(default=15_000_000, description="Largest page, in bytes.")
    upload_pixels_max: int = Field(default=50_000_000, description="Largest page, in pixels.")
    upload_side_min: int = Field(default=300, description="Smallest side of a page, in pixels.")
    import_bytes_max: int = Field(default=20_000_000, description="Largest file that is imported, in bytes.")
    upload_pages_max: int = Field(default=6, description="Most pages of one receipt.")
    insight_key_hour_max: int = Field(default=1_000, description="Answers of a brand's key an hour; 0: any.")
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
