"""The composition root of the server. Nothing is opened, read or started before `build` is called."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from fastapi import FastAPI

from protocol.frames import Snapshot
from protocol.policy import Capped
from queue_server.api import (
    appointments,
    calling,
    description,
    devices,
    errors,
    feed,
    journeys,
    metrics,
    policies,
    room_state,
    service_settings,
    site,
    staff,
    waits,
)
from queue_server.api.front import Front
from queue_server.auth.limits import RateLimit
from queue_server.auth.passwords import Passwords
from queue_server.core import Clock, Core, first_site, utc_now
from queue_server.domain.waits.accuracy import Accuracy
from queue_server.emr.build import EmrParts, build_emr
from queue_server.emr.sandbox_api import MOUNT, sandbox_app
from queue_server.hub import Hub
from queue_server.settings import ServerSettings
from queue_server.snapshots import Snapshots
from queue_server.store import notes
from queue_server.store.engine import Connection, Engine, open_engine
from queue_server.store.repository import ensure_site
from queue_server.store.schema import migrate
from queue_server.store.writer import Writer
from queue_server.threads import to_the_end
from queue_server.usecases import announcing, holding, overnight, people, promises, rooms
from queue_server.usecases.callers import standing
from queue_server.usecases.calling import any_absent, mark_absent
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.foreseen import NewcomerWaits
from queue_server.usecases.listening import Ear, snapshot, waits_now
from queue_server.usecases.once import change, forget_old_answers, look, look_at_one_moment
from queue_server.waits import Waits
from queue_server.web import pages

log = logging.getLogger(__name__)

TIDY_S = 3600.0
TIMER_LOOK_S = 5.0
"""How often it is looked whether something is due by the clock."""
A_MINUTE_S = 60.0
SIGN_INS_A_MINUTE = 30
"""From one address: a ward's staff may all sit behind one."""
PAIRINGS_A_MINUTE = 10


def build(settings: ServerSettings, *, clock: Clock = utc_now, passwords: Passwords | None = None) -> FastAPI:
    """The whole server. Its long-lived parts start and stop with the application's lifespan."""
    engine = open_engine(settings.database_url.get_secret_value())
    core = _core(settings, engine, clock, passwords or Passwords())
    emr = build_emr(settings.emr, engine, core.writer, settings.site_id, clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with _running(core, emr):
            yield

    app = FastAPI(title="Đến Lượt", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.core = core
    app.state.emr = emr
    app.state.metrics = metrics.Metrics()
    app.state.metrics.watch(core)
    errors.install(app)
    for router in (
        devices.router,
        staff.router,
        policies.router,
        service_settings.router,
        journeys.router,
        site.router,
        calling.router,
        appointments.router,
        room_state.router,
        waits.router,
        feed.router,
        metrics.router,
        description.router,
    ):
        app.include_router(router)
    if emr.sandbox is not None:
        app.mount(MOUNT, sandbox_app(emr.sandbox))
    pages.install(app)
    app.add_middleware(Front, count=app.state.metrics.count)
    return app


def _core(settings: ServerSettings, engine: Engine, clock: Clock, passwords: Passwords) -> Core:
    def gone(ears: list[Ear]) -> list[Ear]:
        devices_heard = [ear.device.device_id for ear in ears if ear.device]
        sessions = [ear.token_hash for ear in ears if ear.token_hash]
        idle = timedelta(minutes=settings.session_idle_minutes)
        with engine.connect() as connection:
            good_devices, good_sessions = standing(connection, devices_heard, sessions, clock(), idle)
        return [
            ear
            for ear in ears
            if (ear.device.device_id not in good_devices if ear.device else ear.token_hash not in good_sessions)
        ]

    def waits() -> dict[str, NewcomerWaits]:
        return look(core, waits_now)

    def first_look(ear: Ear) -> Snapshot:
        return look_at_one_moment(core, lambda reading: snapshot(reading, ear))

    writer = Writer(engine, settings.site_id)
    default = Capped(overtakes=settings.overtakes)
    core = Core(
        settings=settings,
        engine=engine,
        writer=writer,
        hub=Hub(engine, settings.site_id, gone, waits, clock),
        snapshots=Snapshots(first_look),
        waits=Waits(engine, settings.site_id, default, settings.learn_days, clock, lambda: writer.is_pressed),
        passwords=passwords,
        sign_in_limit=RateLimit(SIGN_INS_A_MINUTE, A_MINUTE_S),
        pairing_limit=RateLimit(PAIRINGS_A_MINUTE, A_MINUTE_S),
        clock=clock,
    )
    return core


@asynccontextmanager
async def _running(core: Core, emr: EmrParts) -> AsyncIterator[None]:
    """Everything that lives as long as the server; stopped in the opposite order, the writer last."""
    await asyncio.to_thread(migrate, core.engine)
    core.writer.start()
    tasks: list[asyncio.Task[None]] = []
    try:
        await core.writer.run(lambda connection: ensure_site(connection, first_site(core.settings)))
        core.writer.listen(core.hub.hear)
        await core.hub.start()
        core.writer.listen(core.waits.wake)
        core.waits.start()
        tasks = [asyncio.create_task(_tidy(core), name="tidy"), asyncio.create_task(_timer(core), name="timer")]
        if emr.delivery is not None:
            await emr.delivery.start()
        log.info("server_started site=%s", core.settings.site_id)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if emr.delivery is not None:
            await emr.delivery.stop()
        await core.hub.stop()
        await asyncio.to_thread(core.waits.stop)
        await asyncio.to_thread(core.writer.stop)
        core.engine.dispose()
        log.info("server_stopped")


async def _tidy(core: Core) -> None:
    """Forget, once an hour, what is only kept for a while; tell, once a day, how true the promised waits were."""
    told = ""
    while True:
        try:
            await core.writer.run(lambda connection: forget_old_answers(connection, core.clock()))
            await core.writer.run(lambda connection: people.forget_old(connection, core.clock()))
            await core.writer.run(lambda connection: notes.forget_old(connection, core.clock()))
            if told != (today := await to_the_end(look, core, lambda reading: reading.today)):
                _tell_accuracy(await to_the_end(look, core, promises.accuracy_of_yesterday))
                told = today
        except Exception:  # the server goes on, and the next hour tries again
            log.exception("tidy_fault")
        await asyncio.sleep(TIDY_S)


def _tell_accuracy(found: Accuracy) -> None:
    if (all_of_it := found.everyone) is not None:
        log.info(
            "waits_accuracy day=%s people=%d kept=%.3f too_little=%.3f error_min=%.1f waited_min=%.1f learned=%d",
            found.day, all_of_it.people, all_of_it.kept, all_of_it.too_little, all_of_it.error_minutes,
            all_of_it.waited_minutes, found.learned,
        )  # fmt: skip


def _by_the_clock(core: Core) -> Iterator[tuple[Callable[[Reading], object], Callable[[Change], object]]]:
    """What may be due, and what to do then."""
    rules = core.settings.calling
    yield overnight.is_due, overnight.carry_over
    yield holding.any_due, holding.return_due
    yield rooms.any_due, rooms.resume_due
    yield partial(any_absent, rules=rules), partial(mark_absent, rules=rules)
    yield announcing.news, announcing.announce


def _act_by_the_clock(core: Core, act: Callable[[Change], object], connection: Connection) -> None:
    act(change(core, connection, "server:timer"))


async def _timer(core: Core) -> None:
    """What is due by the clock is done. Several servers may look: it happens once."""
    while True:
        for due, act in _by_the_clock(core):
            try:
                if await to_the_end(look, core, due):
                    await core.writer.run(partial(_act_by_the_clock, core, act))
            except Exception:  # the server goes on, and looks again
                log.exception("timer_fault")
        await asyncio.sleep(TIMER_LOOK_S)
