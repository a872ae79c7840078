"""From a ticket to the number on the screen and the paper in the slot. Pure."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import Print, PrinterOutcome, Step
from kiosk.state import Comfort, Place, State, Visit
from protocol.nouns import Room, Ticket
from theme import tokens

NUMBER_SHOWN_S = float(tokens.TIME_NUMBER_SHOWN_SECONDS)
PAPERLESS_SHOWN_S = 30.0
"""Without paper there is a number to learn or a picture to take: three times as long."""
PRINTING_S = 12.0
"""The longest that a person is told to wait for the paper; then the number is to be remembered."""
LARGE_PAPER_FROM = 1.5
"""Whoever wants the screen half as large again gets the large-print slip."""


def show(state: State, ticket: Ticket, *, room_unsure: bool = False) -> Step:
    """The ticket is settled: its number on the screen, and its paper, unless the person had one before."""
    shown = Visit(ticket=ticket, room_unsure=room_unsure, until=state.now + NUMBER_SHOWN_S + PRINTING_S)
    state = replace(state, screen="your_number", trouble=None, visit=shown, page=0, page_turned_at=state.now)
    if ticket.already_held:
        return state, ()
    return replace(state, visit=replace(shown, paper="printing")), (_print(state, shown, ticket, copy=False),)


def reprint(state: State, visit: Visit) -> Step:
    if visit.ticket is None or visit.paper not in ("unasked", "failed"):
        return state, ()
    printing = replace(visit, paper="printing", until=state.now + NUMBER_SHOWN_S + PRINTING_S)
    order = _print(state, visit, visit.ticket, copy=visit.ticket.already_held)
    return replace(state, visit=printing), (order,)


def printed(state: State, event: PrinterOutcome) -> Step:
    visit = state.visit
    if visit is None or visit.ticket is None or visit.ticket.ticket_id != event.ticket_id:
        return state, ()
    return paper_is(state, visit, printed=event.printed, code=event.code), ()


def paper_is(state: State, visit: Visit, *, printed: bool, code: str) -> State:
    shown_s = (NUMBER_SHOWN_S if printed else PAPERLESS_SHOWN_S) * number_pages(state.comfort)
    paper = replace(visit, paper="printed" if printed else "failed", paper_code=code, until=state.now + shown_s)
    return replace(state, visit=paper)


def number_pages(comfort: Comfort) -> int:
    """Pages of the number screen: large text turns pages rather than losing words."""
    return 3 if comfort.scale >= LARGE_PAPER_FROM else 1


def arrow_to(place: Place, room: Room) -> str:
    """Icon that points from this kiosk to `room`; a pin on the map where nobody told the way,
    or where the kiosk does not know the room."""
    if not room.room_id:
        return "map-pin"
    arrows = dict(place.arrows)
    known = (arrows.get(key) for key in (room.room_id, room.zone_id, f"floor:{room.floor}"))
    return next((arrow for arrow in known if arrow), "map-pin")


def _print(state: State, visit: Visit, ticket: Ticket, *, copy: bool) -> Print:
    return Print(
        ticket,
        state.comfort.language,
        arrow_to(state.place, ticket.room),
        copy=copy,
        large=state.comfort.scale >= LARGE_PAPER_FROM,
        room_unsure=visit.room_unsure,
    )
