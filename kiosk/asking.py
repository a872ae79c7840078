"""From a chosen service to a ticket: which doctor, asking until there is an answer, and the quicker room. Pure.

- A ticket is asked for with one request id until it is answered. The server answers a repeated id with the same
  ticket, so neither a double tap nor a lost answer can issue twice. The same holds for the change of rooms.
- Whoever asked for a doctor and is offered a quicker room has a number already. Nothing is printed until they have
  chosen; who does not choose keeps what they asked for, and nobody leaves without paper because the server is away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from kiosk.doctors import doctors_of
from kiosk.events import Issue, ServerAway, Step, TicketArrived, TicketRefused
from kiosk.offline import can_give, give
from kiosk.paper import show
from kiosk.refusals import room_is_unsure
from kiosk.state import State, TicketRequest, Trouble, Visit
from protocol.nouns import Intake, Ticket
from protocol.requests import IssueTicket, SwitchRoom
from theme import tokens

ANSWER_S = 12.0
"""A ticket not answered by then counts as server away. Longer than the client's own limit."""
DEADLINE_S = 5.0
FOUND_AWAY_S = 2.0
"""So long a server may take where the kiosk can give a number by itself."""
RETRY_S = 4.0
OFFER_S = float(tokens.TIME_IDLE_SECONDS)
"""Who does not choose between two rooms within this time, from the last touch on, keeps the one asked for."""
SWITCH_S = 20.0
"""The longest that a person with a number waits for the server's word on another room."""


def choose(state: State, service_id: str, fresh_id: str) -> Step:
    """A service was touched: its number is asked for, or first, where doctors are named, which of them."""
    visit = state.visit
    is_open = any(service.service_id == service_id and service.open for service in state.hospital.services)
    if state.screen != "what_for" or visit is None or visit.identity is None or visit.pending or not is_open:
        return state, ()
    visit = replace(visit, service_id=service_id)
    if doctors_of(state.hospital, service_id):
        return replace(state, screen="which_doctor", visit=visit, page=0), ()
    return _ask_for(state, visit, None, fresh_id)


def choose_doctor(state: State, room_id: str | None, fresh_id: str) -> Step:
    """The doctor of a room was touched; None: whoever is quickest."""
    visit = state.visit
    if state.screen != "which_doctor" or visit is None or visit.pending:
        return state, ()
    if room_id is not None and room_id not in {room.room_id for room in doctors_of(state.hospital, visit.service_id)}:
        return state, ()
    return _ask_for(state, visit, room_id, fresh_id)


def _ask_for(state: State, visit: Visit, room_id: str | None, fresh_id: str) -> Step:
    if visit.identity is None:
        return state, ()
    # A lone number proves no document, whichever way it came in.
    entered_by: Literal["scan", "typed"] = "typed" if visit.identity.document.startswith("typed_") else "scan"
    intake = Intake(identity=visit.identity, language=state.comfort.language, entered_by=entered_by)
    request = IssueTicket(request_id=fresh_id, service_id=visit.service_id, intake=intake, room_id=room_id)
    return ask(state, replace(visit, asked_at=state.now), request)


def ask(state: State, visit: Visit, request: TicketRequest) -> Step:
    """Send `request`, for the first time or again."""
    asking = replace(visit, pending=request, in_flight_since=state.now)
    deadline_s = FOUND_AWAY_S if isinstance(request, IssueTicket) and can_give(state) else DEADLINE_S
    return replace(state, visit=asking), (Issue(request, visit.asked_at, deadline_s),)


def ask_in_time(state: State, visit: Visit) -> Step | None:
    """What the time that went by means for a request under way; None = nothing."""
    if visit.pending is None:
        return None
    if visit.in_flight_since is not None:
        return _server_away(state, visit) if state.now - visit.in_flight_since >= ANSWER_S else None
    return ask(state, visit, visit.pending) if state.now >= visit.retry_at else None


# --- the answer ----------------------------------------------------------------------------------------------------


def answered(state: State, event: TicketArrived | TicketRefused | ServerAway) -> Step:
    visit = state.visit
    if visit is None or visit.pending is None or visit.pending.request_id != event.request_id:
        return state, ()  # an answer for somebody who has left
    if isinstance(event, ServerAway):
        return _server_away(state, visit)
    state = replace(state, touched_at=state.now, asking_since=None)
    if isinstance(event, TicketArrived):
        offered = event.ticket.offer is not None and visit.offered is None
        return _offer(state, event.ticket) if offered else show(state, event.ticket)
    if visit.offered is not None:
        return _not_switched(state, visit.offered, event.code)
    return _refused(state, visit, event.code, event.detail)


def _server_away(state: State, visit: Visit) -> Step:
    waiting = replace(visit, in_flight_since=None, retry_at=state.now + RETRY_S)
    if visit.offered is not None:  # the screen says that it is being tried
        return replace(state, visit=waiting), ()
    if isinstance(visit.pending, IssueTicket) and not visit.giving and can_give(state):
        return give(state, visit, visit.pending)
    return replace(state, screen="trouble", trouble=Trouble("server_away"), visit=waiting), ()


def _refused(state: State, visit: Visit, code: str, detail: Mapping[str, str]) -> Step:
    waiting = replace(visit, pending=None, in_flight_since=None)
    trouble = Trouble("refused", code, tuple(sorted(detail.items())))
    return replace(state, screen="trouble", trouble=trouble, visit=waiting), ()


# --- a quicker room ------------------------------------------------------------------------------------------------


def _offer(state: State, ticket: Ticket) -> Step:
    deciding = Visit(offered=ticket, until=state.now + OFFER_S)
    return replace(state, screen="quicker_room", trouble=None, visit=deciding), ()


def keep_room(state: State) -> Step:
    """The room that was asked for, by touch or because nothing was chosen."""
    visit = state.visit
    if visit is None or visit.offered is None or visit.pending is not None:
        return state, ()
    return show(state, visit.offered, room_unsure=visit.room_unsure)


def switch_room(state: State, fresh_id: str) -> Step:
    visit = state.visit
    if state.screen != "quicker_room" or visit is None or visit.pending is not None:
        return state, ()
    ticket = visit.offered
    if ticket is None or ticket.offer is None:
        return state, ()
    entry, room = ticket.entry, ticket.offer.room
    request = SwitchRoom(request_id=fresh_id, entry_id=entry.entry_id, version=entry.version, room_id=room.room_id)
    return ask(state, replace(visit, asked_at=state.now), request)


def offer_in_time(state: State, visit: Visit, ticket: Ticket, elapsed_s: float) -> Step:
    """What the time that went by means for somebody with an offer."""
    if visit.pending is not None:
        if state.now - visit.asked_at >= SWITCH_S:  # written or not, nobody knows; the paper says so
            return show(state, ticket, room_unsure=True)
        return ask_in_time(state, visit) or (state, ())
    if state.notice is not None:  # its sheet lies over the choice, whose time stands still as long
        return replace(state, visit=replace(visit, until=visit.until + elapsed_s)), ()
    return keep_room(state) if state.now >= visit.until else (state, ())


def _not_switched(state: State, ticket: Ticket, code: str) -> Step:
    """The number is the person's all the same: they are told so before it is printed."""
    kept = Visit(offered=ticket, room_unsure=room_is_unsure(code), until=state.now + OFFER_S)
    return replace(state, screen="trouble", trouble=Trouble("not_switched", code), visit=kept), ()
