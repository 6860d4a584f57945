"""JSON logs that carry ids and codes, never names, pictures, tokens or receipt text."""

from __future__ import annotations

import logging
import sys

import structlog

from infra.settings import settings


def set_up_logging() -> None:
    """Send structlog's and the libraries' lines to stderr as JSON, one object a line."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.dict_tracebacks,
    ]
    level = logging.getLevelNamesMapping().get(settings().log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(ensure_ascii=False), foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # RQ logs job arguments and uvicorn logs every request; ours say the same with ids.
    for name in ("rq.worker", "rq.job", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
