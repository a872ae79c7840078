"""Which doctor, and the choice between two rooms, in words. Pure."""

from __future__ import annotations

from kiosk.offer import wait_of, without_waits
from kiosk.offline import goes_on
from kiosk.shapes import Button, Chip, Choice, QuickerRoom, Tile, WhatFor, WhichDoctor
from kiosk.state import Hospital, State, Visit
from kiosk.words import Words, wait_words
from locales import t
from protocol.nouns import Room, Service, WaitEstimate
from protocol.requests import IssueTicket


def doctors_of(hospital: Hospital, service_id: str) -> tuple[Room, ...]:
    """The open rooms of a service whose doctor is named, in the hospital's order."""
    return tuple(room for room in hospital.rooms if room.open and room.doctor and service_id in room.service_ids)


def pages_of(state: State) -> tuple[tuple[Room, ...], ...]:
    """Pages of doctors for this text size; at least one, which may be empty."""
    service_id = state.visit.service_id if state.visit else ""
    rooms, size = doctors_of(state.hospital, service_id), _rows(state)
    return tuple(rooms[start : start + size] for start in range(0, max(len(rooms), 1), size))


def _rows(state: State) -> int:
    scale = state.comfort.scale
    return 4 if scale < 1.5 else 3 if scale < 2 else 2


def which_doctor(state: State, words: Words) -> WhichDoctor:
    """Whoever is quickest first, then the doctors by name."""
    visit = state.visit or Visit()
    service = next((one for one in state.hospital.services if one.service_id == visit.service_id), None)
    request = visit.pending if isinstance(visit.pending, IssueTicket) else None
    chosen = (request.room_id or "any") if request else ""
    pages = pages_of(state)
    doctors = tuple(_doctor(room, service, words, chosen) for room in pages[state.page % len(pages)])
    anyone: tuple[Tile, ...] = (_anyone(service, words, chosen),)
    if goes_on(state):
        anyone, doctors = without_waits(anyone, words), without_waits(doctors, words)
    lead = words("kiosk.what_for.fetching") if request else words.name(service.names) if service else ""
    return WhichDoctor(
        heading=words("kiosk.which_doctor.heading"),
        lead=lead,
        anyone=WhatFor(columns=1, rows=1, tiles=anyone),
        doctors=WhatFor(columns=1, rows=_rows(state), tiles=doctors),
    )


def _anyone(service: Service | None, words: Words, chosen: str) -> Tile:
    busy = chosen == "any"
    filled = busy or not chosen
    button = Button("any_doctor", words("kiosk.any_doctor"), "users", emphasis="primary" if filled else "plain")
    wait = words("kiosk.service.fetching") if busy else wait_of(service, words) if service else ""
    return Tile(button, place=words("kiosk.any_doctor.note"), wait=wait, busy=busy)


def _doctor(room: Room, service: Service | None, words: Words, chosen: str) -> Tile:
    busy = chosen == room.room_id
    button = Button(f"doctor:{room.room_id}", room.doctor, "user-round", emphasis="primary" if busy else "plain")
    wait = (
        words("kiosk.service.fetching")
        if busy
        else _wait(service.room_waits.get(room.room_id) if service else None, words)
    )
    return Tile(button, place=words.place(room), wait=wait, busy=busy)


def _wait(wait: WaitEstimate | None, words: Words) -> str:
    known = wait_words(wait, words.language)
    return t("kiosk.service.wait", words.language, wait=known) if known else words("kiosk.doctor.wait_unknown")


# --- a quicker room ------------------------------------------------------------------------------------------------


def quicker_room(state: State, words: Words) -> QuickerRoom:
    """The room asked for and the quicker one, told alike: the choice is the person's."""
    visit = state.visit
    ticket = visit.offered if visit else None
    if visit is None or ticket is None or ticket.offer is None:
        return QuickerRoom()
    offer, language = ticket.offer, words.language
    keep = t("kiosk.quicker_room.keep", language, room=words.room_inside(ticket.room))
    switch = t("kiosk.quicker_room.switch", language, room=words.room_inside(offer.room))
    return QuickerRoom(
        heading=words("kiosk.quicker_room.heading"),
        lead=t("kiosk.quicker_room.lead", language, number=ticket.number),
        choices=(
            _choice("keep_room", keep, "kiosk.quicker_room.asked", ticket.room, ticket.wait, words),
            _choice("switch_room", switch, "kiosk.quicker_room.other", offer.room, offer.wait, words),
        ),
        busy=visit.pending is not None,
    )


def what_else(state: State, words: Words) -> Chip:
    """What happens when nothing is chosen, or what is happening."""
    visit = state.visit
    if visit is None or visit.offered is None:
        return Chip()
    if visit.pending is not None:
        return Chip("hourglass", words("kiosk.quicker_room.switching"))
    left, kept = max(0, round(visit.until - state.now)), words.room_inside(visit.offered.room)
    return Chip("hourglass", t("kiosk.quicker_room.else", words.language, room=kept, seconds=left))


def _choice(intent: str, label: str, about: str, room: Room, wait: WaitEstimate, words: Words) -> Choice:
    return Choice(
        button=Button(intent, label, emphasis="primary"),
        about=words(about),
        name=room.doctor or words.room(room),
        place=words.place(room) if room.doctor else words.floor(room.floor),
        wait=_wait(wait, words),
    )
