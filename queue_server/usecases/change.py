"""What a use case works with: the hospital as it is inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from protocol.frames import AnyFrame
from protocol.nouns import Site
from protocol.policy import Policy
from queue_server.domain.calendar import business_day, day_start
from queue_server.domain.waits.forecast import Forecasts
from queue_server.store import journal
from queue_server.store.repository import load_site


@dataclass(frozen=True)
class Reading:
    """One moment of the hospital, for looking only."""

    connection: Connection
    site: Site
    policy: Policy
    """Of the server's settings: what holds where nobody has set another (`queue_server.usecases.ordering`)."""
    now: datetime
    forecasts: Forecasts = field(default_factory=dict, kw_only=True)
    """What is foreseen for each room (`queue_server.waits`)."""

    @cached_property
    def today(self) -> str:
        return business_day(self.now, self.site.time_zone)

    @property
    def day_start(self) -> datetime:
        return day_start(self.today, self.site.time_zone)


@dataclass(frozen=True)
class Change(Reading):
    """One change. `at` is when it happened, `now` when the server heard of it; `caller` whose wish it is."""

    at: datetime
    caller: str

    @cached_property
    def day(self) -> str:
        """The business day that the change belongs to."""
        return business_day(self.at, self.site.time_zone)

    def as_it_is_now(self) -> Change:
        """The same change, with the site as this very change left it."""
        site = load_site(self.connection, self.site.site_id)
        assert site is not None, "a change belongs to a site"
        return replace(self, site=site)

    def journal(
        self,
        frame: AnyFrame,
        *,
        ticket_id: str | None = None,
        visit_id: str | None = None,
        device_id: str | None = None,
    ) -> int:
        """Write what happened; the number of the journal entry."""
        return journal.append(
            self.connection,
            self.site.site_id,
            frame,
            at=self.at,
            written_at=self.now,
            caller=self.caller,
            ticket_id=ticket_id,
            visit_id=visit_id,
            device_id=device_id,
        )
