"""Databases to test on: SQLite always, PostgreSQL when its server is on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bench import cluster
from queue_server.store.engine import Engine, open_engine
from queue_server.store.schema import migrate
from tests.queue_server.support import House, open_house, open_served_house


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A PostgreSQL server for this test run."""
    if reason := cluster.why_not():
        pytest.skip(reason)
    with cluster.cluster(durable=False) as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    address: str = request.getfixturevalue("postgres_address")
    return cluster.new_database(address)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The tables, empty."""
    opened = open_engine(database_url)
    migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def served_house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_served_house(tmp_path) as opened:
        yield opened
