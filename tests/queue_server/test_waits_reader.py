"""The reader of the journal that foresees waits: started anew it foresees the same, and whoever asks hears of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from protocol.frames import PolicyChanged, TicketIssued
from protocol.nouns import Site
from protocol.policy import Capped, FirstCome, Strict
from protocol.requests import ChangeAssignment
from queue_server.command_line import tell_accuracy
from queue_server.errors import Invalid
from queue_server.store import journal
from queue_server.store.engine import Engine, open_engine
from queue_server.store.repository import ensure_site
from queue_server.store.schema import migrate
from queue_server.waits import Waits
from tests.queue_server.domain.waits.small_hospital import SEVEN, Story, in_order, plain_day
from tests.queue_server.support import Clock, House, make_hospital, open_house, settings

DAY = 1440.0
HALF_PAST_EIGHT = SEVEN + timedelta(days=4, minutes=90)


def learned() -> Story:
    """Four days, and a fifth until half past eight."""
    story = Story()
    for day in range(5):
        plain_day(story, day)
    story.told = [told for told in story.told if told.at <= HALF_PAST_EIGHT]
    return story


def write(
    connection: Connection, story: Story, until: datetime = HALF_PAST_EIGHT, after: datetime | None = None
) -> None:
    for told in in_order(story):
        if told.at <= until and (after is None or told.at > after):
            journal.append(connection, "main", told.frame, at=told.at, written_at=told.at, caller="staff:x")


@pytest.fixture
def keep(engine: Engine) -> Callable[..., None]:
    """Writes a story to a small hospital's journal."""
    with engine.begin() as connection:
        ensure_site(connection, Site(site_id="main", names={}))
        make_hospital(connection)

    def told(*arguments: Any) -> None:
        with engine.begin() as connection:
            write(connection, *arguments)

    return told


def reader(engine: Engine, clock: Clock, days: int = 14) -> Waits:
    return Waits(engine, "main", Capped(), days, clock)


def test_started_anew_in_the_middle_of_a_day_it_foresees_the_same(engine: Engine, keep: Callable[..., None]) -> None:
    story, clock = learned(), Clock(SEVEN + timedelta(days=2, hours=1))
    running = reader(engine, clock)
    keep(story, clock.now)
    running.catch_up()
    for hours in (10, 24, 47, 48):
        before, clock.now = clock.now, SEVEN + timedelta(days=2, hours=hours)
        keep(story, clock.now, before)
        running.catch_up()
    keep(story, HALF_PAST_EIGHT, clock.now)
    clock.now = HALF_PAST_EIGHT
    running.catch_up()
    anew = reader(engine, clock)
    anew.catch_up()
    assert set(anew.forecasts) == {"r1"}  # room 2 has never opened: the rule of thumb
    assert anew.forecasts["r1"].reason is None
    assert running.forecasts["r1"] == anew.forecasts["r1"]


def test_only_so_many_days_are_read(engine: Engine, keep: Callable[..., None]) -> None:
    keep(learned())
    nothing, all_days = (
        reader(engine, Clock(HALF_PAST_EIGHT + timedelta(days=20))),
        reader(engine, Clock(HALF_PAST_EIGHT)),
    )
    nothing.catch_up()
    all_days.catch_up()
    assert (dict(nothing.forecasts), len(all_days.forecasts)) == ({}, 1)


def test_what_was_in_force_before_is_told_by_the_journal(engine: Engine, keep: Callable[..., None]) -> None:
    story = learned()
    story.tell(3 * DAY, PolicyChanged(policy=FirstCome(), was=Strict()))
    keep(story)
    waits = reader(engine, Clock(HALF_PAST_EIGHT))
    waits.catch_up()
    queue = waits._outlook.estimator.queues["r1"] if waits._outlook else None
    assert queue is not None
    assert queue.policy.named == ("fifo", 0.0)


def test_it_learns_in_its_own_thread_and_is_woken(engine: Engine, keep: Callable[..., None]) -> None:
    looked, foreseen = threading.Event(), threading.Event()

    def clock() -> datetime:
        (foreseen if waits.forecasts else looked).set()
        return HALF_PAST_EIGHT

    waits = Waits(engine, "main", Capped(), 14, clock)
    keep(learned())
    waits.start()
    try:
        assert looked.wait(30)
        waits.wake()
        assert foreseen.wait(60)
    finally:
        waits.stop()
    assert waits.forecasts["r1"].normal


def test_no_days_are_no_thread(engine: Engine) -> None:
    waits = reader(engine, Clock(), days=0)
    waits.start()
    waits.stop()
    assert waits.forecasts == {}


def test_the_last_entry_before_a_moment(engine: Engine, keep: Callable[..., None]) -> None:
    story = learned()
    keep(story)
    lines = list(in_order(story))
    with engine.connect() as connection:
        for number in (0, 1, 77, len(lines) - 1):
            moment = lines[number].at
            expected = sum(line.at < moment for line in lines)
            assert journal.last_before(connection, "main", moment) == expected
        assert journal.last_before(connection, "main", SEVEN + timedelta(days=99)) == len(lines)


def lived_before(folder: Path) -> None:
    """The story is in the journal before the server starts; whatever its timers tell comes after."""
    story = learned()
    for number in range(5):
        story.issued(4 * DAY + 80 + number, f"waits-{number}")
    engine = open_engine(settings(folder).database_url.get_secret_value())
    migrate(engine)
    with engine.begin() as connection:
        ensure_site(connection, Site(site_id="main", names={}))
        write(connection, story)
    engine.dispose()


@pytest.fixture
async def wise(tmp_path: Path) -> AsyncIterator[House]:
    """A house that has lived the story, and whose reader has read it."""
    await asyncio.to_thread(lived_before, tmp_path)
    async with open_house(tmp_path, Clock(HALF_PAST_EIGHT)) as house:
        await read_anew(house)
        yield house


async def read_anew(house: House) -> None:
    house.core.waits.stop()
    await asyncio.to_thread(house.core.waits.catch_up)


async def test_a_ticket_is_told_what_is_foreseen_and_the_journal_keeps_it(wise: House) -> None:
    ticket = await wise.issue(1)
    wait = ticket["wait"]
    assert 0 <= wait["p10_minutes"] <= wait["p50_minutes"] <= wait["p90_minutes"]
    assert wait["low_minutes"] % 5 == wait["high_minutes"] % 5 == 0
    assert wait["high_minutes"] >= wait["p90_minutes"]
    with wise.core.engine.connect() as connection:
        (line,) = journal.newest(connection, "main", "ticket_issued", HALF_PAST_EIGHT, 1)
    assert isinstance(line.frame, TicketIssued)
    assert line.frame.promised is not None
    assert line.frame.promised.model_dump() == wait


async def test_whoever_comes_later_is_told_more_and_staff_see_it_of_everyone(wise: House) -> None:
    told = [(await wise.issue(number))["wait"]["p50_minutes"] for number in range(1, 12)]
    assert told[-1] > told[0]
    await wise.sign_in()
    board = (await wise.http.get("/api/rooms/r1/board")).json()
    middles = [one["wait"]["p50_minutes"] for one in board["waiting"]]
    assert len(middles) >= 5
    assert middles == sorted(middles)
    rooms = (await wise.http.get("/api/rooms")).json()["rooms"]
    assert rooms[0]["wait"]["p50_minutes"] >= middles[-1]


async def test_the_page_of_a_ticket_counts_down_and_says_when_nothing_can_be_said(wise: House) -> None:
    for number in range(1, 12):
        ticket = await wise.issue(number)
    page = f"{ticket['address']}?lang=en"
    wait = ticket["wait"]
    assert f"{wait['low_minutes']}–{wait['high_minutes']} min" in (await wise.http.get(page)).text.replace("\xa0", " ")
    wise.clock.forward(minutes=4, seconds=50)
    later = (await wise.http.get(page)).text.replace("\xa0", " ")
    assert f"{wait['low_minutes']}–{wait['high_minutes']} min" not in later
    wise.clock.forward(hours=3)
    await asyncio.to_thread(wise.core.waits.catch_up)
    assert "No number has been called for some time" in (await wise.http.get(page)).text


async def test_a_days_promises_are_measured(wise: House) -> None:
    for number in range(1, 4):
        await wise.issue(number)
    await wise.sign_in()
    for room_id in ("r1", "r2", "r1"):
        wise.clock.forward(minutes=7)
        await wise.call(room_id)
    found = (await wise.http.get("/api/waits/accuracy")).json()
    assert (found["day"], found["everyone"]["people"], found["learned"]) == ("2026-11-06", 3, 2)
    assert [(one["service_id"], one["people"]) for one in found["by"]] == [("general", 3)]
    before = (await wise.http.get("/api/waits/accuracy?day=2026-11-05")).json()
    assert (before["everyone"], before["nothing_said"]) == (None, 60)
    assert (await wise.http.get("/api/waits/accuracy?day=today")).status_code == 422


async def test_the_command_tells_the_same(wise: House) -> None:
    await wise.issue(1)
    await wise.sign_in()
    wise.clock.forward(minutes=7)
    await wise.call("r1")
    lines = await asyncio.to_thread(tell_accuracy, wise.core.settings, "2026-11-06")
    assert lines[0] == "2026-11-06"
    assert lines[2].split()[:3] == ["all", "all", "1"]
    with pytest.raises(Invalid):
        tell_accuracy(wise.core.settings, "yesterday")


async def test_who_waits_for_any_room_is_told_what_is_foreseen_for_the_pool(wise: House) -> None:
    await wise.sign_in("boss")
    pooled = ChangeAssignment(service_id="general", assignment="at_call")
    assert (await wise.send(pooled)).status_code == 200
    assert (await wise.issue(0))["wait"]["p50_minutes"] is None  # pools are learned from the next day on
    await read_anew(wise)
    waits = [(await wise.issue(number))["wait"] for number in range(1, 8)]
    middles = [wait["p50_minutes"] for wait in waits]
    assert None not in middles
    assert middles == sorted(middles)
    board = (await wise.http.get("/api/rooms/r1/board")).json()
    assert [one["wait"]["p50_minutes"] for one in board["waiting"]][1:] == middles
