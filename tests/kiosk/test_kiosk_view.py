"""What is on the screen, in words."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from kiosk import events as e
from kiosk import flow
from kiosk.offer import pages_of
from kiosk.palette import PALETTES, contrast
from kiosk.refusals import REFUSAL_GROUPS, refusal_group
from kiosk.shapes import IsThisYou, Scan, TroubleBody, Welcome, WhatFor, YourNumber
from kiosk.state import Comfort, State
from kiosk.view import look
from kiosk.words import Words, wait_words
from locales import load_catalogues, t
from protocol.nouns import Identity, WaitEstimate
from tests.kiosk.samples import IDENTITY, PERSONAL, ROOM, services, ticket
from tests.kiosk.test_kiosk_flow import asking, choosing, run, shown, touch, welcome

THE_THREE = ("vi", "en")


def texts_of(value: Any) -> list[str]:
    """Every text anywhere in a view."""
    if isinstance(value, str):
        return [value]
    if is_dataclass(value):
        return [text for field in fields(value) for text in texts_of(getattr(value, field.name))]
    if isinstance(value, (tuple, list)):
        return [text for item in value for text in texts_of(item)]
    return []


def every_state() -> list[State]:
    return [
        welcome(),
        run(welcome(), e.ReaderHealth("unplugged"))[0],
        run(welcome(), e.Unreadable("payment_qr"))[0],
        run(welcome(), e.Scanned(IDENTITY))[0],
        run(welcome(), e.Scanned(IDENTITY), e.Tick(60.0))[0],
        choosing(),
        asking(),
        shown(),
        shown(already_held=True),
        run(shown(), e.PrinterOutcome("t1", printed=False, code="paper_out"))[0],
        run(asking(), e.ServerAway("req-1"))[0],
        run(asking(), e.TicketRefused("req-1", "no_open_room"))[0],
        run(welcome(), touch("no_card"))[0],
        run(welcome(), touch("unwell"))[0],
        run(welcome(), touch("help"), e.AlertOutcome("help", sent=False))[0],
        run(welcome(), e.FeedAway(), e.Tick(30.0))[0],
    ]


@pytest.mark.parametrize("language", THE_THREE)
def test_every_screen_is_in_the_language_asked_for(language: str) -> None:
    """No text of ours may come from the other language, nor be a key."""
    other = "en" if language == "vi" else "vi"
    catalogues = load_catalogues().texts
    kiosk_keys = [key for key in catalogues["vi"] if key.startswith("kiosk.")]
    foreign = {catalogues[other][key][0] for key in kiosk_keys if "{" not in catalogues[other][key][0]}
    foreign -= {catalogues[language][key][0] for key in kiosk_keys}
    foreign.discard(t("kiosk.language.own_name", other))
    for state in every_state():
        view = look(replace(state, comfort=Comfort(language)))
        texts = texts_of(view)
        assert not foreign & set(texts)
        assert not [text for text in texts if text.startswith("kiosk.") or "{" in text]


@pytest.mark.parametrize("state", every_state())
def test_no_screen_shows_what_an_onlooker_could_use(state: State) -> None:
    shown_texts = "\n".join(texts_of(look(state)))
    assert not any(text in shown_texts for text in PERSONAL)


def test_is_this_you_shows_family_name_year_and_three_digits() -> None:
    body = look(run(welcome(), e.Scanned(IDENTITY))[0]).body
    assert isinstance(body, IsThisYou)
    assert body.name == "Nguyễn V. T."
    assert [fact.value for fact in body.facts] == ["1990", "•••017"]
    assert body.document.label == "Căn cước"


def test_a_card_without_a_name_still_has_something_to_recognise() -> None:
    only_code = Identity(document="bhyt_10", bhxh_code="0123456789")
    body = look(run(welcome(), e.Scanned(only_code))[0]).body
    assert isinstance(body, IsThisYou)
    assert (body.name, [fact.value for fact in body.facts]) == ("", ["•••789"])


def test_six_tiles_then_more_and_closed_ones_say_why() -> None:
    state = choosing()
    first, second = look(state), look(run(state, touch("turn_page"))[0])
    assert isinstance(first.body, WhatFor)
    assert isinstance(second.body, WhatFor)
    assert [len(view.body.tiles) for view in (first, second)] == [6, 4]  # type: ignore[union-attr]
    assert [(tile.button.label, tile.place, tile.closed) for tile in first.body.closed] == [
        ("Da liễu", "Bác sĩ nghỉ trưa. Mở lại lúc 13:30", "Đang đóng")
    ]
    assert second.body.closed[0].place == "Hiện chưa nhận số mới"
    assert not any(tile.button.intent for tile in (*first.body.closed, *second.body.closed))
    assert first.frame.primary is not None
    assert (first.frame.primary.intent, first.frame.primary.note) == ("turn_page", "Trang 1/2")
    assert look(run(state, touch("turn_page"), touch("turn_page"))[0]).body == first.body


@pytest.mark.parametrize("size", range(4))
@pytest.mark.parametrize("count", range(13))
def test_no_service_is_lost_between_pages(size: int, count: int) -> None:
    state = choosing()
    state = replace(
        state,
        comfort=Comfort("vi", size),
        hospital=replace(state.hospital, services=services()[-count:] if count else ()),
    )
    found = [service.service_id for page in pages_of(state) for service in (*page.open, *page.closed)]
    assert sorted(found) == sorted(service.service_id for service in state.hospital.services)
    assert look(state).frame.primary is not None


def test_what_staff_send_people_to_has_no_tile() -> None:
    state = choosing()
    sent_to = services()[0].model_copy(update={"self_service": False})
    state = replace(state, hospital=replace(state.hospital, services=(sent_to, *services()[1:])))
    found = [service.service_id for page in pages_of(state) for service in (*page.open, *page.closed)]
    assert sorted(found) == sorted(service.service_id for service in services()[1:])


def test_a_tile_tells_place_and_wait() -> None:
    body = look(choosing()).body
    assert isinstance(body, WhatFor)
    assert (body.tiles[1].place, body.tiles[1].wait) == ("Phòng 1, tầng 2", "Chờ 30–45 phút")
    assert body.tiles[0].place == "2 phòng"


def test_choosing_shows_progress_at_once_and_takes_the_way_back_away() -> None:
    view = look(asking())
    assert isinstance(view.body, WhatFor)
    assert [tile.busy for tile in view.body.tiles][:2] == [True, False]
    assert (view.frame.back, view.frame.primary) == (None, None)


def test_the_number_tells_all_that_is_needed() -> None:
    view = look(run(shown(), e.PrinterOutcome("t1", printed=True))[0])
    body = view.body
    assert isinstance(body, YourNumber)
    assert (body.number, body.room, body.floor, body.arrow) == ("A012", "Phòng 5", "Tầng 2", "arrow-up-right")
    assert (body.ahead.value, body.wait.value) == ("7 người", "25–40 phút")
    assert body.code == "http://queue.an-binh.vn/t/7hq2m9xk4d"
    assert (body.paper, body.paper_title) == ("take", "Lấy phiếu")
    assert "phòng 5" in body.missed
    assert view.frame.primary is not None
    assert "10" in view.frame.primary.note


def test_a_number_of_a_pool_tells_where_to_wait_and_that_the_room_comes_with_the_call() -> None:
    body = look(run(shown(pooled=True), e.PrinterOutcome("t1", printed=True))[0]).body
    assert isinstance(body, YourNumber)
    assert (body.room, body.floor) == ("Khu khám Nội", "Tầng 2")
    assert body.directions == "Số phòng sẽ được báo khi gọi"
    assert body.missed == "Nếu lỡ lượt, xin báo nhân viên. Số vẫn được giữ."


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("paper_out", "Máy hết giấy"),
        ("cover_open", "Máy in đang mở"),
        ("unsure", "Chưa có phiếu?"),
        ("x", "Không in được"),
    ],
)
def test_without_paper_it_says_why_and_to_keep_the_number(code: str, title: str) -> None:
    body = look(run(shown(), e.PrinterOutcome("t1", printed=False, code=code))[0]).body
    assert isinstance(body, YourNumber)
    assert (body.paper, body.paper_title) == ("failed", title)
    assert "chụp ảnh" in body.paper_text


def test_a_held_ticket_offers_a_reprint_once() -> None:
    state = shown(already_held=True)
    body = look(state).body
    assert isinstance(body, YourNumber)
    assert body.reprint is not None
    assert body.label.startswith("Ông/bà đã có số")
    again = look(run(state, touch("reprint"), e.PrinterOutcome("t1", printed=True))[0]).body
    assert isinstance(again, YourNumber)
    assert again.reprint is None


def test_nobody_ahead_is_said_as_such() -> None:
    body = look(shown(people_ahead=0)).body
    assert isinstance(body, YourNumber)
    assert body.ahead.value == "Không có ai"


@pytest.mark.parametrize("state", [state for state in every_state() if state.screen == "trouble"])
def test_trouble_says_what_happened_what_to_do_and_whether_a_place_is_held(state: State) -> None:
    body = look(state).body
    assert isinstance(body, TroubleBody)
    assert body.heading
    assert body.happened
    assert len(body.steps) >= 2
    assert body.held


@pytest.mark.parametrize("language", THE_THREE)
@pytest.mark.parametrize("group", REFUSAL_GROUPS)
def test_every_reason_has_a_name_and_advice(group: str, language: str) -> None:
    words = Words(language)
    assert words(f"kiosk.scan.{group}.heading")
    assert words(f"kiosk.scan.{group}.advice")


def test_every_refusal_of_a_card_has_a_group_of_its_own_or_is_unknown() -> None:
    from typing import get_args

    from hardware.scanner.cards import RefusalCode

    assert {code for code in get_args(RefusalCode) if refusal_group(code) == "unknown"} == {"unrecognised"}


def test_two_codes_before_the_camera_are_told_with_what_to_do() -> None:
    state, _ = run(welcome(), e.ReaderHint("multiple_payloads"), e.Tick(10.0 + flow.HINT_AFTER_S))
    body = look(state).body
    assert isinstance(body, Welcome)
    assert body.hint == t("kiosk.scan.several.advice", "vi")


def test_a_refused_code_shows_both_sides_of_the_card() -> None:
    body = look(run(welcome(), e.Unreadable("payment_qr"))[0]).body
    assert isinstance(body, Scan)
    assert body.heading == "Đây là mã thanh toán"
    assert body.show_sides


def test_trying_again_with_a_card_does_not_begin_with_a_reproach() -> None:
    body = look(run(welcome(), touch("no_card"), touch("try_again"))[0]).body
    assert isinstance(body, Scan)
    assert (body.heading, body.tone) == ("Xin đưa thẻ vào đầu đọc", "calm")
    assert body.show_sides


def test_with_a_broken_reader_nobody_is_sent_back_to_it() -> None:
    body = look(run(welcome(), e.ReaderHealth("unplugged"), touch("no_card"))[0]).body
    assert isinstance(body, TroubleBody)
    assert body.second is None
    assert not any("đầu đọc" in step.value for step in body.steps)


def test_a_call_for_help_promises_only_what_is_known() -> None:
    """The server has the call; whether anybody is on the way, nobody knows."""
    sheet = look(run(welcome(), touch("unwell"), e.AlertOutcome("unwell", sent=True))[0]).sheet
    assert sheet is not None
    assert sheet.heading == "Đã báo nhân viên"


def test_a_broken_reader_is_said_on_the_first_screen() -> None:
    body = look(run(welcome(), e.ReaderHealth("unplugged"))[0]).body
    assert isinstance(body, Welcome)
    assert "Tôi không có thẻ" in body.warning


def test_still_here_counts_down() -> None:
    state, _ = run(choosing(), e.Tick(10 + flow.IDLE_S), e.Tick(10 + flow.IDLE_S + 5))
    sheet = look(state).sheet
    assert sheet is not None
    assert (sheet.seconds, sheet.button.intent) == ("15", "still_here")


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (None, ""),
        (WaitEstimate(), ""),
        (WaitEstimate(low_minutes=0, high_minutes=0), "vào ngay"),
        (WaitEstimate(low_minutes=0, high_minutes=5), "dưới 5 phút"),
        (WaitEstimate(low_minutes=5, high_minutes=5), "khoảng 5 phút"),
        (WaitEstimate(low_minutes=5, high_minutes=15), "5–15 phút"),
    ],
)
def test_waits_in_words(wait: WaitEstimate | None, words: str) -> None:
    assert wait_words(wait, "vi") == words


def test_floors_in_words() -> None:
    words = Words("vi")
    assert [words.floor(floor) for floor in (2, 0, -1)] == ["Tầng 2", "Tầng trệt", "Tầng hầm 1"]
    assert words.place(ROOM) == "Phòng 5, tầng 2"
    assert Words("en").place(ROOM) == "Room 5, floor 2"


def test_an_arrived_ticket_without_page_has_no_code() -> None:
    bare = ticket().model_copy(update={"address": ""})
    body = look(run(asking(), e.TicketArrived("req-1", bare))[0]).body
    assert isinstance(body, YourNumber)
    assert body.code == ""


@pytest.mark.parametrize("scheme", PALETTES)
def test_every_pair_of_every_scheme_is_seven_to_one(scheme: str) -> None:
    colours = PALETTES[scheme]  # type: ignore[index]
    pairs = [
        (colours.ink, colours.surface), (colours.ink, colours.background), (colours.ink, colours.accent_soft),
        (colours.ink, colours.disabled), (colours.ink, colours.warning_soft), (colours.ink, colours.danger_soft),
        (colours.ink_muted, colours.surface), (colours.ink_muted, colours.background),
        (colours.accent, colours.surface), (colours.accent, colours.background), (colours.accent, colours.accent_soft),
        (colours.on_accent, colours.accent), (colours.warning, colours.warning_soft),
        (colours.danger, colours.danger_soft), (colours.on_danger, colours.danger),
        (colours.positive, colours.surface),
    ]  # fmt: skip
    assert [pair for pair in pairs if contrast(*pair) < 7] == []
