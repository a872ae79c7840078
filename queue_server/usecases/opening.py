"""Services as they are at this moment: open or closed by hand, by hours, by quota; and the settings behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from locales import t
from protocol.nouns import Names, Service
from protocol.opening import HOURS, NUMBERS, QUOTA, NumberFormat
from queue_server.domain.numbering import number
from queue_server.domain.opening import Status, Taken, hour_start, status
from queue_server.store import repository as store
from queue_server.store.rules import SITE, load_rules, next_from
from queue_server.store.tables import ticket
from queue_server.usecases.change import Change, Reading

StatusOf = Callable[[Service], Status]


def status_now(reading: Reading, at: datetime | None = None, asked_before: datetime | None = None) -> StatusOf:
    """How each service is at `at` (now when None), by one look at the settings.

    With `asked_before`, only tickets given before that moment count: how it looked then.
    """
    moment = at or reading.now
    site_id = reading.site.site_id
    hours = load_rules(reading.connection, site_id, "hours", HOURS)
    quotas = load_rules(reading.connection, site_id, "quota", QUOTA)

    def of(service: Service) -> Status:
        quota = quotas.get(service.service_id)
        taken = _taken(reading, service.service_id, moment, asked_before) if quota is not None else Taken()
        own_hours = hours.get(service.service_id, hours.get(SITE))
        return status(service.open, own_hours, quota, taken, moment, reading.site.time_zone)

    return of


def _taken(reading: Reading, service_id: str, at: datetime, before: datetime | None) -> Taken:
    """Tickets of the business day and of the hour of the clock that `at` lies in."""
    start = hour_start(at, reading.site.time_zone)
    day = start.date().isoformat()
    of_day = select(func.count()).where(
        ticket.c.site_id == reading.site.site_id, ticket.c.business_day == day, ticket.c.service_id == service_id
    )
    if before is not None:
        of_day = of_day.where(ticket.c.issued_at < before)
    of_hour = of_day.where(ticket.c.issued_at >= start, ticket.c.issued_at < start + timedelta(hours=1))
    count = reading.connection.execute
    return Taken(int(count(of_day).scalar_one()), int(count(of_hour).scalar_one()))


def as_it_is(reading: Reading, service: Service, now: Status) -> Service:
    """The service with its state at this moment; why it is closed, in every language of the site."""
    if now.code is None or now.code == "service_closed":
        return service
    return service.model_copy(update={"open": False, "closed_reason": _reason(reading, now), "opens_at": now.opens_at})


def opens_text(reading: Reading, opens_at: datetime | None) -> str:
    """``13:30`` when it is today, else ``07:00, 23/11``: the same in every language."""
    if opens_at is None:
        return "--:--"
    local = opens_at.astimezone(ZoneInfo(reading.site.time_zone))
    return local.strftime("%H:%M" if local.date().isoformat() == reading.today else "%H:%M, %d/%m")


def _reason(reading: Reading, now: Status) -> Names:
    names: Names = {}
    for language in reading.site.languages:
        names[language] = t(f"opening.{now.code}", language)
        if now.opens_at is not None:
            names[language] += " " + t("opening.again", language, at=opens_text(reading, now.opens_at))
    return names


# --- numbers ---------------------------------------------------------------------------------------------------------


def take_number(change: Change, service: Service) -> str:
    """The next number of the service's series on this business day."""
    formats = load_rules(change.connection, change.site.site_id, "numbers", NUMBERS)
    form = formats.get(service.service_id) or NumberFormat(letters=service.series)
    letters = form.letters_on(change.day)
    site_id = change.site.site_id
    if form.start == 1:
        ordinal = store.next_ordinal(change.connection, site_id, change.day, letters)
    else:
        ordinal = next_from(change.connection, site_id, change.day, letters, form.start)
    return number(letters, ordinal, form.width)
