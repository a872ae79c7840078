"""Which way a ticket goes: journeys as they were set, what is offered from a step, the whole way of one ticket."""

from __future__ import annotations

from protocol.frames import JourneyChanged
from protocol.journey import JOURNEY, ChangeJourney, Journey, JourneyMistake, JourneyPreview, PreviewJourney
from protocol.nouns import Entry, Names, Value
from protocol.requests import Done
from queue_server.domain import journey as rules
from queue_server.errors import Invalid, NotFound
from queue_server.store import repository as store
from queue_server.store.repository import TicketRow
from queue_server.store.rules import load_rules, save_rule
from queue_server.usecases.change import Change, Reading


class JourneySet(Value):
    service_id: str
    journey: Journey


class Journeys(Value):
    journeys: tuple[JourneySet, ...]


class OfferedStep(Value):
    """A step that somebody may go on to; `room_number` where that is settled: the room they come from."""

    step: str
    service_names: Names
    room_number: str | None = None


class Offered(Value):
    """One of `one_of`, or one or more of `any_of`; `default` when nothing is chosen, empty when the visit ends here."""

    one_of: tuple[OfferedStep, ...]
    any_of: tuple[OfferedStep, ...]
    default: tuple[str, ...]


class Stage(Value):
    """One part of a ticket's way. No personal data: whoever has the paper may see it."""

    service_names: Names
    room_number: str | None
    standing: rules.Standing


def journeys(reading: Reading) -> dict[str, Journey]:
    """The journeys that were set, by the service at which they begin."""
    return load_rules(reading.connection, reading.site.site_id, "journey", JOURNEY)


def first_step(reading: Reading, service_id: str) -> str | None:
    """The step at which a number given for this service begins; None when it leads no further."""
    journey = journeys(reading).get(service_id)
    return journey.steps[0].step if journey else None


def journey_of(reading: Reading, entry: Entry) -> Journey | None:
    """The journey that the visit is on: that of the service for which its number was given, as it is set now."""
    known = journeys(reading) if entry.step is not None else {}
    ticket = store.load_ticket(reading.connection, reading.site.site_id, entry.ticket_id) if known else None
    return known.get(ticket.service_id) if ticket else None


def offered(reading: Reading, entry: Entry) -> Offered | None:
    """What staff may choose for whoever is inside; None when the visit is on no journey."""
    journey = journey_of(reading, entry)
    offer = rules.offer(journey, entry) if journey else None
    if journey is None or offer is None:
        return None
    entries = store.entries_of_ticket(reading.connection, entry.ticket_id)
    return Offered(
        one_of=tuple(_told(reading, journey, name, entries) for name in offer.one_of if name not in offer.any_of),
        any_of=tuple(_told(reading, journey, name, entries) for name in offer.any_of),
        default=offer.default,
    )


def whole_way(reading: Reading, ticket: TicketRow, entries: list[Entry]) -> tuple[Stage, ...]:
    """What is done, what is now, what comes if staff choose nothing else."""
    journey = journeys(reading).get(ticket.service_id)
    names, numbers = _names(reading), _room_numbers(reading)
    return tuple(
        Stage(
            service_names=names.get(one.service_id, {}),
            room_number=numbers.get(one.room_id) if one.room_id else None,
            standing=one.standing,
        )
        for one in rules.whole_way(journey, entries)
    )


def change_journey(change: Change, request: ChangeJourney) -> Done:
    """Who is under way goes on by the new journey, from the step of the same name.

    Raises NotFound ``unknown_service``; Invalid ``journey_mistaken``.
    """
    wrong = _mistakes(change, request.service_id, request.journey) if request.journey else []
    if wrong:
        told = (f"{one.step}: {one.kind} {one.other}".strip() for one in wrong)
        raise Invalid("journey_mistaken", mistakes="; ".join(told))
    if request.journey is None:
        _check_service(change, request.service_id)
    save_rule(change.connection, change.site.site_id, "journey", request.service_id, request.journey, change.now)
    return Done(seq=change.journal(JourneyChanged(service_id=request.service_id, journey=request.journey)))


def preview(reading: Reading, request: PreviewJourney, language: str) -> tuple[list[rules.Mistake], JourneyPreview]:
    """What would be refused, and else the way by default. Raises NotFound ``unknown_service``."""
    wrong = _mistakes(reading, request.service_id, request.journey)
    told = tuple(JourneyMistake(kind=one.kind, step=one.step) for one in wrong)
    if wrong:
        return wrong, JourneyPreview(mistakes=told, way=())
    names = _names(reading)
    way = rules.services_by_default(request.journey)
    return [], JourneyPreview(mistakes=(), way=tuple(names[one].get(language) or names[one]["vi"] for one in way))


def journeys_set(reading: Reading) -> Journeys:
    found = sorted(journeys(reading).items())
    return Journeys(journeys=tuple(JourneySet(service_id=service_id, journey=one) for service_id, one in found))


def _mistakes(reading: Reading, service_id: str, journey: Journey) -> list[rules.Mistake]:
    _check_service(reading, service_id)
    return rules.mistakes(journey, service_id, _names(reading))


def _check_service(reading: Reading, service_id: str) -> None:
    if store.load_service(reading.connection, reading.site.site_id, service_id) is None:
        raise NotFound("unknown_service")


def _names(reading: Reading) -> dict[str, Names]:
    return {one.service_id: one.names for one in store.load_services(reading.connection, reading.site.site_id)}


def _room_numbers(reading: Reading) -> dict[str, str]:
    return {one.room_id: one.number for one in store.load_rooms(reading.connection, reading.site.site_id)}


def _told(reading: Reading, journey: Journey, name: str, entries: list[Entry]) -> OfferedStep:
    step = journey.step(name)
    assert step is not None, "only steps that there are, are offered"
    back = rules.way_back(step, entries)
    service_id = rules.service_of(journey, step)
    return OfferedStep(
        step=name,
        service_names=_names(reading).get(service_id, {}),
        room_number=_room_numbers(reading).get(back.room_id) if back else None,
    )
