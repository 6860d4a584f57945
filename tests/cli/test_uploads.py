"""Uploads under way, by the command: seen with age and bytes, and erased where past their time or named."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select
from typer.testing import CliRunner, Result

from cli.main import app
from domain.people.audit import ActFilters, acts
from infra import clock, storage
from infra.db import engine, transaction
from schemas.people import Shopper
from schemas.receipts import Receipt
from schemas.uploads import ResumableUpload
from tests import make
from tests.make.bodies import TUS
from tests.make.uploads import begin, part

PHOTO = make.make_photo(mark="in parts")


@pytest.fixture
def time_passes() -> Generator[Callable[[timedelta], None]]:
    clock.pretend(clock.now())
    yield lambda pause: clock.pretend(clock.now() + pause)
    clock.pretend(None)


@pytest.fixture
def shopper(committed: None) -> Shopper:
    with transaction() as session:
        return make.make_shopper(session)


@pytest.fixture
def who(shopper: Shopper) -> dict[str, str]:
    """How they call, from before any time passes."""
    return make.bearer(shopper)


def uploads(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["uploads", *arguments])


def listed(*arguments: str) -> dict[str, Any]:
    shown = uploads("list", "--json", *arguments)
    assert shown.exit_code == 0, shown.output
    return dict(json.loads(shown.stdout))


def some_of(client: TestClient, who: dict[str, str], size: int) -> UUID:
    """Begin an upload, of which so many bytes come."""
    path = begin(client, who, PHOTO)
    assert client.patch(path, content=PHOTO[:size], headers=who | part(0)).status_code == 204
    return UUID(path[-36:])


def parts_of(shopper: Shopper) -> list[str]:
    return [name for name in storage.objects_of(shopper.id) if "/upload-" in name]


def rows() -> set[UUID]:
    with Session(engine()) as session:
        return set(session.exec(select(ResumableUpload.id)).all())


def test_uploads_under_way_are_listed_the_oldest_first_with_age_and_bytes(
    real_client: TestClient,
    who: dict[str, str],
    time_passes: Callable[[timedelta], None],
) -> None:
    old = some_of(real_client, who, 300)
    time_passes(timedelta(hours=23))
    new = some_of(real_client, who, 200)
    some_of(real_client, who, len(PHOTO))  # A receipt at once.
    time_passes(timedelta(hours=2))
    found = listed()
    assert (found["uploads"], found["bytes"], found["over"]) == (2, 500, 1)
    assert [row["id"] for row in found["oldest"]] == [str(old), str(new)]
    first, second = found["oldest"]
    assert first["age_seconds"] == 25 * 3600
    assert first["ends_in_seconds"] == -3600
    assert (second["bytes"], second["length"], second["parts"]) == (200, len(PHOTO), 1)
    assert [row["id"] for row in listed("--limit", "1")["oldest"]] == [str(old)]
    told = uploads("list")
    assert "25 h 00 min" in told.stdout
    assert "2 under way, 500 bytes; 1 of them are over" in " ".join(told.stderr.split())


def test_only_what_is_past_its_time_is_erased_unless_it_is_named(
    real_client: TestClient,
    shopper: Shopper,
    who: dict[str, str],
    time_passes: Callable[[timedelta], None],
) -> None:
    past = some_of(real_client, who, 300)
    time_passes(timedelta(hours=24, minutes=30))
    fresh = some_of(real_client, who, 200)
    # Over, and a request that looked at it before may be at it still.
    assert "0 cleared, 0 bytes" in uploads("clear").stderr
    time_passes(timedelta(hours=1))
    assert "1 cleared, 300 bytes" in uploads("clear").stderr
    assert rows() == {fresh}
    assert len(parts_of(shopper)) == 1
    assert past not in rows()


def test_an_upload_that_is_named_is_erased_at_once_and_its_sender_begins_again(
    real_client: TestClient,
    shopper: Shopper,
    who: dict[str, str],
    time_passes: Callable[[timedelta], None],
) -> None:
    named, other = some_of(real_client, who, 300), some_of(real_client, who, 200)
    assert "1 cleared, 300 bytes" in uploads("clear", str(named)).stderr
    assert real_client.head(f"/v1/uploads/{named}", headers=who | TUS).status_code == 404
    late = real_client.patch(f"/v1/uploads/{named}", content=PHOTO[300:], headers=who | part(300))
    assert late.status_code == 404
    assert real_client.head(f"/v1/uploads/{other}", headers=who | TUS).headers["upload-offset"] == "200"
    assert [name for name in parts_of(shopper) if named.hex in name] == []
    with transaction() as session:
        [(act, _)] = acts(session, ActFilters(act="upload_ended"), before=None, limit=10)
        assert (act.subject, act.details["bytes"]) == (str(named), 300)
        assert act.details["operator"]
    time_passes(timedelta(hours=1, minutes=1))
    assert "1 cleared" in uploads("clear").stderr
    assert rows() == {other}


def test_of_several_that_are_named_none_is_ended_where_one_is_not_under_way(
    real_client: TestClient, shopper: Shopper, who: dict[str, str]
) -> None:
    half, whole = some_of(real_client, who, 300), some_of(real_client, who, len(PHOTO))
    refused = uploads("clear", str(half), str(whole))
    assert refused.exit_code == 1
    assert str(whole) in " ".join(refused.stderr.split())
    assert len(parts_of(shopper)) == 1
    with transaction() as session:
        assert session.exec(select(Receipt.status).where(col(Receipt.shopper_id) == shopper.id)).all()


def test_a_store_that_is_away_is_said_and_the_rows_stay_for_the_next_time(
    real_client: TestClient,
    who: dict[str, str],
    time_passes: Callable[[timedelta], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    past = some_of(real_client, who, 300)
    time_passes(timedelta(hours=25, minutes=1))
    with monkeypatch.context() as away:
        away.setattr(storage, "_pause", {"until": float("inf")})
        refused = uploads("clear")
    assert refused.exit_code == 1
    assert "The store does not answer" in refused.stderr
    assert rows() == {past}
    assert "1 cleared, 300 bytes" in uploads("clear").stderr
