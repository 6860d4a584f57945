"""The job that hands one one-time code to whoever carries it."""

from __future__ import annotations

from uuid import UUID

import structlog

from domain.signin import handing
from infra.code_senders import CodeSender, NotTakenError, TryAgainError, code_sender, send_guarded
from infra.db import transaction
from infra.faults import AWAY

_log = structlog.get_logger()


def send_code(code_id: str) -> None:
    """Hand a code over. Safe to run twice, even at once: the row says who is at it, the provider knows it.

    No transaction is open while the provider is asked. What dies between its yes and our note of it is
    sent again under the same reference, which the provider answers without sending.
    """
    sender = code_sender()
    if sender is None:
        return
    try:
        _send(UUID(code_id), sender)
    except AWAY as error:
        _log.warning("job_put_off", error=type(error).__name__)


def _send(code_id: UUID, sender: CodeSender) -> None:
    with transaction() as session:
        errand = handing.take(session, code_id)
    if errand is None:
        return
    try:
        provider_id = send_guarded(sender, errand.message, deadline=errand.deadline)
    except NotTakenError as error:
        # An operator's to look at: a wrong key, an empty account, a template that is not registered.
        _log.error("code_not_taken", code_id=str(code_id), why=error.why)
        with transaction() as session:
            handing.note_refused(session, code_id, is_sure=error.is_sure)
    except TryAgainError as error:
        with transaction() as session:
            handing.put_off(session, code_id, error.seconds, is_sure=error.is_sure)
    else:
        with transaction() as session:
            handing.note_taken(session, code_id, provider_id)
