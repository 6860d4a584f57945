"""What both doors take of text and times: one type of each, bounded, in every place that takes one."""

from __future__ import annotations

import base64
import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

import pytest
from annotated_types import MaxLen
from fastapi.testclient import TestClient
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from sqlmodel import Session

from console import formats
from console.evidence import field_value
from domain.errors import InvalidCursorError
from domain.insights.export import cell
from domain.paging import decode_cursor, encode_cursor
from infra.words import all_words
from schemas.base import Day, Moment, PrintedTime, ShortText, Text, new_id
from schemas.campaigns import Campaign
from tests import make
from tests.make import console as ground
from tests.make.app import application
from tests.make.operations import PARAMETERS, operations

TEXT_RULES, PRINTED_RULES, MOMENT_RULES = (get_args(kind)[1:] for kind in (Text, PrintedTime, Moment))
DAY_LIMITS = "Ge(ge=datetime.date(2000, 1, 1)), Le(le=datetime.date(2100, 12, 31))"


def leaves(
    annotation: Any, rules: tuple[Any, ...] = (), within: frozenset[type] = frozenset()
) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Each plain type inside an annotation with the rules that hold for it; bodies may hold themselves."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from leaves(get_args(annotation)[0], (*rules, *get_args(annotation)[1:]), within)
    elif origin in {Union, UnionType, list, tuple}:
        for part in get_args(annotation):
            yield from leaves(part, rules, within)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in within:
            return
        hints = typing.get_type_hints(annotation, include_extras=True)
        for name, field in annotation.model_fields.items():
            yield from leaves(hints[name], tuple(field.metadata), within | {annotation})
    else:
        yield annotation, rules


def taken() -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    """Everything that any operation takes, as (where, type, rules)."""
    for operation in operations(application()):
        for kind in PARAMETERS:
            for field in operation.parameters(kind):
                info = field.field_info
                for plain, rules in leaves(info.annotation, tuple(info.metadata)):
                    yield f"{operation.name} {kind} {field.alias}", plain, rules


def is_bounded(rules: tuple[Any, ...]) -> bool:
    return any(
        isinstance(rule, MaxLen) or (isinstance(rule, StringConstraints) and rule.max_length is not None)
        for rule in rules
    )


def test_no_operation_takes_text_that_is_not_ours_and_bounded() -> None:
    bare = [
        where
        for where, plain, rules in taken()
        if plain is str and not (set(TEXT_RULES) <= set(rules) and is_bounded(rules))
    ]
    assert bare == []


def test_no_operation_takes_a_bare_time() -> None:
    found = [(where, rules) for where, plain, rules in taken() if plain is datetime]
    assert len(found) >= 2
    ours = (set(PRINTED_RULES), set(MOMENT_RULES))
    assert [where for where, rules in found if not any(kind <= set(rules) for kind in ours)] == []


def test_no_operation_takes_a_bare_day() -> None:
    found = [(where, rules) for where, plain, rules in taken() if plain is date]
    assert len(found) >= 2
    assert [where for where, rules in found if DAY_LIMITS not in str(rules)] == []
    for wrong in ("0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31"):
        with pytest.raises(ValidationError):
            TypeAdapter(Day).validate_python(wrong)


@pytest.mark.parametrize("text", ["a\0b", "\x1b[31m", "\x85", "\x7f"])
def test_text_without_control_characters(text: str) -> None:
    with pytest.raises(ValidationError, match="control_characters"):
        TypeAdapter(ShortText).validate_python(text)
    assert TypeAdapter(Text).validate_python("hai\ndòng\tđầy đủ 🧾") == "hai\ndòng\tđầy đủ 🧾"


def test_a_printed_time_is_refused_or_kept_never_shifted() -> None:
    printed = TypeAdapter(PrintedTime)
    assert printed.validate_python("2026-11-08T13:27:00") == datetime(2026, 11, 8, 13, 27)  # noqa: DTZ001 - as printed
    for wrong in (
        "2026-11-08T13:27:00+07:00",
        "2026-11-08T13:27:00Z",
        "0001-01-01T00:00:00+14:00",
        "1765170420",
    ):
        with pytest.raises(ValidationError):
            printed.validate_python(wrong)
    for wrong in ("1999-12-31T23:59:59", "2101-01-01T00:00:00"):
        with pytest.raises(ValidationError, match="time_out_of_range"):
            printed.validate_python(wrong)


def test_any_other_time_has_a_zone_and_a_year_of_ours() -> None:
    moment = TypeAdapter(Moment)
    assert moment.validate_python("2026-11-08T13:27:00+07:00") == datetime(2026, 11, 8, 6, 27, tzinfo=UTC)
    for wrong in ("2026-11-08T13:27:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        with pytest.raises(ValidationError):
            moment.validate_python(wrong)


EXTREMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-08T13:27:00+07:00")


@pytest.mark.parametrize("at", EXTREMES)
def test_a_correction_can_t_poison_a_receipt(
    client: TestClient, session: Session, campaign: Campaign, at: str
) -> None:
    receipt = ground.in_review(session)
    reviewer = make.bearer(make.make_staff(session))
    sent = {"decision": "approve", "reason": "seen it", "corrections": {"purchased_at": at}}
    refused = client.post(f"/v1/review/cases/{receipt.id}/decision", json=sent, headers=reviewer)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert any(words in refused.json()["detail"] for words in all_words("vi")["problem"].values())
    assert client.get(f"/v1/review/cases/{receipt.id}", headers=reviewer).status_code == 200


@pytest.mark.parametrize("at", EXTREMES[:2])
def test_what_is_kept_is_shown_whatever_it_is(at: str) -> None:
    assert formats.moment(datetime.fromisoformat(at), "vi")
    assert field_value("purchased_at", at, "en")
    assert field_value("purchased_at", "no time at all", "en") == "no time at all"


def test_an_upload_s_time_is_bounded(client: TestClient, session: Session) -> None:
    shopper = make.bearer(make.make_shopper(session))
    for at in (EXTREMES[0], EXTREMES[1], "2026-11-08T13:27:00"):
        answer = client.post(
            "/v1/receipts",
            files={"image": ("a.jpg", make.make_photo(), "image/jpeg")},
            data={"captured_at": at},
            headers=shopper,
        )
        assert answer.status_code == 422, at


def test_a_cursor_says_where_it_was_made() -> None:
    place = (datetime(2026, 11, 30, 7, 1, 2, 3, tzinfo=UTC), new_id())
    assert decode_cursor(encode_cursor(*place)) == place
    naive = (place[0].replace(tzinfo=None), place[1])
    assert decode_cursor(encode_cursor(*naive)) == naive
    assert decode_cursor(None) is None


def forged() -> Iterator[str]:
    yield from ("", "%%%", "đ" * 40, "A" * 5000, "=", "\0")
    for written in (b"[" * 3000, b'["2026-01-01", "x"]', b"2026-01-01 " + b"0" * 31, b"\xff" * 60):
        yield base64.urlsafe_b64encode(written).decode().rstrip("=")
    for at in (datetime.min, datetime.max):  # noqa: DTZ901 - the zone comes next
        yield encode_cursor(at.replace(tzinfo=timezone(timedelta(hours=14))), UUID(int=1))


@pytest.mark.parametrize("cursor", list(forged()))
def test_a_forged_cursor_is_refused(client: TestClient, session: Session, cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(cursor)
    reviewer = make.bearer(make.make_staff(session))
    for path in ("/v1/review/cases", "/v1/receipts", "/v1/me/transfers"):
        person = reviewer if "review" in path else make.bearer(make.make_shopper(session))
        assert client.get(path, params={"cursor": cursor}, headers=person).status_code == 422


@pytest.mark.parametrize("path", ["/console/review?reason=a%00b", "/console/audit?act=a%00b"])
def test_a_page_asked_with_a_nul_is_refused_as_a_page(
    client: TestClient, session: Session, empty_redis: None, path: str
) -> None:
    ground.sign_in(client, session, ground.enrol(session))
    answer = client.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/console/views", {"name": "a\0b"}),
        ("/console/views", {"name": "   "}),
        ("/console/review/{id}/decide", {"decision": "approve", "note": "a\0b"}),
        ("/console/review/{id}/decide", {"decision": "approve", "preset": "genuine", "receipt_no": "a\0b"}),
        (
            "/console/review/{id}/decide",
            {"decision": "approve", "preset": "genuine", "purchased_at": EXTREMES[2]},
        ),
    ],
)
def test_a_form_with_what_no_row_can_hold_is_refused(
    client: TestClient,
    session: Session,
    campaign: Campaign,
    empty_redis: None,
    path: str,
    form: dict[str, str],
) -> None:
    receipt = ground.in_review(session)
    ground.sign_in(client, session, ground.enrol(session))
    answer = ground.post(client, path.replace("{id}", str(receipt.id)), **form)
    assert answer.status_code == 422
    assert receipt.status == "in_review"


def test_an_unknown_field_s_name_is_not_said_back(client: TestClient, session: Session) -> None:
    shopper = make.bearer(make.make_shopper(session))
    answer = client.post(f"/v1/receipts/{new_id()}/appeal", json={"S3CR3TKEY": 1}, headers=shopper)
    assert answer.status_code == 422
    assert "S3CR3TKEY" not in answer.text


@pytest.mark.parametrize("before", ["", " ", "\x0b", "\u3000", "\u200b", "\ufeff", "\u200b\u3000 "])
def test_no_cell_of_an_export_is_a_formula(before: str) -> None:
    assert cell(f"{before}=1+1").startswith("'")
    # Behind signs that nobody sees a spreadsheet may find anything; plain names stay as they are.
    assert before.strip(" ") or cell(f"{before}OMO") == f"{before}OMO"
