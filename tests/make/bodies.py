"""What the matrix of callers sends, a body where an operation asks for one, and what an answer means."""

from __future__ import annotations

from typing import Any, Literal

Outcome = Literal["in", "stranger", "absent", "relative"]

TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
# `headers` are sent beside those of the caller.
BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/uploads": {"headers": TUS | {"Upload-Length": "1000"}},
    "HEAD /v1/uploads/{upload_id}": {"headers": TUS},
    "PATCH /v1/uploads/{upload_id}": {"headers": PART, "content": b"a part"},
    "DELETE /v1/uploads/{upload_id}": {"headers": TUS},
    "POST /v1/receipts/{receipt_id}/appeal": {"json": {"words": "it is genuine"}},
    "POST /v1/me/surveys/{ask_id}/answer": {"json": {"score": 9}},
    "POST /v1/review/cases/{receipt_id}/decision": {"json": {"decision": "reject", "reason": "a matrix"}},
    "POST /v1/review/cases/{receipt_id}/reverse": {"json": {"reason": "a matrix"}},
    "POST /console/review/{receipt_id}/reverse": {"data": {"preset": "edited"}},
    "POST /console/review/{receipt_id}/decide": {"data": {"decision": "reject", "preset": "edited"}},
    "POST /console/review/many": {"data": {"decision": "reject", "preset": "edited"}},
    "POST /console/rules/{code}": {"data": {"mode": "on", "weight": "50"}},
    "POST /console/rules/{code}/replay": {"data": {"mode": "on", "weight": "50"}},
    "POST /console/bands/{campaign_id}": {"data": {"review_from": "50"}},
    "POST /console/bands/{campaign_id}/replay": {"data": {"review_from": "50"}},
    "POST /console/views": {"data": {"name": "mine"}},
    "POST /v1/catalog/learned": {"json": {"name": "RAU MUONG"}},
    "POST /console/names": {"data": {"name": "RAU MUONG"}},
    "POST /console/staff": {"data": {"email": "new@example.vn", "role": "reviewer"}},
    "POST /console/staff/{staff_id}/role": {"data": {"role": "admin"}},
    "POST /console/staff/{staff_id}/reset": {"data": {"password": "true"}},
    "POST /console/account/password": {
        "data": {"present": "x", "password": "one", "again": "other", "code": "000000"}
    },
    "POST /console/account/recovery-codes": {"data": {"code": "000000"}},
}


def outcome_of(answer: Any) -> Outcome:
    if answer.status_code == 401 or answer.headers.get("location", "").startswith("/console/sign-in?"):
        return "stranger"
    if answer.status_code == 404:
        return "absent"
    if answer.status_code == 409 and any(
        words in answer.text for words in ("conflict_of_interest", "Đây là hóa đơn của bạn")
    ):
        return "relative"
    assert answer.status_code < 500, answer.text
    strangers_form = any(path in str(answer.url) for path in ("/sign-in", "/join/"))
    assert answer.status_code != 403 or strangers_form, answer.text
    return "in"
