"""What both web doors use to reach the database."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from sqlmodel import Session

from infra.db import read_only, unit_of_work

# A request that keeps two connections can wait for ever on others that do the same: who looks something
# up before the work begins closes the session after it.
# Function scope commits before the response; the default commits after it was sent.
UnitOfWork = Annotated[Session, Depends(unit_of_work, scope="function")]
ReadOnly = Annotated[Session, Depends(read_only, scope="function")]
