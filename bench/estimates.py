"""Waits foreseen: what `denluot-server estimate` answers, and what is looked up for everyone who waits."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.client import quantile
from bench.history import _take
from queue_server.app import build
from queue_server.core import Core, utc_now
from queue_server.domain.waits.forecast import Forecast
from queue_server.emr.settings import EmrSettings
from queue_server.estimate_command import answers
from queue_server.settings import ServerSettings
from queue_server.store import repository as store
from queue_server.usecases import demo_data
from queue_server.usecases.change import Reading
from queue_server.usecases.foreseen import waits_of_line
from queue_server.usecases.once import look
from queue_server.usecases.ordering import line_of_room
from tests.queue_server.domain.waits.hospitals import OTHERS, Hospital

DAYS = 4
"""Learned before the day that is measured."""
WAITING = 300
ROUNDS = 200
AHEAD = 60
Row = tuple[str, float, str, float | None, str]


def _lines(hospital: Hospital, day: int) -> Iterator[str]:
    """A day's events; everyone asks when they come, and again after every tenth event while they wait."""
    waiting: dict[str, None] = {}
    for number, event in enumerate(hospital.one_day(day)):
        yield json.dumps(event)
        if event["ev"] == "arrive":
            waiting[event["ticket"]] = None
            yield json.dumps({"t": event["t"], "ev": "ask", "ticket": event["ticket"]})
        elif event["ev"] == "call":
            waiting.pop(event["ticket"], None)
        if number % 10 == 0 and waiting:
            yield json.dumps({"t": event["t"], "ev": "ask", "ticket": next(iter(waiting))})


def _resident_mb() -> float:
    return int(Path("/proc/self/status").read_text(encoding="utf-8").split("VmRSS:")[1].split()[0]) / 1024


def _command(hospital: Hospital) -> list[Row]:
    """Each answer as it comes out of the command, and the events between answers with it."""
    name = f"estimate, {hospital.discipline}"
    days = [list(_lines(hospital, day)) for day in range(DAYS + 1)]
    fed: list[float] = []

    def events() -> Iterator[str]:
        for day in days:
            for line in day:
                fed.append(time.perf_counter())
                yield line

    learned = sum(len(day) for day in days[:-1])
    told = [(len(fed), time.perf_counter() - fed[-1]) for _ in answers(events())]
    took = time.perf_counter() - fed[learned]
    each = [seconds for line, seconds in told if line > learned]
    begun = time.perf_counter()
    for line in days[-1]:
        json.loads(line)
    empty = time.perf_counter() - begun
    return [
        (f"{name}: answers, events learned between", len(each) / took, "/s of an empty pass", len(each) / empty, ""),
        (f"{name}: an answer, of 5 ms", sum(each) / len(each) * 1e3, "ms, mean", 5.0, "< 1"),
        (f"{name}: an answer, of 5 ms", quantile(each, 0.99) * 1e3, "ms, p99", 5.0, ""),
    ]


def _foreseen(minutes: float) -> Forecast:
    points = tuple((minutes * 40 * n, minutes * 60 * n, minutes * 85 * n) for n in range(1, AHEAD))
    return Forecast(utc_now() + timedelta(seconds=1), normal=points, first=points)


def _whole_line(reading: Reading) -> tuple[float, float]:
    """Waits a second for everyone in the line of a room, and how often a second the line is merely gone through."""
    site_id = reading.site.site_id
    room = next(one for one in store.load_rooms(reading.connection, site_id) if one.room_id == "room-1")
    line = line_of_room(
        reading, room, store.waiting_for(reading.connection, site_id, reading.today, room), reading.today
    )
    waits_of_line(reading, room, line)
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        waits_of_line(reading, room, line)
    told = time.perf_counter()
    for _ in range(ROUNDS):
        [choice.entry.entry_id for choice in line]
    passed = time.perf_counter()
    return ROUNDS * len(line) / (told - begun), ROUNDS * len(line) / (passed - told)


async def _live(folder: Path) -> list[Row]:
    settings = ServerSettings(
        database_url=f"sqlite:///{folder / 'estimates.sqlite3'}",  # type: ignore[arg-type]
        emr=EmrSettings(enabled=False, sandbox_enabled=False),
        learn_days=0,
    )
    app = build(settings)
    core = app.state.core
    assert isinstance(core, Core)
    async with app.router.lifespan_context(app):
        await core.writer.run(lambda connection: demo_data.make(connection, "main", "no password", utc_now(), {}))
        for _ in range(WAITING):
            await _take(core)
        core.waits.forecasts = {"room-1": _foreseen(8)}
        told, passed = await asyncio.to_thread(look, core, _whole_line)
    return [("live: waits looked up, one room's line", told, "/s of an empty pass", passed, "")]


def measure(folder: Path) -> list[Row]:
    """Rows for the table."""
    memory = _resident_mb()
    rows: list[Row] = []
    for hospital in OTHERS:
        if hospital.discipline in ("fifo", "apq", "capped"):
            rows += _command(hospital)
    rows.append(("estimate: memory", _resident_mb() - memory, "MB more", None, ""))
    return rows + asyncio.run(_live(folder))
