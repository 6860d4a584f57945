"""What both web doors share: how they reach the database, and by which status they refuse."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from sqlmodel import Session

from infra.db import read_only, unit_of_work

STATUS_BY_KIND = {"refused": 422, "not_found": 404, "conflict": 409}
# The stable code of a refusal that is HTTP's own.
CODE_BY_STATUS = {
    401: "unauthenticated",
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
    415: "unsupported_media_type",
    503: "not_ready",
}

# A request that keeps two connections can wait for ever on others that do the same: who looks something
# up before the work begins closes the session after it.
# Function scope commits before the response; the default commits after it was sent.
UnitOfWork = Annotated[Session, Depends(unit_of_work, scope="function")]
ReadOnly = Annotated[Session, Depends(read_only, scope="function")]
