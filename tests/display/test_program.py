"""Feed, wall and voice together: what is shown, said and told to the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from display.program import Program, Setup
from display.view import Style, WallView
from hardware.speaker.fake import Behaviour, FakeSpeaker
from hardware.speaker.port import Heard, Utterance
from protocol.client import FeedLost
from protocol.requests import AcknowledgeCall
from tests.display.fake_server import FakeServer, until
from tests.display.feed_words import beat, called, over, recent, snapshot


@dataclass
class FakeScreen:
    """Draws at once, or never when it is broken."""

    broken: bool = False
    views: list[WallView] = field(default_factory=list)
    program: Program | None = None

    def show(self, view: WallView) -> None:
        self.views.append(view)
        if not self.broken and self.program is not None:
            asyncio.get_running_loop().call_soon(self.program.drawn, view)


class Clock:
    """The monotonic clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@dataclass
class Stage:
    server: FakeServer = field(default_factory=FakeServer)
    speaker: FakeSpeaker = field(default_factory=FakeSpeaker)
    screen: FakeScreen = field(default_factory=FakeScreen)
    clock: Clock = field(default_factory=Clock)
    program: Program | None = None


@asynccontextmanager
async def running(
    *, screen: bool = True, speaker: Behaviour | None = "well", style: Style | None = None, broken: bool = False
) -> AsyncIterator[Stage]:
    stage = Stage()
    stage.speaker.behaviour = speaker or "well"
    stage.screen.broken = broken
    stage.program = stage.screen.program = Program(
        stage.server,
        speaker=stage.speaker if speaker else None,
        screen=stage.screen if screen else None,
        setup=Setup(style or Style(), rooms=("room-5",)),
        clock=stage.clock,
    )
    task = asyncio.create_task(stage.program.run())
    try:
        yield stage
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_call_is_shown_said_and_both_are_told() -> None:
    async with running() as stage:
        stage.server.says(snapshot(), called(7, "A012", "25"))
        await until(lambda: len(stage.server.acknowledged()) == 2)
    assert sorted(stage.server.acknowledged()) == [(7, "heard", "ok"), (7, "shown", "ok")]
    assert stage.screen.views[-1].heroes[0].number == "A012"
    assert [said.text for said in stage.speaker.said] == [
        "Mời bệnh nhân có số thứ tự A không một hai, vào phòng số hai mươi lăm."
    ]
    assert stage.speaker.said[0].chime
    assert stage.server.rooms == ("room-5",)
    assert stage.server.closed
    assert stage.speaker.closed


async def test_a_foreign_patient_hears_two_languages_and_one_chime() -> None:
    async with running() as stage:
        stage.server.says(snapshot(), called(7, "A012", "5", language="en"))
        await until(lambda: len(stage.speaker.said) == 2)
    assert [(said.language, said.chime) for said in stage.speaker.said] == [("en", True), ("vi", False)]


async def test_the_repetition_is_said_and_not_acknowledged_again() -> None:
    async with running() as stage:
        stage.server.says(snapshot(), called(7, "A012"))
        await until(lambda: len(stage.speaker.said) == 1)
        stage.clock.ahead = 9.0
        await until(lambda: len(stage.speaker.said) == 2)
        await asyncio.sleep(0)
    assert stage.speaker.said[1].text.startswith("Xin nhắc lại. ")
    assert [outcome for _, outcome, _ in stage.server.acknowledged()].count("heard") == 1


async def test_a_snapshot_is_shown_and_not_said_save_for_what_was_missed() -> None:
    async with running() as stage:
        stage.server.says(snapshot(recent(1, "A001"), recent(2, "A002", age_s=5, heard=False)))
        await until(lambda: len(stage.server.acknowledged()) == 2)
    assert sorted(stage.server.acknowledged()) == [(2, "heard", "ok"), (2, "shown", "ok")]
    assert "A không không hai" in stage.speaker.said[0].text
    assert [hero.number for hero in stage.screen.views[-1].heroes] == ["A002", "A001"]


async def test_a_speaker_that_fails_is_told_to_the_server() -> None:
    async with running(speaker="unplugged") as stage:
        stage.server.says(snapshot(), called(7, "A012"))
        await until(lambda: (7, "failed", "sound_device_away") in stage.server.acknowledged())
        await until(lambda: stage.server.health("speaker") == [("away", "sound_device_away")])
    assert (7, "shown", "ok") in stage.server.acknowledged()


class BrokenSpeaker(FakeSpeaker):
    async def say(self, utterance: Utterance) -> Heard:
        raise RuntimeError("a fault of the driver")


async def test_a_speaker_with_a_fault_does_not_stop_the_queue_of_calls() -> None:
    server = FakeServer()
    program = Program(server, speaker=BrokenSpeaker())
    task = asyncio.create_task(program.run())
    server.says(snapshot(), called(1, "A001"), called(2, "A002"))
    await until(lambda: len(server.acknowledged()) == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert server.acknowledged() == [(1, "failed", "voice_failed"), (2, "failed", "voice_failed")]


async def test_a_screen_that_does_not_draw_is_told_within_three_seconds() -> None:
    async with running(broken=True, speaker=None) as stage:
        stage.server.says(snapshot(), called(7, "A012"))
        await until(lambda: stage.screen.views and stage.screen.views[-1].heroes)
        stage.clock.ahead = 3.1
        await until(lambda: stage.server.acknowledged() == [(7, "failed", "not_drawn")])
        await until(lambda: stage.server.health("screen") == [("fault", "not_drawn")])
        stage.screen.broken = False
        stage.server.says(called(8, "A013"))
        await until(lambda: stage.server.health("screen")[-1] == ("ok", "ok"))
    assert stage.server.acknowledged()[-1] == (8, "shown", "ok")


async def test_a_device_that_only_speaks_acknowledges_only_what_is_heard() -> None:
    async with running(screen=False) as stage:
        stage.server.says(snapshot(), called(7, "A012"))
        await until(stage.server.acknowledged)
    assert stage.server.acknowledged() == [(7, "heard", "ok")]
    assert stage.screen.views == []


async def test_a_silent_wall_says_nothing() -> None:
    async with running(speaker=None) as stage:
        stage.server.says(snapshot(), called(7, "A012"))
        await until(stage.server.acknowledged)
    assert stage.server.acknowledged() == [(7, "shown", "ok")]
    assert stage.speaker.said == []


async def test_reports_wait_for_a_server_that_is_away_and_tell_their_age() -> None:
    async with running(screen=False) as stage:
        stage.server.away = True
        stage.server.says(snapshot(), called(7, "A012"))
        await until(lambda: stage.speaker.said)
        stage.clock.ahead = 2.0
        stage.server.away = False
        await until(stage.server.acknowledged)
    acknowledged = [one for one in stage.server.posted if isinstance(one, AcknowledgeCall)]
    assert acknowledged[0].age_s >= 2.0


async def test_a_refused_report_does_not_hold_up_the_others() -> None:
    async with running(screen=False) as stage:
        stage.server.refuses = True
        stage.server.says(snapshot(), called(7, "A012"))
        await until(lambda: stage.speaker.said)
        await asyncio.sleep(0.05)
        stage.server.refuses = False
        stage.server.says(called(8, "A013"))
        await until(stage.server.acknowledged)
    assert stage.server.acknowledged() == [(8, "heard", "ok")]


async def test_losing_the_feed_is_said_in_words_and_the_calls_stay() -> None:
    async with running() as stage:
        stage.server.says(snapshot(), called(7, "A012"), FeedLost(code="unreachable"))
        await until(lambda: stage.screen.views and stage.screen.views[-1].heroes)
        assert stage.screen.views[-1].live, "a moment without feed is no reason to alarm"
        stage.clock.ahead = 11.0
        await until(lambda: not stage.screen.views[-1].live)
        assert stage.screen.views[-1].notice.warning
        assert stage.screen.views[-1].heroes[0].number == "A012"
        stage.server.says(snapshot(recent(7, "A012")))
        await until(lambda: stage.screen.views[-1].live)
    assert stage.screen.views[-1].heroes[0].number == "A012"


async def test_a_revoked_display_says_so_at_once() -> None:
    async with running() as stage:
        stage.server.says(snapshot(), FeedLost(code="unknown_key"))
        await until(lambda: stage.screen.views and "chưa được phép" in stage.screen.views[-1].notice.words.first)
        stage.server.says(snapshot())
        await until(lambda: stage.screen.views[-1].live)


async def test_a_feed_that_breaks_in_an_unknown_way_is_followed_anew() -> None:
    async with running() as stage:
        stage.server.says(snapshot(), RuntimeError("a fault of the client"), snapshot(), called(7, "A012"))
        await until(lambda: stage.screen.views and stage.screen.views[-1].heroes)


async def test_what_is_not_well_is_told_again_after_joining_anew() -> None:
    async with running(speaker="unplugged") as stage:
        stage.server.says(snapshot())
        await until(lambda: stage.server.health("speaker"))
        told = len(stage.server.health("speaker"))
        stage.server.says(snapshot())
        await until(lambda: len(stage.server.health("speaker")) == told + 1)
    assert stage.server.health("speaker")[-1] == ("away", "sound_device_away")


async def test_a_finished_number_leaves_the_wall_by_itself() -> None:
    async with running(speaker=None) as stage:
        stage.server.says(snapshot(), called(7, "A012"), over(8, "A012"), beat(8, 1))
        await until(lambda: stage.screen.views and stage.screen.views[-1].heroes)
        stage.clock.ahead = 8.5
        await until(lambda: not stage.screen.views[-1].heroes)
    assert [row.number for row in stage.screen.views[-1].rows] == ["A012"]


async def test_a_new_call_flashes_and_then_stands_still() -> None:
    async with running(speaker=None, style=Style(languages=("vi",))) as stage:
        stage.server.says(snapshot(), called(7, "A012"))
        await until(lambda: any(view.heroes and not view.heroes[0].lit for view in stage.screen.views))
        stage.clock.ahead = 4.0
        await until(lambda: stage.screen.views[-1].heroes[0].lit)
        seen = len(stage.screen.views)
        await asyncio.sleep(0.6)
        assert len(stage.screen.views) <= seen + 1, "nothing changes: nothing is drawn"
