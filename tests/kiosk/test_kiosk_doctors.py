"""Which doctor, and whether to take the quicker room: who does not care leaves with two touches more than none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kiosk import asking as rules
from kiosk import events as e
from kiosk import flow
from kiosk.doctors import doctors_of, pages_of
from kiosk.shapes import QuickerRoom, TroubleBody, WhichDoctor, YourNumber
from kiosk.state import Comfort, State, Trouble
from kiosk.view import look
from protocol.nouns import WaitEstimate
from protocol.requests import IssueTicket, SwitchRoom
from tests.kiosk.samples import DOCTORS, IDENTITY, PERSONAL, offered, rooms, services, snapshot, switched, with_doctors
from tests.kiosk.test_kiosk_flow import asked, choosing, run, touch

LATER = flow.SETTLE_S + 0.1


def wait(state: State, seconds: float = LATER) -> State:
    return run(state, e.Tick(state.now + seconds))[0]


def which_doctor() -> State:
    """Cardiology was touched, and its doctors are read."""
    state, effects = run(run(choosing(), with_doctors())[0], touch("service:tim"))
    assert (state.screen, effects) == ("which_doctor", ())
    return wait(state)


def deciding() -> State:
    """A doctor was asked for, and a quicker room is offered."""
    state, effects = run(which_doctor(), touch("doctor:r1", "req-1"), e.TicketArrived("req-1", offered()))
    assert state.screen == "quicker_room"
    assert [type(effect) for effect in effects] == [e.Issue], "nothing is printed yet"
    return wait(state)


def prints(effects: tuple[e.Effect, ...]) -> list[e.Print]:
    return [effect for effect in effects if isinstance(effect, e.Print)]


def switches(effects: tuple[e.Effect, ...]) -> list[SwitchRoom]:
    requests = [effect.request for effect in effects if isinstance(effect, e.Issue)]
    return [request for request in requests if isinstance(request, SwitchRoom)]


# --- which doctor --------------------------------------------------------------------------------------------------


def test_only_where_doctors_are_named_it_is_asked_which() -> None:
    """Everybody else is asked nothing more: two touches as before."""
    state, effects = run(choosing(), with_doctors(), touch("service:mat", "req-1"))
    assert [request.room_id for request in asked(effects)] == [None]
    assert state.screen == "what_for"


def test_a_doctor_whose_room_is_closed_is_none_to_ask_for() -> None:
    told = with_doctors()
    closed = tuple(room.model_copy(update={"open": room.room_id != "r1"}) for room in told.rooms)
    state, _ = run(choosing(), replace(told, rooms=closed))
    assert [room.room_id for room in doctors_of(state.hospital, "tim")] == ["r21", "r22", "r23", "r24"]
    none = tuple(room.model_copy(update={"open": not room.doctor}) for room in told.rooms)
    assert asked(run(choosing(), replace(told, rooms=none), touch("service:tim"))[1]) != []


def test_any_doctor_is_one_touch_and_asks_for_no_room() -> None:
    _, effects = run(which_doctor(), touch("any_doctor", "req-1"))
    assert [(request.service_id, request.room_id) for request in asked(effects)] == [("tim", None)]


def test_a_doctor_is_asked_for_by_the_room() -> None:
    state, effects = run(which_doctor(), touch("doctor:r21", "req-1"))
    [request] = asked(effects)
    assert (request.service_id, request.room_id, request.intake.identity) == ("tim", "r21", IDENTITY)
    view = look(state)
    assert isinstance(view.body, WhichDoctor)
    assert [tile.busy for tile in view.body.doctors.tiles] == [False, True, False, False]
    assert (view.frame.back, view.frame.primary) == (None, None)


@pytest.mark.parametrize("intent", ["doctor:r9", "doctor:r25", "doctor:", "doctor:nowhere"])
def test_a_room_without_a_doctor_of_this_service_cannot_be_asked_for(intent: str) -> None:
    state, effects = run(which_doctor(), touch(intent))
    assert (state.screen, effects) == ("which_doctor", ())


def test_the_second_touch_of_a_double_tap_chooses_no_doctor() -> None:
    """The tile of a service is where the doctors' tiles appear: a trembling hand must not take a number by it."""
    state, _ = run(choosing(), with_doctors())
    state, effects = run(state, touch("service:tim"), touch("doctor:r1", "req-1"), touch("any_doctor"))
    assert (state.screen, effects) == ("which_doctor", ())
    state, effects = run(wait(state), touch("any_doctor", "req-2"), touch("doctor:r1", "req-3"), touch("any_doctor"))
    assert [request.request_id for request in asked(effects)] == ["req-2"]


def test_back_leads_to_the_services_and_from_there_on() -> None:
    state, _ = run(which_doctor(), touch("back"))
    assert state.screen == "what_for"
    assert asked(run(state, touch("service:mat", "req-2"))[1])[0].service_id == "mat"


def test_nobody_there_is_forgotten_as_everywhere() -> None:
    state = which_doctor()
    state, _ = run(state, e.Tick(state.now + flow.IDLE_S))
    assert state.asking_since is not None
    state, effects = run(state, e.Tick(state.now + flow.STILL_HERE_S))
    assert (state.screen, state.visit) == ("welcome", None)
    assert e.Forget() in effects


def test_the_server_away_keeps_the_doctor_that_was_asked_for() -> None:
    state, first = run(which_doctor(), touch("doctor:r1", "req-1"))
    state, _ = run(state, e.ServerAway("req-1"))
    assert state.trouble == Trouble("server_away")
    state, again = run(state, e.Tick(state.now + rules.RETRY_S))
    assert asked(again) == asked(first)
    state, _ = run(state, e.TicketArrived("req-1", offered()))
    assert state.screen == "quicker_room"


def test_a_doctor_who_has_left_leads_back_to_the_others() -> None:
    state, _ = run(which_doctor(), touch("doctor:r1", "req-1"), e.TicketRefused("req-1", "wanted_room_closed"))
    assert state.trouble == Trouble("refused", "wanted_room_closed")
    assert run(state, touch("try_again"))[0].screen == "which_doctor"
    alone = e.ServicesNow(services(), rooms())
    assert run(state, alone, touch("try_again"))[0].screen == "what_for", "no doctor is named any more"


def test_the_waits_at_the_doctors_go_on_between_snapshots() -> None:
    shorter = WaitEstimate(low_minutes=0, high_minutes=5)
    state, _ = run(which_doctor(), e.WaitsNow({"tim": shorter}, {"tim": {"r1": shorter}}))
    body = look(state).body
    assert isinstance(body, WhichDoctor)
    assert [tile.wait for tile in (body.anyone.tiles[0], *body.doctors.tiles[:2])] == [
        "Chờ dưới 5 phút",
        "Chờ dưới 5 phút",
        "Chưa rõ thời gian chờ",
    ]


def test_the_quickest_stands_first_and_a_doctor_with_room_and_wait() -> None:
    view = look(which_doctor())
    assert isinstance(view.body, WhichDoctor)
    [anyone] = view.body.anyone.tiles
    assert (anyone.button.label, anyone.place, anyone.wait, anyone.button.emphasis) == (
        "Bác sĩ nào cũng được",
        "Vào khám nhanh nhất",
        "Chờ 30–45 phút",
        "primary",
    )
    told = [(tile.button.label, tile.place, tile.wait) for tile in view.body.doctors.tiles]
    assert told[0] == ("BS. Trần Thị Mẫu", "Phòng 1, tầng 2", "Chờ 60–75 phút")
    assert told[2] == ("BSCKII. Nguyễn Hữu Thử Nghiệm", "Phòng 22, tầng 2", "Chưa rõ thời gian chờ")
    assert view.body.lead == "Tim mạch"


@pytest.mark.parametrize("size", range(4))
def test_no_doctor_is_lost_between_pages_and_anyone_stands_on_each(size: int) -> None:
    state = replace(which_doctor(), comfort=Comfort("vi", size))
    assert [room.room_id for page in pages_of(state) for room in page] == [one[0] for one in DOCTORS]
    for _ in pages_of(state):
        view = look(state)
        assert isinstance(view.body, WhichDoctor)
        assert len(view.body.anyone.tiles) == 1
        assert view.frame.primary is not None
        assert view.frame.primary.intent == "turn_page"
        state, _ = run(state, touch("turn_page"))
    assert look(state).body == look(replace(state, page=0)).body


# --- the quicker room ----------------------------------------------------------------------------------------------


def test_both_rooms_are_told_alike_and_the_number_is_safe() -> None:
    view = look(deciding())
    body = view.body
    assert isinstance(body, QuickerRoom)
    keep, switch = body.choices
    assert (keep.name, keep.place, keep.wait, keep.button.label) == (
        "BS. Trần Thị Mẫu",
        "Phòng 1, tầng 2",
        "Chờ 60–75 phút",
        "Giữ phòng 1",
    )
    assert (switch.name, switch.place, switch.wait, switch.button.label) == (
        "Phòng 25",
        "Tầng 2",
        "Chờ 10–20 phút",
        "Đổi sang phòng 25",
    )
    assert keep.button.emphasis == switch.button.emphasis
    assert "A012" in body.lead
    assert view.frame.note.label == "Nếu không chọn, máy giữ phòng 1 sau 44 giây."
    assert (view.frame.back, view.frame.primary) == (None, None)


def test_the_card_is_gone_before_the_choice() -> None:
    assert not any(text in repr(deciding()) for text in PERSONAL)


def test_keeping_prints_the_ticket_as_it_was_asked_for() -> None:
    state, effects = run(deciding(), touch("keep_room"), touch("keep_room"), touch("switch_room"))
    [printed] = prints(effects)
    assert (printed.ticket.room.room_id, printed.room_unsure, switches(effects)) == ("r1", False, [])
    assert state.screen == "your_number"
    body = look(state).body
    assert isinstance(body, YourNumber)
    assert (body.room, body.doctor) == ("Phòng 1", "BS. Trần Thị Mẫu")


def test_who_does_not_choose_keeps_what_they_asked_for() -> None:
    state = deciding()
    assert state.visit is not None
    assert run(state, e.Tick(state.visit.until - 0.1))[0].screen == "quicker_room"
    state, effects = run(state, e.Tick(state.visit.until))
    assert state.screen == "your_number"
    assert [printed.ticket.room.room_id for printed in prints(effects)] == ["r1"]


def test_another_language_and_help_give_the_whole_time_again() -> None:
    state, _ = run(wait(deciding(), 40.0), touch("language"))
    assert state.visit is not None
    assert state.visit.until == state.now + rules.OFFER_S
    state, _ = run(state, touch("help"), e.Tick(state.now + 20.0), touch("close_notice"))
    assert state.visit is not None
    assert state.visit.until == state.now + rules.OFFER_S


def test_the_time_to_choose_stands_still_under_the_sheet_of_help() -> None:
    state, _ = run(deciding(), touch("help"), e.AlertOutcome("help", sent=True))
    for _ in range(29):
        state = wait(state, 1.0)
    assert state.notice is not None
    assert state.visit is not None
    assert state.visit.until - state.now == pytest.approx(rules.OFFER_S)


def test_the_quicker_room_is_asked_for_once_and_printed_when_it_is_given() -> None:
    state, effects = run(deciding(), touch("switch_room", "req-2"), touch("switch_room", "req-3"), touch("keep_room"))
    [request] = switches(effects)
    assert (request.request_id, request.entry_id, request.version, request.room_id) == ("req-2", "e1", 1, "r25")
    assert prints(effects) == []
    view = look(state)
    assert isinstance(view.body, QuickerRoom)
    assert (view.body.busy, view.frame.note.label) == (True, "Đang đổi phòng, xin đợi một chút…")
    state, effects = run(state, e.TicketArrived("req-2", switched()))
    assert [printed.ticket.room.room_id for printed in prints(effects)] == ["r25"]
    assert state.screen == "your_number"


def test_the_second_touch_of_a_double_tap_takes_no_room() -> None:
    state, effects = run(
        which_doctor(),
        touch("doctor:r1", "req-1"),
        e.TicketArrived("req-1", offered()),
        touch("switch_room"),
        touch("keep_room"),
    )
    assert state.screen == "quicker_room"
    assert switches(effects) == []


def test_the_server_away_in_the_middle_is_asked_again_and_the_room_is_changed() -> None:
    state, _ = run(deciding(), touch("switch_room", "req-2"), e.ServerAway("req-2"))
    assert state.screen == "quicker_room"
    state, effects = run(state, e.Tick(state.now + rules.RETRY_S))
    assert [request.request_id for request in switches(effects)] == ["req-2"]
    assert run(state, e.TicketArrived("req-2", switched()))[0].screen == "your_number"
    _, effects = run(state, e.ServerAway("req-2"), e.FeedAway(), with_doctors())
    assert [request.request_id for request in switches(effects)] == ["req-2"], "at once when the feed is back"


def test_nobody_stays_without_paper_because_the_server_is_away() -> None:
    """Whether it was written, nobody knows: screen and paper send people to the walls."""
    state, effects = run(deciding(), touch("switch_room", "req-2"))
    for _ in range(int(rules.SWITCH_S)):
        state, more = run(state, e.ServerAway("req-2"), e.Tick(state.now + 1.0))
        effects += more
    [printed] = prints(effects)
    assert (state.screen, printed.ticket.room.room_id, printed.room_unsure) == ("your_number", "r1", True)
    body = look(state).body
    assert isinstance(body, YourNumber)
    assert body.directions == "Phòng có thể đổi, xin xem bảng gọi"
    assert run(state, e.TicketArrived("req-2", switched())) == (state, ()), "too late: the paper is out"


@pytest.mark.parametrize(
    ("code", "unsure"), [("no_offer", False), ("wanted_room_closed", False), ("stale_version", True)]
)
def test_a_refused_change_says_so_and_that_the_number_is_kept(code: str, unsure: bool) -> None:
    state, effects = run(deciding(), touch("switch_room", "req-2"), e.TicketRefused("req-2", code))
    assert prints(effects) == []
    view = look(state)
    assert isinstance(view.body, TroubleBody)
    assert (view.body.held, view.frame.back) == ("Số A012 của ông/bà vẫn giữ nguyên.", None)
    assert view.frame.primary is not None
    assert view.frame.primary.intent == "keep_room"
    assert prints(run(state, touch("keep_room"))[1]) == [], "the rest of a double tap"
    for touched in (run(wait(state), touch("keep_room")), run(state, e.Tick(state.now + rules.OFFER_S))):
        shown, effects = touched
        assert [(printed.ticket.room.room_id, printed.room_unsure) for printed in prints(effects)] == [("r1", unsure)]
        assert shown.screen == "your_number"


@given(
    some.lists(
        some.one_of(
            some.builds(
                touch,
                some.sampled_from(["switch_room", "keep_room", "back", "help", "language", "try_again", "done"]),
                some.sampled_from(["req-2", "req-3"]),
            ),
            some.builds(e.TicketRefused, some.just("req-2"), some.sampled_from(["no_offer", "stale_version", "?"])),
            some.builds(e.ServerAway, some.just("req-2")),
            some.sampled_from([e.FeedAway(), snapshot(), e.Scanned(IDENTITY)]),
            some.floats(0, 30),
        ),
        max_size=25,
    )
)
@settings(max_examples=200, deadline=None)
def test_whatever_happens_somebody_with_an_offer_gets_one_ticket_and_one_paper(journey: list[e.Event | float]) -> None:
    """Never forgotten before the number was shown and printed, and never printed twice."""
    state, printed = deciding(), 0
    for event in (*journey, *[1.0] * 80):
        if state.screen not in ("quicker_room", "trouble"):
            break
        state, effects = run(state, e.Tick(state.now + event) if isinstance(event, float) else event)
        printed += len(prints(effects))
        assert e.Forget() not in effects
        assert not any(isinstance(effect, e.Issue) and isinstance(effect.request, IssueTicket) for effect in effects)
    assert (state.screen, printed) == ("your_number", 1)
