"""What stands where, and how it is reached: services, doors, workers, the columnar store."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class ServiceSettings(BaseModel):
    """Part of `infra.settings.Settings`. Descriptions are the table in docs/operating.md."""

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
    metrics_port: int = Field(
        default=0,
        description="A port for /metrics, /docs and /openapi.json, for inside; 0 is the API's, open to all.",
    )
    statement_seconds_max: int = Field(
        default=60, description="A statement to PostgreSQL is ended after this."
    )
    idle_transaction_seconds_max: int = Field(
        default=60, description="A transaction in which nothing is asked for this long is ended."
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
    trusted_proxies: str = Field(
        default="", description="Networks of our proxies, comma separated, whose X-Forwarded-For is taken."
    )
    insight_url: str = Field(default="", description="Columnar store: clickhouse://…, `off`; empty: ours.")
    insight_bytes_max: int = Field(default=1_400_000_000, description="Bytes of our columnar store's memory.")
    insight_feed_seconds: int = Field(default=20, ge=1, description="Pause between two turns of its feed.")
    insight_copy_url: str = Field(
        default="", description="Where its Parquet copy lies: s3://…; empty makes none."
    )
    disk_free_bytes_min: int = Field(default=500_000_000, description="Below this /readyz says no.")
    build: str = Field(
        default="", description="What was built, such as a commit: `quetbill_build_info` says it."
    )
    traces_url: str = Field(
        default="", description="Where traces of receipts go by OTLP: http://…/v1/traces; empty makes none."
    )
    traces_share: float = Field(default=1.0, ge=0, le=1, description="Share of receipts that are traced.")
    log_level: str = Field(default="INFO", description="Least severe log line that is written.")
