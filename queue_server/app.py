"""The composition root of the server. Nothing is opened, read or started before `build` is called."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from queue_server.api import (
    calling,
    description,
    devices,
    errors,
    feed,
    journeys,
    metrics,
    policies,
    service_settings,
    staff,
)
from queue_server.api.front import Front
from queue_server.auth.limits import RateLimit
from queue_server.auth.passwords import Passwords
from queue_server.core import Clock, Core, first_site, utc_now
from queue_server.emr.build import EmrParts, build_emr
from queue_server.emr.sandbox_api import MOUNT, sandbox_app
from queue_server.hub import Hub
from queue_server.settings import ServerSettings
from queue_server.store import notes
from queue_server.store.engine import Engine, open_engine
from queue_server.store.repository import ensure_site
from queue_server.store.schema import migrate
from queue_server.store.writer import Writer
from queue_server.usecases import announcing, holding, people
from queue_server.usecases.callers import standing
from queue_server.usecases.listening import Ear
from queue_server.usecases.once import change, forget_old_answers, look
from queue_server.web import pages

log = logging.getLogger(__name__)

TIDY_S = 3600.0
HELD_LOOK_S = 5.0
"""How often it is looked whether somebody's time of being held is over."""
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
        calling.router,
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

    return Core(
        settings=settings,
        engine=engine,
        writer=Writer(engine, settings.site_id),
        hub=Hub(engine, settings.site_id, gone),
        passwords=passwords,
        sign_in_limit=RateLimit(SIGN_INS_A_MINUTE, A_MINUTE_S),
        pairing_limit=RateLimit(PAIRINGS_A_MINUTE, A_MINUTE_S),
        clock=clock,
    )


@asynccontextmanager
async def _running(core: Core, emr: EmrParts) -> AsyncIterator[None]:
    """Everything that lives as long as the server; stopped in the opposite order, the writer last."""
    await asyncio.to_thread(migrate, core.engine)
    core.writer.start()
    tasks: list[asyncio.Task[None]] = []
    try:
        await core.writer.run(lambda connection: ensure_site(connection, first_site(core.settings)))
        core.writer.listen(core.hub.wake)
        await core.hub.start()
        tasks = [asyncio.create_task(_tidy(core), name="tidy"), asyncio.create_task(_return_held(core), name="held")]
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
        await asyncio.to_thread(core.writer.stop)
        core.engine.dispose()
        log.info("server_stopped")


async def _tidy(core: Core) -> None:
    """Forget, once an hour, what is only kept for a while."""
    while True:
        try:
            await core.writer.run(lambda connection: forget_old_answers(connection, core.clock()))
            await core.writer.run(lambda connection: people.forget_old(connection, core.clock()))
            await core.writer.run(lambda connection: notes.forget_old(connection, core.clock()))
        except Exception:  # the server goes on, and the next hour tries again
            log.exception("tidy_fault")
        await asyncio.sleep(TIDY_S)


async def _return_held(core: Core) -> None:
    """Let those wait again whose time of being held is over, and tell which services opened or closed.

    Several servers may look: it happens once.
    """
    while True:
        try:
            if await asyncio.to_thread(look, core, holding.any_due):
                await core.writer.run(lambda connection: holding.return_due(change(core, connection, "server:timer")))
            if await asyncio.to_thread(look, core, announcing.news):
                await core.writer.run(lambda connection: announcing.announce(change(core, connection, "server:timer")))
        except Exception:  # the server goes on, and looks again
            log.exception("held_fault")
        await asyncio.sleep(HELD_LOOK_S)
