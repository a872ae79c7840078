"""Times and JSON as they are written: quickly, and so that SQLAlchemy's own types would have written the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import DateTime, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from protocol.nouns import Birth, Identity, Site
from queue_server.store.engine import Engine
from queue_server.store.repository import ensure_site
from queue_server.store.tables import Moment, patient

NOW = datetime(2026, 11, 20, 8, 30, 0, 500, tzinfo=timezone(timedelta(hours=7)))
OURS = Moment().bind_processor(sqlite.dialect())
THEIRS = DateTime().dialect_impl(sqlite.dialect()).bind_processor(sqlite.dialect())


DAYS = st.datetimes(datetime(1900, 1, 2), datetime(9999, 12, 30), timezones=st.timezones())  # noqa: DTZ001


@given(DAYS)
def test_a_moment_is_written_as_sqlalchemy_writes_it(moment: datetime) -> None:
    assert THEIRS is not None
    assert OURS(moment) == THEIRS(moment.astimezone(UTC).replace(tzinfo=None))


def _add_site(engine: Engine) -> None:
    with engine.begin() as connection:
        ensure_site(connection, Site(site_id="main", names={"vi": "Bệnh viện"}))


def _add(engine: Engine, patient_id: str, identity: object, at: datetime = NOW) -> None:
    row = {"patient_id": patient_id, "site_id": "main", "entered_by": "scan", "created_at": at, "changed_at": at}
    with engine.begin() as connection:
        connection.execute(insert(patient).values(identity=identity, **row))


def test_values_of_the_protocol_and_plain_ones_come_back_alike(engine: Engine) -> None:
    _add_site(engine)
    identity = Identity(
        document="cccd_old", full_name="Nguyễn Thị Ánh", birth=Birth(value="1950-02", precision="month")
    )
    _add(engine, "value", identity)
    _add(engine, "plain", identity.model_dump(mode="json"))
    _add(engine, "gone", None)
    with engine.connect() as connection:
        kept = {row.patient_id: row.identity for row in connection.execute(select(patient))}
        null = connection.execute(select(patient.c.patient_id).where(patient.c.identity.is_(None))).scalars().all()
        at = connection.execute(select(patient.c.created_at)).scalars().first()
    assert kept["value"] == kept["plain"] == identity.model_dump(mode="json")
    assert null == ["gone"]
    assert at == NOW
    assert at is not None
    assert at.tzinfo is UTC


def test_a_moment_without_a_time_zone_is_refused(engine: Engine) -> None:
    _add_site(engine)
    with pytest.raises(StatementError, match="needs a time zone"):
        _add(engine, "nowhen", None, NOW.replace(tzinfo=None))
