"""Alembic's entry: migrates the database that the settings name, one transaction for all."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text
from sqlmodel import SQLModel

import schemas.budgets
import schemas.campaigns
import schemas.catalog
import schemas.dry_runs
import schemas.duplicates
import schemas.events
import schemas.exports
import schemas.fraud
import schemas.insight
import schemas.insight_store
import schemas.journeys
import schemas.ledger
import schemas.lifetime
import schemas.loyalty
import schemas.membership
import schemas.messages
import schemas.offers
import schemas.operation
import schemas.origins
import schemas.partners
import schemas.people
import schemas.privacy
import schemas.purchases
import schemas.receipts
import schemas.reversals
import schemas.review
import schemas.rewards
import schemas.segments
import schemas.signin
import schemas.staff
import schemas.stories
import schemas.surveys
import schemas.uploads
import schemas.webhooks  # noqa: F401 - importing a table registers it
from infra.db import engine

with engine().connect() as connection:
    # A migration that can't get its lock soon gives up, so that running code isn't held behind it.
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    # Rewriting a large table takes as long as it takes.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_server_default=False)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
