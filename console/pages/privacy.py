"""What shoppers asked for under the law, with a clock."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.render import page
from console.sign_in import Admin
from domain.privacy.requests import requests_at
from infra import clock
from infra.web import ReadOnly

router = APIRouter()


@router.get("/privacy")
def show_requests(request: Request, session: ReadOnly, _admin: Admin) -> Response:
    """Show requests that are open, the first due first, and those done last."""
    return page(request, "privacy.html", found=requests_at(session, clock.now()))
