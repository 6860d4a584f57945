"""`quetbill staff`, `token` and `import`: what they change of whom, and that the trail names the operator."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from cli import imports as cli_imports
from cli import staff as cli_staff
from cli.token import issue
from domain.people.accounts import member_with_address
from domain.people.errors import StaffExistsError
from domain.people.staff import is_related
from infra.db import transaction
from schemas.people import StaffAct
from tests import make
from tests.make import console


def test_the_command_line_changes_a_role_only_where_that_is_asked(committed: None) -> None:
    run = CliRunner()
    added = run.invoke(
        cli_staff.app,
        ["add", "lan@example.vn", "--role", "admin", "--password-stdin"],
        input=f"{console.PASSWORD}\n",
    )
    assert added.exit_code == 0, added.output
    again = run.invoke(
        cli_staff.app, ["add", "lan@example.vn", "--password-stdin"], input=f"{console.PASSWORD}\n"
    )
    assert again.exit_code == 1
    assert "already, as admin" in again.output
    reset = run.invoke(cli_staff.app, ["reset", "lan@example.vn", "--code"])
    assert "/console/join/" in reset.output
    with pytest.raises(StaffExistsError):
        issue("reviewer", phone="", brands=(), email="lan@example.vn")
    with transaction() as session:
        assert member_with_address(session, "lan@example.vn").role == "admin"
    assert run.invoke(cli_staff.app, ["role", "lan@example.vn", "reviewer"]).exit_code == 0
    with transaction() as session:
        assert member_with_address(session, "lan@example.vn").role == "reviewer"
        named = {act.act: act.details["operator"] for act in session.exec(select(StaffAct))}
    assert named.keys() == {"staff_added", "staff_reset", "staff_changed"}
    assert all(named.values())


def test_whose_receipts_somebody_may_not_decide_on_is_said_anew(committed: None) -> None:
    with transaction() as session:
        member = console.enrol(session, email="lan@example.vn")
        owner = make.make_shopper(session, "0901234567")

    def told(*phones: str) -> bool:
        shown = CliRunner().invoke(cli_staff.app, ["relations", "lan@example.vn", *phones])
        assert shown.exit_code == 0, shown.output
        with transaction() as session:
            return is_related(session, member.id, owner.id)

    assert [told("0901234567", "0907777777"), told("0907777777"), told()] == [True, False, False]
    refused = CliRunner().invoke(cli_staff.app, ["relations", "lan@example.vn", "12"])
    assert refused.exit_code == 1
    with transaction() as session:
        acts = session.exec(select(StaffAct).where(StaffAct.act == "staff_changed")).all()
    assert sorted(act.details["relations"] for act in acts) == [0, 1, 2]
    assert all(act.details["operator"] for act in acts)


def test_an_import_at_the_command_line_is_on_the_trail(committed: None, tmp_path: Path) -> None:
    file = tmp_path / "campaigns.csv"
    columns = "campaign,name,first_day,last_day,brand,points_per_10000"
    file.write_text(f"{columns}\ntet,Tết,2026-11-01,2026-12-31,OMO,10\n", encoding="utf-8")
    done = CliRunner().invoke(cli_imports.app, ["campaigns", str(file)])
    assert done.exit_code == 0, done.output
    with transaction() as session:
        [act] = session.exec(select(StaffAct).where(StaffAct.act == "imported")).all()
    assert (act.subject, act.details["created"], bool(act.details["operator"])) == ("campaigns", 1, True)
