"""JSON logs that carry ids and codes, never names, pictures, tokens or receipt text.

An exception is logged by its type and where it came from. Its message and the variables of its
frames may hold what somebody sent (a password, a phone, a row's values), so neither is ever written.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import ExcInfo

from infra.settings import settings

# A line that nobody can make longer by what they send.
VALUE_CHARACTERS_MAX: Final = 1_000
LINE_CHARACTERS_MAX: Final = 8_000
FRAMES_MAX: Final = 20
CAUSES_MAX: Final = 4
KEPT_OF_A_LONG_LINE: Final[tuple[str, ...]] = ("timestamp", "level", "request_id", "event")
# How Python prints one frame, in text that a library made of a traceback.
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\w+)')

Event = MutableMapping[str, Any]


def set_up_logging(stream: TextIO | None = None) -> None:
    """Send our own and the libraries' lines to a stream, stderr by default, one JSON object a line."""
    stream = stream or sys.stderr
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_where_it_came_from),
    ]
    level = logging.getLevelNamesMapping().get(settings().log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[*shared, _line],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _line],
            foreign_pre_chain=[*shared, _first_line],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # RQ logs job arguments, uvicorn and httpx whole addresses; ours say the same with ids.
    for name in ("rq.worker", "rq.job", "uvicorn.access", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _where_it_came_from(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Return an exception and its causes as type and places, the innermost place last."""
    found: list[dict[str, Any]] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(found) < CAUSES_MAX:
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
        said: dict[str, Any] = {
            "type": f"{type(error).__module__}.{type(error).__qualname__}",
            "places": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        # Which of PostgreSQL's refusals it was, without the values that its message quotes.
        if sqlstate := getattr(getattr(error, "orig", error), "sqlstate", None):
            said["sqlstate"] = str(sqlstate)
        found.append(said)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _first_line(_logger: Any, _method: str, event: Event) -> Event:
    """Keep of a library's line what stands before the first break, and the places of a traceback in it."""
    first, _, rest = str(event.get("event", "")).partition("\n")
    event["event"] = first
    places = [
        f"{found['file']}:{found['line']} {found['function']}"
        for line in rest.splitlines()
        if (found := _FRAME.match(line))
    ]
    if places:
        event["places"] = places[-FRAMES_MAX:]
    return event


def _line(logger: Any, method: str, event: Event) -> str:
    """Write one JSON object whose length has a bound."""
    short = {name: _cut(value) for name, value in event.items()}
    written = _json(logger, method, short)
    if len(written) > LINE_CHARACTERS_MAX:
        kept: Event = {name: short[name] for name in KEPT_OF_A_LONG_LINE if name in short}
        kept["cut_from_characters"] = len(written)
        written = _json(logger, method, kept)
    return written


def _json(logger: Any, method: str, event: Event) -> str:
    written = str(structlog.processors.JSONRenderer(ensure_ascii=False)(logger, method, event))
    # A lone surrogate would make the write itself fail.
    return written.encode("utf-8", "backslashreplace").decode()


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > VALUE_CHARACTERS_MAX:
        return f"{value[:VALUE_CHARACTERS_MAX]}…"
    return value
