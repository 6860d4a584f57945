"""What an operator gets wrong is told in a sentence: an address, a name, a port, a file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import Session, select
from typer.testing import CliRunner

from cli.main import app
from infra.db import engine
from infra.settings import settings
from schemas.catalog import Brand
from tests.domain.catalog.test_spreadsheets import BRANDS

AWAY = "postgresql://somebody:s3cretword@127.0.0.1:1/none"


def quetbill(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, as an operator does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUETBILL_")}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["migrate"],
        ["seed"],
        ["staff", "list"],
        ["staff", "remove", "a@example.vn"],
        ["token", "--role", "shopper", "--phone", "0901234567"],
        ["import", "brands", "FILE"],
    ],
)
def test_a_database_that_is_away_is_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "brands.csv").write_text(BRANDS)
    given = [str(tmp_path / "brands.csv") if word == "FILE" else word for word in arguments]
    ended = quetbill(
        *given,
        QUETBILL_DATABASE_URL=AWAY,
        QUETBILL_REDIS_URL="redis://127.0.0.1:1/0",
        QUETBILL_DATA_DIR=str(tmp_path),
    )
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert "127.0.0.1:1" in ended.stderr
    assert "QUETBILL_DATABASE_URL" in ended.stderr
    assert "s3cretword" not in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QUETBILL_DATABASE_URL", "mysql://a:s3cretword@127.0.0.1/b"),
        ("QUETBILL_DATABASE_URL", "no address s3cretword"),
        ("QUETBILL_API_PORT", "abc"),
    ],
)
def test_a_setting_that_is_not_right_is_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    given = {"QUETBILL_DATA_DIR": str(tmp_path), "QUETBILL_REDIS_URL": "redis://127.0.0.1:1/0", name: value}
    ended = quetbill("migrate", **given)
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert name in ended.stderr
    assert "s3cretword" not in ended.stderr


def test_a_misspelt_setting_is_told_with_the_right_one() -> None:
    ended = quetbill("samples", "--help", QUETBILL_TOKN_SECRET="x" * 40, QUETBILL_WRKERS="2")
    assert "QUETBILL_TOKN_SECRET is no setting" in ended.stderr
    assert "Did you mean QUETBILL_TOKEN_SECRET?" in ended.stderr
    assert "Did you mean QUETBILL_WORKERS?" in ended.stderr
    assert "x" * 40 not in ended.stderr


def test_a_port_in_use_is_said_before_anything_is_on_it(services: None, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = quetbill(
            "serve",
            "--port",
            port,
            QUETBILL_DATABASE_URL=settings().database_url,
            QUETBILL_REDIS_URL=settings().redis_url,
            QUETBILL_DATA_DIR=str(tmp_path),
            QUETBILL_TOKEN_SECRET="s" * 40,
        )
    assert ended.returncode == 1
    assert f"Can't listen on 127.0.0.1:{port}" in " ".join(ended.stderr.split())
    assert "API on" not in ended.stderr + ended.stdout


def test_a_file_is_brought_in_or_its_faults_are_told(committed: None, tmp_path: Path) -> None:
    file = tmp_path / "brands.csv"
    file.write_text(BRANDS)
    shown = CliRunner().invoke(app, ["import", "brands", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "1 new" in shown.stderr
    with Session(engine()) as session:
        brand = session.exec(select(Brand).where(Brand.name == "Thử Một")).one()
        session.delete(brand)
        session.commit()
    file.write_text("name;owner\nThử Hai;x\n")
    shown = CliRunner().invoke(app, ["import", "brands", str(file), "--language", "vi"])
    assert shown.exit_code == 1
    assert "Thiếu cột category" in " ".join(shown.stderr.split())
    assert CliRunner().invoke(app, ["import", "wishes", str(file)]).exit_code == 1
