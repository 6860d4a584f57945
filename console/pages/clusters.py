"""The largest clusters of linked accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from console.render import page
from console.sign_in import Reviewer
from domain.origins.cluster_list import CLUSTERS_MAX, CLUSTERS_SHOWN, largest_clusters
from infra import clock
from infra.web import ReadOnly

router = APIRouter()

PageNumber = Annotated[int, Query(alias="page", ge=1, le=CLUSTERS_MAX // CLUSTERS_SHOWN)]


@router.get("/clusters")
def show_clusters(
    request: Request, session: ReadOnly, _reviewer: Reviewer, number: PageNumber = 1
) -> Response:
    """Show clusters of three accounts or more, the largest first."""
    found = largest_clusters(session, clock.now(), page=number)
    return page(request, "clusters.html", found=found, page_number=number, most=CLUSTERS_MAX)
