"""Services as they are at this moment: open or closed by hand, by hours, by quota; and the settings behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from locales import t
from protocol.nouns import Names, PriorityClass, Service
from protocol.opening import HOURS, NUMBERS, QUOTA, NumberFormat
from queue_server.domain.admission import ACTIVE
from queue_server.domain.assignment import least_busy
from queue_server.domain.numbering import number
from queue_server.domain.opening import Own, Status, Taken, hour_start, own_status, status
from queue_server.store import repository as store
from queue_server.store import taken
from queue_server.store.rules import SITE, load_rules, next_from
from queue_server.usecases.assigning import room_loads
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.overnight import kept_overnight

StatusOf = Callable[[Service], Status]


def status_now(reading: Reading, at: datetime | None = None, asked_before: datetime | None = None) -> StatusOf:
    """How each service is at `at` (now when None), by one look at the settings.

    With `asked_before`, only tickets given before that moment count: how it looked then.
    """
    moment = at or reading.now
    site_id = reading.site.site_id
    hours = load_rules(reading.connection, site_id, "hours", HOURS)
    quotas = load_rules(reading.connection, site_id, "quota", QUOTA)
    roomed = store.services_with_open_room(reading.connection, site_id)

    def of(service: Service) -> Status:
        quota = quotas.get(service.service_id)
        given = _taken(reading, service.service_id, moment, asked_before) if quota is not None else Taken()
        own_hours = hours.get(service.service_id, hours.get(SITE))
        # How long people would have waited when a kiosk was alone is not known afterwards.
        by_forecast = own_hours is not None and own_hours.by_forecast and asked_before is None
        seen_after = _seen_after(reading, service.service_id) if by_forecast else None
        now = status(service.open, own_hours, quota, given, moment, reading.site.time_zone, seen_after)
        return Status("no_open_room") if now.open and service.service_id not in roomed else now

    return of


def _seen_after(reading: Reading, service_id: str) -> float | None:
    """Minutes of work until somebody who comes now for this service has been seen; None when no room is open."""
    rooms = store.rooms_giving(reading.connection, reading.site.site_id, service_id)
    quietest = least_busy(service_id, room_loads(reading, reading.today, rooms))
    minutes = store.service_minutes(reading.connection, reading.site.site_id)[service_id]
    return None if quietest is None else quietest.minutes + minutes


def status_for(
    change: Change, service: Service, patient_id: str, known: PriorityClass, asked_before: datetime | None = None
) -> Status:
    """Whether this person may get a ticket of the service: as for everybody, and by what they and their like got."""
    everybody = status_now(change, change.at, asked_before)(service)
    site_id, service_id = change.site.site_id, service.service_id
    quota = load_rules(change.connection, site_id, "quota", QUOTA).get(service_id)
    if not everybody.open or quota is None:
        return everybody
    hours = load_rules(change.connection, site_id, "hours", HOURS)
    own = Own(
        taken.of_class(change.connection, site_id, change.day, service_id, known) if quota.per_class else 0,
        taken.of_patient(change.connection, site_id, change.day, service_id, patient_id) if quota.per_person else 0,
    )
    return own_status(hours.get(service_id, hours.get(SITE)), quota, known, own, change.at, change.site.time_zone)


def _taken(reading: Reading, service_id: str, at: datetime, before: datetime | None) -> Taken:
    """Tickets of the business day and of the hour of the clock that `at` lies in."""
    start = hour_start(at, reading.site.time_zone)
    end = start + timedelta(hours=1)
    which = (reading.connection, reading.site.site_id, start.date().isoformat(), service_id)
    return Taken(today=taken.of_service(*which, None, before), this_hour=taken.of_service(*which, start, before or end))


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


def take_number(change: Change, service: Service, known: PriorityClass) -> str:
    """The next number of the service's series for a class, at this moment of this business day."""
    formats = load_rules(change.connection, change.site.site_id, "numbers", NUMBERS)
    form = formats.get(service.service_id) or NumberFormat(letters=service.series)
    clock = change.at.astimezone(ZoneInfo(change.site.time_zone)).strftime("%H:%M")
    letters = form.letters_for(change.day, clock, known)
    standing = _standing(change)
    while (taken_now := number(letters, _next_ordinal(change, letters, form.start), form.width)) in standing:
        pass  # somebody of yesterday still stands in line under this number
    return taken_now


def _next_ordinal(change: Change, letters: str, start: int) -> int:
    site_id = change.site.site_id
    if start == 1:
        return store.next_ordinal(change.connection, site_id, change.day, letters)
    return next_from(change.connection, site_id, change.day, letters, start)


def _standing(change: Change) -> frozenset[str]:
    """Numbers in today's lines, where there may be some of yesterday among them."""
    if not kept_overnight(change):
        return frozenset()
    entries = store.entries_of_day(change.connection, change.site.site_id, change.day, tuple(ACTIVE))
    return frozenset(entry.number for entry in entries)
