"""A question that was answered is answered again at once, until anything is written."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from infra.columnar.engine import EmbeddedStore
from infra.columnar.kept_answers import ANSWER_BYTES_MAX, BYTES_MAX, KeptAnswers
from tests.make.columnar import drop, new_database


@pytest.fixture
def store() -> Generator[EmbeddedStore]:
    made = new_database()
    made.command("CREATE TABLE told (n UInt64) ENGINE = MergeTree ORDER BY n")
    yield made
    drop(made)


def broken(*_: object) -> bytes:
    raise AssertionError


def asked(store: EmbeddedStore, least: int = 0) -> list[dict[str, object]]:
    return store.query("SELECT count() AS found FROM told WHERE n >= {least:UInt64}", {"least": least})


def test_what_is_written_is_in_the_next_answer(store: EmbeddedStore) -> None:
    assert asked(store) == asked(store) == [{"found": 0}]
    store.insert("told", {"n": [1, 2]})
    assert asked(store) == [{"found": 2}]
    assert asked(store, 2) == [{"found": 1}]
    store.command("DELETE FROM told WHERE n = 2")
    assert asked(store, 2) == [{"found": 0}]


def test_the_engine_is_not_asked_again(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first = asked(store)
    monkeypatch.setattr(store.engine, "_ask", broken)
    assert asked(store) == first
    with pytest.raises(AssertionError):
        asked(store, 7)


def test_what_is_read_by_its_own_name_only_changes_no_other_answer(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.engine, "apart", frozenset({"mark"}))
    store.command("CREATE TABLE mark (n UInt64) ENGINE = MergeTree ORDER BY n")
    count = "SELECT count() AS found FROM mark"
    first = asked(store)
    for marks in range(3):
        assert store.query(count) == [{"found": marks}]
        store.insert("mark", {"n": [1]})
    monkeypatch.setattr(store.engine, "_ask", broken)
    assert asked(store) == first


def test_what_the_engine_tells_of_itself_is_never_kept(store: EmbeddedStore) -> None:
    parts = "SELECT count() AS found FROM system.parts"
    store.query(parts)
    assert store.engine._kept.get((store.database, parts, "JSONCompact"))[0] is None


def test_an_answer_that_was_begun_before_a_write_is_not_kept() -> None:
    kept = KeptAnswers()
    _, moment = kept.get(("q",))
    kept.forget()
    kept.keep(("q",), b"old", moment)
    assert kept.get(("q",))[0] is None


def test_kept_answers_have_a_limit_and_the_oldest_goes_first() -> None:
    kept = KeptAnswers()
    _, moment = kept.get(("q",))
    kept.keep(("large",), bytes(ANSWER_BYTES_MAX + 1), moment)
    assert kept.get(("large",))[0] is None
    for number in range(BYTES_MAX // ANSWER_BYTES_MAX + 1):
        kept.keep((number,), bytes(ANSWER_BYTES_MAX), moment)
        kept.get((0,))
    assert kept.get((0,))[0] is not None
    assert kept.get((1,))[0] is None
