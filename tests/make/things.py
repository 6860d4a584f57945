"""Things that paths of the API name, made for those who ask for all of them; as their path parameters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from domain.campaigns.dry_runs import ask_dry_run
from domain.campaigns.versions import draft_of, save_draft
from domain.catalog import learned
from domain.events import outbox
from domain.events.outbox import NewEvent
from domain.insights import brand_keys, invitations
from domain.insights.exports import asking
from domain.insights.exports.asking import Wanted
from domain.loyalty import adjustments
from domain.membership import missions
from domain.privacy import export
from domain.receipts import resumable
from domain.receipts.resumable import NewUpload
from domain.rewards import redemptions
from domain.webhooks import endpoints
from infra import clock
from schemas.campaigns import Campaign
from schemas.catalog import LinkRequest, Product
from schemas.insight import InsightQuery
from schemas.membership import NewMission
from schemas.messages import PushTarget
from schemas.people import Shopper
from schemas.receipts import Receipt
from schemas.reversals import AdjustmentRequest
from schemas.webhooks import NewEndpoint, WebhookDelivery
from tests import make
from tests.make.journeys import a_journey
from tests.make.offers import a_choice
from tests.make.points import earn
from tests.make.rewards import an_admin, offered_reward, partner
from tests.make.segments import a_segment
from tests.make.stories import a_story, agree_to_ads
from tests.make.surveys import a_survey, agree, an_ask


def everything(
    session: Session, owner: Shopper, receipt: Receipt, campaign: Campaign, admin_id: UUID
) -> dict[str, Any]:
    """All path parameters: a receipt that waits, its owner, a campaign of OMO, and what stands around."""
    product = session.exec(select(Product.slug).order_by(Product.slug)).first()
    link = learned.link_by_hand(session, LinkRequest(name="TEN IN", product=product), admin_id)
    return {
        "receipt_id": receipt.id,
        "campaign_id": campaign.id,
        "campaign": campaign.slug,
        "run_id": a_dry_run(session, campaign),
        "view_id": admin_id,
        "link_id": link.id,
        "export_id": export.ask_export(session, owner.id).id,
        "upload_id": resumable.begin(session, owner.id, NewUpload(page_sizes=(1000,))).id,
        "staff_id": admin_id,
        "token": "made-up",
        "adjustment_id": a_proposed_adjustment(session, owner, admin_id),
        **who_is_told(session, owner, receipt, admin_id),
        **what_brands_tell(session, owner, campaign),
        **what_rewards_hold(session, owner),
        **what_insight_holds(session, admin_id),
    }


def a_proposed_adjustment(session: Session, owner: Shopper, admin_id: UUID) -> UUID:
    """The path parameter of points that one admin wants to give an owner, and a second one has to."""
    asked = AdjustmentRequest(
        request="a matrix", phone=owner.phone or "", brand="omo", points=10**6, reason="a matrix"
    )
    return adjustments.adjust(session, asked, admin_id=admin_id).id


def who_is_told(session: Session, owner: Shopper, receipt: Receipt, admin_id: UUID) -> dict[str, Any]:
    """The path parameters of a webhook with a delivery, and of a phone of the owner's that is rung."""
    endpoint = endpoints.add_endpoint(session, NewEndpoint(url="https://crm.example.vn/hook"), admin_id)
    outbox.record(session, [NewEvent("one", "receipt.settled", receipt.id, clock.now())])
    told = {"event_key": outbox.key_of(receipt.id, "one"), "type": "receipt.settled"}
    delivery = WebhookDelivery(endpoint_id=endpoint.id, queued_at=clock.now(), due_at=clock.now(), **told)
    target = PushTarget(
        shopper_id=owner.id, kind="fcm", digest=b"digest", language="vi", subscribed_at=clock.now()
    )
    session.add_all([delivery, target])
    session.flush()
    return {"endpoint_id": endpoint.id, "delivery_id": delivery.id, "target_id": target.id}


def what_rewards_hold(session: Session, owner: Shopper) -> dict[str, Any]:
    """The path parameters of a reward of OMO, of its batch, of a voucher of the owner's, and of a partner."""
    partner(session)
    reward = offered_reward(session)
    earn(session, owner, reward.points)
    voucher = redemptions.redeem(session, owner.id, reward.id, "a matrix")
    return {
        "reward": reward.slug,
        "reward_id": reward.id,
        "batch_id": voucher.batch_id,
        "voucher_id": voucher.id,
        "partner": "highlands",
        "mission": a_mission(session),
        "ask_id": an_ask_of(session, owner),
        "segment": a_segment(session, [owner]).slug,
        "journey": a_journey(session, kind="first_receipt", brand="OMO").slug,
    }


def what_brands_tell(session: Session, owner: Shopper, campaign: Campaign) -> dict[str, Any]:
    """The path parameters of an offer that was put first before the owner, and of a story they are shown."""
    agree_to_ads(session, owner)
    story = a_story(session)
    choice = a_choice(session, owner, campaign)
    return {"choice_id": choice.id, "story_id": story.id, "story": story.slug}


def a_dry_run(session: Session, campaign: Campaign) -> UUID:
    """The path parameter of a dry run of a campaign, which has a draft."""
    if draft_of(session, campaign.id) is None:
        save_draft(session, campaign.id, make.published_terms(session, campaign))
    return ask_dry_run(session, campaign, 10).id


def an_ask_of(session: Session, owner: Shopper) -> UUID:
    """The path parameter of a question of OMO to the owner."""
    agree(session, owner)
    return an_ask(session, a_survey(session), owner).id


def what_insight_holds(session: Session, admin_id: UUID) -> dict[str, Any]:
    """The path parameters of a file of OMO's figures, a schedule, a key, and a retailer's invitation."""
    wanted = Wanted("units", InsightQuery(), "csv", "en")
    asking.schedule(session, admin_id, "omo", wanted, "month")
    brand_keys.make_key(session, admin_id, "omo", "a tool")
    invitations.invite(session, admin_id, "omo", "shop@example.vn", "chain", "winmart")
    session.flush()
    return {
        "file_id": asking.ask(session, admin_id, "omo", wanted).id,
        "schedule_id": asking.schedules_of(session, "omo")[0].id,
        "key_id": brand_keys.keys_of(session, "omo")[0].id,
        "access_id": invitations.invited(session, "omo")[0][0].id,
    }


def a_mission(session: Session) -> str:
    """The path parameter of a mission of OMO."""
    now = clock.now()
    wanted = NewMission(
        slug="three",
        name_vi="Ba",
        name_en="Three",
        goal="receipts",
        amount=3,
        points=1,
        starts_at=now,
        ends_at=now + timedelta(days=1),
    )
    return missions.add(session, "omo", wanted, staff_id=an_admin(session).id).slug
