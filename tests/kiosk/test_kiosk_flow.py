"""The journey without a screen: what leads where, what is done, and that a person is forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kiosk import asking as asking_rules
from kiosk import events as e
from kiosk import flow, paper
from kiosk.offline import AWAY_SHOWN_AFTER_S
from kiosk.state import SCHEMES, TEXT_SIZES, Comfort, Notice, State, Trouble
from kiosk.view import look
from protocol.nouns import Identity, Site, WaitEstimate
from protocol.requests import IssueTicket
from tests.kiosk.samples import IDENTITY, PERSONAL, PLACE, ROOM, offered, rooms, services, snapshot, ticket


def run(state: State, *events: e.Event) -> tuple[State, tuple[e.Effect, ...]]:
    """The state after all events, and everything that is to be done."""
    done: tuple[e.Effect, ...] = ()
    for event in events:
        state, effects = flow.step(state, event)
        done += effects
    return state, done


def touch(intent: str, fresh_id: str = "id-1") -> e.Touched:
    return e.Touched(intent, fresh_id)


def asked(effects: tuple[e.Effect, ...]) -> list[IssueTicket]:
    """The tickets that are to be asked for."""
    requests = [effect.request for effect in effects if isinstance(effect, e.Issue)]
    return [request for request in requests if isinstance(request, IssueTicket)]


def welcome() -> State:
    state, _ = flow.start(PLACE)
    return run(state, snapshot(), e.Tick(10.0, "09:42"))[0]


def choosing() -> State:
    return run(welcome(), e.Scanned(IDENTITY), touch("confirm_identity"))[0]


def asking() -> State:
    return run(choosing(), touch("service:noi", "req-1"))[0]


def shown(**options: object) -> State:
    return run(asking(), e.TicketArrived("req-1", ticket(**options)))[0]  # type: ignore[arg-type]


def test_the_whole_way_of_a_known_patient_takes_two_touches() -> None:
    state, effects = run(
        welcome(),
        e.Scanned(IDENTITY),
        touch("confirm_identity"),
        touch("service:noi", "req-1"),
        e.TicketArrived("req-1", ticket()),
        e.PrinterOutcome("t1", printed=True),
    )
    assert (state.screen, state.visit and state.visit.paper) == ("your_number", "printed")
    assert [(request.request_id, request.intake.identity) for request in asked(effects)] == [("req-1", IDENTITY)]
    printed = [effect for effect in effects if isinstance(effect, e.Print)]
    assert [(effect.language, effect.arrow, effect.copy, effect.large) for effect in printed] == [
        ("vi", "arrow-up-right", False, False)
    ]


def test_the_card_is_dropped_as_soon_as_the_ticket_is_here() -> None:
    state = shown()
    assert state.visit is not None
    assert state.visit.identity is None
    assert not any(text in repr(state) for text in PERSONAL)


def test_scanning_starts_at_once_and_stops_with_a_card() -> None:
    _, effects = flow.start(PLACE)
    assert effects == (e.StartScan(),)
    state, effects = run(welcome(), e.Scanned(IDENTITY))
    assert effects == (e.StopScan(),)
    _, effects = run(state, touch("not_me"))
    assert effects == (e.Forget(), e.StartScan())


def test_a_card_that_is_not_wanted_now_is_not_taken() -> None:
    state = choosing()
    assert run(state, e.Scanned(IDENTITY.model_copy(update={"full_name": "Ai Khác"})))[0] == state


def test_a_lone_number_is_told_as_typed_and_a_card_as_scanned() -> None:
    number = Identity(document="typed_personal_id", personal_id="001090000017", warnings=("number_only",))
    for identity, entered_by in ((IDENTITY, "scan"), (number, "typed")):
        _, effects = run(welcome(), e.Scanned(identity), touch("confirm_identity"), touch("service:noi"))
        assert [request.intake.entered_by for request in asked(effects)] == [entered_by]


def test_a_double_tap_issues_once() -> None:
    state, effects = run(choosing(), touch("service:noi", "req-1"), touch("service:noi", "req-2"), touch("service:tim"))
    assert [effect.request.request_id for effect in effects if isinstance(effect, e.Issue)] == ["req-1"]
    assert state.visit is not None
    assert state.visit.pending is not None


def test_a_closed_or_unknown_service_cannot_be_chosen() -> None:
    assert run(choosing(), touch("service:dl"), touch("service:nothing"))[1] == ()


@pytest.mark.parametrize("intent", ["service:noi", "done", "reprint", "confirm_identity", "try_again", "nonsense", ""])
def test_a_late_tap_for_another_screen_changes_nothing(intent: str) -> None:
    state = welcome()
    assert run(state, touch(intent)) == (state, ())


# --- cards that cannot be read -------------------------------------------------------------------------------------


def test_a_refused_card_is_named_and_the_third_leads_to_people() -> None:
    state, _ = run(welcome(), e.Unreadable("payment_qr"))
    assert (state.screen, state.refusal, state.refusals) == ("scan", "payment_qr", 1)
    state, _ = run(state, e.Tick(20.0), e.Unreadable("opaque_code"))
    assert (state.screen, state.refusals) == ("scan", 2)
    state, _ = run(state, e.Tick(30.0), e.Unreadable("unrecognised"))
    assert (state.screen, state.trouble) == ("trouble", Trouble("no_card", "unrecognised"))


def test_a_card_that_stays_under_the_reader_is_one_failure() -> None:
    """A camera reads the same code ten times a second; three of them are not three failures of a person."""
    state = welcome()
    for tenth in range(40):
        state, _ = run(state, e.Tick(10 + tenth / 10), e.Unreadable("payment_qr"))
    assert (state.screen, state.refusals) == ("scan", 1)


def test_a_good_card_after_a_bad_one_goes_on() -> None:
    state, _ = run(welcome(), e.Unreadable("payment_qr"), e.Scanned(IDENTITY))
    assert (state.screen, state.refusals, state.refusal) == ("is_this_you", 0, "")


def test_no_card_still_reads_a_card_and_can_be_left() -> None:
    state, _ = run(welcome(), touch("no_card"))
    assert (state.screen, flow.wants_card(state)) == ("trouble", True)
    assert run(state, e.Scanned(IDENTITY))[0].screen == "is_this_you"
    assert run(state, touch("try_again"))[0].screen == "scan"
    assert run(state, touch("back"))[0].screen == "welcome"


def test_a_hint_is_shown_once_it_lasts() -> None:
    state, _ = run(welcome(), e.ReaderHint("too_bright"), e.Tick(10.5))
    assert flow.hint_now(state) == ""
    state, _ = run(state, e.ReaderHint("too_bright"), e.Tick(12.0))
    assert flow.hint_now(state) == "too_bright"
    assert flow.hint_now(run(state, e.ReaderHint(""))[0]) == ""


# --- the number ----------------------------------------------------------------------------------------------------


def test_ten_seconds_after_the_paper_the_person_is_forgotten() -> None:
    state, _ = run(shown(), e.Tick(14.0), e.PrinterOutcome("t1", printed=True))
    assert run(state, e.Tick(23.9))[0].screen == "your_number"
    state, effects = run(state, e.Tick(24.1))
    assert (state.screen, state.visit) == ("welcome", None)
    assert e.Forget() in effects


def test_without_paper_the_number_stays_three_times_as_long() -> None:
    state, _ = run(shown(), e.PrinterOutcome("t1", printed=False, code="paper_out"))
    assert run(state, e.Tick(39.0))[0].screen == "your_number"
    assert run(state, e.Tick(41.0))[0].screen == "welcome"


def test_a_printer_that_never_answers_leaves_time_to_remember_the_number() -> None:
    """The person has waited for paper with the number half read: now it is all there is."""
    state, _ = run(shown(), e.Tick(10 + paper.PRINTING_S - 0.1))
    assert state.visit is not None
    assert state.visit.paper == "printing"
    end = 10 + paper.PRINTING_S + paper.PAPERLESS_SHOWN_S
    state, _ = run(state, e.Tick(10 + paper.PRINTING_S), e.Tick(end - 0.1))
    assert state.visit is not None
    assert (state.visit.paper, state.visit.paper_code) == ("failed", "unsure")
    assert run(state, e.Tick(end + 0.1))[0].screen == "welcome"


def test_paper_that_comes_late_is_told_all_the_same() -> None:
    state, _ = run(shown(), e.Tick(10 + paper.PRINTING_S), e.Tick(30.0), e.PrinterOutcome("t1", printed=True))
    assert state.visit is not None
    assert state.visit.paper == "printed"


def test_the_number_does_not_run_out_under_the_sheet_of_help() -> None:
    state, _ = run(shown(), e.PrinterOutcome("t1", printed=True), touch("help"), e.AlertOutcome("help", sent=True))
    for second in range(11, 39):
        state, _ = run(state, e.Tick(float(second)))
    assert state.visit is not None
    state, _ = run(state, touch("close_notice"), e.Tick(38 + paper.NUMBER_SHOWN_S - 0.1))
    assert state.screen == "your_number"
    assert run(state, e.Tick(38 + paper.NUMBER_SHOWN_S + 0.1))[0].screen == "welcome"


def test_larger_letters_on_the_number_give_time_for_every_page() -> None:
    state, _ = run(shown(), e.PrinterOutcome("t1", printed=True), *[touch("text_size")] * 3)
    assert state.visit is not None
    assert state.visit.until == state.now + 3 * paper.NUMBER_SHOWN_S


def test_done_forgets_at_once() -> None:
    state, effects = run(shown(), touch("done"))
    assert (state.screen, effects) == ("welcome", (e.Forget(), e.StartScan()))


def test_a_ticket_that_is_already_held_is_shown_and_printed_only_when_asked() -> None:
    state, effects = run(asking(), e.TicketArrived("req-1", ticket(already_held=True)))
    assert effects == ()
    state, effects = run(state, touch("reprint"), touch("reprint"))
    assert [isinstance(effect, e.Print) and effect.copy for effect in effects] == [True]
    assert state.visit is not None
    assert state.visit.paper == "printing"


def test_an_answer_for_somebody_who_has_left_is_not_shown_to_the_next() -> None:
    state, _ = run(asking(), e.TicketRefused("req-1", "other"), touch("back"), touch("back"), touch("back"))
    assert state.screen == "welcome"
    assert run(state, e.TicketArrived("req-1", ticket())) == (state, ())
    assert run(state, e.PrinterOutcome("t1", printed=True)) == (state, ())


def test_large_letters_turn_pages_and_print_large() -> None:
    state, effects = run(asking(), *[touch("text_size")] * 3, e.TicketArrived("req-1", ticket()))
    assert [effect.large for effect in effects if isinstance(effect, e.Print)] == [True]
    assert paper.number_pages(state.comfort) == 3
    assert run(state, touch("turn_page"))[0].page == 1
    assert run(state, e.Tick(10 + flow.PAGE_S))[0].page == 1


# --- the server ----------------------------------------------------------------------------------------------------


def test_server_away_keeps_the_request_and_asks_again_with_the_same_id() -> None:
    state, _ = run(asking(), e.ServerAway("req-1"))
    assert (state.screen, state.trouble) == ("trouble", Trouble("server_away"))
    state, effects = run(state, e.Tick(10 + asking_rules.RETRY_S))
    assert [effect.request.request_id for effect in effects if isinstance(effect, e.Issue)] == ["req-1"]
    state, _ = run(state, e.TicketArrived("req-1", ticket()))
    assert state.screen == "your_number"


def left_unanswered() -> State:
    """A person asked with ``req-1`` and left; their answer may still come."""
    state = asking()
    for second in range(11, 120):
        state, effects = run(state, e.Tick(float(second)))
        if state.visit is None:
            return state
        if any(isinstance(effect, e.Issue) for effect in effects):
            state, _ = run(state, e.ServerAway("req-1"))
    raise AssertionError("the card stayed in the kiosk")


def next_person_asks() -> State:
    card = IDENTITY.model_copy(update={"full_name": "Ai Khác"})
    state, _ = run(left_unanswered(), e.Scanned(card), touch("confirm_identity"), touch("service:noi", "req-2"))
    assert state.visit is not None
    assert state.visit.pending is not None
    return state


@pytest.mark.parametrize(
    "answer", [e.TicketArrived("req-1", ticket()), e.TicketRefused("req-1", "service_closed"), e.ServerAway("req-1")]
)
def test_a_late_answer_never_reaches_the_next_person(answer: e.Event) -> None:
    """Neither shown nor printed: it is somebody else's number, or somebody else's trouble."""
    waiting = next_person_asks()
    assert run(waiting, answer) == (waiting, ())
    own, effects = run(waiting, answer, e.TicketArrived("req-2", ticket()))
    assert own.screen == "your_number"
    assert [type(effect) for effect in effects] == [e.Print]


def test_the_feed_coming_back_asks_at_once() -> None:
    state, _ = run(asking(), e.FeedAway(), e.ServerAway("req-1"))
    _, effects = run(state, snapshot())
    assert [type(effect) for effect in effects] == [e.Remember, e.Issue]


def test_an_answer_that_never_comes_is_server_away() -> None:
    state, _ = run(asking(), e.Tick(10 + asking_rules.ANSWER_S))
    assert state.trouble == Trouble("server_away")


def test_a_person_who_waits_for_the_server_is_forgotten_all_the_same() -> None:
    """The kiosk asks again every few seconds; that must not count as the person being here."""
    assert not any(text in repr(left_unanswered()) for text in PERSONAL)


def test_at_rest_the_screen_says_when_the_server_is_away_and_returns_by_itself() -> None:
    state, _ = run(welcome(), e.FeedAway(), e.Tick(12.0))
    assert state.screen == "welcome"
    state, _ = run(state, e.Tick(10 + AWAY_SHOWN_AFTER_S))
    assert (state.screen, state.trouble) == ("trouble", Trouble("server_away"))
    assert look(state).frame.back is None
    assert run(state, snapshot())[0].screen == "welcome"


def test_a_refusal_leads_back_to_the_services() -> None:
    state, _ = run(asking(), e.TicketRefused("req-1", "service_closed"))
    assert state.trouble == Trouble("refused", "service_closed")
    state, _ = run(state, touch("try_again"))
    assert state.screen == "what_for"
    assert state.visit is not None
    assert state.visit.identity == IDENTITY
    assert run(state, touch("service:tim", "req-2"))[1] != ()


def test_waiting_people_are_counted_between_snapshots() -> None:
    state, _ = run(welcome(), e.QueueMoved("noi", 1), e.QueueMoved("tim", -1), e.QueueMoved("noi", -5))
    assert [service.waiting for service in state.hospital.services[:2]] == [0, 0]
    state, _ = run(state, e.ServicesNow(services()[:1], ()))
    assert len(state.hospital.services) == 1


def test_the_waits_on_the_tiles_go_on_between_snapshots() -> None:
    shorter = WaitEstimate(low_minutes=0, high_minutes=5)
    before = welcome().hospital.services
    state, _ = run(welcome(), e.WaitsNow({"noi": shorter, "gone": shorter}))
    assert [service.wait for service in state.hospital.services] == [shorter, *(one.wait for one in before[1:])]
    assert state.hospital.services[0].waiting == before[0].waiting


def test_the_new_name_of_the_hospital_is_shown() -> None:
    before = welcome()
    site = Site(site_id="main", names={"vi": "Bệnh viện Sông Lam"})
    state, _ = run(before, e.ServicesNow(services(), rooms(), site))
    assert state.hospital.site == site
    assert run(state, e.ServicesNow(services(), rooms()))[0].hospital.site == site


# --- time, comfort, help -------------------------------------------------------------------------------------------


def test_idle_asks_and_ten_extensions_are_possible() -> None:
    state, now = choosing(), 10.0
    for _ in range(12):
        now += flow.IDLE_S
        state, _ = run(state, e.Tick(now))
        assert state.asking_since == now
        now += flow.STILL_HERE_S - 1
        state, _ = run(state, e.Tick(now), touch("still_here"))
        assert (state.screen, state.asking_since) == ("what_for", None)
    state, effects = run(state, e.Tick(now + flow.IDLE_S), e.Tick(now + flow.IDLE_S + flow.STILL_HERE_S))
    assert (state.screen, state.visit) == ("welcome", None)
    assert e.Forget() in effects


def test_language_and_text_size_go_back_to_the_house_when_nobody_touches_the_first_screen() -> None:
    state, _ = run(welcome(), touch("language"), touch("text_size"), touch("contrast"))
    assert state.comfort == Comfort("en", 1, "dark")
    state, effects = run(state, e.Tick(10 + flow.IDLE_S))
    assert (state.comfort, effects) == (Comfort("vi"), (e.Forget(),))


def test_comfort_stays_when_a_person_goes_back() -> None:
    state, _ = run(welcome(), touch("language:en"), e.Scanned(IDENTITY), touch("back"))
    assert (state.comfort.language, state.visit) == ("en", None)


def test_every_size_and_scheme_comes_round() -> None:
    state = welcome()
    for number in range(1, 9):
        state, _ = run(state, touch("text_size"), touch("contrast"))
        assert state.comfort.text_size == number % len(TEXT_SIZES)
        assert state.comfort.scheme == SCHEMES[number % len(SCHEMES)]
    assert run(state, touch("language:fr"))[0].comfort == state.comfort


@pytest.mark.parametrize("reason", ["unwell", "help"])
def test_calling_staff_raises_one_alert_and_says_how_it_went(reason: str) -> None:
    state, effects = run(welcome(), touch(reason, "a-1"), touch(reason, "a-2"))
    assert effects == (e.Raise(reason, "a-1"),)  # type: ignore[arg-type]
    assert isinstance(state.notice, Notice)
    failed, _ = run(state, e.AlertOutcome(reason, sent=False))  # type: ignore[arg-type]
    assert failed.notice is not None
    assert failed.notice.state == "failed"
    assert run(failed, touch(reason, "a-3"))[1] != ()
    sent, _ = run(failed, e.AlertOutcome(reason, sent=True))  # type: ignore[arg-type]
    assert sent.notice is not None
    assert sent.notice.state == "sent"
    assert run(sent, touch("close_notice"))[0].notice is None
    assert run(sent, e.Tick(10 + flow.NOTICE_S[reason]))[0].notice is None


def test_the_arrow_comes_from_room_then_zone_then_floor() -> None:
    assert paper.arrow_to(PLACE, ROOM) == "arrow-up-right"
    assert paper.arrow_to(PLACE, ROOM.model_copy(update={"room_id": "r6"})) == "arrow-up"
    assert paper.arrow_to(PLACE, ROOM.model_copy(update={"room_id": "r6", "floor": 3})) == "map-pin"


# --- any sequence at all -------------------------------------------------------------------------------------------

INTENTS = (
    "language", "language:en", "language:xx", "text_size", "contrast", "help", "unwell", "no_card", "back", "not_me",
    "confirm_identity", "service:noi", "service:dl", "service:tim", "turn_page", "done", "reprint",
    "still_here", "close_notice", "try_again", "", "service:", "any_doctor", "doctor:r1", "doctor:?", "keep_room",
    "switch_room",
)  # fmt: skip
IDS = some.sampled_from(["req-1", "req-2", "req-3"])
EVENTS = some.one_of(
    some.builds(touch, some.sampled_from(INTENTS), IDS),
    some.builds(touch, some.sampled_from(("confirm_identity", "service:noi")), IDS),
    some.builds(touch, some.sampled_from(("service:tim", "doctor:r1", "switch_room")), IDS),
    some.just(e.Scanned(IDENTITY)),
    some.builds(e.Unreadable, some.sampled_from(["payment_qr", "empty", "?"])),
    some.builds(e.ReaderHealth, some.sampled_from(["ok", "unplugged"])),
    some.builds(e.ReaderHint, some.sampled_from(["", "blurred"])),
    some.builds(e.TicketArrived, IDS, some.sampled_from([ticket(), ticket(already_held=True), offered()])),
    some.builds(
        e.TicketRefused, IDS, some.sampled_from(["service_closed", "wanted_room_closed", "stale_version", "?"])
    ),
    some.builds(e.ServerAway, IDS),
    some.builds(e.NotGiven, IDS, some.just("full")),
    some.builds(e.PrinterOutcome, some.just("t1"), some.booleans(), some.just("paper_out")),
    some.builds(e.AlertOutcome, some.sampled_from(["help", "unwell"]), some.booleans()),
    some.just(snapshot()),
    some.just(e.ServicesNow(services(), rooms())),
    some.builds(e.QueueMoved, some.sampled_from(["noi", "?"]), some.integers(-2, 2)),
    some.just(e.WaitsNow({"noi": WaitEstimate(reason="no_call")})),
    some.just(e.FeedAway()),
    some.builds(e.Tick, some.floats(0, 500)),
)
JOURNEYS = some.lists(EVENTS, max_size=30)


@given(JOURNEYS)
@settings(max_examples=300, deadline=None)
def test_no_sequence_of_events_raises_and_every_screen_has_a_way_back(journey: list[e.Event]) -> None:
    state, _ = flow.start(PLACE)
    for event in journey:
        state, effects = flow.step(state, event)
        view = look(state)
        intents = {button.intent for button in (view.frame.back, view.frame.primary) if button}
        visit = state.visit
        issuing = visit is not None and visit.pending is not None and state.screen in ("what_for", "which_doctor")
        deciding = visit is not None and visit.offered is not None
        assert flow.at_rest(state) or state.screen == "welcome" or issuing or deciding or intents & {"back", "done"}
        if any(isinstance(effect, e.Forget) for effect in effects):
            assert state.visit is None
            assert not any(text in repr(state) for text in PERSONAL)


@given(JOURNEYS, some.booleans())
@settings(max_examples=200, deadline=None)
def test_idle_always_ends_at_the_screen_for_nobody(journey: list[e.Event], live: bool) -> None:
    state, _ = flow.start(PLACE)
    state, _ = run(state, *journey, snapshot() if live else e.FeedAway())
    now = state.now
    for _ in range(400):
        now += 1.0
        state, effects = flow.step(state, e.Tick(now))
        for effect in effects:
            if isinstance(effect, e.Issue):
                state, _ = flow.step(state, e.ServerAway(effect.request.request_id))
    assert flow.at_rest(state)
    assert state.screen == ("welcome" if live else "trouble")
    assert not any(text in repr(state) for text in PERSONAL)
    assert state.comfort == Comfort(PLACE.language)


@given(JOURNEYS)
@settings(max_examples=200, deadline=None)
def test_one_person_never_asks_with_two_ids_at_once(journey: list[e.Event]) -> None:
    state = choosing()
    open_ids: set[str] = set()
    for event in journey:
        before = state.visit.pending if state.visit else None
        state, effects = flow.step(state, event)
        sent = [effect.request for effect in effects if isinstance(effect, e.Issue)]
        assert len(sent) <= 1
        if sent and before is not None:
            assert sent[0] == before
        open_ids.update(request.request_id for request in sent)
    assert replace(state) == state
