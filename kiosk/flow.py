"""The journey: `step(state, event)` decides what the kiosk is next, and what is to be done. Pure.

Rules that the code alone does not tell:

- A person is forgotten 45 s after the last touch plus a countdown of 20 s, which a touch stops as often as wanted
  (WCAG 2.2.1 asks for at least ten extensions), or 10 s after the number is on the screen.
- While the server is away the kiosk gives numbers of its own series (`kiosk/offline.py`). Where it cannot, a person who
  asked is asked for again and again, and whoever comes new is told at once.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.asking import (
    OFFER_S,
    answered,
    ask,
    ask_in_time,
    choose,
    choose_doctor,
    keep_room,
    offer_in_time,
    switch_room,
)
from kiosk.doctors import doctors_of
from kiosk.events import (
    AlertOutcome,
    Effect,
    Event,
    FeedAway,
    FeedSnapshot,
    Forget,
    NotGiven,
    PrinterOutcome,
    QueueMoved,
    Raise,
    ReaderHealth,
    ReaderHint,
    Remember,
    Remembered,
    Scanned,
    ServerAway,
    ServicesNow,
    StartScan,
    Step,
    StopScan,
    Tick,
    TicketArrived,
    TicketRefused,
    Touched,
    Unreadable,
    WaitsNow,
)
from kiosk.offline import away_for_long, can_give, not_given, remembered
from kiosk.paper import NUMBER_SHOWN_S, number_pages, paper_is, printed, reprint
from kiosk.refusals import refused_text
from kiosk.state import (
    SCHEMES,
    TEXT_SIZES,
    AlertReason,
    Comfort,
    Hospital,
    Notice,
    Place,
    State,
    Trouble,
    Visit,
)
from protocol.nouns import Service
from theme import tokens

IDLE_S = float(tokens.TIME_IDLE_SECONDS)
STILL_HERE_S = float(tokens.TIME_STILL_HERE_SECONDS)
REFUSAL_REST_S = 3.0
"""A card that stays under the reader is one failure, not twenty."""
HINT_AFTER_S = 1.5
"""A hint that lasts is about a card; a shorter one is about somebody walking by."""
REFUSALS_BEFORE_HELP = 3
NOTICE_S = {"help": 30.0, "unwell": 60.0}
PAGE_S = 7.0
SETTLE_S = 0.6
"""So long after a screen with a choice of doctor or room appeared, touches on it are the rest of a double tap."""


def start(place: Place, now: float = 0.0, *, can_preview: bool = False) -> Step:
    """The kiosk as it is switched on, before the server was heard. `can_preview`: the reader shows what it sees."""
    comfort = Comfort(language=place.language)
    state = State(place=place, comfort=comfort, now=now, touched_at=now, away_since=now, can_preview=can_preview)
    return state, (StartScan(),)


def step(state: State, event: Event) -> Step:
    after, effects = _decide(state, event)
    if after.screen != state.screen:
        after = replace(after, screen_since=after.now)
    return after, (*effects, *_reader_effects(state, after))


def wants_card(state: State) -> bool:
    """Whether a card held to the reader means something now."""
    return state.screen in ("welcome", "scan") or (state.trouble is not None and state.trouble.kind == "no_card")


def at_rest(state: State) -> bool:
    """Nobody is here: the screen that waits for the next person, with nothing of the last one."""
    fresh = state.comfort == Comfort(language=state.place.language) and state.notice is None and state.refusals == 0
    waiting = state.screen == "welcome" or state.trouble == Trouble("server_away")
    return fresh and waiting and state.visit is None


def hint_now(state: State) -> str:
    """The reader's hint once it has lasted; empty = none."""
    return state.hint if state.hint and state.now - state.hint_since >= HINT_AFTER_S else ""


def _decide(state: State, event: Event) -> Step:
    match event:
        case Tick():
            return _tick(state, event)
        case Touched():
            return _touched(state, event)
        case ReaderHealth():
            return replace(state, reader_code=event.code), ()
        case ReaderHint():
            since = state.hint_since if state.hint == event.code else state.now
            return replace(state, hint=event.code, hint_since=since), ()
        case Scanned() | Unreadable():
            return _reader(state, event)
        case TicketArrived() | TicketRefused() | ServerAway():
            return answered(state, event)
        case NotGiven():
            return not_given(state, event)
        case PrinterOutcome():
            return printed(state, event)
        case AlertOutcome():
            return _alert(state, event)
        case FeedSnapshot() | ServicesNow() | QueueMoved() | WaitsNow() | FeedAway():
            return _feed(state, event)
        case Remembered():
            return remembered(state, event), ()


# --- time ----------------------------------------------------------------------------------------------------------


def _tick(state: State, event: Tick) -> Step:
    now = max(event.now, state.now)
    elapsed_s = now - state.now
    state = replace(state, now=now, clock=event.clock or state.clock)
    if state.notice is not None and now >= state.notice.until:
        state = replace(state, notice=None)
    visit = state.visit
    if visit is not None and visit.ticket is not None:
        return _number_time(state, visit, elapsed_s)
    if visit is not None and visit.offered is not None:
        return offer_in_time(state, visit, visit.offered, elapsed_s)
    return (visit and ask_in_time(state, visit)) or _idle(state)


def _number_time(state: State, visit: Visit, elapsed_s: float) -> Step:
    if state.notice is not None:  # its sheet lies over the number, whose time stands still as long
        covered = replace(visit, until=visit.until + elapsed_s)
        return replace(state, visit=covered, page_turned_at=state.page_turned_at + elapsed_s), ()
    if visit.paper == "printing" and state.now >= visit.until - NUMBER_SHOWN_S:
        return paper_is(state, visit, printed=False, code="unsure"), ()
    if state.now >= visit.until:
        return _forget(state)
    if number_pages(state.comfort) > 1 and state.now - state.page_turned_at >= PAGE_S:
        return _turn_page(state), ()
    return state, ()


def _idle(state: State) -> Step:
    if at_rest(state):
        return _rested(state), ()
    if state.screen in ("what_for", "which_doctor") and state.visit and state.visit.in_flight_since is not None:
        return state, ()
    if state.asking_since is not None:
        return _forget(state) if state.now - state.asking_since >= STILL_HERE_S else (state, ())
    if state.now - state.touched_at < IDLE_S or state.notice is not None:
        return state, ()
    if state.screen == "welcome":
        return _forget(state)
    return replace(state, asking_since=state.now), ()


def _rested(state: State) -> State:
    resting = _resting(state)
    return replace(state, screen=resting.screen, trouble=resting.trouble, touched_at=state.now)


def _resting(state: State) -> State:
    """The screen for nobody: welcome, or that no number can be had once the server has been away for a while."""
    if away_for_long(state) and not can_give(state):
        return replace(state, screen="trouble", trouble=Trouble("server_away"))
    return replace(state, screen="welcome", trouble=None)


def _forget(state: State) -> Step:
    empty = State(
        place=state.place,
        comfort=Comfort(language=state.place.language),
        hospital=state.hospital,
        notice=state.notice,  # staff are on their way to this kiosk, whoever stands there
        now=state.now,
        clock=state.clock,
        touched_at=state.now,
        away_since=state.away_since,
        cannot_give=state.cannot_give,
        reader_code=state.reader_code,
        can_preview=state.can_preview,
    )
    return _resting(empty), (Forget(),)


# --- touches -------------------------------------------------------------------------------------------------------


def _touched(state: State, event: Touched) -> Step:
    after, effects = _meant(replace(state, touched_at=state.now, asking_since=None), event)
    visit = after.visit
    if visit is not None and visit.ticket is not None and visit.paper != "printing":
        shown_s = NUMBER_SHOWN_S * number_pages(after.comfort)
        after = replace(after, visit=replace(visit, until=max(visit.until, after.now + shown_s)))
    elif visit is not None and visit.offered is not None:
        after = replace(after, visit=replace(visit, until=after.now + OFFER_S))
    return after, effects


def _meant(state: State, event: Touched) -> Step:
    verb, _, what = event.intent.partition(":")
    match verb:
        case "language":
            return _language(state, what), ()
        case "text_size":
            size = (state.comfort.text_size + 1) % len(TEXT_SIZES)
            return replace(state, comfort=replace(state.comfort, text_size=size), page=0, page_turned_at=state.now), ()
        case "contrast":
            scheme = SCHEMES[(SCHEMES.index(state.comfort.scheme) + 1) % len(SCHEMES)]
            return replace(state, comfort=replace(state.comfort, scheme=scheme)), ()
        case "help" | "unwell":
            return _call_staff(state, "help" if verb == "help" else "unwell", event.fresh_id)
        case "close_notice":
            return replace(state, notice=None), ()
        case "turn_page":
            return _turn_page(state), ()
        case "service":
            return choose(state, what, event.fresh_id)
        case "any_doctor" | "doctor" | "keep_room" | "switch_room":
            return _decided(state, verb, what, event.fresh_id)
    return _moved(state, verb)


def _decided(state: State, verb: str, what: str, fresh_id: str) -> Step:
    """Between doctors, or between two rooms."""
    if state.now - state.screen_since < SETTLE_S:
        return state, ()
    if verb == "switch_room":
        return switch_room(state, fresh_id)
    if verb == "keep_room":
        return keep_room(state)
    return choose_doctor(state, what if verb == "doctor" else None, fresh_id)


def _moved(state: State, verb: str) -> Step:
    """Touches that lead from screen to screen. One that belongs to another screen (a late tap) changes nothing."""
    visit = state.visit
    match state.screen, verb:
        case (("welcome" | "scan"), "no_card"):
            return replace(state, screen="trouble", trouble=Trouble("no_card")), ()
        case "is_this_you", "confirm_identity":
            return replace(state, screen="what_for", page=0), ()
        case "trouble", "try_again":
            return _try_again(state)
        case "your_number", "reprint" if visit is not None:
            return reprint(state, visit)
        case "your_number", "done":
            return _forget(state)
        case "is_this_you", ("not_me" | "back"):
            return _forget_person_only(state)
        case "what_for", "back" if visit is not None and visit.pending is None:
            return replace(state, screen="is_this_you"), ()
        case "which_doctor", "back" if visit is not None and visit.pending is None:
            return replace(state, screen="what_for", page=0), ()
        case (("scan" | "trouble"), "back") if visit is None or visit.offered is None:
            return _back_from_trouble(state)
    return state, ()


def next_language(state: State) -> str:
    """The language that a touch on the bar's language button leads to."""
    languages = state.place.languages
    current = languages.index(state.comfort.language) if state.comfort.language in languages else -1
    return languages[(current + 1) % len(languages)]


def _language(state: State, wanted: str) -> State:
    language = wanted or next_language(state)
    if language not in state.place.languages:
        return state
    return replace(state, comfort=replace(state.comfort, language=language))


def _call_staff(state: State, reason: AlertReason, fresh_id: str) -> Step:
    under_way = state.notice is not None and state.notice.reason == reason and state.notice.state != "failed"
    if under_way:
        return state, ()
    notice = Notice(reason, "sending", state.now + NOTICE_S[reason])
    return replace(state, notice=notice), (Raise(reason, fresh_id),)


def _turn_page(state: State) -> State:
    return replace(state, page=state.page + 1, page_turned_at=state.now)


def _try_again(state: State) -> Step:
    visit, kind = state.visit, state.trouble.kind if state.trouble else ""
    if kind == "no_card":
        return replace(state, screen="scan", trouble=None, refusals=0, refusal=""), ()
    if kind == "refused" and visit is not None:
        return _after_refusal(state, visit)
    if kind == "server_away" and visit is not None and visit.pending and visit.in_flight_since is None:
        return ask(state, visit, visit.pending)
    return state, ()


def _after_refusal(state: State, visit: Visit) -> Step:
    """Where to choose again: among the doctors when it was about one of them. A card that is no good is forgotten."""
    about = refused_text(state.trouble.code) if state.trouble else ""
    if about == "card":
        return _forget_person_only(state)
    doctors = about == "doctor_gone" and doctors_of(state.hospital, visit.service_id)
    return replace(state, screen="which_doctor" if doctors else "what_for", trouble=None, page=0), ()


def _back_from_trouble(state: State) -> Step:
    if state.trouble is not None and state.trouble.kind == "refused" and state.visit is not None:
        return _try_again(state)
    return _forget_person_only(state)


def _forget_person_only(state: State) -> Step:
    """Back to the first screen by the person's own touch: the card is forgotten, language and text size stay."""
    empty, effects = _forget(state)
    return replace(empty, comfort=state.comfort), effects


# --- the card reader -----------------------------------------------------------------------------------------------


def _reader_effects(before: State, after: State) -> tuple[Effect, ...]:
    if wants_card(before) == wants_card(after):
        return ()
    return (StartScan(),) if wants_card(after) else (StopScan(),)


def _reader(state: State, event: Scanned | Unreadable) -> Step:
    if not wants_card(state):
        return state, ()
    state = replace(state, asking_since=None, touched_at=state.now)
    if isinstance(event, Scanned):
        visit = Visit(identity=event.identity)
        known = replace(state, screen="is_this_you", visit=visit, trouble=None, refusals=0, refusal="", page=0)
        return known, ()
    if state.refusals and state.now - state.refused_at < REFUSAL_REST_S and event.code == state.refusal:
        return replace(state, refused_at=state.now), ()
    refused = replace(state, refusals=state.refusals + 1, refusal=event.code, refused_at=state.now)
    if refused.refusals >= REFUSALS_BEFORE_HELP:
        return replace(refused, screen="trouble", trouble=Trouble("no_card", event.code)), ()
    return replace(refused, screen="scan", trouble=None), ()


# --- the server ----------------------------------------------------------------------------------------------------


def _feed(state: State, event: FeedSnapshot | ServicesNow | QueueMoved | WaitsNow | FeedAway) -> Step:
    match event:
        case FeedAway():
            return replace(state, away_since=state.now if state.away_since is None else state.away_since), ()
        case QueueMoved():
            services = tuple(
                service.model_copy(update={"waiting": max(service.waiting + event.by, 0)})
                if service.service_id == event.service_id
                else service
                for service in state.hospital.services
            )
            return replace(state, hospital=replace(state.hospital, services=services)), ()
        case WaitsNow():
            services = tuple(_waits_of(service, event) for service in state.hospital.services)
            return replace(state, hospital=replace(state.hospital, services=services)), ()
        case ServicesNow():
            site = event.site or state.hospital.site
            zones = state.hospital.zones if event.zones is None else event.zones
            hospital = replace(state.hospital, site=site, services=event.services, rooms=event.rooms, zones=zones)
            return replace(state, hospital=hospital), (Remember(hospital),)
        case FeedSnapshot():
            return _live(state, event)


def _waits_of(service: Service, told: WaitsNow) -> Service:
    if service.service_id not in told.waits:
        return service
    at_doctors = dict(told.room_waits.get(service.service_id, {}))
    return service.model_copy(update={"wait": told.waits[service.service_id], "room_waits": at_doctors})


def _live(state: State, event: FeedSnapshot) -> Step:
    hospital = Hospital(event.site, event.device_name, event.services, event.rooms, event.zones, event.series)
    state, effects = _back_live(state, hospital)
    return state, (Remember(hospital), *effects)


def _back_live(state: State, hospital: Hospital) -> Step:
    rested = at_rest(state)
    state = replace(state, hospital=hospital, away_since=None, cannot_give="")
    if rested:
        return _rested(state), ()
    visit = state.visit
    if visit is not None and visit.pending is not None and visit.in_flight_since is None:
        return ask(state, visit, visit.pending)
    if state.trouble is not None and state.trouble.kind == "server_away" and visit is None:
        return replace(state, screen="welcome", trouble=None), ()
    return state, ()


# --- staff ---------------------------------------------------------------------------------------------------------


def _alert(state: State, event: AlertOutcome) -> Step:
    if state.notice is None or state.notice.reason != event.reason:
        return state, ()
    outcome = replace(state.notice, state="sent" if event.sent else "failed")
    return replace(state, notice=outcome), ()
