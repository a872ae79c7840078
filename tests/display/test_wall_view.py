"""What the wall says: words in two languages, marks, flashing, and honesty when it is not live."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from display.board import Board, apply
from display.room_news import MOVED_SHOWN_S
from display.view import FLASH_STOPS_AFTER_S, Style, WallView, Words, changes_by_itself, look
from protocol.frames import Numbered, ServicesChanged
from protocol.nouns import Pause, Room, Site, Zone
from tests.display.feed_words import at, beat, called, moved, over, recent, snapshot, undone

BOTH = Style()
VIETNAMESE = Style(languages=("vi",))


def wall() -> Board:
    board = apply(Board(), snapshot(*(recent(seq, f"B{seq:03d}", str(seq)) for seq in range(1, 9))), 0.0)
    return apply(board, called(20, "A012", "25"), 100.0)


def test_heroes_number_room_and_service_in_both_languages() -> None:
    newest, earlier = look(wall(), 104.0, BOTH).heroes
    assert (newest.number, newest.room, newest.filled) == ("A012", "25", True)
    assert newest.label == Words("Vừa gọi", "Just called")
    assert newest.service == Words("Khám Nội", "Internal medicine")
    assert (earlier.number, earlier.filled, earlier.label.first) == ("B008", False, "Đang mời")


def test_one_language_leaves_the_second_line_empty() -> None:
    view = look(wall(), 104.0, VIETNAMESE)
    assert view.heroes[0].label == Words("Vừa gọi")
    assert view.notice.words.second == ""
    assert view.called_label == Words("Đã gọi")


def test_at_least_six_earlier_calls() -> None:
    view = look(wall(), 104.0, BOTH)
    assert [row.number for row in view.rows] == ["B007", "B006", "B005", "B004", "B003", "B002"]
    assert view.shown() == {20, 8, 7, 6, 5, 4, 3, 2}


def test_a_call_that_waits_for_a_place_is_in_the_list_at_once_and_marked() -> None:
    board = wall()
    for seq in (21, 22):
        board = apply(board, called(seq, f"C{seq}"), 101.0)
    row = look(board, 101.0, BOTH).rows[0]
    assert (row.number, row.calling, row.icon, row.mark.second) == ("C22", True, "megaphone", "Now calling")


def test_who_did_not_come_is_marked_with_a_word_and_an_icon() -> None:
    board = apply(wall(), over(21, "B007", "not_here"), 105.0)
    row = look(board, 105.0, BOTH).rows[0]
    assert (row.number, row.icon, row.mark) == ("B007", "user-x", Words("Vắng mặt", "Not here"))


def test_the_arrow_is_the_walls_own() -> None:
    style = Style(arrows={"25": "up-left"})
    newest, earlier = look(wall(), 104.0, style).heroes
    assert (newest.arrow, earlier.arrow) == ("arrow-up-left", "arrow-right")


def test_title_and_clock() -> None:
    view = look(wall(), 160.0, BOTH)
    assert view.title == "Khu khám Nội, tầng 2"
    assert view.subtitle == "Internal medicine, floor 2 · Bệnh viện Đa khoa An Bình"
    assert view.clock == "09:41", "the server said 09:40:20 a minute before"


def test_a_wall_without_a_zone_names_the_hospital() -> None:
    site = Site(site_id="a", names={"vi": "Bệnh viện An Bình"})
    told = snapshot(site=site, zone=Zone(zone_id="other", names={}))
    board = apply(Board(), told.model_copy(update={"zones": ()}), 0.0)
    view = look(board, 0.0, BOTH)
    assert (view.title, view.subtitle) == ("Bệnh viện An Bình", "")


def test_it_says_in_words_when_it_is_not_live_and_since_when() -> None:
    view = look(wall(), 111.0, BOTH)
    assert not view.live
    assert view.live_words == Words("Không trực tiếp", "Not live")
    assert view.live_icon == "wifi-off"
    assert view.notice.warning
    assert "09:40" in view.notice.words.first
    assert "09:40" in view.notice.words.second
    assert [hero.number for hero in view.heroes] == ["A012", "B008"], "the last calls stay"
    assert [(hero.filled, hero.label.first) for hero in view.heroes] == [(False, "Đã gọi")] * 2, "but nothing is new"


def test_before_the_first_word_of_the_server_and_when_it_refuses() -> None:
    connecting = look(Board(), 5.0, BOTH)
    assert not connecting.live
    assert connecting.notice.words.first.startswith("Đang kết nối")
    assert (connecting.title, connecting.clock) == ("Đến Lượt", "")
    refused = look(wall(), 101.0, BOTH, "refused")
    assert not refused.live
    assert "chưa được phép" in refused.notice.words.first


def test_notices_turn_like_pages() -> None:
    board = wall()
    pages = []
    for second in (96.0, 107.9, 108.1, 109.0):
        pages.append(look(apply(board, None, second), second, BOTH).notice)
    assert pages[0] == pages[1]
    assert pages[0] != pages[2]
    assert pages[2] == pages[3]
    assert {page.page.first for page in pages} <= {"Trang 1/3", "Trang 2/3", "Trang 3/3"}
    assert not pages[0].warning


def test_a_hospitals_own_notice() -> None:
    style = Style(notices=({"vi": "Căng tin ở tầng 1.", "en": "Canteen on floor 1."},))
    notice = look(wall(), 104.0, style).notice
    assert notice.words == Words("Căng tin ở tầng 1.", "Canteen on floor 1.")
    assert notice.page == Words("")


def pages_of(board: Board, now: float) -> list[str]:
    """Every page of the notice, in order."""
    count = int(look(board, now, BOTH).notice.page.first.rpartition("/")[2])
    begin = now - now % count
    return [look(board, begin + page, Style(page_s=1.0)).notice.words.first for page in range(count)]


def test_who_is_to_go_to_another_room_is_told_a_few_numbers_at_a_time() -> None:
    board = wall()
    for place in range(1, 8):
        board = apply(board, moved(30 + place, f"A{place:03d}", "7"), 101.0)
    told = pages_of(board, 102.0)
    assert told[:2] == [
        "A001, A002, A003, A004, A005: xin sang chờ phòng 7.",
        "A006, A007: xin sang chờ phòng 7.",
    ]
    assert len(told) == 5
    board = apply(board, called(40, "A006", "7"), 103.0)
    board = apply(board, undone(41, "A007", 37, "ticket_transferred"), 103.0)
    assert len(pages_of(board, 103.0)) == 4, "called, or sent back: no longer told to go elsewhere"
    later = apply(board, beat(42, 420.0), 103.0 + MOVED_SHOWN_S)
    assert later.news.moved == ()


def test_a_room_that_pauses_is_told_until_when() -> None:
    room = Room(room_id="room-5", number="5", names={}, zone_id="noi", pause=Pause(reason="break", until=at(1800)))
    elsewhere = room.model_copy(update={"number": "9", "zone_id": "mat"})
    frame = ServicesChanged(services=(), rooms=(room, elsewhere))
    board = apply(wall(), Numbered(seq=30, previous=29, at=at(30), frame=frame), 101.0)
    told = pages_of(board, 102.0)
    assert told[0] == "Phòng 5 tạm nghỉ đến 10:10. Xin ngồi chờ, thứ tự vẫn được giữ."
    assert len(told) == 4
    icons = [look(board, 100.0 + page, Style(page_s=1.0)).notice.icon for page in range(4)]
    assert icons == ["door-open", "info", "info", "info"]


def test_a_snapshot_never_flashes() -> None:
    board = apply(Board(), snapshot(recent(1, "A1")), 0.0)
    assert not changes_by_itself(board, 0.1)
    assert all(look(board, step / 50, BOTH).heroes[0].lit for step in range(200))


def flashes(style: Style, step_s: float) -> list[bool]:
    return [look(wall(), 100.0 + step * step_s, style).heroes[0].lit for step in range(int(6.0 / step_s))]


def test_a_new_call_flashes_gently_and_stops() -> None:
    lit = flashes(BOTH, 0.02)
    assert lit[0]
    assert not all(lit)
    assert all(lit[int(FLASH_STOPS_AFTER_S / 0.02) :])
    changes = [index for index in range(1, len(lit)) if lit[index] != lit[index - 1]]
    for index in range(len(lit)):
        in_a_second = [change for change in changes if index <= change < index + 50]
        assert len(in_a_second) <= 6, "at most three flashes (pairs of changes) in any second"
    assert changes_by_itself(wall(), 101.0)
    assert not changes_by_itself(wall(), 104.0)


def test_nothing_flashes_where_motion_is_reduced() -> None:
    assert all(flashes(Style(flash=False), 0.05))


@pytest.mark.parametrize("languages", [("vi",), ("en",), ("vi", "en"), ("en", "vi")])
@given(now=st.floats(100.0, 4000.0))
def test_every_moment_has_words(languages: tuple[str, ...], now: float) -> None:
    view: WallView = look(wall(), now, Style(languages=languages))
    texts = (view.title, view.live_words.first, view.notice.words.first, view.empty.first, view.called_label.first)
    assert all(texts)
    assert bool(view.notice.words.second) == (len(languages) == 2)
    assert not any("{" in text for text in (*texts, view.notice.words.second, view.notice.page.first))
