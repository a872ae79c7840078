"""What the voice says: each call once and once more, in order, in the right languages, never late."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from display.announcer import (
    REPEAT_GAP_S,
    REPEAT_WITHIN_S,
    TOO_OLD_S,
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
                self._ends = (self.now + self.takes_s, wish.announcement.call_seq)

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


def test_a_call_older_than_twenty_seconds_is_not_said_and_is_told_as_expired() -> None:
    voice = Voice(takes_s=9.0)
    for seq in range(1, 6):
        voice.happens(called(seq, f"A{seq}"))
    voice.until(60)
    firsts = [number for number, repeated in voice.order() if not repeated]
    assert firsts == ["A1", "A2", "A3"]
    assert {told.call_seq: told.outcome for told in voice.told} == {
        1: "heard",
        2: "heard",
        3: "heard",
        4: "expired",
        5: "expired",
    }


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
    voice.until(voice.now + 200)
    return voice, calls


@settings(max_examples=120, deadline=None)
@given(DAYS, st.floats(0.5, 12.0), st.booleans())
def test_each_call_is_said_at_most_twice_in_order_and_never_late(
    day: list[tuple[float, str, int, str]], takes_s: float, heard: bool
) -> None:
    voice, _ = lived(day, takes_s, heard)
    firsts = [announcement.call_seq for _, announcement in voice.said if not announcement.repeated]
    again = [announcement.call_seq for _, announcement in voice.said if announcement.repeated]
    # A number that was called anew while it was being said counts as repeated, but it was said once only.
    assert len(firsts) == len(set(firsts))
    assert len(again) == len(set(again))
    assert firsts == sorted(firsts)
    for at, announcement in voice.said:
        limit = REPEAT_WITHIN_S if announcement.heard_before else TOO_OLD_S
        assert at - announcement.called_at <= limit + 0.01
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


def test_a_flood_stays_bounded_and_is_told() -> None:
    voice = Voice()
    for seq in range(1, 301):
        voice.happens(called(seq, f"A{seq:03d}"))
    assert len(voice.spoken.waiting) <= 101
    voice.until(300)
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
