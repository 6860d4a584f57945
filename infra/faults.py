"""Which faults are those of a service or machine, and pass by themselves."""

from __future__ import annotations

import errno
from typing import Final

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from infra.columnar.store import ColumnarAwayError, ColumnarBusyError
from infra.storage import StoreAwayError

# The database is away or has no connection to spare; the object store is away, hangs or is full; the columnar
# store is away, or has too much to do.
AWAY: Final = (OperationalError, NoConnectionError, StoreAwayError, ColumnarAwayError, ColumnarBusyError)
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
