"""The server is away: numbers of the kiosk's own series, what screen and paper say of them, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hardware.printer.slip import Band, Code, Line, Number
from kiosk import asking as asking_rules
from kiosk import events as e
from kiosk import flow, paper
from kiosk.offline import AWAY_SHOWN_AFTER_S, ticket_of
from kiosk.shapes import Welcome, WhatFor, WhichDoctor, YourNumber
from kiosk.slip import slip
from kiosk.state import Hospital, State, Trouble
from kiosk.view import look
from locales import t
from protocol.nouns import Intake, Ticket
from protocol.requests import IssueTicket, UploadOfflineTicket
from tests.kiosk.samples import IDENTITY, NOW, PERSONAL, PLACE, SITE, lettered, offered, ticket, with_doctors

SEEN = lettered()
AWAY = 10 + AWAY_SHOWN_AFTER_S


def touch(intent: str, fresh_id: str = "req-1") -> e.Touched:
    return e.Touched(intent, fresh_id)


def run(state: State, *events: e.Event) -> e.Step:
    effects: tuple[e.Effect, ...] = ()
    for event in events:
        state, more = flow.step(state, event)
        effects += more
    return state, effects


def away(*events: e.Event, told: e.FeedSnapshot = SEEN) -> e.Step:
    """At rest, the server away for long enough that it is told; then `events`."""
    state, _ = flow.start(PLACE)
    state, _ = run(state, e.Tick(10.0, "09:42"), told, e.FeedAway(), e.Tick(AWAY, "09:46"))
    return run(state, *events)


CHOSEN = (e.Scanned(IDENTITY), touch("confirm_identity"), touch("service:noi"))


def given_by_kiosk(state: State, number: str = "KA001") -> Ticket:
    visit = state.visit
    assert visit is not None
    assert isinstance(visit.pending, IssueTicket)
    return made(state.hospital, visit.pending, number)


def made(hospital: Hospital, asked: IssueTicket, number: str = "KA001") -> Ticket:
    upload = UploadOfflineTicket(
        request_id="up-1", number=number, service_id=asked.service_id, intake=asked.intake, address="ab" * 16
    )
    return ticket_of(hospital, asked, upload, NOW)


def test_whoever_comes_is_told_and_gets_a_number_all_the_same() -> None:
    state, _ = away()
    body = look(state).body
    assert isinstance(body, Welcome)
    assert body.offline == t("kiosk.welcome.offline", "vi")
    state, effects = run(state, *CHOSEN)
    assert [(type(effect), effect.deadline_s) for effect in effects if isinstance(effect, e.Issue)] == [
        (e.Issue, asking_rules.FOUND_AWAY_S)
    ]
    state, effects = run(state, e.ServerAway("req-1"))
    assert state.screen == "what_for"
    [give] = effects
    assert isinstance(give, e.Give)
    assert (give.request.request_id, give.hospital) == ("req-1", state.hospital)
    state, effects = run(state, e.TicketArrived("req-1", given_by_kiosk(state)))
    assert state.screen == "your_number"
    assert [effect.ticket.number for effect in effects if isinstance(effect, e.Print)] == ["KA001"]
    assert not any(text in repr(state) for text in PERSONAL)


def test_the_first_one_to_find_out_gets_a_number_too() -> None:
    """The feed has not been missed yet."""
    state, effects = run(flow.start(PLACE)[0], SEEN, *CHOSEN, e.ServerAway("req-1"))
    assert isinstance(effects[-1], e.Give)
    assert state.screen == "what_for"


def test_the_tiles_that_were_known_are_offered_without_waits() -> None:
    state, _ = away(*CHOSEN[:2])
    body = look(state).body
    assert isinstance(body, WhatFor)
    assert body.lead == t("kiosk.what_for.offline", "vi")
    assert {tile.wait for tile in body.tiles} == {t("kiosk.doctor.wait_unknown", "vi")}
    assert {tile.button.intent for tile in body.tiles} >= {"service:noi", "service:tim"}


def test_doctors_are_offered_without_waits_and_the_one_asked_for_is_on_the_paper() -> None:
    told = replace(with_doctors(), series="KA", zones=SEEN.zones)
    state, _ = away(*CHOSEN[:2], touch("service:tim"), told=told)
    body = look(state).body
    assert isinstance(body, WhichDoctor)
    assert {tile.wait for tile in (*body.anyone.tiles, *body.doctors.tiles)} == {t("kiosk.doctor.wait_unknown", "vi")}
    state, _ = run(state, e.Tick(AWAY + 1), touch("doctor:r21"), e.ServerAway("req-1"))
    named = given_by_kiosk(state)
    assert (named.room.room_id, named.entry.pooled) == ("r21", False)


def test_a_room_is_promised_only_where_there_is_no_other() -> None:
    hospital = Hospital(SITE, "", SEEN.services, SEEN.rooms, SEEN.zones, "KA")
    asked = IssueTicket(service_id="tim", intake=Intake(identity=IDENTITY))
    one = made(hospital, asked)
    assert (one.room.room_id, one.entry.pooled, one.offline) == ("r1", False, True)
    several = made(hospital, asked.model_copy(update={"service_id": "noi"}))  # rooms on two floors
    assert (several.entry.pooled, several.zone_names, several.room.room_id) == (True, {}, "")
    level = tuple(room.model_copy(update={"floor": 2}) for room in hospital.rooms)
    together = made(replace(hospital, rooms=level), asked.model_copy(update={"service_id": "noi"}))
    assert (together.entry.pooled, together.zone_names, together.room.floor) == (True, SEEN.zones[0].names, 2)
    unknown = made(replace(hospital, rooms=level, zones=()), asked.model_copy(update={"service_id": "noi"}))
    assert unknown.zone_names == {}
    closed = tuple(room.model_copy(update={"open": room.room_id != "r1"}) for room in hospital.rooms)
    assert made(replace(hospital, rooms=closed), asked).zone_names == {}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_paper_and_screen_say_that_the_connection_was_away_and_claim_nothing(language: str) -> None:
    state, _ = away(touch(f"language:{language}"), *CHOSEN, e.ServerAway("req-1"))
    here = given_by_kiosk(state)
    body = look(run(state, e.TicketArrived("req-1", here))[0]).body
    assert isinstance(body, YourNumber)
    unknown = t("kiosk.wait.unknown", language)
    assert (body.number, body.ahead.value, body.wait.value) == ("KA001", unknown, unknown)
    assert (body.room, body.floor) == (t("kiosk.your_number.ask_where", language), "")
    assert body.directions == t("kiosk.your_number.offline.pooled", language)
    assert body.code == "http://queue.an-binh.vn/t/" + "ab" * 16
    printed = slip(here, SITE, language, device_name="K", address_base="http://q.vn", now=NOW)
    texts = [block.text for block in printed.blocks if isinstance(block, (Band, Line, Number))]
    for key in ("ticket.offline", "ticket.offline.priority", "ticket.offline.place"):
        assert t(key, language) in texts
    assert t("ticket.priority.normal", language) not in texts
    assert [block.payload for block in printed.blocks if isinstance(block, Code)] == ["http://q.vn/t/" + "ab" * 16]
    assert paper.arrow_to(PLACE, here.room) == "map-pin"


def test_a_place_that_is_known_is_told() -> None:
    level = tuple(room.model_copy(update={"floor": 2}) for room in SEEN.rooms)
    state, _ = away(*CHOSEN, e.ServerAway("req-1"), told=replace(SEEN, rooms=level))
    body = look(run(state, e.TicketArrived("req-1", given_by_kiosk(state)))[0]).body
    assert isinstance(body, YourNumber)
    assert (body.room, body.floor) == ("Khu khám Nội", t("kiosk.floor", "vi", floor=2))


def test_a_full_disk_is_said_until_the_server_is_back() -> None:
    state, effects = away(*CHOSEN, e.ServerAway("req-1"), e.NotGiven("req-1", "full"))
    assert (state.trouble, state.cannot_give) == (Trouble("server_away"), "full")
    state, effects = run(state, e.Tick(AWAY + 1))
    assert [type(effect) for effect in effects] == [e.Issue]
    state, effects = run(state, e.ServerAway("req-1"))
    assert not effects
    state, _ = run(state, touch("back"))
    assert (state.screen, state.trouble, state.visit) == ("trouble", Trouble("server_away"), None)
    state, _ = run(state, SEEN)
    assert (state.screen, state.cannot_give) == ("welcome", "")


def test_an_unanswered_disk_gives_once_and_says_that_it_is_away() -> None:
    state, effects = away(*CHOSEN, e.ServerAway("req-1"), e.Tick(AWAY + asking_rules.ANSWER_S))
    assert state.trouble == Trouble("server_away")
    assert sum(isinstance(effect, e.Give) for effect in effects) == 1
    assert run(state, e.TicketArrived("req-1", given_by_kiosk(state)))[0].screen == "your_number"


def test_a_fault_for_somebody_who_has_left_is_not_shown_to_the_next() -> None:
    state, _ = away(e.NotGiven("req-0", "disk"))
    assert (state.screen, state.cannot_give) == ("welcome", "disk")
    assert run(state, e.Tick(AWAY + 1))[0].trouble == Trouble("server_away")


@pytest.mark.parametrize("told", [replace(SEEN, series=""), replace(SEEN, services=())])
def test_without_letters_or_tiles_it_says_that_it_is_away(told: e.FeedSnapshot) -> None:
    assert away(told=told)[0].trouble == Trouble("server_away")


def test_it_comes_back_by_itself() -> None:
    state, _ = away(SEEN)
    body = look(state).body
    assert isinstance(body, Welcome)
    assert body.offline == ""
    state, effects = run(state, *CHOSEN, e.TicketArrived("req-1", ticket()))
    assert [effect.ticket.number for effect in effects if isinstance(effect, e.Print)] == ["A012"]


def test_a_kiosk_that_is_switched_on_without_the_server_goes_on_with_what_it_knew() -> None:
    known = Hospital(SITE, "Sảnh A", SEEN.services, SEEN.rooms, SEEN.zones, "KA")
    state, effects = run(flow.start(PLACE)[0], SEEN)
    assert [effect.hospital for effect in effects if isinstance(effect, e.Remember)] == [state.hospital]
    state, effects = run(flow.start(PLACE)[0], e.Remembered(known), e.Tick(0.1))
    body = look(state).body
    assert isinstance(body, Welcome)
    assert body.offline == t("kiosk.welcome.offline", "vi")
    _, effects = run(state, *CHOSEN, e.ServerAway("req-1"))
    assert isinstance(effects[-1], e.Give)
    later, _ = run(state, SEEN, e.Remembered(replace(known, series="KB")))
    assert (later.hospital.series, later.away_since) == ("KA", None)


def test_the_answer_that_comes_first_counts() -> None:
    """The server's late answer, or the kiosk's own number: one paper."""
    state, _ = away(*CHOSEN, e.ServerAway("req-1"))
    own = given_by_kiosk(state)
    for first, second in ((ticket(), own), (own, ticket())):
        _, effects = run(state, e.TicketArrived("req-1", first), e.TicketArrived("req-1", second))
        assert [effect.ticket for effect in effects if isinstance(effect, e.Print)] == [first]


def test_the_change_of_rooms_is_never_made_by_the_kiosk() -> None:
    """It has no number to give: the person holds one."""
    told = replace(with_doctors(), series="KA")
    asked = (*CHOSEN[:2], touch("service:tim"), e.Tick(AWAY + 1), touch("doctor:r1"))
    offer = (e.TicketArrived("req-1", offered()), e.Tick(AWAY + 2), touch("switch_room", "req-2"))
    state, effects = away(*asked, *offer, e.ServerAway("req-2"), told=told)
    assert not any(isinstance(effect, e.Give) for effect in effects)
    assert state.screen == "quicker_room"


@given(some.lists(some.sampled_from(["ask", "away", "given", "fault", "back", "gone", "tick", "answer"]), max_size=25))
@settings(max_examples=150, deadline=None)
def test_in_whatever_order_one_person_gets_one_paper(steps: list[str]) -> None:
    state, _ = away(*CHOSEN)
    prints = gives = 0
    own = given_by_kiosk(state)
    now = AWAY
    for name in steps:
        now += 1.0
        event: dict[str, e.Event] = {
            "ask": touch("service:noi", "req-1"), "away": e.ServerAway("req-1"), "given": e.TicketArrived("req-1", own),
            "fault": e.NotGiven("req-1", "full"), "back": SEEN, "gone": e.FeedAway(), "tick": e.Tick(now),
            "answer": e.TicketArrived("req-1", ticket()),
        }  # fmt: skip
        state, effects = flow.step(state, event[name])
        prints += sum(isinstance(effect, e.Print) for effect in effects)
        gives += sum(isinstance(effect, e.Give) for effect in effects)
        look(state)
    assert prints <= 1
    assert gives <= 1
