"""What the voice says: each call once and once more, in order, in the right languages, never late."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from display.announcer import (
    LIVE_TOO_OLD_S,
    NO_REPETITION_FROM,
    ONE_LANGUAGE_FROM,
    REPEAT_GAP_S,
    Announcement,
    Ended,
    Happening,
    Say,
    Spoken,
    Told,
    next_due,
    to_say,
)
from tests.display.feed_words import called, held, over, recent, sent_on, snapshot, undone


@dataclass
class Voice:
    """Carries out the wishes as the app does, with a speaker that needs `takes_s` for each and says `heard`."""

    takes_s: float = 5.0
    heard: bool = True
    by_language: bool = False
    """It needs `takes_s` for each language."""
    spoken: Spoken = field(default_factory=Spoken)
    now: float = 0.0
    said: list[tuple[float, Announcement]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    _ends: tuple[float, int] | None = None

    def happens(self, happening: Happening) -> None:
        wishes, self.spoken = to_say(happening, self.spoken, self.now)
        for wish in wishes:
            if isinstance(wish, Told):
                self.told.append(wish)
            else:
                assert self._ends is None, "two things said at once"
                self.said.append((self.now, wish.announcement))
                times = len(wish.announcement.languages) if self.by_language else 1
                self._ends = (self.now + self.takes_s * times, wish.announcement.call_seq)

    def until(self, then: float) -> None:
        """Let time go by, in quarters of a second."""
        while self.now < then:
            self.now = min(then, self.now + 0.25)
            if self._ends is not None and self.now >= self._ends[0]:
                seq, self._ends = self._ends[1], None
                self.happens(Ended(seq, self.heard, "ok" if self.heard else "sound_device_away"))
            else:
                self.happens(None)

    def order(self) -> list[tuple[str, bool]]:
        return [(announcement.number, announcement.repeated) for _, announcement in self.said]


def test_a_call_is_said_at_once_and_once_more_after_a_gap() -> None:
    voice = Voice()
    voice.happens(called(1, "A012", "25"))
    voice.until(60)
    assert [at for at, _ in voice.said] == [0.0, 5.0 + REPEAT_GAP_S]
    assert voice.order() == [("A012", False), ("A012", True)]
    assert voice.told == [Told(1, "heard", "ok")]
    first, again = (announcement.texts() for _, announcement in voice.said)
    assert first == (("vi", "Mời bệnh nhân có số thứ tự A không một hai, vào phòng số hai mươi lăm."),)
    assert again[0][1].startswith("Xin nhắc lại. ")


def test_the_patients_language_first_then_the_houses() -> None:
    voice = Voice()
    voice.happens(called(1, "A012", "5", language="en"))
    _, announcement = voice.said[0]
    assert [language for language, _ in announcement.texts()] == ["en", "vi"]


def test_a_language_that_nobody_can_say_is_said_in_the_houses() -> None:
    voice = Voice()
    voice.happens(called(1, "A012", "5", language="km"))
    assert [language for language, _ in voice.said[0][1].texts()] == ["vi"]


def test_first_in_first_out_and_first_calls_before_repetitions() -> None:
    voice = Voice(takes_s=5.0)
    for seq in (1, 2, 3):
        voice.happens(called(seq, f"A{seq}"))
    voice.until(80)
    assert voice.order()[:3] == [("A1", False), ("A2", False), ("A3", False)]
    assert [number for number, repeated in voice.order() if repeated] == ["A1", "A2", "A3"]


# --- a line of calls -------------------------------------------------------------------------------------------------


def at_once(rooms: int, language: str, seconds_a_language: float) -> Voice:
    """So many rooms call at the same moment; a speaker needs so long for each language."""
    voice = Voice(seconds_a_language, by_language=True)
    for seq in range(1, rooms + 1):
        voice.happens(called(seq, f"A{seq}", language=language))
    voice.until(400)
    return voice


@pytest.mark.parametrize(
    ("rooms", "language", "seconds", "within"), [(8, "vi", 4.6, 40), (8, "en", 4.75, 60), (30, "vi", 4.6, 150)]
)
def test_rooms_that_call_at_once_are_all_spoken_for_in_order(
    rooms: int, language: str, seconds: float, within: float
) -> None:
    voice = at_once(rooms, language, seconds)
    firsts = [(at, announcement.number) for at, announcement in voice.said if not announcement.repeated]
    assert [number for _, number in firsts] == [f"A{seq}" for seq in range(1, rooms + 1)]
    assert firsts[-1][0] <= within
    assert voice.told == [Told(seq, "heard") for seq in range(1, rooms + 1)]


def test_a_line_gives_up_repetitions_first_and_then_the_second_language() -> None:
    assert NO_REPETITION_FROM < ONE_LANGUAGE_FROM
    voice = at_once(8, "en", 4.75)
    languages = {call.number: call.languages for _, call in voice.said if not call.repeated}
    assert [number for number, said in languages.items() if said == ("en",)] == ["A2", "A3", "A4"]
    assert {said for number, said in languages.items() if number not in ("A2", "A3", "A4")} == {("en", "vi")}
    assert [number for number, repeated in voice.order() if repeated] == ["A6", "A7", "A8"]


def test_a_repetition_that_waits_is_given_up_when_a_line_forms() -> None:
    voice = Voice()
    voice.happens(called(1, "A1"))
    voice.until(6)
    for seq in range(2, 2 + NO_REPETITION_FROM + 1):  # the first of them is begun at once
        voice.happens(called(seq, f"A{seq}"))
    voice.until(100)
    assert ("A1", True) not in voice.order()


def test_what_nobody_heard_is_tried_again_even_where_a_line_waits() -> None:
    voice = Voice(takes_s=5.0, heard=False)
    for seq in range(1, 6):
        voice.happens(called(seq, f"A{seq}"))
    voice.until(6)
    voice.heard = True
    voice.until(100)
    assert ("A1", True) in voice.order()


def test_a_call_waits_for_its_turn_for_minutes_and_not_for_ever() -> None:
    voice = Voice(takes_s=LIVE_TOO_OLD_S - 1)
    voice.happens(called(1, "A1"))
    voice.happens(called(2, "A2"))
    voice.until(LIVE_TOO_OLD_S)
    assert voice.order() == [("A1", False), ("A2", False)]
    late = Voice(takes_s=LIVE_TOO_OLD_S + 1)
    late.happens(called(1, "A1"))
    late.happens(called(2, "A2"))
    late.until(LIVE_TOO_OLD_S + 1)
    assert Told(2, "expired", "too_old") in late.told


def test_a_call_of_a_snapshot_does_not_wait_as_long_as_a_live_one() -> None:
    voice = Voice(takes_s=12.0)
    voice.happens(called(1, "A1"))
    voice.happens(
        snapshot(
            recent(1, "A1", age_s=0, heard=False),
            recent(2, "A2", age_s=10, heard=False),
        )
    )
    voice.happens(called(3, "A3"))
    voice.until(60)
    assert [number for number, repeated in voice.order() if not repeated] == ["A1", "A3"]
    assert Told(2, "expired", "too_old") in voice.told


def test_a_number_that_is_over_before_its_turn_is_not_said() -> None:
    for gone in (over(3, "A2"), held(3, "A2")):
        voice = Voice()
        voice.happens(called(1, "A1"))
        voice.happens(called(2, "A2"))
        voice.happens(gone)
        voice.until(60)
        assert voice.order() == [("A1", False), ("A1", True)]
        assert Told(2, "expired", "over") in voice.told


def test_a_number_that_went_over_while_the_line_was_cut_is_not_said() -> None:
    voice = Voice()
    voice.happens(called(1, "A1"))
    voice.happens(called(2, "A2"))
    one, two = recent(1, "A1", age_s=2, heard=False), recent(2, "A2", age_s=2, heard=False)
    voice.happens(snapshot(one, two, over=frozenset({"A2"})))
    voice.until(60)
    assert voice.order() == [("A1", False), ("A1", True)]
    assert Told(2, "expired", "over") in voice.told


def test_who_was_missed_before_the_voice_came_to_them_is_still_called() -> None:
    voice = Voice()
    voice.happens(called(1, "A1"))
    voice.happens(called(2, "A2"))
    voice.happens(over(3, "A2", "not_here"))
    voice.until(60)
    assert ("A2", False) in voice.order()


def test_a_newer_call_of_an_unsaid_number_is_said_in_its_place() -> None:
    voice = Voice()
    for seq in (1, 2, 3):
        voice.happens(called(seq, f"A{seq}"))
    voice.happens(called(4, "A2", "7"))
    voice.until(80)
    firsts = [(call.number, call.room) for _, call in voice.said if not call.repeated]
    assert firsts == [("A1", "5"), ("A2", "7"), ("A3", "5")]
    assert Told(2, "expired", "recalled") in voice.told


# --- what was missed -------------------------------------------------------------------------------------------------


def test_a_snapshot_is_not_said_save_for_young_calls_that_nobody_heard() -> None:
    voice = Voice()
    voice.happens(
        snapshot(
            recent(1, "A1", age_s=19, heard=True),
            recent(2, "A2", age_s=21, heard=False),
            recent(3, "A3", age_s=12, heard=False),
            recent(4, "A4", age_s=3, heard=False),
        )
    )
    voice.until(100)
    assert [number for number, repeated in voice.order() if not repeated] == ["A3", "A4"]
    voice.happens(snapshot(recent(3, "A3", age_s=19.5, heard=False), recent(4, "A4", age_s=10, heard=False)))
    voice.until(200)
    assert [number for number, repeated in voice.order() if not repeated] == ["A3", "A4"], "said already"


def test_a_number_that_is_over_in_the_snapshot_is_not_said() -> None:
    voice = Voice()
    voice.happens(snapshot(recent(1, "A1", age_s=2, heard=False), over=frozenset({"A1"})))
    assert voice.said == []


def test_a_finished_or_missed_number_is_not_repeated() -> None:
    for how in ("finished", "not_here"):
        voice = Voice()
        voice.happens(called(1, "A1"))
        voice.until(6)
        voice.happens(over(2, "A1", "finished" if how == "finished" else "not_here"))
        voice.until(60)
        assert voice.order() == [("A1", False)]


def test_a_number_that_is_over_while_it_is_said_is_said_to_the_end_and_not_again() -> None:
    voice = Voice()
    voice.happens(called(1, "A1"))
    voice.until(2)
    voice.happens(over(2, "A1"))
    voice.until(60)
    assert voice.order() == [("A1", False)]
    assert voice.told == [Told(1, "heard")]


def test_a_recall_is_a_call_of_its_own_and_takes_the_place_of_the_repetition() -> None:
    voice = Voice()
    voice.happens(called(1, "A1"))
    voice.until(8)
    voice.happens(called(2, "A1"))
    voice.until(80)
    assert [(announcement.call_seq, announcement.repeated) for _, announcement in voice.said] == [
        (1, False),
        (2, False),
        (2, True),
    ]


def test_the_same_frame_twice_is_said_once() -> None:
    voice = Voice()
    voice.happens(called(1, "A1"))
    voice.happens(called(1, "A1"))
    voice.until(60)
    assert voice.order() == [("A1", False), ("A1", True)]


def test_a_speaker_that_fails_is_told_and_tried_once_more() -> None:
    voice = Voice(takes_s=1.0, heard=False)
    voice.happens(called(1, "A1"))
    voice.until(4)
    assert voice.told == [Told(1, "failed", "sound_device_away")]
    voice.heard = True
    voice.until(60)
    assert voice.told[1:] == [Told(1, "heard", "ok")]
    assert not voice.said[1][1].texts()[0][1].startswith("Xin nhắc lại"), "nobody heard it before"
    assert len(voice.said) == 2


def test_what_has_no_words_is_an_announcement_without_texts() -> None:
    voice = Voice()
    voice.happens(called(1, "A1", "→"))
    assert voice.said[0][1].texts() == ()


def test_an_end_that_nobody_waits_for_changes_nothing() -> None:
    before = Spoken()
    assert to_say(Ended(9, heard=True), before, 1.0) == ((), before)


def test_next_due_is_when_to_look_again() -> None:
    voice = Voice()
    assert next_due(voice.spoken, 0.0) is None
    voice.happens(called(1, "A1"))
    assert next_due(voice.spoken, 0.0) is None, "it is being said"
    voice.until(6)
    assert next_due(voice.spoken, 6.0) == 5.0 + REPEAT_GAP_S - 6.0


# --- whatever the feed says ----------------------------------------------------------------------------------------

DAYS = st.lists(
    st.tuples(
        st.floats(0.0, 15.0),
        st.sampled_from(["call", "call", "call", "finish", "snapshot"]),
        st.integers(1, 9),
        st.sampled_from(["vi", "en", "km"]),
    ),
    max_size=25,
)


def lived(day: list[tuple[float, str, int, str]], takes_s: float, heard: bool) -> tuple[Voice, dict[int, float]]:
    voice, calls = Voice(takes_s=takes_s, heard=heard), dict[int, float]()
    for seq, (gap, kind, who, language) in enumerate(day, start=1):
        voice.until(voice.now + gap)
        if kind == "call":
            calls[seq] = voice.now
            voice.happens(called(seq, f"A{who}", language=language))
        elif kind == "finish":
            voice.happens(over(seq, f"A{who}"))
        else:
            known = sorted(calls)[-5:]
            ages = {call: voice.now - calls[call] for call in known}
            voice.happens(snapshot(*(recent(call, f"A{call}", age_s=ages[call], heard=False) for call in known)))
    voice.until(voice.now + 600)
    return voice, calls


@settings(max_examples=120, deadline=None)
@given(DAYS, st.floats(0.5, 12.0), st.booleans())
def test_each_call_is_said_at_most_twice_in_order_and_never_late(
    day: list[tuple[float, str, int, str]], takes_s: float, heard: bool
) -> None:
    voice, _ = lived(day, takes_s, heard)
    calls = [announcement for _, announcement in voice.said if not announcement.repeated]
    firsts = [announcement.call_seq for announcement in calls]
    again = [announcement.call_seq for _, announcement in voice.said if announcement.repeated]
    # A number that was called anew while it was being said counts as repeated, but it was said once only.
    assert len(firsts) == len(set(firsts))
    assert len(again) == len(set(again))
    assert calls == sorted(calls, key=lambda call: call.called_at)  # a newer call has the place of the unsaid one
    for at, announcement in voice.said:
        assert announcement.due <= at <= announcement.until
        assert len(set(announcement.languages)) == len(announcement.languages) <= 2


@settings(max_examples=120, deadline=None)
@given(DAYS, st.floats(0.5, 12.0), st.booleans())
def test_every_call_gets_an_outcome_and_nothing_stays_behind(
    day: list[tuple[float, str, int, str]], takes_s: float, heard: bool
) -> None:
    voice, calls = lived(day, takes_s, heard)
    assert {told.call_seq for told in voice.told} == set(calls)
    assert voice.spoken.waiting == ()
    assert voice.spoken.speaking is None
    wanted = "heard" if heard else "failed"
    assert {told.outcome for told in voice.told} <= {wanted, "expired"}
    assert {told.code for told in voice.told if told.outcome == "expired"} <= {"over", "recalled"}


def test_a_flood_stays_bounded_and_is_told() -> None:
    voice = Voice()
    for seq in range(1, 301):
        voice.happens(called(seq, f"A{seq:03d}"))
    assert len(voice.spoken.waiting) <= 101
    voice.until(700)
    assert {told.call_seq for told in voice.told} == set(range(1, 301))
    wishes, _ = to_say(None, voice.spoken, voice.now)
    assert not any(isinstance(wish, Say) for wish in wishes)


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_a_call_that_was_undone_before_it_was_said_is_never_said() -> None:
    voice = Voice()
    voice.happens(called(1, "A001"))
    voice.happens(called(2, "A002"))
    voice.happens(undone(3, "A002", 2))
    voice.until(60)
    assert voice.order() == [("A001", False), ("A001", True)]
    assert Told(2, "expired", "undone") in voice.told


def test_a_call_that_is_undone_while_it_is_said_is_not_cut_and_not_repeated() -> None:
    voice = Voice()
    voice.happens(called(1, "A001"))
    voice.happens(undone(2, "A001", 1))
    voice.until(60)
    assert voice.order() == [("A001", False)]
    assert [told.outcome for told in voice.told] == ["heard"]


def test_an_undone_recall_leaves_the_call_before_it_alone() -> None:
    voice = Voice()
    voice.happens(called(1, "A001"))
    voice.until(6)
    voice.happens(called(2, "A001"))
    voice.until(12)
    voice.happens(undone(3, "A001", 2, "ticket_called", "called"))
    voice.until(60)
    assert voice.order() == [("A001", False), ("A001", False)]


def test_who_is_held_is_not_called_again() -> None:
    voice = Voice()
    voice.happens(called(1, "A001"))
    voice.until(6)
    voice.happens(held(2, "A001"))
    voice.until(60)
    assert voice.order() == [("A001", False)]


def test_a_call_to_a_room_that_the_number_has_left_is_never_said() -> None:
    voice = Voice()
    voice.happens(called(1, "A001"))
    voice.happens(called(2, "A002"))
    voice.happens(sent_on(3, "A002"))
    voice.until(60)
    assert voice.order() == [("A001", False), ("A001", True)]
    assert Told(2, "expired", "transferred") in voice.told
