"""What is answered where something is refused: RFC 9457 problem documents."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Body


class ProblemError(Body):
    """One of several faults of a request: of a field, or of a row of an imported file."""

    field: str = Field(
        default="", description="Where: `body.words`, `query.limit`. Of a file's rows there is none."
    )
    line: int = Field(default=0, description="Line of an imported file, from 1; the header is line 1.")
    column: str | None = Field(default=None, description="Column of an imported file.")
    code: str = Field(default="", description="What is wrong with a row, as a stable name.")
    message: str = Field(description="What is wrong, in the caller's language.")


class Problem(Body):
    """Why a request was refused. Codes are stable, and may be added: take an unknown one by its status."""

    type: str = Field(description="`urn:quetbill:problem:` and the code.")
    title: str = Field(description="The status in words, in English.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="Which refusal it is. Programs go by this.")
    detail: str = Field(description="What to tell a person, in Vietnamese or English by `Accept-Language`.")
    errors: list[ProblemError] = Field(
        default_factory=list, description="Each fault, where there are several; not there otherwise."
    )
    request_id: str = Field(default="", description="Under which our log tells of a fault of ours.")
    checks: dict[str, bool] = Field(
        default_factory=dict, description="Of `/readyz`: what is there and what is not."
    )
