"""Statements handed to the driver behave as any other of their session: its transaction, its faults."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.exc import DataError, OperationalError
from sqlmodel import Session

from infra import db
from infra.db import engine
from infra.faults import AWAY
from infra.statements import Statement

ASKED = UUID(int=7)
NUMBER = Statement("SELECT CAST(:number AS int) + :more, CAST(:key AS uuid), '100 %'", more=2)
FIND = Statement("SELECT slug FROM brand WHERE slug = :slug")
ADD = Statement("UPDATE brand SET slug = :slug WHERE slug = (SELECT min(slug) FROM brand)")
SAY = Statement("SELECT CAST(:value AS text)")
WHO = Statement("SELECT pg_backend_pid()")
END_OTHER = Statement("SELECT pg_terminate_backend(CAST(:pid AS int), 5000)")
END = Statement("SELECT pg_terminate_backend(pg_backend_pid())")


def test_values_come_back_as_the_driver_gives_them(session: Session) -> None:
    assert NUMBER.rows(session, {"number": 40, "key": ASKED}) == [(42, ASKED, "100 %")]


def test_said_again_on_one_connection_it_takes_values_of_any_kind() -> None:
    with Session(engine()) as own:
        for value, said in ((1, "1"), (1 << 40, str(1 << 40)), (None, None), (ASKED, str(ASKED)), ("a", "a")):
            assert SAY.rows(own, {"value": value}) == [(said,)]
        with pytest.raises(DataError):
            NUMBER.rows(own, {"number": 1 << 40, "key": ASKED})
        own.rollback()
        assert NUMBER.rows(own, {"number": 1, "key": ASKED}) == [(3, ASKED, "100 %")]


def test_what_it_does_is_rolled_back_with_its_session(session: Session) -> None:
    with Session(engine()) as own:
        ADD.run(own, {"slug": "a-statement"})
        assert FIND.rows(own, {"slug": "a-statement"}) == [("a-statement",)]
        own.rollback()
        assert FIND.rows(own, {"slug": "a-statement"}) == []


def test_what_the_database_refuses_is_told_as_any_fault_and_quotes_no_value(session: Session) -> None:
    with Session(engine()) as own, pytest.raises(DataError) as told:
        NUMBER.rows(own, {"number": 1 << 40, "key": ASKED})
    assert (told.value.orig is not None, told.value.params, str(ASKED) in str(told.value)) == (
        True,
        None,
        False,
    )


def test_a_lost_connection_is_told_as_one_and_never_lent_again(session: Session) -> None:
    with Session(engine()) as own:
        with pytest.raises(AWAY) as told:
            END.run(own)
        assert isinstance(told.value, OperationalError)
        assert told.value.connection_invalidated
        own.rollback()
        assert NUMBER.rows(own, {"number": 1, "key": ASKED}) == [(3, ASKED, "100 %")]


@pytest.mark.parametrize("trusted", [5.0, 0.0], ids=["used a moment ago", "idle for long"])
def test_a_connection_that_the_server_hung_up_is_not_lent(
    session: Session, monkeypatch: pytest.MonkeyPatch, trusted: float
) -> None:
    monkeypatch.setattr(db, "TRUSTED_SECONDS", trusted)
    with engine().connect() as other, Session(engine()) as ending:
        [(by,)] = WHO.rows(ending)
        assert other.connection.driver_connection is not None
        lost = other.connection.driver_connection.info.backend_pid
        assert lost != by
        other.close()
        END_OTHER.run(ending, {"pid": lost})
    for _ in range(3):
        with Session(engine()) as own:
            assert [(pid != lost,) for (pid,) in WHO.rows(own)] == [(True,)]
