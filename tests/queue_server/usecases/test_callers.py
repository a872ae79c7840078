"""Who may go on listening."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from protocol.nouns import Device, Site
from queue_server.auth.keys import fingerprint
from queue_server.store.engine import Engine
from queue_server.store.repository import ensure_site
from queue_server.store.tables import staff
from queue_server.usecases.callers import seen, standing
from queue_server.usecases.devices import add_device, revoke
from queue_server.usecases.people import keep_staff, open_session
from tests.queue_server.support import MORNING

IDLE, LASTS = timedelta(hours=2), timedelta(hours=12)
ALMOST = timedelta(seconds=-1)


@pytest.fixture
def listening(engine: Engine) -> str:
    """A nurse who signed in at `MORNING`, and a wall: the session's hash."""
    with engine.begin() as connection:
        ensure_site(connection, Site(site_id="main", names={"vi": "Bệnh viện"}))
        keep_staff(connection, "main", "nurse", "Nurse", "staff", "no password")
        add_device(connection, "main", Device(device_id="wall", kind="display", name="Wall"), MORNING)
        nurse = connection.execute(select(staff.c.staff_id)).scalar_one()
        return fingerprint(open_session(connection, nurse, MORNING, LASTS))


def may_listen(engine: Engine, session: str, after: timedelta) -> tuple[bool, bool]:
    """The wall and the nurse, so long after she signed in."""
    with engine.connect() as connection:
        devices, sessions = standing(connection, ["wall", "other"], [session, "other"], MORNING + after, IDLE)
    assert devices <= {"wall"}
    assert sessions <= {session}
    return bool(devices), bool(sessions)


def test_a_session_that_nobody_uses_hears_nothing_after_the_idle_limit(engine: Engine, listening: str) -> None:
    assert may_listen(engine, listening, IDLE + ALMOST) == (True, True)
    assert may_listen(engine, listening, IDLE) == (True, False)


def test_a_session_in_use_listens_until_it_ends(engine: Engine, listening: str) -> None:
    with engine.begin() as connection:
        seen(connection, listening, MORNING + LASTS + ALMOST)
    assert may_listen(engine, listening, LASTS + ALMOST) == (True, True)
    assert may_listen(engine, listening, LASTS) == (True, False)


def test_a_disabled_person_and_a_revoked_device_hear_nothing(engine: Engine, listening: str) -> None:
    with engine.begin() as connection:
        connection.execute(update(staff).values(disabled_at=MORNING))
        revoke(connection, "main", "wall", MORNING)
    assert may_listen(engine, listening, timedelta(0)) == (False, False)
