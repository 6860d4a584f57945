"""Tokens, seeds and the doctor: what an operator types first."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from pathlib import Path

import pytest
import time_machine
from sqlmodel import Session, col, func, select
from typer.testing import CliRunner

import samples
from cli import demo_programme
from cli.main import app
from domain.campaigns.programme import live_at
from domain.campaigns.seed import seed_campaign
from infra import clock
from infra.db import engine
from infra.settings import settings
from infra.tokens import read_token
from ocr.engines.recogniser_engine import RecogniserEngine
from schemas.campaigns import Campaign, CampaignVersion
from schemas.catalog import Brand
from schemas.people import Shopper, StaffMember


@pytest.fixture
def fresh_settings() -> Generator[None]:
    """For tests that change the environment: settings are read again, then and after."""
    settings.cache_clear()
    yield
    settings.cache_clear()


def count(table: type[Campaign | CampaignVersion | Brand]) -> int:
    with Session(engine()) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_a_shopper_s_token_stands_alone_on_stdout(committed: None) -> None:
    shown = CliRunner().invoke(app, ["token", "--role", "shopper", "--phone", "0901234567"])
    assert shown.exit_code == 0, shown.output
    claims = read_token(shown.stdout.strip())
    assert claims.role == "shopper"
    with Session(engine()) as session:
        assert session.get_one(Shopper, claims.subject).phone == "+84901234567"


def test_a_brand_manager_s_token_carries_the_brands(committed: None) -> None:
    arguments = ["token", "--role", "brand_manager", "--brand", "omo", "--brand", "knorr"]
    claims = read_token(CliRunner().invoke(app, arguments).stdout.strip())
    assert (claims.role, claims.brands) == ("brand_manager", ("omo", "knorr"))
    with Session(engine()) as session:
        assert session.get_one(StaffMember, claims.subject).brands == ["omo", "knorr"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--role", "emperor"], "no role emperor"),
        (["--role", "shopper", "--phone", "12"], "not a valid phone"),
        (["--role", "brand_manager", "--brand", "no-such-brand"], "No such brand"),
    ],
)
def test_a_token_that_can_not_be_made_is_refused(committed: None, arguments: list[str], told: str) -> None:
    shown = CliRunner().invoke(app, ["token", *arguments])
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert told in " ".join(shown.stderr.split())


def test_seeding_twice_is_seeding_once(committed: None) -> None:
    assert CliRunner().invoke(app, ["seed"]).exit_code == 0
    first = count(Campaign), count(CampaignVersion), count(Brand)
    assert CliRunner().invoke(app, ["seed"]).exit_code == 0
    assert (count(Campaign), count(CampaignVersion), count(Brand)) == first
    assert first[0] == 1


def test_every_brand_of_the_group_earns_and_no_other(committed: None) -> None:
    CliRunner().invoke(app, ["seed"])
    with Session(engine()) as session:
        [terms] = session.exec(select(CampaignVersion.terms)).all()
        earning = col(Brand.slug).in_(terms["brands"])
        earners = session.exec(select(Brand.owner).where(earning).distinct()).all()
        left_out = session.exec(select(Brand.name).where(Brand.owner == "Unilever Việt Nam", ~earning)).all()
    assert (list(earners), list(left_out)) == (["Unilever Việt Nam"], [])


def test_migrating_what_is_up_to_date_changes_nothing(services: None) -> None:
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0


def test_the_doctor_finds_this_machine_well(services: None) -> None:
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 0, shown.output


def test_the_doctor_says_how_to_install_what_is_missing(
    services: None, fresh_settings: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QUETBILL_TESSDATA_DIR", str(tmp_path))
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 1
    told = " ".join(shown.stdout.replace("│", " ").split())
    assert "tesseract-ocr-vie" in told


def test_the_doctor_says_which_engine_takes_the_place_of_ours(
    services: None, fresh_settings: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(RecogniserEngine.__init__, "__defaults__", (tmp_path / "none.onnx", None))
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 0, shown.output
    assert "tesserocr in place of recogniser" in " ".join(shown.stdout.replace("│", " ").split())


def test_the_doctor_notices_a_database_that_is_away(
    services: None, fresh_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine().dispose()
    engine.cache_clear()
    try:
        monkeypatch.setenv("QUETBILL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
        shown = CliRunner().invoke(app, ["doctor"])
    finally:
        engine.cache_clear()
    assert shown.exit_code == 1
    assert "QUETBILL_DATABASE_URL" in shown.stdout


@pytest.mark.parametrize("day", ["2026-11-30", "2029-03-01", "2032-02-29", "2090-01-01"])
def test_the_sample_photographs_earn_whenever_they_are_tried(session: Session, day: str) -> None:
    with time_machine.travel(f"{day}T05:00:00+00:00", tick=False):
        seed_campaign(session)
        live = live_at(session, clock.now())
        for row in samples.load_truth(samples.photos_dir()):
            printed = date.fromisoformat(row["purchased_at"][:10])
            taken = live.accepted_days(printed)
            assert taken is not None
            assert (clock.till_today() - printed).days <= taken
            assert printed.isoformat() <= day <= demo_programme._DAYS["ends_on"]
