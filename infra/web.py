"""What both web doors share: how they reach the database, and by which status they refuse."""

from __future__ import annotations

import errno
from typing import Annotated, Final

from fastapi import Depends
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlmodel import Session

from infra.db import read_only, unit_of_work
from infra.storage import StoreAwayError

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

# What is away for the moment and comes back by itself: both doors answer 503 and when to come again.
AWAY: Final = (OperationalError, NoConnectionError, StoreAwayError)
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE})


def is_no_room(error: BaseException) -> bool:
    """Say whether this machine had no room (disk, open files) for a request: the fault is not the caller's.

    A body that can't be kept while it is parsed comes as a refusal of that body, with this as its cause.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return True
        cause = cause.__cause__ or cause.__context__
    return False


# A request that keeps two connections can wait for ever on others that do the same: who looks something
# up before the work begins closes the session after it.
# Function scope commits before the response; the default commits after it was sent.
UnitOfWork = Annotated[Session, Depends(unit_of_work, scope="function")]
ReadOnly = Annotated[Session, Depends(read_only, scope="function")]
